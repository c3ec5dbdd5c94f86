"""Tables of the directory."""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.directory.calc.addresses import Address
from workledger.ledger.models import Book


class LegalEntity(Record):
    """A company of the firm. Its id is its book's id; its functional currency is the book's.

    Clients pay to `iban` and `bic`, or where there is none to `account_number` at `routing_number`; an empty
    `account_holder` is the company itself. `footer` is printed at the foot of every page of its documents, in lines.
    """

    book = models.OneToOneField(Book, primary_key=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, unique=True)
    country = models.CharField(max_length=2)
    street = models.CharField(max_length=200, blank=True, db_default="")
    additional = models.CharField(max_length=200, blank=True, db_default="")
    postcode = models.CharField(max_length=20, blank=True, db_default="")
    city = models.CharField(max_length=100, blank=True, db_default="")
    subdivision = models.CharField(max_length=6, blank=True)
    register_number = models.CharField(max_length=60, blank=True, db_default="")
    vat_id = models.CharField(max_length=30, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.CharField(max_length=200, blank=True)
    bank_name = models.CharField(max_length=100, blank=True)
    account_holder = models.CharField(max_length=200, blank=True, db_default="")
    iban = models.CharField(max_length=40, blank=True)
    bic = models.CharField(max_length=20, blank=True)
    routing_number = models.CharField(max_length=20, blank=True, db_default="")
    account_number = models.CharField(max_length=40, blank=True, db_default="")
    standard_tax_rate = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    prices_include_tax = models.BooleanField(db_default=False)
    invoice_prefix = models.CharField(max_length=20, default="INV-")
    logo_svg = models.TextField(blank=True)
    footer = models.TextField(blank=True, db_default="")

    visibility = Visibility(None, entity="book_id")

    class Meta:
        verbose_name_plural = "legal entities"

    def __str__(self) -> str:
        return self.name

    @property
    def postal(self) -> Address:
        """The address in its parts."""
        return Address(self.street, self.additional, self.postcode, self.city, self.subdivision, self.country)


class Practice(Record):
    """A service line."""

    name = models.CharField(max_length=100, unique=True)

    visibility = Visibility(None)

    def __str__(self) -> str:
        return self.name


class Office(Record):
    """A place with a holiday calendar."""

    name = models.CharField(max_length=100, unique=True)
    country = models.CharField(max_length=2)
    subdivision = models.CharField(max_length=6, blank=True)

    visibility = Visibility(None)

    def __str__(self) -> str:
        return self.name


class Role(Record):
    """What a person is billed as."""

    name = models.CharField(max_length=100, unique=True)
    level = models.PositiveSmallIntegerField(default=0)

    visibility = Visibility(None)

    def __str__(self) -> str:
        return self.name


class Person(Record):
    """An employee or contractor."""

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_contractor = models.BooleanField(default=False)

    visibility = Visibility(Permission.VIEW_DIRECTORY, own=("id",))

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email=""),
                name="person_email_once",
                violation_error_message="Another person already has this email address.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class EmploymentTerms(Record):
    """What holds for a person from a date: half-open [start, end), `end` empty while it holds.

    `cost_rate` is per worked hour in the entity's functional currency; empty means not known yet, which
    is not zero.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="terms")
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    practice = models.ForeignKey(Practice, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey(Office, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    weekly_hours = models.DecimalField(max_digits=5, decimal_places=2, default=40)
    cost_rate = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    manager = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    visibility = Visibility(Permission.VIEW_DIRECTORY, entity="entity_id", own=("person_id",))

    class Meta:
        ordering: ClassVar = ["person_id", "start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gt=F("start")),
                name="terms_end_after_start",
                violation_error_message="Terms end after they start.",
            ),
            ExclusionConstraint(
                name="terms_do_not_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (
                        Func("start", "end", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="These terms overlap others of the same person. End the earlier ones first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} from {self.start}"

    def holds_on(self, day: date) -> bool:
        """Tell whether these terms hold on a day."""
        return self.start <= day and (self.end is None or day < self.end)


class TimeOff(Record):
    """Approved absence: half-open [start, end); `share` of each working day (1 is a whole day)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="time_off")
    start = models.DateField()
    end = models.DateField()
    kind = models.CharField(
        max_length=10, choices=[("vacation", "Vacation"), ("sick", "Sick leave"), ("other", "Other leave")]
    )
    share = models.DecimalField(max_digits=3, decimal_places=2, default=1)

    visibility = Visibility(Permission.VIEW_DIRECTORY, own=("person_id",))

    class Meta:
        verbose_name_plural = "time off"
        indexes = [models.Index(fields=["start", "end"], name="time_off_dates")]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")) & Q(share__gt=0) & Q(share__lte=1),
                name="time_off_is_some",
                violation_error_message="Time off ends after it starts, and takes more than nothing of a day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.start} to {self.end}"


class Client(Record):
    """The customer organisation."""

    name = models.CharField(max_length=200, unique=True)
    industry = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True, db_default="")
    additional = models.CharField(max_length=200, blank=True, db_default="")
    postcode = models.CharField(max_length=20, blank=True, db_default="")
    city = models.CharField(max_length=100, blank=True, db_default="")
    subdivision = models.CharField(max_length=6, blank=True, db_default="")
    country = models.CharField(max_length=2, blank=True)
    register_number = models.CharField(max_length=60, blank=True, db_default="")
    vat_id = models.CharField(max_length=30, blank=True)
    is_internal = models.BooleanField(default=False)

    visibility = Visibility(Permission.VIEW_CLIENTS, client="id")

    def __str__(self) -> str:
        return self.name

    @property
    def postal(self) -> Address:
        """The address in its parts."""
        return Address(self.street, self.additional, self.postcode, self.city, self.subdivision, self.country)


