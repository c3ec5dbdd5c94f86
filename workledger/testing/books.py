"""Short ways to post in tests: what a document of a higher floor would post, without the document."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from workledger.core.access import Actor
from workledger.ledger import actions
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole
from workledger.testing.world import World


def post_now(actor: Actor, *entries: EntryDraft) -> list[int]:
    """Post entries and force the deferred constraints, as an action does when it ends."""
    with transaction.atomic():
        ids = actions.post(actor=actor, entries=entries)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return ids


def approved(world: World, day: date, hours: int, *, price: int = 120, cost: int = 50) -> EntryDraft:
    """Carl's time on Atlas as approval posts it: cost, and value as revenue."""
    about: dict[str, Any] = {
        "client_id": world.acme.pk, "contract_id": world.acme_contract.pk, "contract_line_id": world.delivery.pk,
        "project_id": world.atlas.pk, "task_id": world.build.pk, "person_id": world.carl.person_id,
        "role_id": world.consultant.pk, "practice_id": world.practice.pk, "office_id": world.office.pk,
    }  # fmt: skip
    seconds = hours * 3600
    spent, value = Decimal(hours * cost), Decimal(hours * price)
    return EntryDraft(
        world.book_id, day, "time_approved", f"Carl on Atlas, {hours} h", "EUR",
        [
            PostingDraft(AccountRole.LABOUR_COST, debit=spent, quantity=seconds, billable_quantity=seconds, unit="s",
                         **about),
            PostingDraft(AccountRole.LABOUR_ABSORBED, credit=spent, **about),
            PostingDraft(AccountRole.CONTRACT_POSITION, debit=value, **about),
            PostingDraft(AccountRole.SERVICES_REVENUE, credit=value, **about),
        ],
        source_kind="time", source_id=1,
    )  # fmt: skip


def invoiced(world: World, day: date, net: Decimal, *, tax: Decimal = Decimal(0)) -> EntryDraft:
    """An invoice to Acme as issue posts it."""
    about: dict[str, Any] = {"client_id": world.acme.pk, "contract_id": world.acme_contract.pk}
    return EntryDraft(
        world.book_id, day, "invoice_issued", "Invoice INV-1", "EUR",
        [
            PostingDraft(AccountRole.RECEIVABLE, debit=net + tax, **about),
            PostingDraft(AccountRole.CONTRACT_POSITION, credit=net, **about),
            PostingDraft(AccountRole.TAX_PAYABLE, credit=tax, **about),
        ],
        source_kind="invoice", source_id=1,
    )  # fmt: skip
