"""Lays a book's periods: the pattern that holds from a day on, custom periods, and what an act needs ahead of time."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.period import END_OF_TIME
from workledger.kernel.period import Period as Days
from workledger.ledger.calc.periods import (
    CALENDAR_MONTHS,
    NoMoreGiven,
    Pattern,
    PeriodKind,
    Segment,
    Span,
    given,
    lay,
    lay_before,
)
from workledger.ledger.models import Book, JournalEntry, Period, PeriodPattern, PeriodState

_DAY = timedelta(days=1)
_LONGEST_NAME = 40


def segments(book_id: int) -> list[Segment]:
    """Return the book's patterns with the days they hold; calendar months before the first."""
    rows = list(PeriodPattern.objects.filter(book_id=book_id).order_by("from_day"))
    starts = [date.min, *(row.from_day for row in rows), END_OF_TIME]
    patterns = [CALENDAR_MONTHS, *(row.pattern for row in rows)]
    return [
        Segment(pattern, Days(start, end))
        for pattern, (start, end) in zip(patterns, pairwise(starts), strict=True)
    ]


def latest_pattern(book_id: int) -> Pattern:
    """Return the pattern that the next periods follow."""
    return segments(book_id)[-1].pattern


def extend(book: Book, first: date, last: date) -> int:
    """Open what is missing over [first, last]; returns how many periods. Raises `Refused` (no_period_given)."""
    reach = _reach(book.pk)
    known = segments(book.pk)
    try:
        if reach is None:
            pattern = next(each.pattern for each in known if first in each.days)
            held = lay_before(pattern, first, first + _DAY)
            start = held[0].days.start if held else first
            wanted = lay(known, start, last)
        else:
            pattern = next(each.pattern for each in known if reach.start in each.days)
            wanted = [*lay_before(pattern, first, reach.start), *lay(known, reach.end, last)]
    except NoMoreGiven as end:
        raise Refused.because(
            "no_period_given",
            f"The periods of {book.name} are given one by one and end before {end.after:%d %B %Y}. Ask Finance to add"
            " the next ones.",
        ) from end
    _open(book, wanted)
    return len(wanted)


def _reach(book_id: int) -> Days | None:
    spans = Period.objects.filter(book_id=book_id).order_by("start").values_list("start", "end")
    first, last = spans.first(), spans.last()
    return None if first is None or last is None else Days(first[0], last[1])


def _open(book: Book, spans: Iterable[Span]) -> None:
    Period.objects.bulk_create(
        Period(
            book=book, name=span.name, start=span.days.start, end=span.days.end,
            fiscal_year=span.fiscal_year, number=span.number,
        )
        for span in spans
    )  # fmt: skip


@action("ledger.set_period_pattern", needs=Permission.MANAGE_PERIODS)
def set_period_pattern(*, actor: Actor, book_id: int, pattern: Pattern, from_day: date) -> int:
    """Lay the book's periods by another pattern from a day on; returns how many it laid.

    The day is the first of a period. Periods from it on are laid anew, as far as they reached, so none of them may
    hold postings or be closed. With custom periods none follow until `ledger.add_periods` gives them.
    Refuses: not_found, bad_month, bad_weekday, no_such_period, not_a_boundary, period_in_use, period_closed.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    problems = Problems()
    problems.check(1 <= pattern.year_starts_in <= 12, "bad_month", "A year starts in a month, 1 to 12.", "year_starts_in")  # fmt: skip
    problems.check(0 <= pattern.week_ends_on <= 6, "bad_weekday", "A week ends on a day, Monday to Sunday.", "week_ends_on")  # fmt: skip
    reach = _reach(book.pk)
    changed = list(Period.objects.filter(book=book, start__gte=from_day).order_by("start"))
    _check_change(problems, book, reach, changed, from_day)
    problems.refuse()
    last = max(from_day, reach.end - _DAY) if reach else from_day
    Period.objects.filter(pk__in=[each.pk for each in changed]).delete()
    PeriodPattern.objects.filter(book=book, from_day__gte=from_day).delete()
    made = PeriodPattern.objects.create(
        book=book, from_day=from_day, kind=pattern.kind, year_starts_in=pattern.year_starts_in,
        week_ends_on=pattern.week_ends_on, year_end=pattern.year_end,
    )  # fmt: skip
    laid = [] if pattern.kind is PeriodKind.CUSTOM else lay(segments(book.pk), from_day, last)
    _open(book, laid)
    record(made, f"Periods of {book.name} from {from_day:%d %B %Y} on: {pattern.words}")
    return len(laid)


def _check_change(
    problems: Problems, book: Book, reach: Days | None, changed: Sequence[Period], from_day: date
) -> None:
    if reach is not None and not reach.start <= from_day <= reach.end:
        problems.add(
            "no_such_period",
            f"The periods of {book.name} run from {reach.start:%d %B %Y} to {reach.end - _DAY:%d %B %Y}. Choose a day"
            " a period of them starts on, or the day after the last.",
            "from_day",
        )
        return
    if reach is not None and from_day != (changed[0].start if changed else reach.end):
        following = changed[0].start if changed else reach.end
        problems.add(
            "not_a_boundary",
            f"{from_day:%d %B %Y} lies within a period. The next one starts on {following:%d %B %Y}.",
            "from_day",
        )
    closed = next((each for each in changed if each.state != PeriodState.OPEN), None)
    problems.check(
        closed is None,
        "period_closed",
        f"{closed} is {closed.get_state_display().lower() if closed else ''}. Choose a later day.",
        "from_day",
    )
    used = (
        Period.objects.filter(
            pk__in=JournalEntry.objects.filter(book=book, date__gte=from_day).values("period")
        )
        .order_by("-start")
        .first()
    )
    problems.check(
        used is None,
        "period_in_use",
        f"{used} holds postings already, so it keeps its days. Choose a day after it.",
        "from_day",
    )


@action("ledger.add_periods", needs=Permission.MANAGE_PERIODS)
def add_periods(*, actor: Actor, book_id: int, last_days: Sequence[date], names: Sequence[str] = ()) -> int:
    """Add custom periods after the last one, each through its last day; returns how many.

    A period starts where the one before ends, so there is never a gap. Names are optional, in the same order.
    Refuses: not_found, not_custom, nothing_given, not_rising, too_many_names, name_too_long.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    reach = _reach(book.pk)
    held = segments(book.pk)[-1]
    start = reach.end if reach else held.days.start
    problems = Problems()
    problems.check(
        held.pattern.kind is PeriodKind.CUSTOM,
        "not_custom",
        f"Periods of {book.name} follow a pattern: {held.pattern.words}. Change the pattern to custom first.",
    )
    problems.check(last_days, "nothing_given", "Give the last day of each period.", "last_days")
    rising = (
        all(before < after for before, after in pairwise([start - _DAY, *last_days])) if last_days else True
    )
    problems.check(
        rising,
        "not_rising",
        f"The next period starts on {start:%d %B %Y}; each ends after the one before it.",
        "last_days",
    )
    problems.check(
        len(names) <= len(last_days), "too_many_names", "There are more names than periods.", "names"
    )
    problems.check(
        all(len(name.strip()) <= _LONGEST_NAME for name in names),
        "name_too_long",
        f"A period's name has at most {_LONGEST_NAME} characters.",
        "names",
    )
    problems.refuse()
    padded = [*names, *[""] * (len(last_days) - len(names))]
    laid = given(start, last_days, padded, held.pattern)
    _open(book, laid)
    record(book, f"Added {len(laid)} periods of {book.name} through {last_days[-1]:%d %B %Y}")
    return len(laid)
