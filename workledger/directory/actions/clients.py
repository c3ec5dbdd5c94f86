"""Clients with their billing profile and contacts."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Literal

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.models import User
from workledger.core.refusals import Forbidden, Problems
from workledger.directory.actions.checks import (
    check_lengths,
    check_name,
    check_shape,
    checked_vat_id,
    tidy_texts,
)
from workledger.directory.calc import eas, shapes
from workledger.directory.einvoices import client_gaps
from workledger.directory.models import BillingProfile, Client, Contact, LegalEntity, TaxCode, TaxTreatment

_MOST_TERMS_DAYS = 365
_MOST_PERCENT = 100
_TEXTS = ("name", "industry", "street", "additional", "postcode", "city", "register_number")


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """Who the client is. An internal client stands for the firm's own work.

    `subdivision` is the part of an ISO 3166-2 code after the country, such as TX.
    """

    name: str
    industry: str = ""
    street: str = ""
    additional: str = ""
    postcode: str = ""
    city: str = ""
    subdivision: str = ""
    country: str = ""
    register_number: str = ""
    vat_id: str = ""
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class BillingDetails:
    """How the client is billed. `tax_rate` is a percentage; None means the entity's standard rate. An empty `tax_treatment`
    leaves it to the countries of legal entity and client.

    `einvoice_scheme` is a code of the EAS list, such as 0204 for a Leitweg-ID; `buyer_reference` stands on every invoice.
    `tax_code_id` goes before both on contracts of the legal entity whose code it is.
    """

    currency: str
    payment_terms_days: int = 30
    tax_treatment: TaxTreatment | Literal[""] = ""
    tax_rate: Decimal | None = None
    requires_po: bool = False
    group_lines_by: Literal["task", "person"] = "task"
    attach_timesheet: bool = True
    paper: Literal["a4", "letter"] = "a4"
    language: str = "en"
    invoice_email: str = ""
    einvoice_scheme: str = ""
    einvoice_address: str = ""
    buyer_reference: str = ""
    tax_code_id: int | None = None


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A person at the client. `user_id` names how they sign in, if they do."""

    name: str
    email: str = ""
    phone: str = ""
    position: str = ""
    is_billing_contact: bool = False
    user_id: int | None = None


@action("directory.add_client", needs=Permission.MANAGE_CLIENTS)
def add_client(*, actor: Actor, client: ClientDetails, billing: BillingDetails | None = None) -> int:
    """Add a client with its billing profile; returns the client's id.

    Without `billing` the client is billed in the currency of the first legal entity. Refuses: forbidden for
    who sees some clients only; missing_name, name_taken, bad_country, bad_vat_id, bad_currency, bad_terms,
    bad_tax_rate, tax_not_charged, unknown_tax_code,
    bad_language, bad_email, no_entity; missing_einvoice_scheme,
    missing_einvoice_address, bad_einvoice_scheme, bad_einvoice_address, einvoice_needs_country, einvoice_incomplete;
    reverse_charge_needs_vat_id, reverse_charge_at_home.
    """
    if actor.client_ids is not None:
        raise Forbidden.because("forbidden", "You see some clients only, so you may not add one.")
    details = _tidy(client)
    problems = Problems()
    check_name(problems, Client.objects.all(), details.name, "client")
    details = _checked(problems, details)
    profile = _tidy_billing(billing or _first_billing(actor, problems))
    codes = _codes(actor, [profile])
    _check_billing(problems, profile, codes)
    _check_reverse_charge(problems, details, profile, codes)
    _check_einvoice(problems, details, profile)
    problems.refuse()
    made = Client.objects.create(**asdict(details))
    BillingProfile.objects.create(client=made, **asdict(profile))
    record(made, f"Added the client {made.name}")
    return int(made.pk)


@action("directory.create_clients", needs=Permission.MANAGE_CLIENTS, logs_input=False)
def create_clients(*, actor: Actor, clients: list[tuple[ClientDetails, BillingDetails]]) -> list[int]:
    """Add many clients with their billing profiles at once; returns their ids in order.

    Refuses what `add_client` refuses, for every client at once.
    """
    if actor.client_ids is not None:
        raise Forbidden.because("forbidden", "You see some clients only, so you may not add one.")
    tidy = [(_tidy(client), _tidy_billing(billing)) for client, billing in clients]
    taken = set(Client.objects.values_list("name", flat=True))
    problems = Problems()
    codes = _codes(actor, [profile for _, profile in tidy])
    checked = []
    for details, profile in tidy:
        problems.check(details.name, "missing_name", "Give the client a name.", "name")
        problems.check(
            details.name not in taken,
            "name_taken", f"There is already a client named {details.name}. Choose another name.", "name",
        )  # fmt: skip
        taken.add(details.name)
        checked.append(_checked(problems, details))
        _check_billing(problems, profile, codes)
        _check_reverse_charge(problems, details, profile, codes)
        _check_einvoice(problems, details, profile)
    problems.refuse()
    made = Client.objects.bulk_create(Client(**asdict(details)) for details in checked)
    BillingProfile.objects.bulk_create(
        BillingProfile(client=row, **asdict(profile)) for row, (_, profile) in zip(made, tidy, strict=True)
    )
    record(None, f"Added {len(made)} clients")
    return [int(row.pk) for row in made]


