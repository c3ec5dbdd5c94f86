"""Clients as pages show them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q

from workledger.core import locks
from workledger.core.access import Actor
from workledger.directory.calc.addresses import Address
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.calc.treatments import by_countries
from workledger.directory.models import BillingProfile, Client, Contact, LegalEntity, TaxTreatment

_SORTS = {
    "name": "name",
    "country": "country",
    "industry": "industry",
    "currency": "billing_profile__currency",
    "terms": "billing_profile__payment_terms_days",
}


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """Which clients. `kind` is 'external', 'internal' or '' for both."""

    words: str = ""
    country: str = ""
    currency: str = ""
    kind: str = "external"
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client in a list."""

    id: int
    name: str
    industry: str
    country: str
    currency: str
    payment_terms_days: int | None
    is_internal: bool
    contact_count: int


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person at the client."""

    id: int
    name: str
    email: str
    phone: str
    position: str
    is_billing_contact: bool
    user_id: int | None


@dataclass(frozen=True, slots=True)
class ClientPage:
    """Everything that a client's page shows of the client itself."""

    id: int
    name: str
    industry: str
    country: str
    country_name: str
    street: str
    additional: str
    postcode: str
    city: str
    subdivision: str
    register_number: str
    vat_id: str
    is_internal: bool
    tax_by_countries: str
    billing: BillingProfile | None
    contacts: tuple[ContactRow, ...]

    @property
    def address(self) -> str:
        """The address in lines, without the country."""
        parts = Address(
            self.street, self.additional, self.postcode, self.city, self.subdivision, self.country
        )
        return "\n".join(parts.lines())

    @property
    def tax_words(self) -> str:
        """How tax is charged, in words."""
        if self.billing is None:
            return ""
        if self.billing.tax_code is not None:
            return self.billing.tax_code.name
        rate: Decimal | None = self.billing.tax_rate
        treatment = self.billing.tax_treatment
        if rate is not None and treatment in ("", TaxTreatment.STANDARD):
            return f"{TaxTreatment.STANDARD.label}, {rate.normalize():f}%"
        if not treatment:
            return self.tax_by_countries
        label = str(TaxTreatment(treatment).label)
        return label if treatment != TaxTreatment.STANDARD else f"{label} of the legal entity"


def clients(actor: Actor, wanted: ClientFilter) -> list[ClientRow]:
    """Return the clients that a filter finds, sorted; one query whatever their number."""
    rows = Client.objects.visible_to(actor)
    if wanted.words:
        rows = rows.filter(Q(name__icontains=wanted.words) | Q(industry__icontains=wanted.words))
    if wanted.country:
        rows = rows.filter(country=wanted.country)
    if wanted.currency:
        rows = rows.filter(billing_profile__currency=wanted.currency)
    if wanted.kind:
        rows = rows.filter(is_internal=wanted.kind == "internal")
    column = _SORTS.get(wanted.sort.removeprefix("-"), "name")
    order = f"-{column}" if wanted.sort.startswith("-") else column
    counted = rows.select_related("billing_profile").annotate(contact_count=Count("contacts"))
    return [
        ClientRow(
            id=client.pk,
            name=client.name,
            industry=client.industry,
            country=client.country,
            currency=profile.currency if (profile := getattr(client, "billing_profile", None)) else "",
            payment_terms_days=profile.payment_terms_days if profile else None,
            is_internal=client.is_internal,
            contact_count=client.contact_count,
        )
        for client in counted.order_by(order, "name")
    ]


def client_page(actor: Actor, client_id: int) -> ClientPage:
    """Return one client with billing profile and contacts; raises NotFound."""
    client = locks.one(Client.objects.visible_to(actor), client_id)
    contacts = Contact.objects.visible_to(actor).filter(client=client)
    return ClientPage(
        id=client.pk,
        name=client.name,
        industry=client.industry,
        country=client.country,
        country_name=COUNTRIES.get(client.country, client.country),
        street=client.street,
        additional=client.additional,
        postcode=client.postcode,
        city=client.city,
        subdivision=client.subdivision,
        register_number=client.register_number,
        vat_id=client.vat_id,
        is_internal=client.is_internal,
        tax_by_countries=_tax_by_countries(actor, client),
        billing=BillingProfile.objects.visible_to(actor)
        .filter(client=client)
        .select_related("tax_code")
        .first(),
        contacts=tuple(_contact_row(row) for row in contacts.order_by("-is_billing_contact", "name")),
    )


def _tax_by_countries(actor: Actor, client: Client) -> str:
    """Return how the countries have a client taxed, by legal entity where they differ."""
    entities = LegalEntity.objects.visible_to(actor).order_by("name").values_list("name", "country")
    words = {
        name: str(TaxTreatment(by_countries(country, client.country, has_vat_id=bool(client.vat_id))).label)
        for name, country in entities
    }
    if len(set(words.values())) == 1:
        return f"{next(iter(words.values()))}, by the two countries"
    return "; ".join(f"{label} from {name}" for name, label in words.items())


def contact(actor: Actor, client_id: int, contact_id: int) -> ContactRow:
    """Return one contact of a client; raises NotFound."""
    return _contact_row(locks.one(Contact.objects.visible_to(actor).filter(client_id=client_id), contact_id))


def _contact_row(row: Contact) -> ContactRow:
    return ContactRow(
        id=row.pk,
        name=row.name,
        email=row.email,
        phone=row.phone,
        position=row.position,
        is_billing_contact=row.is_billing_contact,
        user_id=row.user_id,
    )
