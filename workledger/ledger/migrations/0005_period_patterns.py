import django.db.models.deletion
import workledger.core.models
from django.db import migrations, models


# Periods so far are calendar months of a year that starts in January. Nobody acted, so the row log is left out.
_NUMBER_MONTHS = """
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE ledger_period DISABLE TRIGGER USER;
    UPDATE ledger_period SET fiscal_year = extract(year FROM start), number = extract(month FROM start);
    ALTER TABLE ledger_period ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_close_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="period",
            name="fiscal_year",
            field=models.PositiveSmallIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="period",
            name="number",
            field=models.PositiveSmallIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.RunSQL(_NUMBER_MONTHS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="PeriodPattern",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "made_by_action",
                    models.BigIntegerField(
                        db_default=workledger.core.models.CurrentAction(), editable=False, null=True
                    ),
                ),
                ("from_day", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("months", "Calendar months"),
                            ("4-4-5", "Weeks in 4-4-5"),
                            ("4-5-4", "Weeks in 4-5-4"),
                            ("5-4-4", "Weeks in 5-4-4"),
                            ("custom", "Periods given by their last days"),
                        ],
                        max_length=10,
                    ),
                ),
                ("year_starts_in", models.PositiveSmallIntegerField(default=1)),
                ("week_ends_on", models.PositiveSmallIntegerField(default=5)),
                (
                    "year_end",
                    models.CharField(
                        choices=[
                            ("last", "the last in the month"),
                            ("nearest", "the one nearest to the month's end"),
                        ],
                        default="last",
                        max_length=10,
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="period_patterns",
                        to="ledger.book",
                    ),
                ),
            ],
            options={
                "ordering": ["book_id", "from_day"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("book", "from_day"),
                        name="period_pattern_once_a_day",
                        violation_error_message="These books already have a pattern of periods from that day on.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("year_starts_in__range", (1, 12)), ("week_ends_on__lte", 6)),
                        name="period_pattern_is_of_the_calendar",
                        violation_error_message="A year starts in a month 1 to 12; a week ends on a day 0 to 6.",
                    ),
                ],
            },
        ),
    ]