@action("directory.change_client", needs=Permission.MANAGE_CLIENTS)
def change_client(
    *, actor: Actor, client_id: int, client: ClientDetails, billing: BillingDetails | None = None
) -> None:
    """Change a client, and with `billing` how it is billed from now on; issued documents stay as they are.

    Refuses: not_found, and what `add_client` refuses.
    """
    row = locks.for_update(Client.objects.visible_to(actor), client_id)
    details = _tidy(client)
    problems = Problems()
    check_name(problems, Client.objects.exclude(pk=client_id), details.name, "client")
    details = _checked(problems, details, row.vat_id)
    profile = _tidy_billing(billing) if billing is not None else None
    billed = profile or BillingProfile.objects.filter(client=row).first()
    codes = _codes(actor, [billed] if billed is not None else [])
    if profile is not None:
        _check_billing(problems, profile, codes)
    if billed is not None:
        _check_reverse_charge(problems, details, billed, codes)
        _check_einvoice(problems, details, billed)
    problems.refuse()
    for field, value in asdict(details).items():
        setattr(row, field, value)
    row.save(update_fields=list(asdict(details)))
    if profile is not None:
        BillingProfile.objects.update_or_create(client=row, defaults=asdict(profile))
    record(row, f"Changed the client {row.name}")


@action("directory.save_contact", needs=Permission.MANAGE_CLIENTS)
def save_contact(
    *, actor: Actor, client_id: int, contact: ContactDetails, contact_id: int | None = None
) -> int:
    """Add a contact of a client, or change one; returns the contact's id.

    Linking a user lets that user see the client's invoices, so it needs the permission to manage users.
    Refuses: not_found, missing_name, bad_email, unknown_user, user_taken, user_forbidden.
    """
    client = locks.for_update(Client.objects.visible_to(actor), client_id)
    rows = Contact.objects.visible_to(actor).filter(client=client)
    row = locks.for_update(rows, contact_id) if contact_id is not None else Contact(client=client)
    problems = Problems()
    problems.check(contact.name.strip(), "missing_name", "Give the contact a name.", "name")
    check_shape(problems, shapes.email, contact.email.strip(), "bad_email", "email")
    if contact.user_id != row.user_id:
        problems.check(
            actor.can(Permission.MANAGE_USERS),
            "user_forbidden", "Who signs in for a client is set by an administrator.", "user_id",
        )  # fmt: skip
        _check_user(problems, contact.user_id, row.pk)
    problems.refuse()
    for field, value in asdict(contact).items():
        setattr(row, field, value.strip() if isinstance(value, str) else value)
    row.save()
    record(client, f"{'Changed' if contact_id else 'Added'} the contact {row.name} of {client.name}")
    return int(row.pk)


@action("directory.remove_contact", needs=Permission.MANAGE_CLIENTS)
def remove_contact(*, actor: Actor, contact_id: int) -> None:
    """Remove a contact; documents that name them stay as they are. Refuses: not_found."""
    row = locks.for_update(Contact.objects.visible_to(actor), contact_id)
    client, name = row.client, row.name
    row.delete()
    record(client, f"Removed the contact {name} of {client.name}")


def _tidy(client: ClientDetails) -> ClientDetails:
    return replace(
        client,
        **tidy_texts(client, _TEXTS),
        subdivision=client.subdivision.strip().upper(),
    )


def _tidy_billing(billing: BillingDetails) -> BillingDetails:
    return replace(
        billing,
        tax_treatment=TaxTreatment(billing.tax_treatment) if billing.tax_treatment else "",
        language=billing.language.strip().lower(),
        invoice_email=billing.invoice_email.strip(),
        einvoice_scheme=billing.einvoice_scheme.strip().upper(),
        einvoice_address=billing.einvoice_address.strip(),
        buyer_reference=billing.buyer_reference.strip(),
    )


def _codes(actor: Actor, profiles: Iterable[BillingDetails | BillingProfile]) -> dict[int, TaxTreatment]:
    """Return the category of each of the tax codes that are named and there."""
    wanted = {profile.tax_code_id for profile in profiles if profile.tax_code_id is not None}
    codes = TaxCode.objects.visible_to(actor)
    rows = codes.filter(pk__in=wanted).values_list("pk", "category") if wanted else ()
    return {pk: TaxTreatment(category) for pk, category in rows}


