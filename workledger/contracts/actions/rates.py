"""Writes of rate cards and rates.

A rate is proposed and approved by two people, unless the firm switched that rule off. Two rates for the same keys never
hold on the same day: the later one names the rate it replaces, which ends where it starts.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Q

from workledger.contracts import checks, versions
from workledger.contracts.effects import RateEffect, rate_effects
from workledger.contracts.events import RatesChanged
from workledger.contracts.inputs import RateCardInput, RateInput, RatesSaved
from workledger.contracts.models import (
    Contract,
    ContractLine,
    Rate,
    RateCard,
    RateState,
    TaskType,
)
from workledger.contracts.queries import contracts_of, load_rate_books, visible_cards, visible_rates
from workledger.core import locks
from workledger.core.access import Actor, ActorKind, DutyRule, Permission, system_actor
from workledger.core.door import action, record, warn
from workledger.core.duties import duty_applies
from workledger.core.events import emit
from workledger.core.refusals import Forbidden, Problems, Refused
from workledger.directory.models import Client, LegalEntity, Person, Role
from workledger.kernel.money import price_words
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import half_up

_KEYS = ("contract_line_id", "person_id", "task_type_id", "role_id")
_LEAST_RAISE, _MOST_RAISE = Decimal(-50), Decimal(100)


def approves_alone(actor: Actor) -> bool:
    """Tell whether what this actor proposes may be approved by the same actor at once."""
    if not actor.can(Permission.APPROVE_RATES):
        return False
    return actor.kind is not ActorKind.PERSON or not duty_applies(DutyRule.PROPOSE_AND_APPROVE_RATE)


@action("contracts.create_rate_card", needs=Permission.MANAGE_CONTRACTS)
def create_rate_card(*, actor: Actor, card: RateCardInput) -> int:
    """Open a rate card for an entity, a client or a contract; return its id.

    Refuses: level_unclear, not_found, currency_unknown, currency_differs, card_exists, name_missing.
    """
    (row,) = _new_cards(actor, [card])
    row.save()
    record(row, f"Opened rate card {row.name}")
    return int(row.pk)


@action("contracts.create_rate_cards", needs=Permission.MANAGE_CONTRACTS)
def create_rate_cards(*, actor: Actor, cards: list[RateCardInput]) -> list[int]:
    """Open many rate cards at once; return their ids in order. Refuses what `create_rate_card` refuses."""
    rows = _new_cards(actor, cards)
    RateCard.objects.bulk_create(rows)
    record(None, f"Opened {len(rows)} rate cards")
    return [int(row.pk) for row in rows]


@action("contracts.rename_rate_card", needs=Permission.MANAGE_CONTRACTS)
def rename_rate_card(*, actor: Actor, card_id: int, name: str) -> None:
    """Give a rate card another name.

    Refuses: not_found, name_missing, name_too_long.
    """
    card = locks.for_update(visible_cards(actor), card_id)
    problems = Problems()
    card.name = checks.text(problems, name, "name")
    problems.refuse()
    card.save(update_fields=["name"])
    record(card, f"Renamed rate card to {card.name}")


@action("contracts.propose_rate", needs=Permission.PROPOSE_RATES)
def propose_rate(*, actor: Actor, rate: RateInput) -> int:
    """Propose a rate; it counts once approved. Returns its id.

    Refuses: not_found, rates_do_not_tie (the sentence names the other rate), replaces_another, leaves_gap,
    line_of_other_contract, ends_before_start, person_unknown, role_unknown, task_type_unknown, and amounts that do not fit.
    """
    card = locks.for_update(visible_cards(actor), rate.card_id)
    row = _new_rates(actor, [card], [rate])[0]
    row.save()
    record(row, f"Proposed {_named(row)} on {card.name}")
    return int(row.pk)


@action("contracts.approve_rate", needs=Permission.APPROVE_RATES)
def approve_rate(*, actor: Actor, rate_id: int) -> None:
    """Approve a proposed rate: from its first day on it prices work, and open work from that day is priced again.

    Refuses: not_found, not_proposed, own_proposal (two-person rule), rates_do_not_tie. Warns: reprices_open_work.
    """
    rate = locks.one(visible_rates(actor), rate_id)
    card = locks.for_update(visible_cards(actor), rate.card_id)
    rate = locks.for_update(Rate.objects.filter(card=card).select_related(*_NAMED), rate_id)
    _refuse_own(actor, [rate])
    _approve(actor, [card], [rate])
    record(rate, f"Approved {_named(rate)} on {card.name}")


@action("contracts.decline_rate", needs=Permission.PROPOSE_RATES)
def decline_rate(*, actor: Actor, rate_id: int, reason: str) -> None:
    """Decline a proposed rate, or take one's own proposal back; with the reason on record.

    Refuses: not_found, not_proposed, reason_missing, forbidden (neither its proposer nor an approver).
    """
    rate = locks.for_update(visible_rates(actor).select_related(*_NAMED), rate_id)
    if not actor.can(Permission.APPROVE_RATES) and (
        actor.user_id is None or rate.proposed_by_id != actor.user_id
    ):
        raise Forbidden.because(
            "forbidden", "Only who proposed this rate, or who approves rates, can decline it."
        )
    problems = Problems()
    problems.check(rate.state == RateState.PROPOSED, "not_proposed", "This rate waits for no decision.")
    problems.check(reason.strip(), "reason_missing", "Say why.", "reason")
    problems.refuse()
    rate.state = RateState.DECLINED
    rate.save(update_fields=["state"])
    record(rate, f"Declined {_named(rate)}: {reason.strip()}")


@action("contracts.set_rate", needs=Permission.PROPOSE_RATES)
def set_rate(*, actor: Actor, rate: RateInput) -> RatesSaved:
    """Propose a rate and, where no second person is needed, approve it at once.

    Refuses what `propose_rate` refuses. Warns: reprices_open_work.
    """
    card = locks.for_update(visible_cards(actor), rate.card_id)
    row = _new_rates(actor, [card], [rate])[0]
    row.save()
    alone = approves_alone(actor)
    if alone:
        _approve(actor, [card], [row])
    record(row, f"{'Set' if alone else 'Proposed'} {_named(row)} on {card.name}")
    return RatesSaved([int(row.pk)], alone)


@action("contracts.end_rate", needs=Permission.APPROVE_RATES)
def end_rate(*, actor: Actor, rate_id: int, ends_on: date) -> None:
    """End an approved rate: `ends_on` is the first day it no longer holds. Open work from then on is priced again.

    Refuses: not_found, not_approved, ends_before_start, ends_already. Warns: reprices_open_work.
    """
    rate = locks.one(visible_rates(actor), rate_id)
    card = locks.for_update(visible_cards(actor), rate.card_id)
    rate = locks.for_update(Rate.objects.filter(card=card).select_related(*_NAMED), rate_id)
    problems = Problems()
    problems.check(rate.state == RateState.APPROVED, "not_approved", "Only an approved rate can end.")
    starts = f"This rate starts on {rate.valid_from:%Y-%m-%d}; it ends later than that."
    problems.check(ends_on > rate.valid_from, "ends_before_start", starts, "ends_on")
    earlier = rate.valid_to is None or ends_on < rate.valid_to
    problems.check(earlier, "ends_already", "This rate ends by then already.", "ends_on")
    problems.refuse()
    change = versions.Change(actor, _contracts([card]))
    rate.valid_to = ends_on
    rate.save(update_fields=["valid_to"])
    _tell(actor, [card], ends_on)
    change.done(effective_from=ends_on)
    record(rate, f"Ended {_named(rate)} on {card.name} by {ends_on:%Y-%m-%d}")


@action("contracts.raise_rates", needs=Permission.PROPOSE_RATES)
def raise_rates(*, actor: Actor, card_id: int, percent: Decimal, from_day: date) -> RatesSaved:
    """Raise every rate of a card that holds on `from_day` by a percentage from that day on, half-up to the cent.

    A negative percentage lowers them. Rates that start on that day or later stay as they are.
    Refuses: not_found, percent_out_of_range, nothing_to_raise, rates_do_not_tie. Warns: later_rates_stay, reprices_open_work.
    """
    card = locks.for_update(visible_cards(actor), card_id)
    problems = Problems()
    fits = percent.is_finite() and _LEAST_RAISE <= percent <= _MOST_RAISE and percent != 0
    problems.check(fits, "percent_out_of_range", "Use a percentage from -50 to 100, and not zero.", "percent")
    problems.refuse()
    approved = card.rates.filter(state=RateState.APPROVED)
    held = list(
        approved.filter(valid_from__lt=from_day)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=from_day))
        .order_by("pk")
    )
    if not held:
        raise Refused.because(
            "nothing_to_raise", "No rate of this card holds across that day. Choose another day.", "from_day"
        )
    later = approved.filter(valid_from__gte=from_day).count()
    if later:
        warn("later_rates_stay", f"{later} rates that start on that day or later stay as they are.")
    rows = _new_rates(actor, [card], [_raised(old, percent, from_day) for old in held])
    Rate.objects.bulk_create(rows)
    alone = approves_alone(actor)
    if alone:
        _approve(actor, [card], rows)
    word = "Raised" if alone else "Proposed to raise"
    record(
        card, f"{word} {len(rows)} rates of {card.name} by {percent.normalize():f} % from {from_day:%Y-%m-%d}"
    )
    return RatesSaved([int(row.pk) for row in rows], alone)


@action("contracts.create_rates", needs=Permission.PROPOSE_RATES, logs_input=False)
def create_rates(*, actor: Actor, rates: list[RateInput]) -> RatesSaved:
    """Write many rates at once, approved where no second person is needed; ids in order.

    Refuses what `propose_rate` refuses, for every rate at once.
    """
    cards = locks.all_for_update(visible_cards(actor), {rate.card_id for rate in rates})
    rows = _new_rates(actor, cards, rates)
    alone = approves_alone(actor)
    if alone and rows:
        # What an import brings with a new contract is no change of it: only kept versions have a next one.
        change = versions.Change(actor, versions.with_versions(_contracts(cards)))
        for row in rows:
            row.state, row.approved_by_id = RateState.APPROVED, actor.user_id
        _end_replaced(rows)
        Rate.objects.bulk_create(rows)
        emit(
            RatesChanged(
                actor=actor, contract_ids=contracts_of(cards), from_day=min(row.valid_from for row in rows)
            )
        )
        change.done(effective_from=min(row.valid_from for row in rows))
    else:
        Rate.objects.bulk_create(rows)
    record(None, f"{'Set' if alone else 'Proposed'} {len(rows)} rates")
    return RatesSaved([int(row.pk) for row in rows], alone)


_NAMED = ("card", "contract_line", "person", "task_type", "role")


def _named(rate: Rate) -> str:
    """A rate in words: '120.00 EUR for role Consultant from 2026-01-01'."""
    keys = [
        f"{word} {named}"
        for word, named in (
            ("line", rate.contract_line),
            ("person", rate.person),
            ("task type", rate.task_type),
            ("role", rate.role),
        )
        if named is not None
    ]
    until = f" up to {rate.valid_to:%Y-%m-%d}" if rate.valid_to else ""
    price = price_words(rate.rate_per_hour, rate.card.currency)
    return f"{price} for {' and '.join(keys) or 'everyone'} from {rate.valid_from:%Y-%m-%d}{until}"


def _new_cards(actor: Actor, cards: Sequence[RateCardInput]) -> list[RateCard]:
    problems = Problems()
    entities = set(LegalEntity.objects.visible_to(actor).values_list("pk", flat=True))
    clients = set(
        Client.objects.visible_to(actor)
        .filter(pk__in={card.client_id for card in cards if card.client_id})
        .values_list("pk", flat=True)
    )
    contracts = dict(
        Contract.objects.visible_to(actor)
        .filter(pk__in={card.contract_id for card in cards if card.contract_id})
        .values_list("pk", "currency")
    )
    rows = []
    for card in cards:
        name = checks.text(problems, card.name, "name")
        checks.currency(problems, card.currency)
        levels = (card.entity_id, card.client_id, card.contract_id)
        one = sum(level is not None for level in levels) == 1
        problems.check(
            one, "level_unclear", "A rate card is of one entity, one client or one contract.", "level"
        )
        known = (
            (card.entity_id is None or card.entity_id in entities)
            and (card.client_id is None or card.client_id in clients)
            and (card.contract_id is None or card.contract_id in contracts)
        )
        problems.check(
            known, "level_unknown", "Choose an entity, client or contract that you can see.", "level"
        )
        agreed = contracts.get(card.contract_id or 0, card.currency)
        differs = f"The contract is in {agreed}; so is its rate card."
        problems.check(agreed == card.currency, "currency_differs", differs, "currency")
        rows.append(
            RateCard(
                name=name,
                currency=card.currency,
                entity_id=card.entity_id,
                client_id=card.client_id,
                contract_id=card.contract_id,
            )
        )
    problems.refuse()
    return rows


def _new_rates(actor: Actor, cards: Sequence[RateCard], rates: Sequence[RateInput]) -> list[Rate]:
    """Return unsaved proposals; raises `Refused` with every problem, ties among them."""
    problems = Problems()
    by_id = {card.pk: card for card in cards}
    _check_keys(problems, actor, by_id, rates)
    for rate in rates:
        checks.amount(problems, rate.rate_per_hour, "rate_per_hour")
        most = rate.rate_per_hour.is_finite() and rate.rate_per_hour < 10**9
        problems.check(most, "rate_too_large", "Use a rate below 1,000,000,000.", "rate_per_hour")
        checks.dates(problems, rate.valid_from, rate.valid_to, "valid_to")
    problems.refuse()
    rows = [
        Rate(
            card=by_id[rate.card_id],
            contract_line_id=rate.contract_line_id,
            person_id=rate.person_id,
            task_type_id=rate.task_type_id,
            role_id=rate.role_id,
            valid_from=rate.valid_from,
            valid_to=rate.valid_to,
            rate_per_hour=rate.rate_per_hour,
            state=RateState.PROPOSED,
            replaces_id=rate.replaces_id,
            proposed_by_id=actor.user_id,
        )
        for rate in rates
    ]
    _refuse_ties(rows, also=(RateState.PROPOSED,))
    return rows


def _check_keys(
    problems: Problems, actor: Actor, cards: dict[int, RateCard], rates: Sequence[RateInput]
) -> None:
    """Note keys that name nothing, or nothing of the card."""
    contract_of = dict(
        ContractLine.objects.filter(
            pk__in={rate.contract_line_id for rate in rates if rate.contract_line_id}
        ).values_list("pk", "contract_id")
    )
    for rate in rates:
        if rate.contract_line_id is None:
            continue
        contract_id = cards[rate.card_id].contract_id
        fits = contract_id is not None and contract_of.get(rate.contract_line_id) == contract_id
        problems.check(
            fits,
            "line_of_other_contract",
            "A rate for a contract line stands on that contract's own card.",
            "contract_line_id",
        )
    for name, rows in (
        ("person", Person.objects.visible_to(actor)),
        ("role", Role.objects.visible_to(actor)),
        ("task_type", TaskType.objects.visible_to(actor)),
    ):
        wanted = {getattr(rate, f"{name}_id") for rate in rates} - {None}
        known = rows.filter(pk__in=wanted).count() if wanted else 0
        label = name.replace("_", " ")
        problems.check(known == len(wanted), f"{name}_unknown", f"Choose a {label}.", f"{name}_id")


def _refuse_ties(rows: Sequence[Rate], *, also: tuple[RateState, ...] = ()) -> None:
    """Refuse rates that would hold beside another for the same keys; the replaced one ends, and so does not count."""
    problems = Problems()
    held: dict[tuple[int | None, ...], list[Rate]] = {}
    own = {row.pk for row in rows if row.pk}
    for other in (
        Rate.objects.filter(card_id__in={row.card_id for row in rows})
        .filter(state__in=(RateState.APPROVED, *also))
        .exclude(pk__in=own)
        .select_related(*_NAMED)
        .order_by("valid_from", "pk")
    ):
        held.setdefault(_place(other), []).append(other)
    for row in rows:
        beside = held.setdefault(_place(row), [])
        replaced = next((other for other in beside if other.pk and other.pk == row.replaces_id), None)
        if row.replaces_id is not None:
            _check_replaced(problems, row, replaced)
        for other in beside:
            if other is not replaced and _overlap(row, other):
                problems.add("rates_do_not_tie", _tie_sentence(other), "valid_from")
        beside.append(row)
    problems.refuse()


def _place(rate: Rate) -> tuple[int | None, ...]:
    return (rate.card_id, *(getattr(rate, key) for key in _KEYS))


def _overlap(one: Rate, other: Rate) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


def _check_replaced(problems: Problems, row: Rate, replaced: Rate | None) -> None:
    if replaced is None or replaced.state != RateState.APPROVED:
        message = "The rate to replace is none of this card for the same person, role, task type and line."
        problems.add("replaces_another", message, "replaces_id")
        return
    ends = row.valid_to is not None and (replaced.valid_to is None or row.valid_to < replaced.valid_to)
    message = f"This rate ends before the one it replaces, {_named(replaced)}. No rate would hold after it."
    problems.check(not ends, "leaves_gap", message, "valid_to")


def _tie_sentence(other: Rate) -> str:
    waits = " is proposed and" if other.state == RateState.PROPOSED else ""
    return f"Another rate{waits} holds on some of these days: {_named(other)}. End it first, or let this rate replace it."


def _raised(old: Rate, percent: Decimal, from_day: date) -> RateInput:
    return RateInput(
        card_id=old.card_id,
        rate_per_hour=half_up(old.rate_per_hour * (100 + percent) / 100, 2),
        valid_from=from_day,
        valid_to=old.valid_to,
        contract_line_id=old.contract_line_id,
        person_id=old.person_id,
        task_type_id=old.task_type_id,
        role_id=old.role_id,
        replaces_id=old.pk,
    )


def _refuse_own(actor: Actor, rates: Sequence[Rate]) -> None:
    own = actor.user_id is not None and any(rate.proposed_by_id == actor.user_id for rate in rates)
    if own and not approves_alone(actor):
        raise Refused.because(
            "own_proposal",
            f"{DutyRule.PROPOSE_AND_APPROVE_RATE.sentence} Ask a colleague who may approve rates.",
        )


def _approve(actor: Actor, cards: Sequence[RateCard], rates: Sequence[Rate]) -> None:
    """Approve proposals of locked cards: end what they replace, then let them hold, then tell the floors above."""
    problems = Problems()
    waits = all(rate.state == RateState.PROPOSED for rate in rates)
    problems.check(waits, "not_proposed", "This rate waits for no decision.")
    problems.refuse()
    _refuse_ties(rates)
    change = versions.Change(actor, _contracts(cards))
    _end_replaced(rates)
    for rate in rates:
        rate.state, rate.approved_by_id = RateState.APPROVED, actor.user_id
    Rate.objects.bulk_update(rates, ["state", "approved_by"])
    _tell(actor, cards, min(rate.valid_from for rate in rates))
    change.done(effective_from=min(rate.valid_from for rate in rates))


def agree_rates(actor: Actor, contract: Contract, rates: Sequence[RateInput]) -> None:
    """Set rates that the client agreed to on the contract's own card, opened where there is none; no act of its own.

    A rate for the same keys that holds on that day ends there. Open work from then on is priced again. Refuses what
    `propose_rate` refuses.
    """
    card, _ = RateCard.objects.get_or_create(
        contract=contract, currency=contract.currency, entity=None, client=None,
        defaults={"name": f"Prices of {contract.number}"},
    )  # fmt: skip
    card = locks.for_update(RateCard.objects.all(), card.pk)
    rows = _new_rates(
        system_actor(actor.door, actor.name), [card], [_replacing(card, rate) for rate in rates]
    )
    for row in rows:
        row.state, row.proposed_by_id, row.approved_by_id = RateState.APPROVED, actor.user_id, actor.user_id
    _end_replaced(rows)
    Rate.objects.bulk_create(rows)
    from_day = min(row.valid_from for row in rows)
    emit(RatesChanged(actor=actor, contract_ids=contracts_of([card]), from_day=from_day))


def _replacing(card: RateCard, rate: RateInput) -> RateInput:
    """Return a rate on this card that names the one it replaces on its first day."""
    held = card.rates.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=rate.valid_from),
        state=RateState.APPROVED, valid_from__lte=rate.valid_from, **dict(zip(_KEYS, rate.keys, strict=True)),
    ).first()  # fmt: skip
    return replace(rate, card_id=card.pk, replaces_id=held.pk if held else None)


def _contracts(cards: Sequence[RateCard]) -> list[int]:
    """Return the contracts whose own cards these are."""
    return [card.contract_id for card in cards if card.contract_id]


def _end_replaced(rates: Sequence[Rate]) -> None:
    """End each replaced rate where its successor starts; one that would keep no day is withdrawn."""
    starts = {rate.replaces_id: rate.valid_from for rate in rates if rate.replaces_id}
    if not starts:
        return
    replaced = locks.all_for_update(Rate.objects.all(), starts)
    for old in replaced:
        if starts[old.pk] > old.valid_from:
            old.valid_to = starts[old.pk] if old.valid_to is None else min(old.valid_to, starts[old.pk])
        else:
            old.state = RateState.WITHDRAWN
    Rate.objects.bulk_update(replaced, ["valid_to", "state"])


def _repriced(effect: RateEffect, from_day: date, currency: str) -> str:
    """Say what is priced again, and what bills hold."""
    worth = f"worth {price_words(effect.value, currency)} become {price_words(effect.new_value, currency)}."
    sentence = f"{hours(effect.seconds)} hours of approved work from {from_day:%Y-%m-%d} on are priced again: what is {worth}"
    if not effect.billed_items:
        return f"{sentence} Nothing of it is billed."
    billed = f"{hours(effect.billed_seconds)} hours worth {price_words(effect.billed_value, currency)}"
    return f"{sentence} {billed} are on bills and stay as they are."


def _tell(actor: Actor, cards: Sequence[RateCard], from_day: date) -> None:
    """Warn of the open work that is priced again, and have it priced again."""
    contract_ids = contracts_of(cards)
    if effect := rate_effects(contract_ids, from_day, load_rate_books(contract_ids)):
        warn("reprices_open_work", _repriced(effect, from_day, cards[0].currency))
    emit(RatesChanged(actor=actor, contract_ids=contract_ids, from_day=from_day))
