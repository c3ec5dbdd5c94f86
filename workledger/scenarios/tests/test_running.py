"""What a scenario leaves behind, and how it says what is wrong."""

import re
from pathlib import Path

import pytest
from django.db import connection

from workledger.contracts.models import Contract
from workledger.core.access import system_actor
from workledger.core.models import ActionLog
from workledger.directory.models import Client, LegalEntity
from workledger.scenarios import files, telling
from workledger.scenarios.acting import ACTING
from workledger.scenarios.calc.forms import FORMS
from workledger.scenarios.calc.grammar import parse
from workledger.scenarios.calc.layout import ScenarioInvalid
from workledger.scenarios.expecting import EXPECTING
from workledger.scenarios.founding import FOUNDING
from workledger.scenarios.running import Outcome, run
from workledger.testing.world import World

ACTOR = system_actor("test")
SMALL = """# A small one
firm Fjord & Co GmbH, Germany, EUR
person Ada, Consultant, cost 50
client Acme AG, Germany
contract Web, Acme AG, EUR, from 2026-01-01
  line Build, time and materials
rate Consultant, 100
2026-01-05 time Ada, Build, 8 h
2026-01-31 approve
expect wip 800.00
"""


def outcome(text: str, *, keep: bool = False) -> Outcome:
    return run(parse(text), ACTOR, keep=keep)


def told(text: str) -> list[str]:
    return list(telling.lines("a.txt", outcome(text)))


def test_every_form_is_done_by_somebody() -> None:
    assert {*FOUNDING, *ACTING, *EXPECTING, "expect refused"} == set(FORMS)


def test_it_leaves_nothing_and_runs_beside_a_firm_of_the_same_names(world: World) -> None:
    before = (
        LegalEntity.objects.count(),
        Client.objects.count(),
        Contract.objects.count(),
        ActionLog.objects.count(),
    )
    assert outcome(SMALL).is_right
    after = (
        LegalEntity.objects.count(),
        Client.objects.count(),
        Contract.objects.count(),
        ActionLog.objects.count(),
    )
    assert before == after


def test_it_is_kept_only_where_it_comes_out_right(world: World) -> None:
    assert not outcome(SMALL.replace("800.00", "799.00"), keep=True).is_right
    assert LegalEntity.objects.count() == 1
    assert outcome(SMALL, keep=True).is_right
    names = LegalEntity.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Fjord & Co GmbH", "Fjord & Co GmbH (2)"]
    assert Client.objects.filter(name="Acme AG (2)").exists()


@pytest.mark.django_db
def test_a_difference_names_its_line_and_both_sides() -> None:
    assert told(SMALL.replace("800.00", "799.00")) == [
        "a.txt:10: expect wip: - is expected, + was found",
        "    - 799.00",
        "    + 800.00",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2026-01-06 time Eve, Build, 8 h", "There is no person 'Eve'. Known: Ada."),
        ("2026-02-01 issue", "There is no pre-bill to issue."),
        ('2026-02-01 credit invoice 1, "Why"', "There is no invoice 1: 0 were issued so far."),
        ("2026-01-05 time Ada, Build, 20 h", "(day_over_24h)"),
        (
            "2026-01-05 act billing.sing",
            "There is no act 'billing.sing'. There are: billing.accept_as_client",
        ),
        (
            "2026-01-05 act billing.run_billing\n  until = 5",
            "billing.run_billing takes no until. It takes: through",
        ),
        ("2026-01-05 act billing.run_billing\n  through = never", "(arguments_do_not_fit)"),
        ("client Borealis, Ruritania", "'Ruritania' is no country."),
        (
            "contract Two, Acme AG, EUR, from 2026-01-01\n  line Build, barter",
            "'barter' is no billing model.",
        ),
        (
            "contract Two, Acme AG, EUR, from 2026-01-01\n  line Build, retainer\n    fee = many",
            "(terms_do_not_fit)",
        ),
        ("2026-01-31 write off reason boredom", "'boredom' is no reason. There are: goodwill"),
        ("rate Juggler, 100", "'Juggler' is no role and no person."),
        ("expect metric happiness, 5", "There is no metric 'happiness'."),
    ],
)
def test_a_line_that_cannot_be_done_says_why(line: str, sentence: str) -> None:
    (said,) = told(SMALL + line)
    assert said.startswith("a.txt:11: ")
    assert sentence in said


@pytest.mark.django_db
def test_a_name_that_two_contracts_have_needs_its_owner() -> None:
    two = "contract Two, Acme AG, EUR, from 2026-01-01\n  line Build, time and materials\n"
    (said,) = told(SMALL + two + "2026-01-06 time Ada, Build, 1 h")
    assert "Say which: Two/Build, Web/Build." in said
    assert told(SMALL + two + "2026-01-06 time Ada, Two/Build, 1 h") == []


@pytest.mark.django_db
def test_what_is_expected_to_be_refused_leaves_nothing_and_may_not_be_done() -> None:
    refused = (
        SMALL
        + "expect refused reprices_open_work\n  rate Consultant, 110, from 2026-01-01\nexpect wip 800.00"
    )
    assert told(refused) == []
    assert told(SMALL + "expect refused not_open\n  2026-01-31 bill")[1:] == ["    - not_open", "    + done"]


@pytest.mark.django_db
def test_a_broken_book_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*_arguments: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE billing_openitem SET amount = amount + 1")

    monkeypatch.setattr("workledger.scenarios.running._DOING", {**FOUNDING, **ACTING, "lock": spoiled})
    (said, *_) = told(SMALL + "2026-02-01 lock 2026-01")
    assert "BROKEN" in said


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioInvalid, match="no text in UTF-8"):
        files.read(path)


def test_the_guide_names_every_verb_and_its_example_comes_out_right(db: None) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text()
    missing = [verb for verb in FORMS if not re.search(rf"(`| ){re.escape(verb)}[ `]", guide)]
    assert missing == []
    example = re.search(r"## An example\n\n((?:    .*\n|\n)+)", guide)
    assert example is not None
    text = "\n".join(line.removeprefix("    ") for line in example[1].splitlines())
    assert told(text) == []
