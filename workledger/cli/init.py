"""``workledger init``: set up a firm with its books and its first owner."""

import secrets
from datetime import date

import click
from django.utils import timezone
from pydantic import SecretStr

from workledger.cli.output import emit
from workledger.core.access import system_actor
from workledger.directory.actions import found_firm


@click.command("init")
@click.option("--firm", required=True, help="The legal entity's name, as it stands on invoices.")
@click.option("--currency", required=True, help="The currency of its books, such as EUR.")
@click.option("--country", required=True, help="Its country, such as DE: VAT rate and holidays follow.")
@click.option("--admin", required=True, metavar="EMAIL", help="Who owns the firm here and signs in first.")
@click.option("--name", default="", help="The owner's name; the part before the @ otherwise.")
@click.option(
    "--password", help="One is made and printed when left out; others on this machine may see it here."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    firm: str, currency: str, country: str, admin: str, name: str, password: str | None, as_json: bool
) -> None:
    """Set up your firm: books by month, its owner, a practice, an office and roles.

    Run it again with another name for a further legal entity; its owner and the rest are kept.

    \b
    Example:
      workledger init --firm "Fjord & Co GmbH" --currency EUR --country DE --admin olivia@example.com
    """
    today = timezone.localdate()
    chosen = SecretStr(password if password is not None else secrets.token_urlsafe(12))
    made = found_firm(
        actor=system_actor("cli"),
        name=firm,
        currency=currency.strip().upper(),
        country=country.strip().upper(),
        admin_email=admin,
        admin_name=name,
        password=chosen,
        first_day=date(today.year - 1, 1, 1),
        through=date(today.year + 1, 12, 31),
    )
    email = admin.strip().lower()
    shown = chosen.get_secret_value() if made.user_is_new and password is None else ""
    sentences = [f"{firm.strip()} is set up, with books in {currency.strip().upper()}."]
    if shown:
        sentences.append(f"{email} signs in with the password {shown} and can change it in the settings.")
    elif made.user_is_new:
        sentences.append(f"{email} can sign in now.")
    else:
        sentences.append(f"{email} was there already and signs in as before.")
    sentences.append(
        "Next: workledger serve, or bring your hours with: workledger import time FILE --from csv"
    )
    emit(
        {"firm": firm.strip(), "entity_id": made.entity_id, "admin": email, "password": shown or None},
        as_json=as_json,
        text=sentences,
    )
