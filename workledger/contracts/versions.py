"""Versions of contracts: what an active contract says as one document, kept whenever it says something else.

A contract created active (by an import, say) gets version 1 when it is first changed: what it said until then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max

from workledger.contracts.calc import terms
from workledger.contracts.calc.agreement import AgreedLine, AgreedRate, Agreement
from workledger.contracts.events import ContractModified
from workledger.contracts.models import (
    BillingModel,
    ChangeOrder,
    Contract,
    ContractLine,
    ContractState,
    ContractVersion,
    Rate,
    RateState,
    VersionCause,
)
from workledger.core.access import Actor
from workledger.core.events import emit


def agreements(contract_ids: Collection[int]) -> dict[int, Agreement]:
    """Return what these contracts say now. Three queries."""
    lines: dict[int, list[AgreedLine]] = defaultdict(list)
    rows = ContractLine.objects.filter(contract__in=contract_ids).select_related("tax_code")
    for row in rows.order_by("position", "pk"):
        lines[row.contract_id].append(agreed_line(row))
    rates: dict[int, list[AgreedRate]] = defaultdict(list)
    held = Rate.objects.filter(card__contract__in=contract_ids, state=RateState.APPROVED)
    named = held.select_related("card", "contract_line", "person", "task_type", "role")
    for rate in named.order_by("valid_from", "pk"):
        assert rate.card.contract_id is not None
        rates[rate.card.contract_id].append(_agreed_rate(rate))
    return {
        row.pk: Agreement(
            number=row.number, name=row.name, currency=row.currency, start=row.start, end=row.end,
            po_number=row.po_number, payment_terms_days=row.payment_terms_days, requires_notes=row.requires_notes,
            cap=row.cap, lines=tuple(lines[row.pk]), rates=tuple(rates[row.pk]),
        )
        for row in Contract.objects.filter(pk__in=contract_ids)
    }  # fmt: skip


def agreement(contract_id: int) -> Agreement:
    """Return what a contract says now."""
    return agreements([contract_id])[contract_id]


def agreed_line(row: ContractLine) -> AgreedLine:
    """Return a line as it stands in a contract's document."""
    return AgreedLine(
        id=row.pk or 0, name=row.name, model=row.model, model_label=str(BillingModel(row.model).label),
        terms=terms.stored(terms.parse(row.model, row.terms)), revenue_method=row.revenue_method, price=row.price, budget_seconds=row.budget_seconds,
        budget_amount=row.budget_amount, tax_code=row.tax_code.name if row.tax_code else "", end=row.end,
    )  # fmt: skip


def _agreed_rate(rate: Rate) -> AgreedRate:
    named = (
        ("Line", rate.contract_line), ("Person", rate.person), ("Task type", rate.task_type), ("Role", rate.role),
    )  # fmt: skip
    who = ", ".join(f"{word} {each}" for word, each in named if each is not None)
    return AgreedRate(
        who=who or "Everyone", rate_per_hour=rate.rate_per_hour, valid_from=rate.valid_from,
        valid_to=rate.valid_to,
        keys=(rate.contract_line_id, rate.person_id, rate.task_type_id, rate.role_id),
    )  # fmt: skip


def stored(document: Agreement) -> dict[str, Any]:
    """Return a contract's document as the JSON that is kept."""
    kept: dict[str, Any] = document.model_dump(mode="json")
    return kept


def read(document: dict[str, Any]) -> Agreement:
    """Read a kept document."""
    return Agreement.model_validate(document)


@dataclass(slots=True)
class Change:
    """A change of contracts while it runs: what they said before, and what is kept of it afterwards.

    Made before anything is written, `done` after. Only active contracts have versions.
    """

    actor: Actor
    contract_ids: Collection[int]
    _before: dict[int, Agreement] = field(init=False)

    def __post_init__(self) -> None:
        active = Contract.objects.filter(pk__in=self.contract_ids, state=ContractState.ACTIVE)
        self._before = agreements(list(active.values_list("pk", flat=True)))

    def done(self, *, effective_from: date | None = None, order: ChangeOrder | None = None) -> None:
        """Keep a version of each contract that says something else now, and tell the floors above."""
        now = agreements(self._before)
        changed = [pk for pk, before in self._before.items() if now[pk] != before]
        _keep_first(self.actor, {pk: self._before[pk] for pk in changed})
        cause = VersionCause.ORDER if order is not None else VersionCause.CHANGE
        last = _last(changed)
        for pk in changed:
            made = _version(self.actor, pk, last[pk].number + 1, cause, effective_from, now[pk], order)
            made.save()
            emit(
                ContractModified(
                    actor=self.actor, contract_id=pk, before_version_id=last[pk].pk, after_version_id=made.pk,
                    effective_from=effective_from, order_id=order.pk if order else None,
                )
            )  # fmt: skip


def activated(actor: Actor, contract: Contract) -> None:
    """Keep what was activated: version 1, or the next one if a closed contract opens again with other terms."""
    now = agreement(contract.pk)
    last = _last([contract.pk]).get(contract.pk)
    if last is None:
        _keep_first(actor, {contract.pk: now})
    elif read(last.document) != now:
        _version(actor, contract.pk, last.number + 1, VersionCause.CHANGE, None, now, None).save()


def with_versions(contract_ids: Iterable[int]) -> list[int]:
    """Return those of these contracts of which a version is kept."""
    kept = ContractVersion.objects.filter(contract__in=set(contract_ids)).order_by()
    return list(kept.values_list("contract_id", flat=True).distinct())


def _keep_first(actor: Actor, documents: dict[int, Agreement]) -> None:
    there = set(ContractVersion.objects.filter(contract__in=documents).values_list("contract_id", flat=True))
    ContractVersion.objects.bulk_create(
        _version(actor, pk, 1, VersionCause.ACTIVATION, document.start, document, None)
        for pk, document in documents.items()
        if pk not in there
    )


def _last(contract_ids: Iterable[int]) -> dict[int, ContractVersion]:
    ids = list(contract_ids)
    newest = (
        ContractVersion.objects.filter(contract__in=ids)
        .order_by()
        .values("contract_id")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    return {row.contract_id: row for row in ContractVersion.objects.filter(pk__in=newest)}


def _version(
    actor: Actor,
    contract_id: int,
    number: int,
    cause: VersionCause,
    effective_from: date | None,
    document: Agreement,
    order: ChangeOrder | None,
) -> ContractVersion:
    return ContractVersion(
        contract_id=contract_id, number=number, cause=cause, order=order, effective_from=effective_from,
        who=actor.name, document=stored(document),
    )  # fmt: skip
