"""Reading of scenarios: what a good file says, and the sentence beside the line of a bad one."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.scenarios.calc import words
from workledger.scenarios.calc.forms import FORMS, Below
from workledger.scenarios.calc.grammar import Statement, parse
from workledger.scenarios.calc.layout import ScenarioInvalid, title, without_comment

HEAD = "# A title\nfirm Nordlicht GmbH, Germany, EUR\n"


def only(text: str) -> Statement:
    _, statement = parse(HEAD + text).statements
    return statement


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ScenarioInvalid) as invalid:
        parse(text)
    return [tuple(problem) for problem in invalid.value.problems]  # type: ignore[misc]


def test_a_statement_holds_what_its_form_names() -> None:
    said = only('2026-01-05..2026-01-09 time Ada, Build, 7.5 h, billable 7 h, "Two words, and a comma"')
    assert (said.verb, said["person"], said["task"]) == ("time", "Ada", "Build")
    assert (said["hours"], said["billable"], said["note"]) == (27_000, 25_200, "Two words, and a comma")
    assert said.days is not None
    assert len(list(said.days.working_days())) == 5


def test_terms_are_a_document_with_lists() -> None:
    said = only(
        "contract Web, Acme, EUR, from 2026-01-01\n"
        "  line Build, time and materials\n"
        "    cap.amount = 10,000   # a comment\n"
        "    cap.action = hard\n"
        "    requires_notes = true\n"
        "    discount.volume: from_hours 20, percent 5\n"
        "    discount.volume: from_hours 40, percent 10\n"
        '    tags = [one, "two, three"]\n'
        "    minimum_charge = none"
    )
    (line,) = said.below
    assert line["model"] == "time and materials"
    assert line.terms == {
        "cap": {"amount": "10000", "action": "hard"},
        "requires_notes": True,
        "discount": {"volume": [{"from_hours": "20", "percent": "5"}, {"from_hours": "40", "percent": "10"}]},
        "tags": ["one", "two, three"],
        "minimum_charge": None,
    }


def test_rows_may_be_aligned_and_hold_what_documents_print() -> None:
    said = only(
        "expect invoice 1\n  Build   |  8.00 h | 150.00 |1,200.00   # 8 × 150\n  net 1,200.00, gross 1,428.00"
    )
    assert said.rows == ("Build | 8.00 h | 150.00 | 1,200.00", "net 1,200.00, gross 1,428.00")


def test_an_act_that_is_refused_stands_below_its_code() -> None:
    said = only('expect refused before_invoice\n  2026-01-31 credit invoice 2, "Wrong"')
    assert (said["code"], said.below[0].verb, said.below[0]["invoice"]) == (
        "before_invoice",
        "credit invoice",
        2,
    )


def test_the_longest_verb_is_meant() -> None:
    assert only("2026-01-31 write down pre-bill Build, 10, reason goodwill").verb == "write down pre-bill"
    assert only("2026-01-31 write down 10, line Build, reason goodwill").verb == "write down"


def test_a_scenario_knows_its_days() -> None:
    text = HEAD + "rate Consultant, 100, from 2025-07-01\n2026-02-03 units Calls, 5, 2026-03"
    assert sorted(set(parse(text).days())) == [date(2025, 7, 1), date(2026, 2, 3), date(2026, 3, 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("firm A, Germany, EUR", (1, "Begin with a comment that says in one line what the scenario shows.")),
        ("# A title", (1, "No firm is named: firm Nordlicht GmbH, Germany, EUR.")),
        (HEAD + "shout Acme", (3, "'shout Acme' begins with no verb of a scenario.")),
        (HEAD + "firms Acme", (3, "'firms Acme' begins with no verb of a scenario.")),
        (HEAD + "person Ada", (3, "'person' needs: name, role.")),
        (HEAD + "person Ada, Lead, salary 40", (3, "'salary 40' is not understood. 'person' takes: cost, from, firm, "
                                                   "office, contractor, week.")),
        (HEAD + "person Ada, Lead, cost forty", (3, "'forty' is no amount. Write it as 1,200.00 or 1200.")),
        (HEAD + "person Ada, Lead, cost 4,00", (3, "'4,00' is no amount. Write it as 1,200.00 or 1200.")),
        (HEAD + "person Ada, Lead, cost 40, cost 50", (3, "'cost' is said twice.")),
        (HEAD + 'person Ada, Lead, "tall"', (3, "'person' takes no text in quotation marks.")),
        (HEAD + "time Ada, Build, 8 h", (3, "Say on which day: 2026-01-31 time …")),
        (HEAD + "2026-01-31 firm Two, Germany, EUR", (3, "'firm' has no day of its own before it.")),
        (HEAD + "2026-02-30 bill", (3, "'2026-02-30' is no day. Write it as 2026-01-31.")),
        (HEAD + "2026-01-05..2026-01-06 bill", (3, "'bill' is of one day.")),
        (HEAD + "2026-01-06..2026-01-05 time Ada, Build, 8 h", (3, "'2026-01-06..2026-01-05' ends before it begins.")),
        (HEAD + "2026-01-05 time Ada, Build, 8", (3, "'8' is no time. Write it as 8 h, 7.5 h, 50 min or 1:30.")),
        (HEAD + "2026-01-05 credit invoice one", (3, "'one' is no whole number.")),
        (HEAD + "2026-01-05 credit invoice 1", (3, "'credit invoice' needs also: reason.")),
        (HEAD + "2026-01-05 progress Plant, to 20", (3, "'20' is no percentage. Write it as 19 %.")),
        (HEAD + "2026-01-05 bill\n  more", (4, "Nothing stands below 'bill'.")),
        (HEAD + "contract Web, Acme, EUR", (3, "'contract' needs also: from.")),
        (HEAD + "contract Web, Acme, EUR, from 2026-01-01\n  task Build",
         (4, "Below a contract stand its lines: line NAME, MODEL.")),
        (HEAD + "contract Web, Acme, EUR, from 2026-01-01\n  line A, unit\n    fee 5",
         (5, "Write a term as 'key = value' or as 'key: part value, part value'.")),
        (HEAD + "contract Web, Acme, EUR, from 2026-01-01\n  line A, unit\n    fee = 5\n    fee = 6",
         (6, "'fee = 6' says something twice, or a part has no value.")),
        (HEAD + "contract Web, Acme, EUR, from 2026-01-01\n  line A, unit\n    tiers: price",
         (5, "'tiers: price' says something twice, or a part has no value.")),
        (HEAD + "expect refused billed", (3, "One act stands below this: the one that is refused.")),
        (HEAD + "expect invoice 1\n  net 1\n    tax", (5, "Nothing stands below a row.")),
        (HEAD + "\tbill", (3, "This line is set in with a tab. Use spaces.")),
        (HEAD + 'client "Acme, Germany', (3, "A quotation mark is missing.")),
        ("# A title\n  firm A, Germany, EUR", (2, "This line is set in, but there is no line that it belongs to.")),
        (HEAD + "contract Web, Acme, EUR, from 2026-01-01\n    line A, unit\n  line B, unit",
         (5, "This line is set in unlike those beside it.")),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_a_sentence(text: str, found: tuple[int, str]) -> None:
    assert found in problems(text)


def test_every_problem_is_found_at_once() -> None:
    found = problems(HEAD + "shout\n2026-01-05 time Ada\n2026-01-05 pay invoice x, 5")
    assert [line for line, _ in found] == [3, 4, 5]


def test_the_title_is_the_first_comment() -> None:
    assert title("#   A title  \nfirm") == "A title"
    assert title("firm A") == ""


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("bill # now", "bill"),
        ("# all", ""),
        ('note "a # b" # c', 'note "a # b"'),
        ("task C# code", "task C# code"),
    ],
)
def test_a_comment_begins_a_word_outside_quotes(line: str, rest: str) -> None:
    assert without_comment(line) == rest


def test_a_day_alone_may_be_a_sunday_but_days_are_working_days() -> None:
    assert list(words.span("2026-01-18").working_days()) == [date(2026, 1, 18)]
    assert len(list(words.span("2026-01-16..2026-01-19").working_days())) == 2


def test_amounts_are_exact() -> None:
    assert words.number("-1,234,567.89") == D("-1234567.89")
    assert words.percent("19.5 %") == D("19.5")


def test_every_form_names_known_words() -> None:
    for verb, form in FORMS.items():
        assert form.must <= {*form.may, form.text}, verb
        assert not (form.below is Below.ACT and form.may), verb
