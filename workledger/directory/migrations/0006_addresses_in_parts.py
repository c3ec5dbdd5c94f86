"""Addresses in parts instead of lines: what stands in lines is carried over as well as it can be told."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from workledger.directory.calc.addresses import split

_PARTS = ("street", "additional", "postcode", "city")


def carry_over(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    for name in ("LegalEntity", "Client"):
        for row in apps.get_model("directory", name).objects.exclude(address="").iterator():
            found = split(row.address, row.country)
            for part in _PARTS:
                most = row._meta.get_field(part).max_length
                setattr(row, part, getattr(found, part)[:most])
            row.subdivision = row.subdivision or found.subdivision
            row.save(update_fields=[*_PARTS, "subdivision"])


def _text(most: int) -> "models.CharField[str, str]":
    return models.CharField(blank=True, db_default="", max_length=most)


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_vatex_code_of_tax_codes")]

    operations = [
        *(
            migrations.AddField(model, name, _text(most))
            for model in ("client", "legalentity")
            for name, most in (
                ("street", 200), ("additional", 200), ("postcode", 20), ("city", 100), ("register_number", 60),
            )
        ),
        migrations.AddField("client", "subdivision", _text(6)),
        migrations.AddField("legalentity", "account_holder", _text(200)),
        migrations.AddField("legalentity", "routing_number", _text(20)),
        migrations.AddField("legalentity", "account_number", _text(40)),
        migrations.AddField("legalentity", "footer", models.TextField(blank=True, db_default="")),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField("client", "address"),
        migrations.RemoveField("legalentity", "address"),
    ]  # fmt: skip
