"""The rates of a card as bars over time, laid out for an SVG: places are percentages of its width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workledger.contracts.models import RateState
from workledger.contracts.queries import CardPage, RateStep, RateTrack

_YEARS_BACK, _YEARS_AHEAD = 3, 4
_HALF_YEAR = timedelta(days=183)
_DAY = timedelta(days=1)
_LANE, _PROPOSED_LANE = 36, 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A rate from day to day. `kind` is past, now, future or proposed."""

    step: RateStep
    kind: str
    left: str
    width: str
    y: int


@dataclass(frozen=True, slots=True)
class Lane:
    """The rates for the same keys; proposals stand in a line of their own below the others."""

    track: RateTrack
    bars: tuple[Bar, ...]
    height: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The first day of a year."""

    left: str
    year: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A card's lanes under one axis; `now` is the place of today."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now: str


def timeline(card: CardPage, today: date) -> Timeline:
    """Lay a card's rates out from the year they begin in, at most three back, to the year after the last change."""
    steps = [step for track in card.tracks for step in track.steps]
    start, end = _span(steps, today)

    def place(day: date) -> float:
        return 100 * (min(max(day, start), end) - start).days / (end - start).days

    def bars(track: RateTrack) -> Iterable[Bar]:
        for step in track.steps:
            left = place(step.valid_from)
            width = place(step.last_day + _DAY if step.last_day else end) - left
            if width > 0:
                kind = _kind(step, today)
                yield Bar(step, kind, _percent(left), _percent(width), _LANE if kind == "proposed" else 4)

    lanes = []
    for track in card.tracks:
        found = tuple(bars(track))
        is_tall = any(bar.kind == "proposed" for bar in found)
        lanes.append(Lane(track, found, _LANE + (_PROPOSED_LANE if is_tall else 0)))
    years = (date(year, 1, 1) for year in range(start.year, end.year))
    ticks = tuple(Tick(_percent(place(day)), day.year) for day in years)
    return Timeline(tuple(lanes), ticks, _percent(place(today)))


def _span(steps: Sequence[RateStep], today: date) -> tuple[date, date]:
    first = min((step.valid_from for step in steps), default=today)
    ends = [step.last_day or step.valid_from for step in steps]
    last = max([today + _HALF_YEAR, *(day + _HALF_YEAR for day in ends)])
    start = max(min(first.year, today.year), today.year - _YEARS_BACK)
    return date(start, 1, 1), date(min(last.year, today.year + _YEARS_AHEAD) + 1, 1, 1)


def _kind(step: RateStep, today: date) -> str:
    if step.state == RateState.PROPOSED:
        return "proposed"
    if step.holds:
        return "now"
    return "future" if step.valid_from > today else "past"


def _percent(value: float) -> str:
    return f"{value:.3f}%"
