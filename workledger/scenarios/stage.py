"""What a scenario's statements act on: the actor, the names, the documents in the order they came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from workledger.billing.models import Invoice, InvoiceKind, InvoiceState
from workledger.connect.inputs import Imported
from workledger.contracts.models import Contract
from workledger.core.access import Actor
from workledger.core.door import Action, Options
from workledger.core.refusals import NeedsConfirmation
from workledger.kernel.period import next_month
from workledger.ledger.models import Book
from workledger.scenarios.calc.grammar import Scenario
from workledger.scenarios.names import Names, NotNamed


@dataclass(slots=True)
class Stage:
    """One scenario while it runs. `first` and `last` are the days that its books reach over.

    `shared_firm` is the legal entity to act in, where the scenario shall not found its own. While `is_strict` a warning
    refuses, as it does for a caller who did not confirm it; otherwise the warnings of an act are confirmed.
    """

    actor: Actor
    first: date
    last: date
    shared_firm: int | None = None
    is_strict: bool = False
    names: Names = field(default_factory=Names)
    cards: dict[tuple[str, int, str], int] = field(default_factory=dict)
    payments: list[int] = field(default_factory=list)
    remembered: dict[str, Any] = field(default_factory=dict)
    prints: dict[int, bytes] = field(default_factory=dict)
    imported: Imported | None = None
    kept_files: set[str] = field(default_factory=set)
    _documents: dict[str, list[int]] = field(default_factory=dict)

    def do(self, action: Action[Any, Any], **arguments: Any) -> Any:
        """Act, confirming what the act warns of unless strict; a refused act leaves nothing behind."""
        try:
            with transaction.atomic():
                return action(actor=self.actor, **arguments)
        except NeedsConfirmation as warned:
            if self.is_strict:
                raise
            confirmed = Options(confirmed=frozenset(warned.codes))
            with transaction.atomic():
                return action.using(confirmed)(actor=self.actor, **arguments)

    def currency(self, firm_id: int | None = None) -> str:
        """Return a firm's own currency, that of the first one by default."""
        wanted = self.names.first("firm") if firm_id is None else firm_id
        return str(Book.objects.values_list("currency", flat=True).get(pk=wanted))

    def firm_of(self, said: Mapping[str, Any]) -> int:
        """Return the firm that `firm NAME` says, the first one without it."""
        return self.names["firm", said["firm"]] if "firm" in said else self.names.first("firm")

    def contracts(self) -> list[int]:
        """Return the scenario's contracts."""
        return self.names.all("contract")

    def documents(self, kind: InvoiceKind = InvoiceKind.INVOICE) -> list[int]:
        """Return the ids of the issued invoices, or credit notes, in the order they were issued."""
        known = self._documents.setdefault(kind, [])
        rows = Invoice.objects.filter(contract_id__in=self.contracts(), kind=kind).exclude(
            state=InvoiceState.DRAFT
        )
        known += rows.exclude(pk__in=known).order_by("journal_entry_id").values_list("pk", flat=True)
        return known

    def document(self, place: int, kind: InvoiceKind = InvoiceKind.INVOICE) -> int:
        """Return the id of the invoice, or credit note, at a place counted from 1."""
        found = self.documents(kind)
        if not 1 <= place <= len(found):
            word = InvoiceKind(kind).label.lower()
            raise NotNamed(f"There is no {word} {place}: {len(found)} were issued so far.")
        return found[place - 1]

    def payment(self, place: int) -> int:
        """Return the id of the payment at a place counted from 1."""
        if not 1 <= place <= len(self.payments):
            raise NotNamed(f"There is no payment {place}: {len(self.payments)} came in so far.")
        return self.payments[place - 1]

    def pre_bill(self, contract: str) -> int:
        """Return the id of a contract's pre-bill."""
        found = Invoice.objects.filter(
            contract_id=self.names["contract", contract], state=InvoiceState.DRAFT
        ).values_list("pk", flat=True)
        if len(found) != 1:
            raise NotNamed(f"The contract '{contract}' has {len(found)} pre-bills, not one.")
        return int(found[0])

    def contract_of(self, said: Mapping[str, Any]) -> Contract:
        """Return the contract that `contract NAME` says; without it the only one."""
        if "contract" not in said and len(self.contracts()) > 1:
            raise NotNamed("Say of which contract: contract NAME.")
        pk = self.names["contract", said["contract"]] if "contract" in said else self.names.first("contract")
        return Contract.objects.get(pk=pk)


def after(day: date | None) -> date | None:
    """Return the day after a last day: spans are kept half-open."""
    return None if day is None else day + timedelta(days=1)


def stage_of(scenario: Scenario, actor: Actor, *, shared_firm: int | None = None) -> Stage:
    """Return where a scenario runs: its books reach from the first month that it names to the month after the last."""
    days = sorted(scenario.days()) or [date(2026, 1, 1)]
    return Stage(actor, days[0].replace(day=1), next_month(days[-1]), shared_firm)
