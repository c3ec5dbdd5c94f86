"""Reimbursement of approved reports."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import LegalEntity
from workledger.expenses import posting
from workledger.expenses.actions import desk
from workledger.expenses.models import Expense, ExpenseReport, ExpenseState, Reimbursement
from workledger.ledger import actions as ledger

_ZERO = Decimal(0)


@action("expenses.mark_reimbursed", needs=Permission.MANAGE_EXPENSES)
def mark_reimbursed(*, actor: Actor, report_ids: list[int], paid_on: date, reference: str = "") -> list[int]:
    """Record that approved reports were paid out: one reimbursement per legal entity and person; returns their ids.

    Refuses: not_found, nothing_chosen, not_approved, no_open_period.
    """
    reports = locks.all_for_update(ExpenseReport.objects.visible_to(actor), report_ids)
    problems = Problems()
    problems.check(reports, "nothing_chosen", "Choose at least one report.")
    problems.check(
        all(report.state == ExpenseState.APPROVED for report in reports),
        "not_approved",
        "Only approved reports that are not paid out yet can be reimbursed. Reload to see where they stand.",
    )
    problems.refuse()
    owed = dict(
        Expense.objects.filter(report_id__in=report_ids)
        .order_by()
        .values_list("report_id")
        .annotate(owed=Sum("functional_amount"))
    )
    together: dict[tuple[int, int], list[ExpenseReport]] = defaultdict(list)
    for report in reports:
        together[report.entity_id, report.person_id].append(report)
    amounts = {key: sum((owed[row.pk] for row in rows), _ZERO) for key, rows in together.items()}
    made = _made(actor, amounts, paid_on, reference.strip()[:140])
    for row in made:
        ids = [report.pk for report in together[row.entity_id, row.person_id]]
        ExpenseReport.objects.filter(pk__in=ids).update(reimbursement=row)
    desk.decide(actor, reports, "reimbursed", ExpenseState.REIMBURSED, reference.strip())
    record(
        made[0] if len(made) == 1 else None,
        f"Reimbursed {len(reports)} reports of {len(made)} people",
    )
    return [int(row.pk) for row in made]


def _made(
    actor: Actor, amounts: dict[tuple[int, int], Decimal], paid_on: date, reference: str
) -> list[Reimbursement]:
    """Post and write one reimbursement per legal entity and person."""
    currencies = dict(LegalEntity.objects.values_list("pk", "book__currency"))
    ids = bulk.reserve_ids(Reimbursement, len(amounts))
    keys = sorted(amounts)
    entries = [
        posting.reimbursed(
            entity_id=entity_id,
            person_id=person_id,
            reimbursement_id=pk,
            paid_on=paid_on,
            amount=amounts[entity_id, person_id],
            currency=currencies[entity_id],
        )
        for pk, (entity_id, person_id) in zip(ids, keys, strict=True)
    ]
    posted = ledger.post(actor=actor, entries=entries)
    return Reimbursement.objects.bulk_create(
        Reimbursement(
            pk=pk,
            entity_id=entity_id,
            person_id=person_id,
            paid_on=paid_on,
            reference=reference,
            amount=amounts[entity_id, person_id],
            journal_entry_id=entry_id,
        )
        for pk, (entity_id, person_id), entry_id in zip(ids, keys, posted, strict=True)
    )


@action("expenses.undo_reimbursement", needs=Permission.MANAGE_EXPENSES)
def undo_reimbursement(*, actor: Actor, reimbursement_id: int, reason: str, on: date) -> None:
    """Take a reimbursement back, posted on `on`: its reports are approved and unpaid again.

    Refuses: not_found, reason_missing, already_undone, before_payment, no_open_period.
    """
    row = locks.for_update(Reimbursement.objects.visible_to(actor), reimbursement_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why it is taken back.", "reason")
    problems.check(on >= row.paid_on, "before_payment", "It cannot be taken back before it was paid.", "on")
    if row.undone_on is not None:
        raise Refused.because("already_undone", "This reimbursement was taken back already.")
    problems.refuse()
    ledger.post(
        actor=actor,
        entries=posting.reversals(posting.REIMBURSED, posting.REIMBURSEMENT, [row.pk], "Taken back", on),
    )
    reports = list(row.reports.order_by("pk").select_for_update())
    row.undone_on = on
    row.save(update_fields=["undone_on"])
    ExpenseReport.objects.filter(pk__in=[report.pk for report in reports]).update(reimbursement=None)
    desk.decide(actor, reports, "undone", ExpenseState.APPROVED, reason.strip())
    record(row, f"Took back the reimbursement of {row.amount}: {reason.strip()}")
