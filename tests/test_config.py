"""What the environment may say, and the sentence for each thing it may not."""

import stat
from pathlib import Path

import pytest

from workledger import config
from workledger.config import SETTINGS, ConfigError

DOCS = Path(__file__).resolve().parent.parent / "docs"
GOOD_KEY = "k7Qd3vX9pLmZ2sRtYb8NcHfWg5JxAeUo"
PRODUCTION = {
    "WORKLEDGER_ENV": "production",
    "WORKLEDGER_SECRET_KEY": GOOD_KEY,
    "WORKLEDGER_URL": "https://psa.example.com",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.read(environ)
    return caught.value.problems


def test_empty_environment_is_development_with_debug_off() -> None:
    found = config.read({})
    assert (found.env, found.debug, found.secure_cookies, found.is_embedded) == (
        "development",
        False,
        False,
        True,
    )
    assert found.url == "http://localhost:8000"


def test_production_starts_with_a_key_and_secure_cookies() -> None:
    found = config.read(PRODUCTION)
    assert found.is_production
    assert found.secure_cookies


@pytest.mark.parametrize(
    ("change", "named", "said"),
    [
        ({"WORKLEDGER_SECRET_KEY": ""}, "WORKLEDGER_SECRET_KEY", "is not set"),
        ({"WORKLEDGER_SECRET_KEY": "secret"}, "WORKLEDGER_SECRET_KEY", "too easy to guess"),
        ({"WORKLEDGER_SECRET_KEY": "a" * 64}, "WORKLEDGER_SECRET_KEY", "too easy to guess"),
        ({"WORKLEDGER_DEBUG": "yes"}, "WORKLEDGER_DEBUG", "is on"),
        ({"WORKLEDGER_SECURE_COOKIES": "no"}, "WORKLEDGER_SECURE_COOKIES", "is off"),
    ],
)
def test_production_refuses(change: dict[str, str], named: str, said: str) -> None:
    (problem,) = problems_of({**PRODUCTION, **change})
    assert named in problem
    assert said in problem


def test_the_same_is_allowed_outside_production() -> None:
    found = config.read(
        {"WORKLEDGER_ENV": "demo", "WORKLEDGER_DEBUG": "yes", "WORKLEDGER_SECURE_COOKIES": "no"}
    )
    assert found.debug


def test_all_problems_are_told_at_once() -> None:
    problems = problems_of(
        {
            "WORKLEDGER_ENV": "prod",
            "WORKLEDGER_PORT": "eighty",
            "WORKLEDGER_TIME_ZONE": "Mars/Olympus",
            "WORKLEDGER_DEBUG": "perhaps",
        }
    )
    assert len(problems) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKLEDGER_PORT", "0"),
        ("WORKLEDGER_PORT", "65536"),
        ("WORKLEDGER_WEB_THREADS", "0"),
        ("WORKLEDGER_URL", "psa.example.com"),
        ("WORKLEDGER_URL", "https://psa.example.com:port"),
        ("WORKLEDGER_MAIL_URL", "http://mail.example.com"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("WORKLEDGER_LOG_LEVEL", "loud"),
        ("WORKLEDGER_TIME_ZONE", "../etc/passwd"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    (problem,) = problems_of({name: value})
    assert problem.startswith(name)


def test_no_problem_repeats_a_secret() -> None:
    for setting in SETTINGS:
        if setting.secret:
            environ = {"WORKLEDGER_ENV": "production", setting.name: "hunter2"}
            assert "hunter2" not in " ".join(problems_of(environ))


def test_secret_key_is_generated_once_for_its_owner_only(tmp_path: Path) -> None:
    found = config.read({"WORKLEDGER_HOME": str(tmp_path / "home")})
    first = config.ensure_secret_key(found)
    assert len(first) >= config.SECRET_KEY_MIN_LENGTH
    assert config.ensure_secret_key(found) == first
    assert stat.S_IMODE((tmp_path / "home" / "secret_key").stat().st_mode) == 0o600


def test_secret_key_that_a_full_disk_left_empty_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    assert len(config.ensure_secret_key(config.read({"WORKLEDGER_HOME": str(tmp_path)}))) > 32


def test_unwritable_home_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        config.ensure_secret_key(config.read({"WORKLEDGER_HOME": str(tmp_path / "file" / "home")}))


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    lines = (DOCS / "settings.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert rows == [
        [f"`{setting.name}`", setting.kind, setting.default, setting.meaning] for setting in SETTINGS
    ]
