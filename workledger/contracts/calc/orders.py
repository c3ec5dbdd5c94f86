"""Change orders: a typed document of changes to a contract, what they come to, and what an approval covers.

A change names only what it changes: two orders that change different terms of one line do not undo each other. What a
change found when it was priced is part of the order's hash, so a contract that moved meanwhile voids the approval.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from workledger.contracts.calc import terms
from workledger.contracts.calc.agreement import AgreedLine, Agreement, Difference, day_words, line_differences
from workledger.contracts.calc.terms import Amount, TermsInvalid, TermsProblem
from workledger.kernel.period import Period
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_HOUR = 3600
_OPEN_MONTHS = 12
"""Months over which a fee of a contract with open end is valued."""
Seconds = Annotated[int, Field(ge=0, le=10**10)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChangeLine(_Change):
    """Other terms of a line. What is left out stays; of `terms`, each term that is named is replaced as a whole."""

    kind: Literal["change_line"]
    line_id: int
    name: Name | None = None
    terms: dict[str, Any] = {}
    budget_seconds: Seconds | None = None
    budget_amount: Amount | None = None

    def after(self, line: AgreedLine) -> AgreedLine:
        """Return the line as it is then."""
        said = {each: getattr(self, each) for each in self.model_fields_set & _OF_LINES}
        return line.model_copy(update={**said, "terms": {**line.terms, **self.terms}})


_OF_LINES = {"name", "budget_seconds", "budget_amount"}


def changed_line(
    line: AgreedLine,
    *,
    name: str,
    document: Mapping[str, Any],
    budget_seconds: int | None,
    budget_amount: Decimal | None,
) -> dict[str, Any]:
    """Return the change that makes a line say this: what is said otherwise and nothing else.

    A document that is no terms is taken as it is; it is refused when the change is checked.
    """
    change: dict[str, Any] = {"kind": "change_line", "line_id": line.id}
    for field, was, now in (
        ("name", line.name, name.strip()),
        ("budget_seconds", line.budget_seconds, budget_seconds),
        ("budget_amount", line.budget_amount, budget_amount),
    ):
        if was != now:
            change[field] = str(now) if isinstance(now, Decimal) else now
    before = terms.keyed(terms.parse(line.model, line.terms))
    try:
        after = terms.keyed(terms.parse(line.model, dict(document)), before)
    except TermsInvalid:
        return change | {"terms": dict(document)}
    patch = {
        term: value
        for term, value in terms.stored(after).items()
        if _says_otherwise(getattr(before, term), getattr(after, term))
    }
    return change | ({"terms": patch} if patch else {})


def _says_otherwise(was: Any, now: Any) -> bool:
    """Tell whether a term differs; a part that is there with nothing in it says what no part says."""
    if was is None and isinstance(now, BaseModel):
        return bool(now.model_dump(exclude_defaults=True))
    return bool(was != now)


class AddLine(_Change):
    """A new line with its model, terms and budgets."""

    kind: Literal["add_line"]
    name: Name
    model: str
    terms: dict[str, Any] = {}
    revenue_method: str | None = None
    budget_seconds: Seconds | None = None
    budget_amount: Amount | None = None
    tax_code_id: int | None = None


class EndLine(_Change):
    """A line holds no longer than up to the order's day: no fee falls due after it, and its tasks take no more time."""

    kind: Literal["end_line"]
    line_id: int


class EndContract(_Change):
    """Another last day of the contract; None is an open end."""

    kind: Literal["end_contract"]
    last_day: date | None


class CapContract(_Change):
    """Another limit over the time of all lines together; None is no limit."""

    kind: Literal["cap_contract"]
    cap: terms.Cap | None


class MoveBudget(_Change):
    """Another budget of a project or a task. What is left out stays."""

    kind: Literal["move_budget"]
    holder: Literal["project", "task"]
    holder_id: int
    budget_seconds: Seconds | None = None
    budget_amount: Amount | None = None


