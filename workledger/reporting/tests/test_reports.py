"""Reports say what the books say, to the cent: as posted, as earned, as believed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.ledger import queries as ledger
from workledger.ledger.checks import run_checks
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import Account, AccountRole
from workledger.reporting.catalogue import REPORTS, run
from workledger.reporting.drill import drill_of, words_of
from workledger.reporting.earned import own_of, pools_of
from workledger.reporting.ground import Ground, load
from workledger.reporting.report import Asked, Compare, Drill, Report, ReportBy, ReportUnit, RowKind, Split
from workledger.reporting.sums import Axis, ReportBasis, Slice, postings, sums, total
from workledger.testing.books import post_now
from workledger.testing.reported import Told, tell
from workledger.testing.world import World

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (date(2026, month, 1) for month in (1, 2, 3, 4, 5))
EARLY, LATE = date(2026, 2, 28), date(2026, 3, 10)


@pytest.fixture
def told(world: World) -> Told:
    return tell(world)


@pytest.mark.usefixtures("told")
def test_the_story_keeps_every_invariant() -> None:
    assert [result.line for result in run_checks() if not result.ok] == []


def ask(told: Told, name: str, start: date = FEBRUARY, end: date = APRIL, **how: Any) -> Report:
    asked = replace(Asked(told.world.entity_id, start, end), **how)
    return run(told.world.fay.actor, name, asked)


def figures(report: Report) -> dict[str, list[D | None]]:
    """Rows by their words, after the word above them where they stand under one."""
    found, above = {}, ""
    for row in report.rows:
        above = row.label if row.kind is RowKind.SUBTOTAL else above
        if row.cells:
            found[f"{above}: {row.label}" if row.level else row.label] = [cell.value for cell in row.cells]
    return found


# --- revenue ------------------------------------------------------------------------------------------------


def test_late_work_counts_where_it_is_posted_or_where_it_was_done(told: Told) -> None:
    by = (ReportBy.PROJECT, ReportBy.MONTH)
    hosting = f"Project {told.hosting.contract_id}"  # there was none while February was recognized
    assert figures(ask(told, "revenue", by=by)) == {
        hosting: [0, 3100, 3100],
        "Atlas": [960, 480 + 800, 2240],
        "No project": [2800 + 252, 279, 3331],
        "Beacon": [0, 220, 220],
        "Total": [4012, 4879, 8891],
    }
    assert figures(ask(told, "revenue", by=by, basis=ReportBasis.EARNED)) == {
        hosting: [0, 3100, 3100],
        "Atlas": [960 + 480, 800, 2240],
        "No project": [2800 + 252, 279, 3331],
        "Beacon": [0, 220, 220],
        "Total": [4492, 4399, 8891],
    }


def test_a_month_as_earned_is_led_back_to_what_was_posted(told: Told) -> None:
    (tie,) = ask(told, "revenue", FEBRUARY, MARCH, basis=ReportBasis.EARNED).ties
    assert [tie.reported, tie.posted_outside, tie.earned_outside, tie.books] == [4492, 480, 0, 4012]
    (tie,) = ask(told, "revenue", MARCH, APRIL, basis=ReportBasis.EARNED).ties
    assert [tie.reported, tie.posted_outside, tie.earned_outside, tie.books] == [4399, 0, 480, 4879]


def test_what_was_believed_on_a_past_day(told: Told) -> None:
    def believed(day: date) -> list[D | None]:
        return figures(ask(told, "revenue", known_on=day))["Total"]

    assert believed(EARLY - timedelta(days=1)) == [0, 0, 0]
    assert believed(EARLY) == [4012, 0, 4012]
    assert believed(LATE) == [4012, 480, 4492]
    (tie,) = ask(told, "revenue", known_on=LATE, basis=ReportBasis.EARNED, end=MARCH).ties
    assert [tie.reported, tie.posted_outside, tie.recorded_later, tie.books] == [4492, 480, 0, 4012]


def test_revenue_of_a_run_is_told_by_the_hours_of_its_period(told: Told) -> None:
    # Hosting: February 2,800 with nobody at work; March 3,100 by Carl's 6 of 8 hours and Pia's 2
    assert figures(ask(told, "revenue", by=(ReportBy.PERSON, ReportBy.MONTH))) == {
        "Carl Consultant": [960, 480 + 220 + 2325, 3985],
        "Nobody": [2800 + 252, 279, 3331],
        "Pia Lead": [0, 800 + 775, 1575],
        "Total": [4012, 4879, 8891],
    }


def test_by_two_things_with_the_sum_of_each(told: Told) -> None:
    assert figures(ask(told, "revenue", by=(ReportBy.CONTRACT, ReportBy.PERSON))) == {
        "C-0001 Hosting": [5900, D(5900) / 8891],
        "C-0001 Hosting: Nobody": [2800, D(2800) / 8891],
        "C-0001 Hosting: Carl Consultant": [2325, D(2325) / 8891],
        "C-0001 Hosting: Pia Lead": [775, D(775) / 8891],
        "C-001 Atlas programme": [2240, D(2240) / 8891],
        "C-001 Atlas programme: Carl Consultant": [1440, D(1440) / 8891],
        "C-001 Atlas programme: Pia Lead": [800, D(800) / 8891],
        "C-0002 Abroad": [531, D(531) / 8891],
        "C-0002 Abroad: Nobody": [531, D(531) / 8891],
        "C-002 Audit": [220, D(220) / 8891],
        "C-002 Audit: Carl Consultant": [220, D(220) / 8891],
        "Total": [8891, 1],
    }


# --- positions ----------------------------------------------------------------------------------------------


def test_contract_positions_roll_forward(told: Told) -> None:
    report = ask(told, "contract-positions", MARCH, MAY)
    assert [column.label for column in report.columns] == [
        "Opening", "Recognized", "Billed", "Written off", "Closing",
    ]  # fmt: skip
    assert figures(report) == {
        "C-0001 Hosting": [2800, 3100, 0, 0, 5900],
        "C-001 Atlas programme": [960, 1280, -1440, 0, 800],
        "C-0002 Abroad": [252, 279, 0, 0, 531],
        "C-002 Audit": [0, 220, 0, 0, 220],  # billed and credited
        "Contract assets": [4012, None, None, None, 7451],
        "Contract liabilities": [0, None, None, None, 0],
        "Net": [4012, 4879, -1440, 0, 7451],
    }


def test_a_difference_of_exchange_rates_stands_apart(told: Told) -> None:
    about: dict[str, Any] = {"client_id": told.world.acme.pk, "contract_id": told.abroad.contract_id}
    post_now(
        told.world.fay.actor,
        EntryDraft(
            told.world.book_id, date(2026, 4, 3), "invoice_issued", "Abroad billed", "USD",
            [
                PostingDraft(AccountRole.RECEIVABLE, D(100), D(0), D(95), **about),
                PostingDraft(AccountRole.CONTRACT_POSITION, D(0), D(100), D(95), **about),
                PostingDraft(AccountRole.CONTRACT_POSITION, functional=D(5), **about),
                PostingDraft(AccountRole.REALIZED_FX, functional=D(-5), **about),
            ],
        ),
    )  # fmt: skip
    report = ask(told, "contract-positions", APRIL, MAY)
    assert [column.key for column in report.columns][-2] == "fx"
    assert figures(report)["C-0002 Abroad"] == [531, 0, -95, 0, 5, 441]
    drilled = [cell.drill for cell in report.rows[2].cells]
    ground = load(told.world.fay.actor, told.world.entity_id)
    assert [opened(ground, drill) for drill in drilled if drill] == [531, -95, 5, 441]
    assert report.is_tied


def test_wip_is_the_position_of_what_is_recognized_as_invoiced(told: Told) -> None:
    report = ask(told, "wip", MARCH, APRIL)
    assert figures(report) == {
        "C-001 Atlas programme": [960, 1280, 0, -1440, 0, 800],
        "C-002 Audit": [0, 220, 0, 0, 0, 220],
        "Total": [960, 1500, 0, -1440, 0, 1020],
    }
    assert [[tie.reported, tie.elsewhere, tie.books] for tie in report.ties] == [
        [960, 3052, 4012], [1020, 6431, 7451], [1020, 6431, 7451],
    ]  # fmt: skip


def test_receivables_roll_forward(told: Told) -> None:
    # 1,440.00 and 19 % are 1,713.60; 220.00 and 19 % are 261.80
    assert figures(ask(told, "receivables", MARCH, MAY)) == {
        "Acme AG": [0, D("1975.40"), D("-261.80"), -500, 0, 0, D("1213.60")],
        "Total": [0, D("1975.40"), D("-261.80"), -500, 0, 0, D("1213.60")],
    }


# --- statements and margin ----------------------------------------------------------------------------------


def test_income_statement_by_month(told: Told) -> None:
    # labour: Carl 50 an hour, Pia 70; February 8 h; March 4 + 2 + 6 of Carl's and 5 + 2 of Pia's
    assert figures(ask(told, "income-statement", split=Split.MONTH)) == {
        ": Services revenue": [4012, 4879, 8891],
        "Revenue": [4012, 4879, 8891],
        "Revenue: Labour cost": [-400, -1090, -1490],
        "Revenue: Project expense": [0, -119, -119],
        "Cost of the work": [-400, -1209, -1609],
        "Gross profit": [3612, 3670, 7282],
        "Gross profit: Labour absorbed": [400, 1090, 1490],
        "Other": [400, 1090, 1490],
        "Result": [4012, 4760, 8772],
    }


def test_income_statement_beside_the_month_before(told: Told) -> None:
    found = figures(ask(told, "income-statement", MARCH, APRIL, compare=Compare.BEFORE))
    assert found["Revenue"] == [4879, 4012, 867]
    assert found["Result"] == [4760, 4012, 748]
    a_year_ago = ask(told, "income-statement", MARCH, APRIL, compare=Compare.YEAR)
    assert [column.label for column in a_year_ago.columns] == ["Mar 2026", "Mar 2025", "Change"]


def test_balance_sheet_shows_the_result_in_equity(told: Told) -> None:
    assert figures(ask(told, "balance-sheet", MARCH, APRIL)) == {
        ": Cash clearing": [500, 0, 500],
        ": Accounts receivable": [D("1213.60"), 0, D("1213.60")],
        ": Contract assets": [7451, 4012, 3439],
        "Assets": [D("9164.60"), 4012, D("5152.60")],
        ": Tax payable": [D("273.60"), 0, D("273.60")],
        ": Employee and vendor payable": [119, 0, 119],
        "Liabilities": [D("392.60"), 0, D("392.60")],
        "Liabilities: Result of the year": [8772, 4012, 4760],
        "Equity": [8772, 4012, 4760],
        "Liabilities and equity": [D("9164.60"), 4012, D("5152.60")],
    }


def test_gross_margin_by_project(told: Told) -> None:
    hosting = f"Project {told.hosting.contract_id}"
    found = figures(ask(told, "gross-margin", by=(ReportBy.PROJECT,)))
    assert found[hosting] == [8 * 3600, 3100, 440, 0, 2660, D(2660) / 3100]
    assert found["Atlas"] == [17 * 3600, 2240, 950, 119, 1171, D(1171) / 2240]
    assert found["Total"] == [27 * 3600, 8891, 1490, 119, 7282, D(7282) / 8891]


# --- every report -------------------------------------------------------------------------------------------

WAYS: tuple[dict[str, Any], ...] = (
    {}, {"basis": ReportBasis.EARNED}, {"known_on": LATE}, {"basis": ReportBasis.EARNED, "known_on": LATE},
    {"known_on": date(2026, 4, 1)},
)  # fmt: skip
TIMES = ((JANUARY, MAY), (FEBRUARY, MARCH), (MARCH, APRIL), (date(2026, 3, 4), date(2026, 3, 31)))


_NOTHING: list[dict[str, Any]] = [{}]


def ways_of(name: str) -> list[dict[str, Any]]:
    """All a report can be asked by."""
    kind = REPORTS[name]
    bys = [chosen for size in range(1, kind.most + 1) for chosen in combinations(kind.bys, size)]
    return [
        way | extra
        for way in WAYS
        for extra in [*_NOTHING, *({"by": by} for by in bys), *({"split": split} for split in kind.splits)]
    ]


@pytest.mark.parametrize("name", REPORTS)
def test_totals_are_the_trial_balances(told: Told, name: str) -> None:
    """Whatever is asked, the total brought back to posted and known now is the difference of two trial balances."""
    fay = told.world.fay.actor
    trial = {
        day: {line.code: line.balance for line in ledger.trial_balance(fay, told.world.book_id, day).lines}
        for day in {day - timedelta(days=1) for times in TIMES for day in times} | {date(2026, 4, 30)}
    }

    def books(codes: tuple[str, ...], end: date, start: date | None) -> D:
        def at(day: date) -> D:
            return sum((trial[day - timedelta(days=1)].get(code, D(0)) for code in codes), D(0))

        return at(end) - (at(start) if start else D(0))

    rolls = {"balance-sheet", "contract-positions", "wip", "receivables"}
    for start, end in TIMES:
        for way in ways_of(name):
            report = ask(told, name, start, end, **way)
            assert [tie for tie in report.ties if tie.difference] == [], (start, end, way)
            for tie in report.ties:
                first = None if name in rolls else start
                until = start if "opening" in tie.label and "and" not in tie.label else end
                assert abs(tie.books) == abs(books(tie.accounts, until, first)), (tie, way)


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_is_the_sum_of_the_postings_it_opens(told: Told, name: str) -> None:
    fay = told.world.fay.actor
    ground = load(fay, told.world.entity_id)
    for way in ways_of(name)[:: 5 if name == "revenue" else 1]:
        report = ask(told, name, MARCH, APRIL, **way)
        for row in report.rows:
            for column, cell in zip(report.columns, row.cells, strict=bool(row.cells)):
                if cell.drill is None:
                    continue
                if column.unit is ReportUnit.MONEY:
                    assert opened(ground, cell.drill) == cell.value, (way, row.label, column.label)


def opened(ground: Ground, drill: Drill) -> D:
    """The sum of what a figure opens, as its address says it."""
    _, read = drill_of(ground.actor, words_of(drill))
    assert read == drill
    if not drill.by_hours:
        page = postings(ground.actor, drill.chosen, limit=1)
        assert page.amount == total(ground.actor, drill.chosen)
        return drill.sign * page.amount
    own = own_of(drill.chosen)
    mine = drill.sign * total(ground.actor, own) if own else D(0)
    return mine + sum((pool.part for pool in pools_of(ground, drill.chosen)), D(0))


@pytest.mark.parametrize("name", REPORTS)
def test_queries_do_not_grow_with_rows(told: Told, name: str) -> None:
    def count(end: date) -> int:
        with CaptureQueriesContext(connection) as queries:
            ask(told, name, FEBRUARY, end)
        return len(queries)

    few = count(date(2026, 2, 11))
    assert count(MAY) <= few + 2  # a day within a month asks whether it is whole
    assert few <= 34


# --- who sees what ------------------------------------------------------------------------------------------


def test_cost_needs_its_permission(told: Told) -> None:
    fay = told.world.fay.actor
    without = replace(fay, permissions=fay.permissions - {Permission.VIEW_COST})
    asked = Asked(told.world.entity_id, FEBRUARY, APRIL)
    margin = run(without, "gross-margin", asked)
    assert [column.label for column in margin.columns] == ["Worked", "Revenue"]
    told_of = {row.label for row in run(without, "income-statement", asked).rows}
    assert not {"Labour cost", "Labour absorbed"} & told_of
    assert margin.is_tied
    assert run(without, "income-statement", asked).is_tied


def test_a_project_manager_sees_revenue_and_not_the_books(told: Told) -> None:
    pia, asked = told.world.pia.actor, Asked(told.world.entity_id, FEBRUARY, APRIL)
    assert figures(run(pia, "revenue", asked))["Total"] == [4012, 4879, 8891]
    assert run(pia, "gross-margin", asked).is_tied
    with pytest.raises(Forbidden):
        run(pia, "balance-sheet", asked)


def test_limits_to_clients_and_entities_hold(told: Told) -> None:
    fay, asked = told.world.fay.actor, Asked(told.world.entity_id, FEBRUARY, APRIL)
    with pytest.raises(NotFound):  # the books of an entity are not for those who see one client only
        run(replace(fay, client_ids=frozenset({told.world.acme.pk})), "revenue", asked)
    book = Slice(told.world.book_id, tuple(Account.objects.values_list("pk", flat=True)), FEBRUARY, APRIL)
    other = replace(fay, client_ids=frozenset({told.world.borealis.pk}))
    for chosen in (book, replace(book, known_on=LATE), replace(book, basis=ReportBasis.EARNED)):
        assert sums(fay, chosen, [Axis.ACCOUNT])
        assert sums(other, chosen, [Axis.ACCOUNT]) == []
        assert postings(fay, chosen).rows
        assert postings(other, chosen).rows == []
    with pytest.raises(NotFound):
        run(replace(fay, entity_ids=frozenset({0})), "revenue", asked)


def test_what_cannot_be_asked_is_said(told: Told) -> None:
    def codes(name: str, **how: Any) -> tuple[str, ...]:
        with pytest.raises(Refused) as refused:
            ask(told, name, **how)
        return refused.value.codes

    assert codes("profit") == ("report_unknown",)
    assert codes("wip", by=(ReportBy.PERSON,)) == ("by_unknown",)
    assert codes("revenue", by=(ReportBy.CLIENT, ReportBy.CLIENT)) == ("by_unknown",)
    assert codes("revenue", start=MAY, end=APRIL) == ("period_backwards",)
