"""What a generated firm is made of: frozen records that point at each other by index.

An `..._index` field is a position in the tuple of the same noun on `DemoFirm` (`person_index` in
`people`, and so on). Periods are half-open: a record holds from `starts_on` up to, not including,
`ends_on`; `ends_on=None` means it still holds. Money is Decimal in the firm's currency, time is
whole seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Entity:
    """The legal entity that signs contracts and numbers invoices."""

    name: str
    firm_name: str
    country: str
    currency: str
    vat_id: str
    register_number: str
    phone: str
    tax_percent: Decimal
    street: str
    postcode: str
    city: str
    bank_name: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Office:
    """A place with a holiday calendar; `holidays` covers the generated days, sorted."""

    name: str
    code: str
    country: str
    subdivision: str
    weekly_hours: Decimal  # a full week
    holidays: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Practice:
    """A service line."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Role:
    """What a person is billed as; `billable` is false for the back office."""

    name: str
    level: int  # 1 to 5
    billable: bool
    price_per_hour: Decimal  # entity card at the start of the firm's history
    cost_per_hour: Decimal  # typical, fully loaded, at the same time


@dataclass(frozen=True, slots=True)
class Person:
    """An employee; `access` names the roles of the permission catalogue the person signs in with."""

    name: str
    email: str
    initials: str
    hired_on: date
    left_on: date | None  # first day no longer employed
    access: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """Dated employment terms of one person; a person's terms are contiguous.

    `cost_per_hour` is what an hour costs the firm, fully loaded; terms are cut each January as it rises.
    """

    person_index: int
    starts_on: date
    ends_on: date | None
    office_index: int
    practice_index: int
    role_index: int
    weekly_hours: Decimal
    day_seconds: tuple[int, int, int, int, int, int, int]  # capacity from Monday to Sunday
    manager_index: int | None
    cost_per_hour: Decimal


@dataclass(frozen=True, slots=True)
class Leave:
    """Approved time off, whole days from `starts_on` up to, not including, `ends_on`; vacation or sick."""

    person_index: int
    starts_on: date
    ends_on: date
    kind: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a client; `purpose` is sponsor, billing or delivery."""

    name: str
    email: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Client:
    """A customer and its billing profile.

    `tax_treatment` is a code of UNCL 5305: S (the entity's rate), AE (reverse charge, business in another
    EU country) or O (outside scope); `invoice_grouping` is task or person; `paper` is a4 or letter.
    """

    name: str
    code: str
    industry: str
    country: str
    language: str
    street: str
    postcode: str
    city: str
    vat_id: str
    currency: str
    payment_terms_days: int
    tax_treatment: str
    invoice_grouping: str
    paper: str
    po_required: bool
    e_invoice_address: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """What was agreed; `client_index=None` is the firm's own contract with itself for internal work."""

    client_index: int | None
    number: str
    title: str
    currency: str
    signed_on: date
    starts_on: date
    ends_on: date | None
    payment_terms_days: int
    po_number: str
    note_required: bool
    manager_index: int


@dataclass(frozen=True, slots=True)
class Line:
    """A contract line; `method` is as_invoiced or none, `terms` what its model's document says beside the defaults."""

    contract_index: int
    position: int
    name: str
    model: str
    method: str
    budget_hours: Decimal | None
    budget_amount: Decimal | None
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateCard:
    """A named set of rates; exactly one of the two indexes is set unless it is the entity's card.

    At most one card stands per entity, client or contract.
    """

    name: str
    level: str  # entity, client or contract
    client_index: int | None
    contract_index: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A dated price per hour on a card, for exactly one of person, task type and role.

    `line_index` narrows a rate of a contract's card to one line; person and task type occur only there.
    """

    card_index: int
    line_index: int | None
    person_index: int | None
    role_index: int | None
    task_type: str | None
    starts_on: date
    ends_on: date | None
    per_hour: Decimal


@dataclass(frozen=True, slots=True)
class Project:
    """A project; `status` is planned, active or closed; `last_day` is the planned or real last day of work."""

    contract_index: int
    client_index: int | None
    practice_index: int
    code: str
    name: str
    manager_index: int
    starts_on: date
    last_day: date
    status: str
    budget_hours: Decimal | None
    budget_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Phase:
    """The first level of a project's tree."""

    project_index: int
    position: int
    name: str
    starts_on: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Task:
    """The second level of the tree, on which time is booked; every task maps to a contract line."""

    project_index: int
    phase_index: int
    line_index: int
    position: int
    name: str
    task_type: str
    closed: bool
    budget_hours: Decimal | None
    budget_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person's week; `submitted_on=None` while it is still open."""

    person_index: int
    monday: date
    submitted_on: date | None


