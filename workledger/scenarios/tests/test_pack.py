"""Every scenario of the pack comes out as its author reckoned, each document it issues is an electronic invoice,
and other programs read its books with the same balances."""

from pathlib import Path

import pytest

from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.models import Invoice
from workledger.billing.queries import electronic
from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.gl.tests.readers import problems_of_books
from workledger.scenarios import files, telling
from workledger.scenarios.running import run
from workledger.scenarios.stage import Stage

ACTOR = system_actor("test")


def broken_documents(stage: Stage) -> list[str]:
    """Return what the schemas and rules of EN 16931 find wrong with what the scenario issued."""
    found = []
    for document in Invoice.objects.filter(contract__in=stage.contracts()).exclude(state="draft"):
        try:
            cii, ubl = (electronic(ACTOR, document.pk, form).content for form in ("cii", "ubl"))
        except Refused as refused:
            found.append(f"{document.number}: {refused}")
            continue
        found += [f"{document.number}: {each}" for each in (*problems_of_cii(cii), *problems_of_ubl(ubl))]
    return found


def broken_papers(stage: Stage) -> list[str]:
    """Return what is wrong with the documents and with the books as they leave the house."""
    return broken_documents(stage) + problems_of_books(ACTOR, stage.names.all("firm"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", files.pack(), ids=lambda path: path.stem)
def test_a_scenario_comes_out_right(path: Path) -> None:
    outcome = run(files.read(path), ACTOR, look=broken_papers)
    assert list(telling.lines(path.name, outcome)) == []
    assert outcome.expectations
