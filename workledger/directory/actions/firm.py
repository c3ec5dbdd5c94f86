"""The firm itself: legal entities, practices, offices, roles, exchange rates, and its founding."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal

from pydantic import SecretStr

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.access import Role as AccessRole
from workledger.core.door import action, record, warn
from workledger.core.models import RoleAssignment, User
from workledger.core.refusals import Problems
from workledger.core.users import RoleGrant, assign_role, create_user
from workledger.directory.actions.checks import (
    check_lengths,
    check_name,
    check_shape,
    checked_vat_id,
    tidy_texts,
)
from workledger.directory.actions.taxes import seed_tax_codes
from workledger.directory.calc import shapes
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.calc.tax_seeds import standard_tax
from workledger.directory.einvoices import countries_of_receivers, entity_gaps
from workledger.directory.models import ExchangeRate, LegalEntity, Office, Practice, RateSource, Role
from workledger.ledger.actions import open_book

RATES_LOCK = "directory.exchange_rates"
_MOST_PERCENT = 100
_MOST_LEVEL = 99
_MOST_FOOTER_LINES = 4
_MOST_FOOTER = 240
_TEXTS = (
    "name", "street", "additional", "postcode", "city", "register_number", "tax_number", "phone", "website", "bank_name",
    "account_holder", "routing_number", "account_number",
)  # fmt: skip
_FIRST_PRACTICE = "Consulting"
_FIRST_ROLES = (("Analyst", 1), ("Consultant", 2), ("Senior consultant", 3), ("Manager", 4), ("Partner", 5))


@dataclass(frozen=True, slots=True)
class EntityDetails:
    """A legal entity as its documents show it. `standard_tax_rate` is a percentage.

    `prices_include_tax` says so of the contracts that are made from now on. Clients pay to `iban` and `bic`, or to `account_number` at `routing_number`; an empty `account_holder` is the company.
    `footer` is printed at the foot of every page, in lines.
    """

    name: str
    country: str
    street: str = ""
    additional: str = ""
    postcode: str = ""
    city: str = ""
    subdivision: str = ""
    register_number: str = ""
    vat_id: str = ""
    tax_number: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    bank_name: str = ""
    account_holder: str = ""
    iban: str = ""
    bic: str = ""
    routing_number: str = ""
    account_number: str = ""
    standard_tax_rate: Decimal = Decimal(0)
    prices_include_tax: bool = False
    invoice_prefix: str = "INV-"
    logo_svg: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class FoundedFirm:
    """What `found_firm` made. `user_is_new` tells whether the owner was created or was there already."""

    entity_id: int
    user_id: int
    user_is_new: bool
    practice_id: int
    office_id: int


@action("directory.found_firm", needs=Permission.MANAGE_SETTINGS)
def found_firm(
    *,
    actor: Actor,
    name: str,
    currency: str,
    country: str,
    admin_email: str,
    first_day: date,
    through: date,
    admin_name: str = "",
    password: SecretStr | None = None,
) -> FoundedFirm:
    """Set up a firm: legal entity with its books over [first_day, through], owner, practice, office and roles.

    What is there already (the user, a practice of that name) is kept. Refuses: missing_name, name_taken,
    bad_currency, bad_country, bad_email, weak_password.
    """
    locks.named("directory.found_firm")
    address = admin_email.strip().lower()
    problems = Problems()
    check_name(problems, LegalEntity.objects.all(), name.strip(), "legal entity")
    check_shape(problems, shapes.currency, currency or "-", "bad_currency", "currency")
    check_shape(problems, shapes.country, country or "-", "bad_country", "country")
    check_shape(problems, shapes.email, address or "-", "bad_email", "admin_email")
    problems.refuse()
    entity_id = add_entity(
        actor=actor,
        entity=EntityDetails(name=name, country=country, standard_tax_rate=standard_tax(country)),
        currency=currency,
        first_day=first_day,
        through=through,
    )
    user = User.objects.filter(email=address).first()
    owner_name = admin_name.strip() or address.partition("@")[0].replace(".", " ").title()
    user_id = user.pk if user else create_user(actor=actor, email=address, name=owner_name, password=password)
    if not RoleAssignment.objects.filter(user_id=user_id, role=AccessRole.OWNER).exists():
        assign_role(actor=actor, user_id=user_id, grant=RoleGrant(AccessRole.OWNER))
    practice, _ = Practice.objects.get_or_create(name=_FIRST_PRACTICE)
    office, _ = Office.objects.get_or_create(name=COUNTRIES[country], defaults={"country": country})
    for role_name, level in _FIRST_ROLES:
        Role.objects.get_or_create(name=role_name, defaults={"level": level})
    record(LegalEntity.objects.get(pk=entity_id), f"Founded {name.strip()}")
    return FoundedFirm(entity_id, int(user_id), user is None, int(practice.pk), int(office.pk))


@action("directory.add_entity", needs=Permission.MANAGE_SETTINGS)
def add_entity(*, actor: Actor, entity: EntityDetails, currency: str, first_day: date, through: date) -> int:
    """Add a legal entity with its books over [first_day, through]; returns its id, which is its book's too.

    It begins with its country's tax codes; the one that charges `standard_tax_rate` now is the default. Refuses:
    missing_name, name_taken, bad_currency, bad_country, bad_email, bad_vat_id, bad_iban, bad_bic, bad_tax_rate,
    bad_logo, bad_subdivision, bad_dates, too_long, bad_footer, missing_account_number.
    """
    details = _tidy(entity)
    problems = Problems()
    check_name(problems, LegalEntity.objects.all(), details.name, "legal entity")
    check_shape(problems, shapes.currency, currency or "-", "bad_currency", "currency")
    problems.check(
        through >= first_day,
        "bad_dates",
        "The books end before they begin. Choose a later last day.",
        "through",
    )
    details = _checked(problems, details)
    problems.refuse()
    book_id = open_book(
        actor=actor, name=details.name, currency=currency, first_day=first_day, through=through
    )
    made = LegalEntity.objects.create(book_id=book_id, **asdict(details))
    seed_tax_codes(made)
    record(made, f"Added the legal entity {made.name}")
    return book_id


@action("directory.save_entity", needs=Permission.MANAGE_SETTINGS)
def save_entity(*, actor: Actor, entity_id: int, entity: EntityDetails) -> None:
    """Change what a legal entity's documents show from now on; issued documents stay as they are.

    Refuses: not_found, tax_rate_dated (the default tax code says the rate), and what `add_entity` refuses. Warns:
    einvoice_incomplete, where clients are sent e-invoices and something that their rules ask is missing.
    """
    row = locks.for_update(LegalEntity.objects.visible_to(actor), entity_id)
    details = _tidy(entity)
    problems = Problems()
    check_name(problems, LegalEntity.objects.exclude(pk=entity_id), details.name, "legal entity")
    details = _checked(problems, details, row.vat_id)
    if details.standard_tax_rate != row.standard_tax_rate:
        problems.check(
            not row.tax_codes.filter(is_default=True).exists(),
            "tax_rate_dated",
            "This rate changes from a day on. Change the default code under Tax codes instead.",
            "standard_tax_rate",
        )
    problems.refuse()
    for field, value in asdict(details).items():
        setattr(row, field, value)
    receivers = countries_of_receivers()
    for gap in entity_gaps(row, receivers) if receivers else ():
        warn("einvoice_incomplete", gap.sentence, gap.field)
    row.save(update_fields=list(asdict(details)))
    record(row, f"Changed the legal entity {row.name}")


def _tidy(entity: EntityDetails) -> EntityDetails:
    return replace(
        entity,
        **tidy_texts(entity, _TEXTS),
        subdivision=entity.subdivision.strip().upper(),
        email=entity.email.strip(),
        iban=shapes.compact(entity.iban),
        bic=shapes.compact(entity.bic),
        logo_svg=entity.logo_svg.strip(),
        footer="\n".join(line.strip() for line in entity.footer.strip().splitlines()),
    )


def _checked(problems: Problems, details: EntityDetails, kept_vat_id: str = "") -> EntityDetails:
    check_shape(problems, shapes.country, details.country or "-", "bad_country", "country")
    check_shape(problems, shapes.subdivision, details.subdivision, "bad_subdivision", "subdivision")
    check_shape(problems, shapes.email, details.email, "bad_email", "email")
    vat_id = checked_vat_id(problems, details.country, details.vat_id, kept_vat_id)
    check_shape(problems, shapes.iban, details.iban, "bad_iban", "iban")
    check_shape(problems, shapes.bic, details.bic, "bad_bic", "bic")
    check_shape(problems, shapes.logo, details.logo_svg, "bad_logo", "logo_svg")
    check_lengths(problems, LegalEntity, details, _TEXTS)
    problems.check(
        len(details.footer.splitlines()) <= _MOST_FOOTER_LINES and len(details.footer) <= _MOST_FOOTER,
        "bad_footer", f"The foot of a page has room for {_MOST_FOOTER_LINES} lines and {_MOST_FOOTER} characters.", "footer",
    )  # fmt: skip
    problems.check(
        bool(details.account_number) == bool(details.routing_number) or details.account_number,
        "missing_account_number", "Write the account number, or no routing number.", "account_number",
    )  # fmt: skip
    problems.check(
        0 <= details.standard_tax_rate < _MOST_PERCENT,
        "bad_tax_rate", "A tax rate is a percentage from 0 to below 100, such as 19.", "standard_tax_rate",
    )  # fmt: skip
    return replace(details, vat_id=vat_id)


@action("directory.add_practice", needs=Permission.MANAGE_DIRECTORY)
def add_practice(*, actor: Actor, name: str) -> int:
    """Add a service line; returns its id. Refuses: missing_name, name_taken."""
    problems = Problems()
    check_name(problems, Practice.objects.all(), name.strip(), "practice")
    problems.refuse()
    made = Practice.objects.create(name=name.strip())
    record(made, f"Added the practice {made.name}")
    return int(made.pk)


@action("directory.change_practice", needs=Permission.MANAGE_DIRECTORY)
def change_practice(*, actor: Actor, practice_id: int, name: str) -> None:
    """Rename a practice. Refuses: not_found, missing_name, name_taken."""
    row = locks.for_update(Practice.objects.visible_to(actor), practice_id)
    problems = Problems()
    check_name(problems, Practice.objects.exclude(pk=practice_id), name.strip(), "practice")
    problems.refuse()
    row.name = name.strip()
    row.save(update_fields=["name"])
    record(row, f"Renamed a practice to {row.name}")


@action("directory.add_office", needs=Permission.MANAGE_DIRECTORY)
def add_office(*, actor: Actor, name: str, country: str, subdivision: str = "") -> int:
    """Add a place with its holiday calendar; returns its id.

    Refuses: missing_name, name_taken, bad_country, bad_subdivision.
    """
    problems = Problems()
    check_name(problems, Office.objects.all(), name.strip(), "office")
    _check_place(problems, country, subdivision)
    problems.refuse()
    made = Office.objects.create(name=name.strip(), country=country, subdivision=subdivision)
    record(made, f"Added the office {made.name}")
    return int(made.pk)


@action("directory.change_office", needs=Permission.MANAGE_DIRECTORY)
def change_office(*, actor: Actor, office_id: int, name: str, country: str, subdivision: str = "") -> None:
    """Change an office's name or holiday calendar; capacity of past months follows it.

    Refuses: not_found, missing_name, name_taken, bad_country, bad_subdivision.
    """
    row = locks.for_update(Office.objects.visible_to(actor), office_id)
    problems = Problems()
    check_name(problems, Office.objects.exclude(pk=office_id), name.strip(), "office")
    _check_place(problems, country, subdivision)
    problems.refuse()
    row.name, row.country, row.subdivision = name.strip(), country, subdivision
    row.save(update_fields=["name", "country", "subdivision"])
    record(row, f"Changed the office {row.name}")


def _check_place(problems: Problems, country: str, subdivision: str) -> None:
    check_shape(problems, shapes.country, country or "-", "bad_country", "country")
    check_shape(problems, shapes.subdivision, subdivision, "bad_subdivision", "subdivision")


@action("directory.add_role", needs=Permission.MANAGE_DIRECTORY)
def add_role(*, actor: Actor, name: str, level: int = 0) -> int:
    """Add what people are billed as; returns its id. Refuses: missing_name, name_taken, bad_level."""
    problems = Problems()
    check_name(problems, Role.objects.all(), name.strip(), "role")
    _check_level(problems, level)
    problems.refuse()
    made = Role.objects.create(name=name.strip(), level=level)
    record(made, f"Added the role {made.name}")
    return int(made.pk)


@action("directory.create_roles", needs=Permission.MANAGE_DIRECTORY)
def create_roles(*, actor: Actor, names: list[str]) -> list[int]:
    """Return the ids of the roles of these names, in order; those that are missing are made. Refuses: missing_name."""
    wanted = [name.strip() for name in names]
    problems = Problems()
    problems.check(all(wanted), "missing_name", "Give the role a name.", "name")
    problems.refuse()
    Role.objects.bulk_create([Role(name=name) for name in dict.fromkeys(wanted)], ignore_conflicts=True)
    ids = dict(Role.objects.filter(name__in=wanted).values_list("name", "pk"))
    record(None, f"Made sure of {len(ids)} roles")
    return [ids[name] for name in wanted]


@action("directory.change_role", needs=Permission.MANAGE_DIRECTORY)
def change_role(*, actor: Actor, role_id: int, name: str, level: int = 0) -> None:
    """Change a role's name or level. Refuses: not_found, missing_name, name_taken, bad_level."""
    row = locks.for_update(Role.objects.visible_to(actor), role_id)
    problems = Problems()
    check_name(problems, Role.objects.exclude(pk=role_id), name.strip(), "role")
    _check_level(problems, level)
    problems.refuse()
    row.name, row.level = name.strip(), level
    row.save(update_fields=["name", "level"])
    record(row, f"Changed the role {row.name}")


