"""The page of patterns shows everything, and every template keeps the content security policy."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.test import override_settings

from workledger.web.tests import harness

WEB = Path(__file__).parents[1]
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
COMPONENTS = sorted(path.stem.replace("_", "-") for path in (WEB / "templates/cotton").glob("*.html"))
_HTML = re.compile(r"{#.*?#}|{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", re.DOTALL)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
urls = override_settings(ROOT_URLCONF="workledger.web.urls")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_a_template_compiles_and_has_nothing_inline(path: Path) -> None:
    get_template(str(path.relative_to(WEB / "templates")))
    markup = _HTML.sub("", path.read_text())
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|javascript:|<style", markup)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", markup)


@urls
def test_the_page_shows_every_component() -> None:
    sources = "".join(path.read_text() for path in TEMPLATES)
    unused = [name for name in COMPONENTS if not re.search(rf"<c-{name}[\s/>]", sources)]
    assert unused == []
    html = harness.page()
    assert "{{" not in html
    assert "{%" not in html
    assert "<c-" not in html


@urls
def test_ids_are_unique_and_fields_are_described() -> None:
    html = re.sub(r"<template.*?</template>", "", harness.page(), flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted({each for each in ids if ids.count(each) > 1})
    for names in re.findall(r'aria-(?:describedby|controls|labelledby)="([^"]+)"', html):
        assert set(names.split()) <= set(ids), names


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_is_documented(name: str) -> None:
    head = (WEB / f"templates/cotton/{name.replace('-', '_')}.html").read_text()
    assert head.startswith(("{# ", "{% comment %}\n"))
    assert f"| `c-{name}` |" in (WEB.parents[1] / "docs/design-system.md").read_text()


def test_every_style_and_module_is_reached() -> None:
    css = WEB / "static/web/css"
    assert sorted(re.findall(r'url\("(components/[^"]+)"\)', (css / "app.css").read_text())) == sorted(
        f"components/{path.name}" for path in (css / "components").glob("*.css")
    )
    js = WEB / "static/web/js"
    imported = set(
        re.findall(
            r'from "\./([^"]+)"|import "\./([^"]+)"', "".join(path.read_text() for path in js.glob("*.js"))
        )
    )
    assert {path.name for path in js.glob("*.js")} - {"app.js", "early.js"} == {
        one or other for one, other in imported
    }