class Entry(NamedTuple):
    """Hours of one person on one task on one day.

    `billable_seconds=None` is unset: what was worked is billable if the task's line is. A tuple, as there
    are many. At most one entry stands per person, task and day. Entries of
    one person, task and week share `approver_index` and `approved_on`, as they are approved together.
    """

    person_index: int
    task_index: int
    day: date
    worked_seconds: int
    billable_seconds: int | None
    note: str
    sheet_index: int
    approver_index: int
    approved_on: date | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A submitted entry whose week on that task its approver sent back; none of that week's is approved."""

    entry_index: int
    rejected_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A decision in pre-bill review on the billable item of one entry.

    `kind` is hold, write_down or write_off, `reason` a reason code of billing. A write-down takes `share` of the value away (0.5 is half),
    a write-off all of it. A hold ends on `released_on`, or still stands.
    """

    entry_index: int
    kind: str
    reason: str
    decided_on: date
    share: Decimal
    released_on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of a monthly run: the approved entries of one contract up to `through`.

    `issued_on=None` is a pre-bill still under review. `disputed_on` marks the one that the client
    contests. `credited_on` marks the one issued at a wrong rate and credited in full; the invoice that
    replaces it has `replaces_index`. `net_estimate` is priced per entry, so it may differ from the
    issued document by the rounding of its lines.
    """

    contract_index: int
    client_index: int
    through: date
    issued_on: date | None
    due_on: date | None
    entry_indexes: tuple[int, ...]
    net_estimate: Decimal
    disputed_on: date | None
    credited_on: date | None
    replaces_index: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for one invoice: `share` of its gross, and `extra` above it."""

    invoice_index: int
    received_on: date
    share: Decimal
    extra: Decimal
    reference: str


@dataclass(frozen=True, slots=True)
class WrongRate:
    """A rate that stood too high on one line for one role while one invoice was issued.

    `rates` holds the right price throughout; the invoice `invoice_index` was priced with
    `wrong_per_hour` for `role_index`, found and credited on `found_on`, issued again as
    `replacement_index`.
    """

    line_index: int
    role_index: int
    wrong_per_hour: Decimal
    right_per_hour: Decimal
    invoice_index: int
    found_on: date
    replacement_index: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong in the firm on purpose, so that pages have something to say."""

    over_budget: tuple[int, ...]  # projects
    missing_time: int | None  # project
    late_people: tuple[int, ...]
    held_contracts: tuple[int, ...]
    disputed_invoice: int | None
    part_paid_invoice: int | None
    over_paid_invoice: int | None
    wrong_rate: WrongRate | None
    holiday_entries: tuple[int, ...]  # entries booked on a public holiday


@dataclass(frozen=True, slots=True)
class DemoFirm:
    """A whole firm from `starts_on` to `today`, both inclusive."""

    starts_on: date
    today: date
    entity: Entity
    offices: tuple[Office, ...]
    practices: tuple[Practice, ...]
    roles: tuple[Role, ...]
    people: tuple[Person, ...]
    terms: tuple[Term, ...]
    leave: tuple[Leave, ...]
    clients: tuple[Client, ...]
    contracts: tuple[Contract, ...]
    lines: tuple[Line, ...]
    cards: tuple[RateCard, ...]
    rates: tuple[Rate, ...]
    projects: tuple[Project, ...]
    phases: tuple[Phase, ...]
    tasks: tuple[Task, ...]
    sheets: tuple[Sheet, ...]
    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    adjustments: tuple[Adjustment, ...]
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]
    trouble: Trouble