class SetRate(_Change):
    """A rate per hour on the contract's own card from the order's day on; a key left out matches all."""

    kind: Literal["set_rate"]
    rate_per_hour: Annotated[Decimal, Field(ge=0, lt=10**9, decimal_places=4)]
    line_id: int | None = None
    person_id: int | None = None
    task_type_id: int | None = None
    role_id: int | None = None

    @property
    def keys(self) -> tuple[int | None, int | None, int | None, int | None]:
        """Whom and what the rate is for: line, person, task type, role."""
        return self.line_id, self.person_id, self.task_type_id, self.role_id


Change = Annotated[
    ChangeLine | AddLine | EndLine | EndContract | CapContract | MoveBudget | SetRate,
    Field(discriminator="kind"),
]
_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)


def parse(documents: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Read an order's changes. Raises `TermsInvalid`; the field of a problem is 'changes.<place>.<name>'."""
    found: list[Change] = []
    problems: list[TermsProblem] = []
    for place, document in enumerate(documents):
        try:
            found.append(_CHANGE.validate_python(dict(document)))
        except ValidationError as error:
            for details in error.errors():
                path = [str(part) for part in details["loc"] if part != document.get("kind")]
                message = details["msg"].removeprefix("Value error, ")
                problems.append(TermsProblem(".".join(["changes", str(place), *path]), f"{message}."))
    problems += _doubled(found)
    if problems:
        raise TermsInvalid(problems)
    return tuple(found)


def _doubled(changes: Sequence[Change]) -> Iterable[TermsProblem]:
    """Note what two changes of one order say about the same thing: which would hold is anybody's guess."""
    seen = set()
    for place, change in enumerate(changes):
        match change:
            case ChangeLine() | EndLine():
                about: object = ("line", change.line_id)
            case MoveBudget():
                about = (change.holder, change.holder_id)
            case SetRate():
                about = ("rate", change.keys)
            case AddLine():
                about = ("name", change.name.strip())
            case EndContract():
                about = "end"
            case CapContract():
                about = "cap"
        if about in seen:
            yield TermsProblem(
                f"changes.{place}", "Another change of this order is about the same. Join them."
            )
        seen.add(about)


def stored(change: Change) -> dict[str, Any]:
    """Return a change as the JSON that is kept: what it says and nothing else."""
    kept: dict[str, Any] = change.model_dump(mode="json", exclude_unset=True)
    return kept


class Budget(NamedTuple):
    """The budget of a project or task as it stands: seconds, and money in the contract's currency."""

    holder: str
    holder_id: int
    name: str
    seconds: int | None
    amount: Decimal | None


class Effect(NamedTuple):
    """What a change comes to: in words, and in hours and money. None is a figure that cannot be said."""

    title: str
    layer: str
    differences: tuple[Difference, ...]
    seconds: int | None
    amount: Decimal | None


class Pricing(NamedTuple):
    """What an order comes to. `scope_*` are the whole contract's before it; None where it has no such figure.

    Budgets of lines, projects and tasks are three views of the same work: the sums take the one that moves most.
    """

    effects: tuple[Effect, ...]
    seconds: int
    amount: Decimal
    scope_seconds: int | None
    scope_amount: Decimal | None
    moved_seconds: int
    moved_amount: Decimal
    is_measured: bool

    @property
    def percent(self) -> Decimal | None:
        """How much of the contract's scope moves: of its hours or of its money, whichever is more; None without a scope."""
        shares = [
            moved * 100 / scope
            for moved, scope in (
                (Decimal(self.moved_seconds), Decimal(self.scope_seconds or 0)),
                (self.moved_amount, self.scope_amount or _ZERO),
            )
            if scope
        ]
        return max(shares).quantize(Decimal("0.01")) if shares else None


class Scope(NamedTuple):
    """What a line comes to over some days: seconds and money, None where its terms and budgets do not say."""

    seconds: int | None
    amount: Decimal | None


def scope_of(line: AgreedLine, days: Period, currency: str) -> Scope:
    """Return a line's hours and money over half-open days; a fee counts for the months in them, by their share."""
    document = terms.parse(line.model, line.terms)
    until = min(days.end, line.end) if line.end else days.end
    months = _months(Period(days.start, until)) if until > days.start else _ZERO
    seconds, amount = line.budget_seconds, line.budget_amount
    match document:
        case terms.Retainer() | terms.Recurring():
            periods = months / document.period_months
            amount = round_amount(document.fee * periods, currency)
            included = getattr(document, "included_hours", None)
            if included is not None:
                seconds = int(included * _HOUR * periods)
        case terms.FixedFee():
            amount = document.price
        case terms.Milestones():
            amount = sum((part.amount for part in document.milestones), _ZERO)
        case terms.Progress():
            amount = document.value
        case terms.Prepaid():
            amount = document.price
            seconds = int(document.block_hours * _HOUR) if document.block_hours is not None else seconds
        case terms.TimeAndMaterials() | terms.Blended() | terms.DayRate() if document.cap is not None:
            amount = document.cap.amount if document.cap.amount is not None else amount
            seconds = int(document.cap.hours * _HOUR) if document.cap.hours is not None else seconds
    if amount is None and seconds is not None and isinstance(document, terms.Blended):
        amount = round_amount(document.rate_per_hour * seconds / _HOUR, currency)
    return Scope(seconds, amount)


def _months(days: Period) -> Decimal:
    first, last = days.start, days.end
    whole = (last.year - first.year) * 12 + last.month - first.month
    return whole + Decimal(last.day - first.day) / 30


def _reach(start: date, end: date | None) -> Period:
    """Return the days over which fees are valued: to the contract's end, else a year."""
    if end is not None and end > start:
        return Period(start, end)
    month = start.month - 1 + _OPEN_MONTHS
    return Period(start, date(start.year + month // 12, month % 12 + 1, min(start.day, 28)))


def price(
    agreement: Agreement, changes: Sequence[Change], effective: date, budgets: Iterable[Budget] = ()
) -> Pricing:
    """Return what changes come to, before and after, from their day on."""
    held = {(budget.holder, budget.holder_id): budget for budget in budgets}
    end = next(
        (_after_last(each.last_day) for each in changes if isinstance(each, EndContract)), agreement.end
    )
    later = agreement.model_copy(update={"end": end})
    effects = tuple(_effect(agreement, later, change, effective, held) for change in changes)
    days = _reach(agreement.start, agreement.end)
    scopes = [scope_of(line, days, agreement.currency) for line in agreement.lines]
    seconds, moved_seconds = _by_layer((each.layer, Decimal(each.seconds or 0)) for each in effects)
    amount, moved_amount = _by_layer((each.layer, each.amount or _ZERO) for each in effects)
    return Pricing(
        effects=effects,
        seconds=int(seconds),
        amount=amount,
        scope_seconds=sum(scope.seconds or 0 for scope in scopes) or None,
        scope_amount=sum((scope.amount or _ZERO for scope in scopes), _ZERO) or None,
        moved_seconds=int(moved_seconds),
        moved_amount=moved_amount,
        is_measured=any(each.seconds or each.amount for each in effects)
        and all(each.seconds is not None or each.amount is not None for each in effects),
    )


def _by_layer(moved: Iterable[tuple[str, Decimal]]) -> tuple[Decimal, Decimal]:
    """Return the sum, and the sum without signs, of the layer that moves most."""
    layers: dict[str, list[Decimal]] = {}
    for layer, value in moved:
        layers.setdefault(layer, []).append(value)
    sums = [(sum(values, _ZERO), sum(map(abs, values), _ZERO)) for values in layers.values()]
    return max(sums, key=lambda each: each[1], default=(_ZERO, _ZERO))


def _after_last(day: date | None) -> date | None:
    return date.fromordinal(day.toordinal() + 1) if day else None


def _effect(
    agreement: Agreement,
    later: Agreement,
    change: Change,
    effective: date,
    budgets: Mapping[tuple[str, int], Budget],
) -> Effect:
    currency = agreement.currency
    match change:
        case ChangeLine():
            line = _line(agreement, change.line_id)
            after = change.after(line)
            said = tuple(line_differences(line, after, currency))
            scopes = [
                scope_of(line, _reach(effective, agreement.end), currency),
                scope_of(after, _reach(effective, later.end), currency),
            ]
            return Effect(f"Change {line.name}", "line", said, *_less(*scopes))
        case AddLine():
            after = added(change)
            scope = scope_of(after, _reach(effective, later.end), currency)
            said = tuple(line_differences(None, after, currency))
            return Effect(f"Add {change.name}", "line", said, scope.seconds, scope.amount)
        case EndLine():
            line = _line(agreement, change.line_id)
            said = tuple(line_differences(line, line.model_copy(update={"end": effective}), currency))
            return Effect(f"End {line.name}", "line", said, *_given_up(line, effective, agreement))
        case EndContract():
            return _ended(agreement, later, effective)
        case CapContract():
            return _capped(agreement, change.cap)
        case MoveBudget():
            return _moved(change, budgets[change.holder, change.holder_id], currency)
        case SetRate():
            return _rated(agreement, change, effective)


def added(change: AddLine) -> AgreedLine:
    """Return a new line as agreed; it has no id yet."""
    return AgreedLine(
        id=0, name=change.name, model=change.model, model_label=change.model.replace("_", " ").capitalize(),
        terms=change.terms, revenue_method=change.revenue_method or "", budget_seconds=change.budget_seconds,
        budget_amount=change.budget_amount,
    )  # fmt: skip


def _line(agreement: Agreement, line_id: int) -> AgreedLine:
    line = agreement.line(line_id)
    assert line is not None, "an order is priced once its lines are known"
    return line


def _less(before: Scope, after: Scope) -> tuple[int | None, Decimal | None]:
    """Return by how much a scope rose; None where neither says a figure."""
    seconds = (
        None if before.seconds is after.seconds is None else (after.seconds or 0) - (before.seconds or 0)
    )
    amount = (
        None if before.amount is after.amount is None else (after.amount or _ZERO) - (before.amount or _ZERO)
    )
    return seconds, amount


def _given_up(line: AgreedLine, effective: date, agreement: Agreement) -> tuple[int | None, Decimal | None]:
    """Return what ending a line takes away: fees to come, parts not due before; of budgets nobody knows how much is left."""
    document = terms.parse(line.model, line.terms)
    match document:
        case terms.Retainer() | terms.Recurring():
            scope = scope_of(line, _reach(effective, agreement.end), agreement.currency)
            given = getattr(document, "included_hours", None) is not None and scope.seconds is not None
            return -scope.seconds if given and scope.seconds else None, -(scope.amount or _ZERO)
        case terms.Milestones():
            open_parts = [
                each.amount for each in document.milestones if each.due is None or each.due >= effective
            ]
            return None, -sum(open_parts, _ZERO)
        case terms.FixedFee():
            left = [each for each in document.instalments if each.due is None or each.due >= effective]
            amounts = [
                each.amount if each.amount is not None else document.price * (each.percent or _ZERO) / 100
                for each in left
            ]
            return None, -round_amount(sum(amounts, _ZERO), agreement.currency)
    return None, None


def _ended(agreement: Agreement, later: Agreement, effective: date) -> Effect:
    words = [day_words(each) if each else "Open end" for each in map(_last, (agreement.end, later.end))]
    amount, is_known = _ZERO, False
    for line in agreement.lines:
        if isinstance(terms.parse(line.model, line.terms), terms.Retainer | terms.Recurring) and later.end:
            now = scope_of(line, _reach(effective, agreement.end), agreement.currency).amount or _ZERO
            then = scope_of(line, _reach(effective, later.end), agreement.currency).amount or _ZERO
            amount, is_known = amount + then - now, True
    difference = Difference("", "Last day", *words)
    return Effect("Change the contract's last day", "line", (difference,), None, amount if is_known else None)


def _capped(agreement: Agreement, after: terms.Cap | None) -> Effect:
    """Return what another cap of the contract lets through; what cannot be said in hours or money stays open."""
    before = terms.parse_cap(agreement.cap) if agreement.cap else None
    words = [terms.cap_words(each) if each else "" for each in (before, after)]
    seconds = amount = None
    if before is not None and after is not None:
        if before.amount is not None and after.amount is not None:
            amount = after.amount - before.amount
        if before.hours is not None and after.hours is not None:
            seconds = int((after.hours - before.hours) * _HOUR)
    difference = Difference("", "Cap of all lines", *words)
    return Effect("Change the contract's cap", "line", (difference,), seconds, amount)


def _last(end: date | None) -> date | None:
    return date.fromordinal(end.toordinal() - 1) if end else None


def _moved(change: MoveBudget, held: Budget, currency: str) -> Effect:
    said_names = change.model_fields_set
    seconds = change.budget_seconds if "budget_seconds" in said_names else held.seconds
    amount = change.budget_amount if "budget_amount" in said_names else held.amount
    words = (
        (
            "Budget of hours",
            *("" if each is None else f"{hours(each):,.2f} h" for each in (held.seconds, seconds)),
        ),
        ("Budget", *("" if each is None else f"{each:,.2f} {currency}" for each in (held.amount, amount))),
    )
    said = tuple(Difference(held.name, *row) for row in words if row[1] != row[2])
    title = f"Budget of {change.holder} {held.name}"
    moved = _less(Scope(held.seconds, held.amount), Scope(seconds, amount))
    return Effect(title, change.holder, said, *moved)


def _rated(agreement: Agreement, change: SetRate, effective: date) -> Effect:
    holds = [
        rate
        for rate in agreement.rates
        if rate.keys == change.keys
        and rate.valid_from <= effective
        and (rate.valid_to is None or rate.valid_to > effective)
    ]
    before = f"{holds[0].rate_per_hour:,.2f} per hour" if holds else ""
    after = f"{change.rate_per_hour:,.2f} per hour from {day_words(effective)}"
    who = holds[0].who if holds else "New rate"
    return Effect("Change a rate", "rate", (Difference("Rates", who, before, after),), None, None)


def needs_review(pricing: Pricing, threshold_seconds: int | None, threshold_percent: Decimal | None) -> bool:
    """Tell whether an order must be approved within the firm before the client sees it.

    Without a threshold every order is; zero is a threshold that every moved hour or amount exceeds. What no threshold
    measures is reviewed too: a change without figures, money where only hours have a threshold, a contract without a scope.
    """
    if threshold_seconds is None and threshold_percent is None:
        return True
    if not pricing.is_measured:
        return True
    if threshold_seconds is not None and pricing.moved_seconds > threshold_seconds:
        return True
    if threshold_percent is not None:
        return pricing.percent is None or pricing.percent > threshold_percent
    return bool(pricing.moved_amount and not pricing.moved_seconds)


def content_hash(
    title: str, reason: str, effective: date, changes: Sequence[Change], pricing: Pricing
) -> str:
    """Return 32 hexadecimal digits over all that an approval covers: what is changed, from what, and what it comes to."""
    covered = [
        title, reason, effective.isoformat(), [stored(change) for change in changes],
        [[each.title, each.differences, each.seconds, _plain(each.amount)] for each in pricing.effects],
    ]  # fmt: skip
    text = json.dumps(covered, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"
