"""How a report is asked for in an address: legal entity, days as people type them, basis, day of belief, what it is told by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from workledger.core.access import Actor
from workledger.core.refusals import NotFound, Refused
from workledger.directory.models import LegalEntity
from workledger.kernel.period import next_month
from workledger.reporting.report import Asked, Compare, ReportBy, ReportType, Split
from workledger.reporting.sums import ReportBasis
from workledger.web import formats
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of

_DAY = timedelta(days=1)
_MONTHS_OF_QUARTER = 3
_KEPT = ("entity", "basis", "known_on", "by", "by2", "split", "compare")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters of a report offer, as pairs of value and word; an empty list is not asked."""

    entities: list[tuple[int, str]]
    bases: list[tuple[str, str]]
    bys: list[tuple[str, str]]
    seconds: list[tuple[str, str]]
    splits: list[tuple[str, str]]
    compares: list[tuple[str, str]]


def choices_of(actor: Actor, kind: ReportType, asked: Asked) -> Choices:
    """Return what a report can be asked for."""
    entities = [(row.pk, row.name) for row in LegalEntity.objects.visible_to(actor).order_by("name")]
    bys = [(by.value, f"by {by.label.lower()}") for by in kind.bys]
    first = asked.by[0].value if asked.by else ""
    return Choices(
        entities if len(entities) > 1 else [],
        [(ReportBasis.EARNED.value, "as earned")] if kind.has_basis else [],
        bys,
        [
            *((value, f"and {word.removeprefix('by ')}") for value, word in bys if value != first),
            (_ALONE, "and nothing else"),
        ]
        if kind.most > 1
        else [],
        [(split.value, f"by {split.value}") for split in kind.splits],
        [(each.value, each.label) for each in Compare if each is not Compare.NOTHING] if kind.has_compare else [],
    )  # fmt: skip


_ALONE = "alone"


def asked_of(actor: Actor, kind: ReportType, words: Mapping[str, str], today: date) -> Asked:
    """Read what a report is asked for; what is not said is usual. Raises NotFound. Refuses: bad_day, no_entity."""
    start, last = _day(words.get("from", ""), today), _day(words.get("through", ""), today)
    usual = usual_time(kind, today)
    return Asked(
        entity_id=_entity(actor, words.get("entity", "")),
        start=start or (usual[0] if last is None or last >= usual[0] else last.replace(day=1)),
        end=last + _DAY if last else max(usual[1], next_month(start)) if start else usual[1],
        basis=ReportBasis.EARNED if words.get("basis") == ReportBasis.EARNED else ReportBasis.POSTED,
        known_on=_day(words.get("known_on", ""), today),
        by=_bys(kind, words.get("by", ""), words.get("by2", "")),
        split=next((each for each in Split if each == words.get("split")), Split.NOTHING),
        compare=next((each for each in Compare if each == words.get("compare")), Compare.NOTHING),
    )


def _bys(kind: ReportType, first: str, second: str) -> tuple[ReportBy, ...]:
    known = {by.value: by for by in kind.bys}
    chosen = [known[first]] if first in known else list(kind.usual[:1])
    if kind.most > 1 and second != _ALONE:
        usual = kind.usual[1] if len(kind.usual) > 1 else None
        other = known.get(second, usual)
        if other is not None and other not in chosen:
            chosen.append(other)
    return tuple(chosen)


def _entity(actor: Actor, text: str) -> int:
    chosen = number_of(text)
    if chosen is not None:
        return chosen
    first = LegalEntity.objects.visible_to(actor).order_by("name").first()
    if first is None:
        raise NotFound.because(
            "no_entity", "There is no legal entity that you may see. Ask an administrator."
        )
    return int(first.pk)


def _day(text: str, today: date) -> date | None:
    try:
        return parse_date(text, today=today)
    except NotUnderstood as error:
        raise Refused.because("bad_day", str(error)) from None


def usual_time(kind: ReportType, today: date) -> tuple[date, date]:
    """Return the time a report opens with: the year to the last whole month, a roll-forward that month alone."""
    end = today.replace(day=1)
    month = (end - _DAY).replace(day=1)
    return (date(month.year, 1, 1), end) if kind.has_basis else (month, end)


def times(asked: Asked, words: Mapping[str, str], today: date) -> list[tuple[str, str, bool]]:
    """Return usual times to choose, as word, address and whether it is the one asked for; the rest stays as it is."""
    kept = {name: words[name] for name in _KEPT if words.get(name)}
    this = today.replace(day=1)
    last = (this - _DAY).replace(day=1)
    quarter = date(last.year, (last.month - 1) // _MONTHS_OF_QUARTER * _MONTHS_OF_QUARTER + 1, 1)
    found = []
    for word, start, end in (
        (f"{this:%B}", this, next_month(this)),
        (f"{last:%B}", last, this),
        (f"Q{(quarter.month - 1) // _MONTHS_OF_QUARTER + 1} {quarter.year}", quarter, _months_on(quarter)),
        (f"{last.year} so far", date(last.year, 1, 1), this),
        (f"{last.year - 1}", date(last.year - 1, 1, 1), date(last.year, 1, 1)),
    ):
        about = kept | {"from": start.isoformat(), "through": (end - _DAY).isoformat()}
        found.append((word, f"?{urlencode(about)}", (start, end) == (asked.start, asked.end)))
    return found


def _months_on(day: date) -> date:
    for _ in range(_MONTHS_OF_QUARTER):
        day = next_month(day)
    return day


def words_of(asked: Asked, kind: ReportType) -> str:
    """Return in words what a report is of: its days, its basis, what was believed when."""
    days = f"{formats.day(asked.start)} to {formats.day(asked.last_day)}"
    basis = f", {asked.basis.label.lower()}" if kind.has_basis else ""
    known = f", as believed at the end of {formats.day(asked.known_on)}" if asked.known_on else ""
    return f"{days}{basis}{known}"