def _check_level(problems: Problems, level: int) -> None:
    problems.check(0 <= level <= _MOST_LEVEL, "bad_level", "A level is a number from 0 to 99.", "level")


@action("directory.set_exchange_rate", needs=Permission.POST_JOURNAL)
def set_exchange_rate(*, actor: Actor, base: str, quote: str, day: date, rate: Decimal) -> int:
    """Set how many units of `quote` one `base` is worth from a day on; returns the row's id.

    A rate of the same day is replaced; what was posted with it stays. Refuses: bad_currency, same_currency,
    bad_rate.
    """
    problems = Problems()
    check_shape(problems, shapes.currency, base or "-", "bad_currency", "base")
    check_shape(problems, shapes.currency, quote or "-", "bad_currency", "quote")
    problems.check(base != quote, "same_currency", "Choose two different currencies.", "quote")
    problems.check(
        rate.is_finite() and 0 < rate < 10**10,
        "bad_rate", "An exchange rate is more than zero, such as 1.0842.", "rate",
    )  # fmt: skip
    problems.refuse()
    locks.named(RATES_LOCK)
    row, _ = ExchangeRate.objects.update_or_create(
        base=base, quote=quote, day=day, defaults={"rate": rate, "source": RateSource.HAND}
    )
    record(row, f"1 {base} is {rate} {quote} from {day:%-d %B %Y}")
    return int(row.pk)
