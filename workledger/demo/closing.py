"""The closes of the demo firm: its past months step by step with owners, days and names, the last one under way."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from workledger.close.actions import assign_step, start_close
from workledger.close.models import CloseStep, PeriodChange
from workledger.core.access import Actor, Role
from workledger.demo.loaded import Loaded
from workledger.ledger import actions as ledger
from workledger.ledger.models import Period, PeriodState
from workledger.revenue.actions import recognize

_DAY = timedelta(days=1)
_SOFT_CLOSED_AFTER, _LOCKED_AFTER = 3, 8
_STEPS = {
    "time_missing": (2, "Everybody was asked; what is left was not worked"),
    "time_open": (2, ""),
    "expenses_open": (3, ""),
    "soft_close": (_SOFT_CLOSED_AFTER, ""),
    "unpriced": (3, ""),
    "prebills": (4, ""),
    "rates": (4, ""),
    "progress": (4, ""),
    "estimates": (5, ""),
    "recognition": (5, ""),
    "accruals": (6, ""),
    "revaluation": (6, ""),
    "books_tie": (7, "All checks hold."),
    "review": (7, "Read with the partners"),
}
"""Steps with the days after the month's end they are due and done on, and the note they are signed off with."""
_OF_THE_SECOND = ("expenses_open", "prebills", "review")
_AT = time(16, 20)
_MOST_FOUND = 1_000
"""How many people short of hours are signed off: all of them, as the demo's people round their weeks."""


class Closing:
    """Closes the past months of the generated firm. `open_months` past ones stay to be closed."""

    def __init__(self, loaded: Loaded, open_months: int) -> None:
        self._loaded = loaded
        self._open_months = open_months
        self._finance = self._second = loaded.actor

    def _choose_people(self) -> None:
        people = self._loaded.firm.people
        finance = [index for index, person in enumerate(people) if Role.FINANCE.value in person.access]
        owners = [index for index, person in enumerate(people) if Role.OWNER.value in person.access]
        self._finance = self._loaded.acting_as((finance or owners)[0])
        self._second = self._loaded.acting_as((finance[1:] or owners)[0])

    def load(self) -> None:
        """Close what is past; begin the close of the month that ended last."""
        self._loaded.say("Closing past months")
        rows = Period.objects.filter(book=self._loaded.entity_id, end__lte=self._loaded.firm.today)
        periods = list(rows.order_by("start"))
        past = periods[: -self._open_months]
        if not past:
            return
        self._choose_people()
        self._give_steps(past[0])
        for period in past:
            self._close(period)
        self._begin(periods[len(past)])

    def _give_steps(self, first: Period) -> None:
        """Give each step its usual owner and due day."""
        start_close(actor=self._finance, period_id=first.pk)
        there = set(CloseStep.objects.filter(period=first).values_list("key", flat=True))
        for key, (days, _) in _STEPS.items():
            if key in there:
                assign_step(
                    actor=self._finance,
                    period_id=first.pk,
                    key=key,
                    owner_id=self._owner(key).user_id,
                    due_on=first.end - _DAY + timedelta(days=days),
                    always=True,
                )

    def _owner(self, key: str) -> Actor:
        return self._second if key in _OF_THE_SECOND else self._finance

    def _close(self, period: Period) -> None:
        start_close(actor=self._finance, period_id=period.pk)
        self._set(period, PeriodState.SOFT_CLOSED, _SOFT_CLOSED_AFTER, "Period end")
        recognize(actor=self._finance, entity_id=self._loaded.entity_id, month=period.start)
        self._sign_off(period, list(_STEPS))
        self._set(period, PeriodState.LOCKED, _LOCKED_AFTER, "Month closed")

    def _begin(self, period: Period) -> None:
        """Bring a close as far as the books allow: the open steps are for whoever looks at the demo."""
        start_close(actor=self._finance, period_id=period.pk)
        self._set(period, PeriodState.SOFT_CLOSED, _SOFT_CLOSED_AFTER, "Period end")
        self._sign_off(period, ["time_missing"])

    def _set(self, period: Period, state: PeriodState, after: int, reason: str) -> None:
        """Move a period to a state on its day after the period's end, which the history keeps."""
        ledger.set_period_state(actor=self._finance, period_id=period.pk, state=state, reason=reason)
        PeriodChange.objects.filter(period=period, state=state).update(at=_moment(period.end, after))

    def _sign_off(self, period: Period, keys: Sequence[str]) -> None:
        rows = list(CloseStep.objects.filter(period=period, key__in=keys))
        for row in rows:
            days, row.note = _STEPS[row.key]
            row.done_by_id = self._owner(row.key).user_id
            row.done_at = _moment(period.end, days)
            row.done_count = _MOST_FOUND if row.key == "time_missing" else 0
        CloseStep.objects.bulk_update(rows, ["done_by", "done_at", "done_count", "note"])


def _moment(end: date, days: int) -> datetime:
    """Return the hour, on a day after a period's end, at which somebody acted."""
    return timezone.make_aware(datetime.combine(end - _DAY + timedelta(days=days), _AT))