def _first_billing(actor: Actor, problems: Problems) -> BillingDetails:
    currency = (
        LegalEntity.objects.visible_to(actor).order_by("pk").values_list("book__currency", flat=True).first()
    )
    problems.check(currency, "no_entity", "There is no legal entity yet. Set up the firm first.")
    return BillingDetails(currency=currency or "EUR")


def _checked(problems: Problems, details: ClientDetails, kept_vat_id: str = "") -> ClientDetails:
    check_lengths(problems, Client, details, _TEXTS)
    check_shape(problems, shapes.country, details.country, "bad_country", "country")
    check_shape(problems, shapes.subdivision, details.subdivision, "bad_subdivision", "subdivision")
    vat_id = checked_vat_id(problems, details.country, details.vat_id, kept_vat_id)
    return replace(details, vat_id=vat_id)


def _check_billing(problems: Problems, billing: BillingDetails, known_codes: Container[int]) -> None:
    problems.check(
        billing.tax_code_id is None or billing.tax_code_id in known_codes,
        "unknown_tax_code", "There is no such tax code. Choose one of the list.", "tax_code_id",
    )  # fmt: skip
    check_shape(problems, shapes.currency, billing.currency or "-", "bad_currency", "currency")
    check_shape(problems, shapes.language, billing.language or "-", "bad_language", "language")
    check_shape(problems, shapes.email, billing.invoice_email, "bad_email", "invoice_email")
    problems.check(
        0 <= billing.payment_terms_days <= _MOST_TERMS_DAYS,
        "bad_terms", "Payment terms are 0 to 365 days.", "payment_terms_days",
    )  # fmt: skip
    rate = billing.tax_rate
    problems.check(
        rate is None or 0 <= rate < _MOST_PERCENT,
        "bad_tax_rate", "A tax rate is a percentage from 0 to below 100, such as 19.", "tax_rate",
    )  # fmt: skip
    problems.check(
        billing.tax_treatment in ("", TaxTreatment.STANDARD) or not rate,
        "tax_not_charged",
        f"With '{_treatment_words(billing.tax_treatment)}' no tax is charged. Leave the rate empty.",
        "tax_rate",
    )


def _treatment_words(treatment: str) -> str:
    return str(TaxTreatment(treatment).label) if treatment else ""


def _check_reverse_charge(
    problems: Problems,
    client: ClientDetails,
    billing: BillingDetails | BillingProfile,
    codes: Mapping[int, TaxTreatment],
) -> None:
    """Note what reverse charge lacks: the VAT id of who owes the tax, and at home a code that names the law."""
    by_code = codes.get(billing.tax_code_id or 0) == TaxTreatment.REVERSE_CHARGE
    if billing.tax_treatment != TaxTreatment.REVERSE_CHARGE and not by_code:
        return
    problems.check(
        client.vat_id,
        "reverse_charge_needs_vat_id", "Under reverse charge the client owes the tax: write its VAT id.", "vat_id",
    )  # fmt: skip
    homes = set(LegalEntity.objects.values_list("country", flat=True))
    problems.check(
        by_code or homes != {client.country},
        "reverse_charge_at_home", "Within a country reverse charge follows its own law: choose a tax code that names it.",
        "tax_treatment",
    )  # fmt: skip


def _check_einvoice(
    problems: Problems, client: ClientDetails, billing: BillingDetails | BillingProfile
) -> None:
    """Note what an e-invoice to this client would lack: it is frozen at issue and cannot be mended later."""
    code, address = billing.einvoice_scheme, billing.einvoice_address
    if not address:
        problems.check(
            not code,
            "missing_einvoice_address",
            "Write the e-invoice address, or choose no scheme.",
            "einvoice_address",
        )
        return
    problems.check(
        code, "missing_einvoice_scheme", "Choose the scheme of the e-invoice address.", "einvoice_scheme"
    )
    if code and (sentence := eas.scheme(code)):
        problems.add("bad_einvoice_scheme", sentence, "einvoice_scheme")
    elif code and (sentence := eas.address(code, address)):
        problems.add("bad_einvoice_address", sentence, "einvoice_address")
    problems.check(
        client.country,
        "einvoice_needs_country",
        "An e-invoice states the client's country. Choose it.",
        "country",
    )
    countries = LegalEntity.objects.values_list("country", flat=True)
    lacking = client_gaps(
        Client(**asdict(client)),
        has_reference=bool(billing.buyer_reference),
        has_order=billing.requires_po,
        seller_countries=countries,
    )
    for gap in lacking:
        problems.add("einvoice_incomplete", f"{gap.sentence} Write it.", gap.field)


def _check_user(problems: Problems, user_id: int | None, contact_id: int | None) -> None:
    if user_id is None:
        return
    problems.check(
        User.objects.filter(pk=user_id).exists(), "unknown_user", "There is no such user.", "user_id"
    )
    problems.check(
        not Contact.objects.filter(user_id=user_id).exclude(pk=contact_id or 0).exists(),
        "user_taken", "Another contact already signs in as this user.", "user_id",
    )  # fmt: skip
