"""Whatever people do with WIP, in whatever order, worked value stays accounted for and the books hold."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.moves import restore_items, split_item, transfer_items
from workledger.billing.actions.prebills import (
    drop_lines,
    hold_items,
    release_items,
    run_billing,
    write_down_items,
    write_down_line,
)
from workledger.billing.actions.wip import defer_items, end_deferral, write_up_items
from workledger.billing.models import Invoice, InvoiceLine, InvoiceState, OpenItem, ReasonCode
from workledger.contracts.events import LineTermsChanged, RatesChanged
from workledger.contracts.models import Rate
from workledger.core.events import emit
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, World
from workledger.timesheets.approval import withdraw_approval
from workledger.timesheets.models import LineState, TimesheetLine

MARCH_2 = date(2026, 3, 2)
WHY: Any = {"reason_code": ReasonCode.OTHER}
Act = Callable[[World, int, int], object]


def _chosen(place: int) -> int:
    ids = list(OpenItem.objects.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise Refused.because("nothing", "Nothing is open.")
    return ids[place % len(ids)]


def _invoice(place: int, state: InvoiceState) -> Invoice:
    rows = list(Invoice.objects.filter(kind="invoice", state=state).order_by("pk"))
    if not rows:
        raise Refused.because("nothing", "There is no such invoice.")
    return rows[place % len(rows)]


def _line(place: int) -> InvoiceLine:
    return _invoice(place, InvoiceState.DRAFT).lines.earliest("position")


def _rate(world: World, size: int) -> None:
    Rate.objects.update(rate_per_hour=D(60 + size))
    contracts = (world.acme_contract.pk, world.borealis_contract.pk)
    emit(RatesChanged(world.fay.actor, contracts, MARCH_2))


def _cap(world: World, size: int) -> None:
    world.delivery.terms = {"cap": {"amount": str(200 + 10 * size), "action": "hard"}} if size % 3 else {}
    world.delivery.save()
    emit(LineTermsChanged(world.fay.actor, world.delivery.pk))


def _withdraw(world: World, place: int) -> None:
    lines = list(TimesheetLine.objects.filter(state=LineState.APPROVED).order_by("pk"))
    if lines:
        line = lines[place % len(lines)]
        withdraw_approval(actor=world.fay.actor, line_id=line.pk, reason="Again", on=TODAY)


def _target(world: World, place: int) -> int:
    return (world.delivery, world.audit, world.advisory)[place % 3].pk


ACTS: dict[str, Act] = {
    "hold": lambda w, n, s: hold_items(actor=w.fay.actor, item_ids=[_chosen(n)], **WHY),
    "release": lambda w, n, s: release_items(actor=w.fay.actor, item_ids=[_chosen(n)]),
    "defer": lambda w, n, s: defer_items(
        actor=w.fay.actor, item_ids=[_chosen(n)], until=date(2026, 3, 20) + timedelta(days=s), **WHY
    ),
    "end_deferral": lambda w, n, s: end_deferral(actor=w.fay.actor, item_ids=[_chosen(n)]),
    "down": lambda w, n, s: write_down_items(
        actor=w.fay.actor, item_ids=[_chosen(n)], amount=D(s), on=TODAY, **WHY
    ),
    "off": lambda w, n, s: write_down_items(
        actor=w.fay.actor, item_ids=[_chosen(n)], amount=None, on=TODAY, **WHY
    ),
    "up": lambda w, n, s: write_up_items(
        actor=w.fay.actor, item_ids=[_chosen(n)], amount=D(s + 1), on=TODAY, **WHY
    ),
    "split_time": lambda w, n, s: split_item(
        actor=w.fay.actor, item_id=_chosen(n), seconds=60 * (s + 1), **WHY
    ),
    "split_value": lambda w, n, s: split_item(actor=w.fay.actor, item_id=_chosen(n), amount=D(s + 1), **WHY),
    "transfer": lambda w, n, s: transfer_items(
        actor=w.fay.actor, item_ids=[_chosen(n)], contract_line_id=_target(w, s), on=TODAY, **WHY
    ),
    "restore": lambda w, n, s: restore_items(actor=w.fay.actor, item_ids=[_chosen(n)]),
    "bill": lambda w, n, s: run_billing(actor=w.fay.actor, through=date(2026, 3, 31)),
    "write_down_line": lambda w, n, s: write_down_line(
        actor=w.fay.actor, line_id=_line(n).pk, amount=D(s), on=TODAY, **WHY
    ),
    "drop": lambda w, n, s: drop_lines(
        actor=w.fay.actor, invoice_id=_invoice(n, InvoiceState.DRAFT).pk, hold=bool(s % 2)
    ),
    "issue": lambda w, n, s: issue_invoice(
        actor=w.olivia.actor, invoice_id=_invoice(n, InvoiceState.DRAFT).pk, issued_on=TODAY
    ),
    "credit": lambda w, n, s: credit_invoice(
        actor=w.fay.actor, invoice_id=_invoice(n, InvoiceState.ISSUED).pk, on=TODAY, reason="Again"
    ),
    "rate": lambda w, n, s: _rate(w, s),
    "cap": lambda w, n, s: _cap(w, s),
    "withdraw": lambda w, n, s: _withdraw(w, n),
}


class _Enough(Exception):
    """Leaves the transaction of one example."""


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 6), st.integers(0, 120)),
        min_size=4,
        max_size=14,
    )
)
def test_worked_value_is_accounted_for_whatever_is_done(
    world: World, steps: list[tuple[str, int, int]]
) -> None:
    try:
        with transaction.atomic():
            book(world.carl, world.build, MARCH_2, "8")
            book(world.pia, world.workshops, MARCH_2, "2.5")
            book(world.carl, world.advice, date(2026, 3, 3), "4.1")
            approve_all(world)
            for name, place, size in steps:
                try:
                    with transaction.atomic():
                        ACTS[name](world, place, size)
                except Refused:
                    continue
                broken = [result.line for result in run_checks() if not result.ok]
                assert broken == [], name
            raise _Enough
    except _Enough:
        pass
    for row in (world.delivery,):
        row.refresh_from_db()
