"""What each act on chosen WIP asks, and what it then does."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse

from workledger.billing import page_queries
from workledger.billing.actions.moves import split_item, transfer_items
from workledger.billing.actions.prebills import hold_items, run_billing, write_down_items
from workledger.billing.actions.wip import defer_items, write_up_items
from workledger.billing.limits import Adjusted
from workledger.billing.models import ReasonCode
from workledger.billing.page_queries import Selection
from workledger.core.door import Options
from workledger.core.refusals import NotFound, Refused
from workledger.kernel.period import month_of
from workledger.web import formats
from workledger.web.acting import ActingRequest, today
from workledger.web.forms import Field
from workledger.web.views.billing_chosen import Ask, Done, said_of, undo_of

_REASON = Field(
    "reason_code", "Reason", "choice", required=True, options=page_queries.REASONS, empty="Choose one"
)
_NOTE = Field("note", "Note", "lines", help="Stays with the work, for whoever asks later.")
_ON = Field(
    "on", "Post on", "date", required=True, help="A locked month takes nothing; its work posts later."
)
_ON_ABREAST = Field("on", "Post on", "date", required=True, row="amount")


def counted(number: int) -> str:
    """Return a number of items in words."""
    return f"{number:,} item{'' if number == 1 else 's'}"


class _Chosen:
    """The items that an act is asked for, and who asks."""

    def __init__(self, request: ActingRequest, act: str, selection: Selection) -> None:
        self.actor = request.actor
        self.selection = selection
        self.ids = list(selection.item_ids)
        self.words = counted(len(self.ids))
        self.common: dict[str, Any] = {
            "crumbs": (("WIP", reverse("wip")),),
            "facts": _facts(selection),
            "action": reverse("wip-act", args=[act]),
        }

    def given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what most acts take."""
        return {"actor": self.actor, "item_ids": self.ids, **_why(values)}

    def adjusted(self, given: Adjusted, verb: str) -> Done:
        """Say what an act on values did, or that it waits for another person."""
        return said_of(
            given, f"{verb} {formats.money(given.amount, self.selection.currency)} on {self.words}."
        )


def _why(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"reason_code": ReasonCode(values["reason_code"]), "note": values["note"]}


def _facts(chosen: Selection) -> tuple[tuple[str, str], ...]:
    facts = [("Items", formats.number(len(chosen.item_ids), 0))]
    for each in chosen.sums:
        value = formats.money(each.amount, each.currency)
        facts.append(
            ("Remaining value", f"{value}, {formats.hours(each.seconds)} h" if each.seconds else value)
        )
    facts.append(("Contracts", ", ".join(name for _, name in chosen.contracts[:4])))
    if chosen.held:
        facts.append(("Held", f"{chosen.held} of them"))
    if chosen.deferred:
        facts.append(("Deferred", f"{chosen.deferred} of them"))
    return tuple(facts)


