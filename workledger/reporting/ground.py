"""What every report stands on: the legal entity's book, its accounts by purpose, its periods, and names for ids."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from workledger.contracts.models import Contract, ContractLine
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import LegalEntity
from workledger.ledger.dimensions import Dimension, labels
from workledger.ledger.models import Account, AccountKind, AccountRole, Period
from workledger.ledger.sums import COST_ROLES
from workledger.reporting.report import Asked, ReportBy, Tie
from workledger.reporting.sums import ReportBasis, Slice, later, total
from workledger.revenue.models import PerformanceObligation

_ZERO = Decimal(0)
REVENUE = (AccountRole.SERVICES_REVENUE, AccountRole.REIMBURSABLE_REVENUE, AccountRole.BILLING_ADJUSTMENTS)
"""What clients are charged for, less what was let go. Interest of contracts is not revenue (606-10-32-20)."""
RESULT = (AccountKind.INCOME, AccountKind.EXPENSE)
_SEEN_WITH = {
    Permission.VIEW_REVENUE: (
        *REVENUE,
        AccountRole.CONTRACT_POSITION,
        AccountRole.PROJECT_EXPENSE,
        AccountRole.LABOUR_COST,
    ),
    Permission.VIEW_RECEIVABLES: (AccountRole.RECEIVABLE,),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A legal entity's books as an actor may read them.

    Of the accounts `labour_ids` everyone may count hours; their amounts need the permission to see cost.
    """

    actor: Actor
    entity: LegalEntity
    currency: str
    accounts: tuple[Account, ...]
    periods: tuple[Period, ...]
    labour_ids: tuple[int, ...]

    @property
    def book_id(self) -> int:
        """The book's id, which is the legal entity's."""
        return int(self.entity.pk)

    @property
    def sees_cost(self) -> bool:
        """Whether cost may be shown."""
        return self.actor.can(Permission.VIEW_COST)

    def ids(self, *roles: AccountRole) -> tuple[int, ...]:
        """Return the accounts of these purposes."""
        return tuple(account.pk for account in self.accounts if account.role in roles)

    def of_kind(self, *kinds: AccountKind) -> tuple[int, ...]:
        """Return the accounts of these kinds."""
        return tuple(account.pk for account in self.accounts if account.kind in kinds)

    def codes(self, account_ids: Iterable[int]) -> tuple[str, ...]:
        """Return the codes of accounts."""
        wanted = set(account_ids)
        return tuple(account.code for account in self.accounts if account.pk in wanted)

    def slice(self, asked: Asked, account_ids: Iterable[int]) -> Slice:
        """Return the postings of accounts over the time that is asked for."""
        return Slice(self.book_id, tuple(account_ids), asked.start, asked.end, asked.basis, asked.known_on)

    def periods_in(self, start: date, end: date) -> list[Period]:
        """Return the periods that touch [start, end), in order."""
        return [period for period in self.periods if period.start < end and period.end > start]

    def period(self, period_id: int) -> Period | None:
        """Return a period by id."""
        return next((period for period in self.periods if period.pk == period_id), None)


def tie(
    ground: Ground, label: str, chosen: Slice, reported: Decimal, *, sign: int = 1, elsewhere: Decimal = _ZERO,
    elsewhere_label: str = "",
) -> Tie:  # fmt: skip
    """Return what a total ties to: the books' own sum of its accounts as posted and as known now.

    `sign` is -1 where the report shows credits as positive. `elsewhere` is what the report leaves out of these accounts.
    """
    actor, posted = ground.actor, replace(chosen, basis=ReportBasis.POSTED)
    posted_outside = earned_outside = _ZERO
    if chosen.basis is ReportBasis.EARNED:
        posted_outside = sign * total(actor, replace(chosen, outside=True))
        earned_outside = sign * total(actor, replace(posted, outside=True))
    return Tie(
        label=label,
        accounts=ground.codes(chosen.account_ids),
        reported=reported,
        books=sign * total(actor, replace(posted, known_on=None)),
        posted_outside=posted_outside,
        earned_outside=earned_outside,
        recorded_later=sign * later(actor, posted),
        elsewhere=elsewhere,
        elsewhere_label=elsewhere_label,
    )


def load(actor: Actor, entity_id: int) -> Ground:
    """Return the ground of a legal entity's reports. Raises NotFound."""
    entity = locks.one(LegalEntity.objects.visible_to(actor).select_related("book"), entity_id)
    chart = list(Account.objects.filter(book=entity.pk).order_by("code"))
    labour = tuple(account.pk for account in chart if account.role == AccountRole.LABOUR_COST)
    periods = tuple(Period.objects.filter(book=entity.pk).order_by("start"))
    seen = tuple(account for account in chart if _is_seen(actor, account))
    return Ground(actor, entity, entity.book.currency, seen, periods, labour)


def _is_seen(actor: Actor, account: Account) -> bool:
    """Tell whether the actor may read amounts of an account: all in the books, else those of the reports they may see."""
    if account.role in COST_ROLES and not actor.can(Permission.VIEW_COST):
        return False
    return actor.can(Permission.VIEW_LEDGER) or any(
        account.role in roles and actor.can(needs) for needs, roles in _SEEN_WITH.items()
    )


# --- names --------------------------------------------------------------------------------------------------

_DIMENSIONS = {
    ReportBy.CLIENT: Dimension.CLIENT, ReportBy.PROJECT: Dimension.PROJECT, ReportBy.PRACTICE: Dimension.PRACTICE,
    ReportBy.PERSON: Dimension.PERSON,
}  # fmt: skip


def names(ground: Ground, by: ReportBy, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of ids, 0 among them; those that the actor may not see by name stay numbers. One query."""
    wanted = {pk for pk in ids if pk}
    found = {pk: f"{by.label} {pk}" for pk in wanted} | {0: by.none}
    match by:
        case ReportBy.MONTH:
            found |= {period.pk: period.name for period in ground.periods if period.pk in wanted}
        case ReportBy.CONTRACT:
            contracts = Contract.objects.visible_to(ground.actor).filter(pk__in=wanted)
            found |= {row.pk: str(row) for row in contracts}
        case ReportBy.LINE:
            lines = (
                ContractLine.objects.visible_to(ground.actor).filter(pk__in=wanted).select_related("contract")
            )
            found |= {row.pk: f"{row.contract.number} {row.name}" for row in lines}
        case ReportBy.OBLIGATION:
            rows = PerformanceObligation.objects.visible_to(ground.actor).filter(pk__in=wanted)
            found |= {row.pk: f"{row.contract.number} {row.name}" for row in rows.select_related("contract")}
        case _:
            found |= labels(ground.actor, _DIMENSIONS[by], wanted)
    return found


def order_of(ground: Ground, by: ReportBy, named: dict[int, str]) -> dict[int, tuple[int, str]]:
    """Return by what rows are sorted: months by their days, the rest by name, 'none' last."""
    if by is ReportBy.MONTH:
        starts = {period.pk: (period.start.toordinal(), "") for period in ground.periods}
        return {pk: starts.get(pk, (0, "")) for pk in named}
    return {pk: (0 if pk else 1, name.casefold()) for pk, name in named.items()}