class TaxTreatment(models.TextChoices):
    """How a client is taxed, by the codes of UNCL 5305."""

    STANDARD = "S", "Standard rate"
    ZERO = "Z", "Zero rated"
    EXEMPT = "E", "Exempt"
    REVERSE_CHARGE = "AE", "Reverse charge"
    OUTSIDE = "O", "Outside scope"


class BillingProfile(Record):
    """How a client is billed. `tax_rate` is a percentage; empty means the entity's standard rate. An empty `tax_treatment`
    leaves it to the countries of legal entity and client.

    `einvoice_scheme` says by the EAS code list in which scheme `einvoice_address` is. `buyer_reference` is what the client
    wants to read on every invoice (BT-10).
    `tax_code` goes before treatment and rate, on contracts of the legal entity whose code it is.
    """

    client = models.OneToOneField(Client, on_delete=models.CASCADE, related_name="billing_profile")
    currency = models.CharField(max_length=3)
    payment_terms_days = models.PositiveSmallIntegerField(default=30)
    tax_treatment = models.CharField(max_length=2, choices=TaxTreatment.choices, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    tax_code = models.ForeignKey("TaxCode", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    requires_po = models.BooleanField(default=False)
    group_lines_by = models.CharField(
        max_length=6, choices=[("task", "Task"), ("person", "Person"), ("entry", "Entry")], default="task"
    )
    attach_timesheet = models.BooleanField(default=True)
    paper = models.CharField(max_length=6, choices=[("a4", "A4"), ("letter", "US Letter")], default="a4")
    language = models.CharField(max_length=5, default="en")
    invoice_email = models.EmailField(blank=True)
    einvoice_scheme = models.CharField(max_length=4, blank=True)
    einvoice_address = models.CharField(max_length=100, blank=True)
    buyer_reference = models.CharField(max_length=100, blank=True)

    visibility = Visibility(Permission.VIEW_CLIENTS, client="client_id")

    def __str__(self) -> str:
        return f"Billing of {self.client_id}"


class Contact(Record):
    """A person at the client."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    position = models.CharField(max_length=100, blank=True)
    is_billing_contact = models.BooleanField(default=False)
    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    visibility = Visibility(Permission.VIEW_CLIENTS, client="client_id")

    def __str__(self) -> str:
        return self.name


class RateSource(models.TextChoices):
    """Where an exchange rate comes from. What a person set is not replaced by what is published."""

    HAND = "hand", "Set by hand"
    ECB = "ecb", "European Central Bank"


class TaxCode(Record):
    """A way in which sales of a legal entity are taxed, by category of UNCL 5305.

    `label` and `exemption_reason` are printed on invoices; `vatex_code` says the reason for machines (BT-121). Only category S charges: its percentages are `TaxRate` rows.
    The default code is what the entity charges where nothing else is agreed; one of a place (`subdivision` after the
    country, and a city as `locality` or '') goes before it for clients at home who are there.
    """

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="tax_codes")
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=2, choices=TaxTreatment.choices)
    label = models.CharField(max_length=40, blank=True)
    exemption_reason = models.CharField(max_length=150, blank=True)
    vatex_code = models.CharField(max_length=30, blank=True, db_default="")
    subdivision = models.CharField(max_length=6, blank=True, db_default="")
    locality = models.CharField(max_length=100, blank=True, db_default="")
    is_default = models.BooleanField(default=False)

    visibility = Visibility(None, entity="entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "name"],
                name="tax_code_name_once",
                violation_error_message="This legal entity already has a tax code with that name.",
            ),
            models.UniqueConstraint(
                fields=["entity"],
                condition=Q(is_default=True),
                name="tax_code_default_once",
                violation_error_message="This legal entity already has a default tax code.",
            ),
            models.CheckConstraint(
                condition=Q(category="S") | Q(is_default=False),
                name="tax_code_default_charges",
                violation_error_message="The default tax code is one of the standard category.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def printed(self) -> str:
        """What stands on an invoice: the label, and the reason where no tax is charged."""
        return f"{self.label}: {self.exemption_reason}" if self.exemption_reason else self.label


class TaxRate(Record):
    """A percentage of a tax code on half-open days [start, end), `end` empty while it holds."""

    code = models.ForeignKey(TaxCode, on_delete=models.CASCADE, related_name="rates")
    percentage = models.DecimalField(max_digits=6, decimal_places=3)
    start = models.DateField()
    end = models.DateField(null=True, blank=True)

    visibility = Visibility(None, entity="code__entity_id")

    class Meta:
        ordering: ClassVar = ["code_id", "start"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(end__isnull=True) | Q(end__gt=F("start")))
                & Q(percentage__gte=0)
                & Q(percentage__lt=100),
                name="tax_rate_is_possible",
                violation_error_message="A tax rate is from 0 to below 100 and ends after it starts.",
            ),
            ExclusionConstraint(
                name="tax_rates_do_not_overlap",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (
                        Func("start", "end", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="This rate overlaps another of the same tax code.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percentage} % from {self.start}"


class ExchangeRate(Record):
    """Units of `quote` for one `base` from a day on, until a later row."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=4, choices=RateSource.choices, default=RateSource.HAND)

    visibility = Visibility(None)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base", "quote", "day"],
                name="exchange_rate_once",
                violation_error_message="There is already a rate for these currencies on that day.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="exchange_rate_positive",
                violation_error_message="An exchange rate is more than zero.",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate} {self.quote} from {self.day}"