def _hold(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        held = hold_items.using(options)(**chosen.given(values))
        undo = undo_of(reverse("wip-act", args=["releases"]), chosen.ids)
        return Done(f"Held {counted(held)}.", undo=undo)

    return Ask(
        title=f"Hold {chosen.words}", act="Hold", fields=(_REASON, _NOTE), initial={}, run=run,
        lead="Held work stays in WIP and off every bill until somebody releases it.", **chosen.common,
    )  # fmt: skip


def _defer(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        count = defer_items.using(options)(**chosen.given(values), until=values["until"])
        undo = undo_of(reverse("wip-act", args=["deferral-ends"]), chosen.ids)
        return Done(f"Deferred {counted(count)} to {formats.day(values['until'])}.", undo=undo)

    until = Field(
        "until", "Bill from", "date", required=True,
        help="Bills of work up to an earlier day leave it out; the first of a month is usual.",
    )  # fmt: skip
    return Ask(
        title=f"Defer {chosen.words}", act="Defer", fields=(until, _REASON, _NOTE), run=run,
        initial={
            "until": month_of(max(today(), chosen.selection.last_day)).end,
            "reason_code": ReasonCode.BILL_LATER.value,
        },
        lead="Deferred work stays in WIP and comes on the bills of a later period by itself.", **chosen.common,
    )  # fmt: skip


def _write_down(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        done = write_down_items.using(options)(
            **chosen.given(values), amount=values["amount"] or Decimal(0), on=values["on"]
        )
        return chosen.adjusted(done, "Wrote down")

    return Ask(
        title=f"Write down {chosen.words}", act="Write down", run=run, initial={"on": today()},
        fields=(_amount(chosen, "Give up"), _ON_ABREAST, _REASON, _NOTE),
        lead="The value is given up for good and posted. The bill shows it as an adjustment.", **chosen.common,
    )  # fmt: skip


def _write_up(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        done = write_up_items.using(options)(
            **chosen.given(values), amount=values["amount"] or Decimal(0), on=values["on"]
        )
        return chosen.adjusted(done, "Wrote up")

    return Ask(
        title=f"Write up {chosen.words}", act="Write up", run=run, initial={"on": today()},
        fields=(_amount(chosen, "Add"), _ON_ABREAST, _REASON, _NOTE),
        lead="The value is added and posted. The bill shows it as an adjustment.", **chosen.common,
    )  # fmt: skip


def _amount(chosen: _Chosen, label: str) -> Field:
    return Field(
        "amount", label, "number", required=True, unit=chosen.selection.currency, row="amount",
        help="Spread over the items by their value.",
    )  # fmt: skip


def _write_off(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        done = write_down_items.using(options)(**chosen.given(values), amount=None, on=values["on"])
        return chosen.adjusted(done, "Wrote off")

    return Ask(
        title=f"Write off {chosen.words}", act="Write off", run=run, initial={"on": today()}, danger=True,
        fields=(_ON, _REASON, _NOTE),
        lead="All that remains is given up for good, posted, and leaves WIP. It is never billed.", **chosen.common,
    )  # fmt: skip


def _split(chosen: _Chosen) -> Ask:
    if len(chosen.ids) != 1:
        raise Refused.because("choose_one", "Choose one piece of work to split; each is split on its own.")

    def run(values: Mapping[str, Any], options: Options) -> Done:
        seconds = None if values["hours"] is None else int(values["hours"] * 3600)
        made = split_item.using(options)(
            actor=chosen.actor,
            item_id=chosen.ids[0],
            seconds=seconds,
            amount=values["amount"],
            **_why(values),
        )
        return Done("Split into two parts.", undo=undo_of(reverse("wip-act", args=["restorations"]), made))

    fields = (
        Field("hours", "Hours of the new part", "number", unit="h", row="part"),
        Field("amount", "or its amount", "number", unit=chosen.selection.currency, row="part"),
        _REASON,
        _NOTE,
    )
    return Ask(
        title="Split one item", act="Split", run=run, initial={"reason_code": ReasonCode.OTHER.value}, fields=fields,
        lead="One part can be billed, held or transferred without the other. Both keep their price until they are put"
        " together again.",
        **chosen.common,
    )  # fmt: skip


def _transfer(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        done = transfer_items.using(options)(
            **chosen.given(values), contract_line_id=values["contract_line_id"] or 0, task_id=values["task_id"],
            on=today(),
        )  # fmt: skip
        return chosen.adjusted(done, "Transferred")

    fields = (
        Field("contract_line_id", "To contract line", "find_id", required=True,
              options=page_queries.transfer_lines(chosen.actor)),
        Field("task_id", "Billed as task", "find_id", options=page_queries.transfer_tasks(chosen.actor),
              help="For work of another contract, where its line has several tasks."),
        _REASON, _NOTE,
    )  # fmt: skip
    return Ask(
        title=f"Transfer {chosen.words}", act="Transfer", run=run, fields=fields,
        initial={"reason_code": ReasonCode.MISPOSTED.value},
        lead="The work is priced by the terms of that line; its revenue and cost move there. The time entry stays as it"
        " was entered.",
        **chosen.common,
    )  # fmt: skip


def _bill(chosen: _Chosen) -> Ask:
    def run(values: Mapping[str, Any], options: Options) -> Done:
        made = run_billing.using(options)(
            actor=chosen.actor, through=values["through"], client_ids=list(chosen.selection.client_ids),
            contract_ids=[pk for pk, _ in chosen.selection.contracts],
        ).invoices  # fmt: skip
        if not made:
            day = formats.day(values["through"])
            return Done(f"Nothing to bill through {day}: the work is held, deferred or later.")
        go = reverse("prebill", args=[made[0].id]) if len(made) == 1 else reverse("prebills")
        return Done(f"Made {len(made)} pre-bill{'' if len(made) == 1 else 's'}. Review before issuing.", go)

    through = Field("through", "Work up to", "date", required=True, help="The last day that is billed.")
    return Ask(
        title="Bill these contracts", act="Make pre-bills", run=run, fields=(through,),
        initial={"through": chosen.selection.last_day},
        lead="One pre-bill per contract, with all of its open work up to the day. Held and deferred work stays out.",
        **chosen.common,
    )  # fmt: skip


_ASKS: dict[str, Callable[[_Chosen], Ask]] = {
    "holds": _hold,
    "deferrals": _defer,
    "write-downs": _write_down,
    "write-ups": _write_up,
    "write-offs": _write_off,
    "splits": _split,
    "transfers": _transfer,
    "bills": _bill,
}


def asked_of(request: ActingRequest, act: str, selection: Selection) -> Ask:
    """Return the form of an act on chosen items. Raises `NotFound`."""
    if act not in _ASKS:
        raise NotFound.because("not_found", "There is no such act on WIP.")
    return _ASKS[act](_Chosen(request, act, selection))
