from django.db import migrations, models

_ACCOUNTS = (
    (1250, "Accrued revenue", "asset", "accrued_revenue"),
    (2400, "Accrued expenses", "liability", "accrued_expenses"),
    (6150, "Unrealized FX", "expense", "unrealized_fx"),
)


def add_accounts(apps, _schema_editor):
    """Give each book that has none the accounts that the close posts to, at the first free code from the usual one on."""
    account = apps.get_model("ledger", "Account")
    books = list(apps.get_model("ledger", "Book").objects.values_list("pk", flat=True))
    for first, name, kind, role in _ACCOUNTS:
        held = set(account.objects.filter(role=role).values_list("book_id", flat=True))
        for book_id in books:
            if book_id not in held:
                taken = set(account.objects.filter(book_id=book_id).values_list("code", flat=True))
                code = next(
                    str(code) for code in range(first, first + len(taken) + 1) if str(code) not in taken
                )
                account.objects.create(book_id=book_id, code=code, name=name, kind=kind, role=role)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_revenue_accounts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("cash_clearing", "Cash clearing"),
                    ("receivable", "Accounts receivable"),
                    ("contract_position", "Contract position"),
                    ("customer_deposits", "Customer deposits"),
                    ("tax_payable", "Tax payable"),
                    ("payable", "Employee and vendor payable"),
                    ("input_tax", "Input tax"),
                    ("opening", "Opening balances"),
                    ("services_revenue", "Services revenue"),
                    ("reimbursable_revenue", "Reimbursable revenue"),
                    ("billing_adjustments", "Billing adjustments"),
                    ("labour_cost", "Labour cost"),
                    ("labour_absorbed", "Labour absorbed"),
                    ("project_expense", "Project expense"),
                    ("bad_debt", "Bad debt expense"),
                    ("realized_fx", "Realized FX"),
                    ("contract_interest", "Interest of contracts"),
                    ("contract_losses", "Contract losses"),
                    ("loss_provision", "Provision for contract losses"),
                    ("accrued_revenue", "Accrued revenue"),
                    ("accrued_expenses", "Accrued expenses"),
                    ("unrealized_fx", "Unrealized FX"),
                ],
                max_length=30,
            ),
        ),
        migrations.RunPython(add_accounts, migrations.RunPython.noop),
    ]
