"""What was agreed beside the work and what waits for a decision today, so that no list of the demo firm is empty."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum

from workledger.billing.actions import milestones
from workledger.billing.actions.prebills import write_down_items
from workledger.billing.actions.purchase_orders import OrderInput as PurchaseOrderInput
from workledger.billing.actions.purchase_orders import add_purchase_order
from workledger.billing.actions.requests import set_adjustment_limit
from workledger.billing.actions.reviews import comment_pre_bill, request_reviews
from workledger.billing.actions.schedules import ScheduleInput, save_schedule
from workledger.billing.models import BillEvery, Invoice, InvoiceState, OpenItem, ReasonCode
from workledger.contracts.actions import (
    approve_order,
    draft_order,
    record_acceptance,
    set_review_thresholds,
    submit_order,
)
from workledger.contracts.inputs import OrderInput, OrderSubmitted
from workledger.contracts.models import BillingModel, Contract, ContractLine
from workledger.demo.loaded import Loaded
from workledger.directory.models import Contact
from workledger.kernel.rounding import round_amount

_LIMIT = Decimal(1000)
_RAISE = Decimal("1.10")


class Waiting:
    """The acts of the last weeks that nobody has answered yet, and the agreements that they stand on."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._today = loaded.firm.today

    def load(self) -> None:
        """Write change orders, a cap, a purchase order, a schedule, reviews and requests."""
        self._loaded.say("Agreeing on changes")
        billed = self._billed_by_the_hour()
        if len(billed) > 1:
            self._cap_by_order(billed[0])
            self._ask_for_more(billed[1])
            self._order(billed[0])
        self._ask_acceptance()
        self._reviews()
        self._requests()

    def _billed_by_the_hour(self) -> list[ContractLine]:
        """Return lines with a money budget, open work and a contact who can answer, the most work first."""
        lines = ContractLine.objects.filter(
            model=BillingModel.TIME_AND_MATERIALS, budget_amount__isnull=False, contract__entity_id=self._loaded.entity_id
        ).select_related("contract")  # fmt: skip
        found: dict[int, ContractLine] = {}
        for line in lines.order_by("-budget_amount", "pk"):
            if Contact.objects.filter(client_id=line.contract.client_id).exists():
                found.setdefault(line.contract_id, line)
        opened = dict.fromkeys(OpenItem.objects.values_list("contract_id", flat=True).order_by("contract_id"))
        return [found[contract_id] for contract_id in opened if contract_id in found]

    def _cap_by_order(self, line: ContractLine) -> None:
        """A contract whose client limited the whole of it, by a change order that is in force."""
        total: Decimal = ContractLine.objects.filter(contract_id=line.contract_id).aggregate(
            total=Sum("budget_amount")
        )["total"]
        limit = round_amount(total * _RAISE, line.contract.currency)
        submitted = self._drafted(
            line.contract, "Limit of the framework", 70,
            [{"kind": "cap_contract", "cap": {"amount": str(limit), "action": "notify"}}],
            "Purchasing asked for a limit over all orders.",
        )  # fmt: skip
        contact = Contact.objects.filter(client_id=line.contract.client_id).order_by("pk").first()
        if submitted.needs_review:
            approve_order(
                actor=self._loaded.actor, order_id=submitted.order_id, on=self._today - timedelta(days=66)
            )
        if contact is not None:
            record_acceptance(
                actor=self._loaded.actor, order_id=submitted.order_id, on=self._today - timedelta(days=63), contact_id=contact.pk,
                evidence="Signed offer",
            )  # fmt: skip

    def _ask_for_more(self, line: ContractLine) -> None:
        """A change of scope that waits for a second person, since it is over the contract's threshold."""
        set_review_thresholds(
            actor=self._loaded.actor, contract_id=line.contract_id, review_over_seconds=40 * 3600
        )
        more = round_amount((line.budget_amount or Decimal(0)) * _RAISE, line.contract.currency)
        self._drafted(
            line.contract, "Two more interfaces", 6,
            [{"kind": "change_line", "line_id": line.pk, "budget_amount": str(more),
              "budget_seconds": (line.budget_seconds or 0) + 80 * 3600}],
            "The client's warehouse changes its scanners; both interfaces have to follow.",
        )  # fmt: skip

    def _drafted(
        self, contract: Contract, title: str, days_ago: int, changes: list[dict[str, object]], reason: str
    ) -> OrderSubmitted:
        on = self._today - timedelta(days=days_ago)
        order = OrderInput(title=title, effective_from=on, changes=changes, reason=reason)
        actor = self._loaded.acting_as(0)
        order_id = draft_order(actor=actor, contract_id=contract.pk, order=order, on=on)
        return submit_order(actor=actor, order_id=order_id, on=on)

    def _order(self, line: ContractLine) -> None:
        add_purchase_order(
            actor=self._loaded.actor, client_id=line.contract.client_id, contract_id=line.contract_id,
            order=PurchaseOrderInput(
                number="4500081173", valid_from=self._today.replace(month=1, day=1), amount=Decimal(60_000)
            ),
        )  # fmt: skip

    def _ask_acceptance(self) -> None:
        """The second milestone of the rollout, which the client was asked to accept."""
        line = ContractLine.objects.filter(model=BillingModel.MILESTONE).order_by("pk").first()
        if line is None or len(line.terms.get("milestones", ())) < 2:  # the first is accepted
            return
        contact = Contact.objects.filter(client_id=line.contract.client_id).order_by("pk").first()
        milestones.request_acceptance(
            actor=self._loaded.actor, line_id=line.pk, key="1", on=self._today - timedelta(days=4),
            contact_id=contact.pk if contact else None, acceptor="" if contact else "The client's head of operations",
            note="All offices use the portal since Monday.",
        )  # fmt: skip

    def _reviews(self) -> None:
        """Pre-bills of this month wait for the managers of their projects."""
        save_schedule(
            actor=self._loaded.actor, on=self._today,
            schedule=ScheduleInput(entity_id=self._loaded.entity_id, every=BillEvery.MONTH, day=3),
        )  # fmt: skip
        drafts = list(
            Invoice.objects.filter(state=InvoiceState.DRAFT).order_by("pk").values_list("pk", flat=True)
        )
        if drafts:
            request_reviews(actor=self._loaded.actor, invoice_ids=drafts)
            comment_pre_bill(
                actor=self._loaded.acting_as(0), invoice_id=drafts[0],
                comment="Please look at the two workshops of the last week: the client asked for one of them.",
            )  # fmt: skip

    def _requests(self) -> None:
        """A write-off above what one person decides alone."""
        set_adjustment_limit(actor=self._loaded.actor, entity_id=self._loaded.entity_id, amount=_LIMIT)
        item = OpenItem.objects.filter(amount__gt=_LIMIT, is_held=False).order_by("-amount", "pk").first()
        if item is not None:
            write_down_items(
                actor=self._loaded.acting_as(0), item_ids=[item.pk], amount=None, reason_code=ReasonCode.QUALITY,
                on=self._today, note="The prototype was thrown away.",
            )  # fmt: skip
