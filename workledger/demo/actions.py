"""Loads the generated firm: one action, one transaction, through the same acts and postings as the pages."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from workledger.billing.actions.invoices import credit_invoice, issue_invoices
from workledger.billing.actions.items import reprice_open_items
from workledger.billing.actions.prebills import hold_items, make_drafts, open_pieces, write_down_items
from workledger.billing.documents.logos import demo_logo
from workledger.billing.models import BillableItem, Invoice, OpenItem, ReasonCode, Treatment
from workledger.contracts.actions import (
    create_contracts,
    create_lines,
    create_rate_cards,
    create_rates,
    create_task_types,
)
from workledger.contracts.inputs import NewContract, NewLine, RateCardInput, RateInput
from workledger.contracts.models import BillingModel, ContractState, Rate, RateState, RevenueMethod
from workledger.core import bulk
from workledger.core.access import Actor, Permission, Role, system_actor
from workledger.core.door import Options, action, record
from workledger.core.models import RoleAssignment, User
from workledger.demo.calc.firm import generate
from workledger.demo.calc.records import DemoFirm, Entry, WrongRate
from workledger.demo.closing import Closing
from workledger.demo.deals import Deals
from workledger.demo.queries import PASSWORD, is_loaded
from workledger.demo.spending import Spending
from workledger.demo.stories import Stories
from workledger.demo.waiting import Waiting
from workledger.directory import models as directory
from workledger.kernel.rounding import round_amount
from workledger.ledger import actions as ledger
from workledger.ledger.models import Book
from workledger.projects.actions import create_phases, create_projects, create_tasks
from workledger.projects.inputs import NewPhase, NewTask, ProjectInput
from workledger.projects.models import ProjectState
from workledger.receivables.actions import open_dispute, record_payment
from workledger.timesheets.approval import approve_locked
from workledger.timesheets.calc.content import EntryContent, content_hash
from workledger.timesheets.models import LineDecision, LineState, TimeEntry, TimesheetLine

_INTERNAL = "Lindqvist & Partner (internal)"
_LEITWEG = "0204"
"""The scheme of the German public bodies' e-invoice addresses."""
_OPEN_MONTHS = 2
_BILLED = (BillingModel.TIME_AND_MATERIALS.value,)
_MARKED_UP = {"expenses": {"markup_percent": "8"}}
_DECIDED_AT = time(17, 0)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoadedDemo:
    """What was loaded; all zero when the firm was there already."""

    entries: int
    invoices: int
    payments: int


def load_demo(*, people: int, months: int, seed: int, today: date, progress: Progress) -> LoadedDemo:
    """Load the demo firm unless it is there; returns what was loaded.

    One transaction: a load that was broken off leaves nothing. Refuses: database_in_use (another firm's books).
    """
    actor = system_actor("demo", "Demo")
    progress("Imagining a consultancy")
    firm = generate(people=people, months=months, seed=seed, today=today)
    if is_loaded(firm.entity.name):
        return LoadedDemo(0, 0, 0)
    loaded = load_firm(actor=actor, loader=_Loader(actor, firm, progress))
    progress("Gathering statistics")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return loaded


@action("demo.load_firm", needs=Permission.MANAGE_SETTINGS, logs_input=False)
def load_firm(*, actor: Actor, loader: "_Loader") -> LoadedDemo:
    """Write a generated firm: people, work, time, approvals, bills, payments, then close what is past."""
    loader.found()
    loader.people()
    loader.clients()
    loader.agreements()
    loader.work()
    loader.time()
    loader.approvals()
    loader.spending.load()
    loader.deals.load()
    loader.adjustments()
    invoices = loader.bills()
    loader.deals.bill()
    payments = loader.payments()
    loader.spending.vendor_bill()
    loader.holds()
    loader.waiting.load()
    loader.closing.load()
    record(None, f"Loaded the demo firm with {len(loader.firm.entries):,} entries")
    return LoadedDemo(len(loader.firm.entries), invoices, payments)


class _Loader:
    """Writes one firm noun by noun; lists of ids stand at the positions of the firm's records."""

    def __init__(self, actor: Actor, firm: DemoFirm, progress: Progress) -> None:
        self.actor = actor
        self.firm = firm
        self._progress = progress
        self.spending, self.deals, self.waiting = Spending(self), Deals(self), Waiting(self)
        self.closing = Closing(self, _OPEN_MONTHS)
        self.entity_id = 0
        self.person_ids: list[int] = []
        self.user_ids: list[int] = []
        self.role_ids: list[int] = []
        self.practice_ids: list[int] = []
        self.client_ids: list[int] = []
        self.internal_id = 0
        self.contract_ids: list[int] = []
        self.line_ids: list[int] = []
        self.project_ids: list[int] = []
        self.task_ids: list[int] = []
        self.entry_ids: list[int] = []
        self.sheet_lines: dict[tuple[int, int, date], int] = {}
        self.item_of: dict[int, int] = {}
        self.invoice_ids: dict[int, int] = {}
        self.wrong_rate_ids: list[int] = []

    def say(self, words: str) -> None:
        """Tell what is being done."""
        self._progress(words)

    def found(self) -> None:
        """The legal entity with its books."""
        self.say("Opening the books")
        firm, entity = self.firm, self.firm.entity
        self.entity_id = ledger.open_book(
            actor=self.actor,
            name=entity.name,
            currency=entity.currency,
            first_day=firm.starts_on.replace(day=1),
            through=firm.today + timedelta(days=62),
        )
        directory.LegalEntity.objects.create(
            book=Book.objects.get(pk=self.entity_id),
            name=entity.name,
            country=entity.country,
            street=entity.street,
            postcode=entity.postcode,
            city=entity.city,
            register_number=entity.register_number,
            vat_id=entity.vat_id,
            email="office@lindqvist.example",
            phone=entity.phone,
            website="lindqvist.example",
            bank_name=entity.bank_name,
            iban=entity.iban,
            bic=entity.bic,
            standard_tax_rate=entity.tax_percent,
            invoice_prefix="LP-",
            logo_svg=demo_logo().data.decode(),
            footer="Managing directors: Olivia Lindqvist, Jonas Weber",
        )

    def people(self) -> None:
        """Offices, practices, roles, people with dated terms, time off, and who signs in."""
        self.say("Hiring people")
        firm = self.firm
        offices = directory.Office.objects.bulk_create(
            directory.Office(name=row.name, country=row.country, subdivision=row.subdivision)
            for row in firm.offices
        )
        practices = directory.Practice.objects.bulk_create(
            directory.Practice(name=row.name) for row in firm.practices
        )
        roles = directory.Role.objects.bulk_create(
            directory.Role(name=row.name, level=row.level) for row in firm.roles
        )
        self.practice_ids = [row.pk for row in practices]
        self.role_ids = [row.pk for row in roles]
        password = make_password(PASSWORD)  # hashed once: it is the same for everybody
        users = User.objects.bulk_create(
            User(email=row.email, name=row.name, password=password, is_active=row.left_on is None)
            for row in firm.people
        )
        RoleAssignment.objects.bulk_create(
            RoleAssignment(user=user, role=role)
            for user, row in zip(users, firm.people, strict=True)
            for role in row.access
        )
        people = directory.Person.objects.bulk_create(
            directory.Person(name=row.name, email=row.email, user=user)
            for user, row in zip(users, firm.people, strict=True)
        )
        self.user_ids = [user.pk for user in users]
        self.person_ids = [person.pk for person in people]
        directory.EmploymentTerms.objects.bulk_create(
            directory.EmploymentTerms(
                person=people[row.person_index],
                start=row.starts_on,
                end=row.ends_on,
                entity_id=self.entity_id,
                practice=practices[row.practice_index],
                office=offices[row.office_index],
                role=roles[row.role_index],
                weekly_hours=row.weekly_hours,
                cost_rate=row.cost_per_hour,
                manager=None if row.manager_index is None else people[row.manager_index],
            )
            for row in firm.terms
        )
        directory.TimeOff.objects.bulk_create(
            directory.TimeOff(
                person=people[row.person_index], start=row.starts_on, end=row.ends_on, kind=row.kind
            )
            for row in firm.leave
        )

    def clients(self) -> None:
        """Clients with contacts and billing profiles; the firm's own work has an internal client."""
        self.say("Winning clients")
        rows = directory.Client.objects.bulk_create(
            [
                *(
                    directory.Client(
                        name=row.name,
                        industry=row.industry,
                        country=row.country,
                        street=row.street,
                        postcode=row.postcode,
                        city=row.city,
                        vat_id=row.vat_id,
                    )
                    for row in self.firm.clients
                ),
                directory.Client(name=_INTERNAL, country=self.firm.entity.country, is_internal=True),
            ]
        )
        self.client_ids = [row.pk for row in rows[:-1]]
        self.internal_id = rows[-1].pk
        directory.BillingProfile.objects.bulk_create(
            directory.BillingProfile(
                client_id=client_id,
                currency=row.currency,
                payment_terms_days=row.payment_terms_days,
                tax_treatment=row.tax_treatment,
                requires_po=row.po_required,
                group_lines_by=row.invoice_grouping,
                paper=row.paper,
                language=row.language,
                einvoice_scheme=_LEITWEG if row.e_invoice_address else "",
                einvoice_address=row.e_invoice_address,
                buyer_reference=row.e_invoice_address,
            )
            for client_id, row in zip(self.client_ids, self.firm.clients, strict=True)
        )
        contacts = directory.Contact.objects.bulk_create(
            directory.Contact(
                client_id=client_id,
                name=contact.name,
                email=contact.email,
                position=contact.purpose.capitalize(),
                is_billing_contact=contact.purpose == "billing",
            )
            for client_id, row in zip(self.client_ids, self.firm.clients, strict=True)
            for contact in row.contacts
        )
        guest = contacts[0]
        guest.user = User.objects.create(
            email=guest.email, name=guest.name, password=User.objects.get(pk=self.user_ids[0]).password
        )
        guest.save(update_fields=["user"])
        RoleAssignment.objects.create(user=guest.user, role=Role.CLIENT_CONTACT, client_id=guest.client_id)
        auditor = User.objects.create(
            email="audit@wirtz.example", name="Margot Wirtz", password=guest.user.password
        )
        RoleAssignment.objects.create(user=auditor, role=Role.AUDITOR)

    def agreements(self) -> None:
        """Contracts, lines, rate cards and dated rates."""
        self.say("Signing contracts")
        firm, actor = self.firm, self.actor
        self.contract_ids = create_contracts(
            actor=actor,
            contracts=[
                NewContract(
                    client_id=self._client(row.client_index),
                    entity_id=self.entity_id,
                    name=row.title,
                    number=row.number,
                    currency=row.currency,
                    start=row.starts_on,
                    end=row.ends_on,
                    po_number=row.po_number,
                    payment_terms_days=row.payment_terms_days,
                    requires_notes=row.note_required,
                    state=ContractState.ACTIVE,
                )
                for row in firm.contracts
            ],
        )
        self.line_ids = create_lines(
            actor=actor,
            lines=[
                NewLine(
                    contract_id=self.contract_ids[row.contract_index],
                    position=row.position,
                    name=row.name,
                    model=BillingModel(row.model),
                    revenue_method=RevenueMethod(row.method),
                    budget_seconds=_seconds(row.budget_hours),
                    budget_amount=row.budget_amount,
                    terms={
                        **row.terms,
                        **(_MARKED_UP if row.model in _BILLED and row.contract_index % 3 == 0 else {}),
                    },
                )
                for row in firm.lines
            ],
        )
        kinds = sorted({row.task_type for row in firm.tasks})
        self.types = dict(zip(kinds, create_task_types(actor=actor, names=kinds), strict=True))
        cards = create_rate_cards(
            actor=actor,
            cards=[
                RateCardInput(
                    name=row.name,
                    currency=row.currency,
                    entity_id=self.entity_id if row.level == "entity" else None,
                    client_id=None if row.client_index is None else self.client_ids[row.client_index],
                    contract_id=None if row.contract_index is None else self.contract_ids[row.contract_index],
                )
                for row in firm.cards
            ],
        )
        create_rates(
            actor=actor,
            rates=[
                RateInput(
                    card_id=cards[row.card_index],
                    rate_per_hour=row.per_hour,
                    valid_from=row.starts_on,
                    valid_to=row.ends_on,
                    contract_line_id=None if row.line_index is None else self.line_ids[row.line_index],
                    person_id=None if row.person_index is None else self.person_ids[row.person_index],
                    role_id=None if row.role_index is None else self.role_ids[row.role_index],
                    task_type_id=None if row.task_type is None else self.types[row.task_type],
                )
                for row in firm.rates
            ],
        )

    def _client(self, index: int | None) -> int:
        return self.internal_id if index is None else self.client_ids[index]

    def work(self) -> None:
        """Projects with phases and tasks."""
        self.say("Planning projects")
        firm, actor = self.firm, self.actor
        self.project_ids = create_projects(
            actor=actor,
            projects=[
                ProjectInput(
                    client_id=self._client(row.client_index),
                    entity_id=self.entity_id,
                    contract_id=self.contract_ids[row.contract_index],
                    practice_id=self.practice_ids[row.practice_index],
                    manager_id=self.person_ids[row.manager_index],
                    name=row.name,
                    code=row.code,
                    state=ProjectState(row.status),
                    start=row.starts_on,
                    end=row.last_day + timedelta(days=1),
                    budget_seconds=_seconds(row.budget_hours),
                    budget_amount=row.budget_amount,
                )
                for row in firm.projects
            ],
        )
        phases = create_phases(
            actor=actor,
            phases=[
                NewPhase(
                    project_id=self.project_ids[row.project_index],
                    position=row.position,
                    name=row.name,
                    start=row.starts_on,
                    end=row.last_day + timedelta(days=1),
                )
                for row in firm.phases
            ],
        )
        self.task_ids = create_tasks(
            actor=actor,
            tasks=[
                NewTask(
                    project_id=self.project_ids[row.project_index],
                    phase_id=phases[row.phase_index],
                    contract_line_id=self.line_ids[row.line_index],
                    task_type_id=self.types[row.task_type],
                    position=row.position,
                    name=row.name,
                    is_open=not row.closed,
                    budget_seconds=_seconds(row.budget_hours),
                    budget_amount=row.budget_amount,
                )
                for row in firm.tasks
            ],
        )

    def time(self) -> None:
        """Timesheet lines and entries, with the submissions and rejections of their weeks."""
        firm = self.firm
        self.say(f"Writing {len(firm.entries):,} time entries")
        keys = sorted(
            {(e.person_index, e.task_index, firm.sheets[e.sheet_index].monday) for e in firm.entries}
        )
        ids = bulk.reserve_ids(TimesheetLine, len(keys))
        self.sheet_lines = dict(zip(keys, ids, strict=True))
        submitted: dict[int, tuple[int, date]] = {}
        for row in firm.entries:
            sheet = firm.sheets[row.sheet_index]
            if sheet.submitted_on is not None:
                submitted[self._line(row)] = row.person_index, sheet.submitted_on
        rejected = {self._line(firm.entries[row.entry_index]): row for row in firm.rejections}
        bulk.copy_rows(
            TimesheetLine,
            ("id", "person", "task", "week", "state"),
            [
                (
                    line_id,
                    self.person_ids[person],
                    self.task_ids[task],
                    monday,
                    LineState.REJECTED.value
                    if line_id in rejected
                    else LineState.SUBMITTED.value
                    if line_id in submitted
                    else LineState.OPEN.value,
                )
                for (person, task, monday), line_id in self.sheet_lines.items()
            ],
        )
        self.entry_ids = bulk.reserve_ids(TimeEntry, len(firm.entries))
        bulk.copy_rows(
            TimeEntry,
            ("id", "line", "person", "task", "work_date", "worked_seconds", "billable_seconds", "note"),
            [
                (
                    entry_id, self._line(row), self.person_ids[row.person_index], self.task_ids[row.task_index],
                    row.day, row.worked_seconds, row.billable_seconds, row.note,
                )
                for entry_id, row in zip(self.entry_ids, firm.entries, strict=True)
            ],
        )  # fmt: skip
        content: dict[int, list[EntryContent]] = defaultdict(list)
        for entry_id, row in zip(self.entry_ids, firm.entries, strict=True):
            content[self._line(row)].append(
                EntryContent(
                    entry_id,
                    row.day,
                    row.worked_seconds,
                    row.billable_seconds,
                    row.note,
                    self.task_ids[row.task_index],
                )
            )
        bulk.copy_rows(
            LineDecision,
            ("line", "decision", "user", "at", "reason", "content_hash"),
            [
                (
                    line_id,
                    "submitted",
                    self.user_ids[person],
                    _moment(day),
                    "",
                    content_hash(content[line_id]),
                )
                for line_id, (person, day) in submitted.items()
            ],
        )
        bulk.copy_rows(
            LineDecision,
            ("line", "decision", "user", "at", "reason", "content_hash"),
            [
                (
                    line_id, "rejected", self.user_ids[firm.entries[row.entry_index].approver_index],
                    _moment(row.rejected_on), row.reason, content_hash(content[line_id]),
                )
                for line_id, row in rejected.items()
            ],
        )  # fmt: skip

    def _line(self, row: Entry) -> int:
        return self.sheet_lines[row.person_index, row.task_index, self.firm.sheets[row.sheet_index].monday]

    def approvals(self) -> None:
        """Approvals, by each approver; one rate stands too high before the invoice that will be credited."""
        self.say("Approving time, pricing it and posting it")
        if self.firm.trouble.wrong_rate is not None:
            self._raise_wrongly(self.firm.trouble.wrong_rate)
        by_approver: dict[int, dict[int, datetime]] = defaultdict(dict)
        for row in self.firm.entries:
            if row.approved_on is not None:
                by_approver[row.approver_index][self._line(row)] = _moment(row.approved_on)
        for approver, decided in sorted(by_approver.items()):
            lines = list(TimesheetLine.objects.filter(pk__in=decided).order_by("pk"))
            approve_locked(self.acting_as(approver), lines, frozenset({LineState.SUBMITTED}), "", decided)
        ids = dict(zip(self.entry_ids, range(len(self.entry_ids)), strict=True))
        items = BillableItem.objects.filter(source_kind="time", treatment=Treatment.CHARGED).values_list(
            "source_id", "pk"
        )
        self.item_of = {ids[source]: item for source, item in items if source in ids}

    def acting_as(self, person: int) -> Actor:
        """The demo's own actor in the name of one of the people."""
        return replace(self.actor, name=self.firm.people[person].name, user_id=self.user_ids[person])

    def _raise_wrongly(self, wrong: WrongRate) -> None:
        """Give the people of one invoice's role a wrong rate of their own while it was worked."""
        firm = self.firm
        entries = [firm.entries[index] for index in firm.invoices[wrong.invoice_index].entry_indexes]
        entries = [row for row in entries if firm.tasks[row.task_index].line_index == wrong.line_index]
        card = Rate.objects.filter(card__contract_id=self._contract_of(wrong.line_index)).first()
        card_id = card.card_id if card else self._own_card(wrong.line_index)
        first, last = min(row.day for row in entries), max(row.day for row in entries)
        roles = {
            (row.person_index, row.role_index)
            for row in firm.terms
            if row.starts_on <= last and (row.ends_on is None or row.ends_on > first)
        }
        people = {row.person_index for row in entries if (row.person_index, wrong.role_index) in roles}
        known = set(
            Rate.objects.filter(
                card_id=card_id, contract_line_id=self.line_ids[wrong.line_index], person__isnull=False
            ).values_list("person_id", flat=True)
        )
        saved = create_rates(
            actor=self.actor,
            rates=[
                RateInput(
                    card_id=card_id,
                    rate_per_hour=wrong.wrong_per_hour,
                    valid_from=first,
                    valid_to=last + timedelta(days=1),
                    contract_line_id=self.line_ids[wrong.line_index],
                    person_id=self.person_ids[person],
                )
                for person in sorted(people)
                if self.person_ids[person] not in known
            ],
        )
        self.wrong_rate_ids = saved.rate_ids

    def _contract_of(self, line_index: int) -> int:
        return self.contract_ids[self.firm.lines[line_index].contract_index]

    def _own_card(self, line_index: int) -> int:
        contract = self.firm.contracts[self.firm.lines[line_index].contract_index]
        card = RateCardInput(
            name=f"{contract.title} prices",
            currency=contract.currency,
            contract_id=self._contract_of(line_index),
        )
        return create_rate_cards(actor=self.actor, cards=[card])[0]

    def adjustments(self) -> None:
        """Write-downs and write-offs of single items, before they are billed."""
        self.say("Writing down what was not worth its hours")
        chosen = [
            row for row in self.firm.adjustments if row.kind != "hold" and row.entry_index in self.item_of
        ]
        amounts = dict(
            OpenItem.objects.filter(pk__in=[self.item_of[row.entry_index] for row in chosen]).values_list(
                "pk", "amount"
            )
        )
        for row in chosen:
            item_id = self.item_of[row.entry_index]
            if not amounts.get(item_id):
                continue
            part = round_amount(amounts[item_id] * row.share, self.firm.entity.currency)
            write_down_items(
                actor=self.actor,
                item_ids=[item_id],
                amount=None if row.kind == "write_off" else part,
                reason_code=ReasonCode(row.reason),
                on=row.decided_on,
                note=row.note,
            )

    def bills(self) -> int:
        """Each monthly run: pre-bills from their entries, issued on their day; one credited and billed again."""
        firm = self.firm
        wrong = firm.trouble.wrong_rate
        later = wrong.replacement_index if wrong else None
        by_day: dict[tuple[date, date | None], list[int]] = defaultdict(list)
        for index, row in enumerate(firm.invoices):
            if index != later:
                by_day[row.through, row.issued_on].append(index)
        order = sorted(by_day, key=lambda key: (key[1] or date.max, key[0]))
        stories = Stories(self.actor, self.entity_id, firm.starts_on, firm.today)
        for number, key in enumerate(order, start=1):
            self.say(f"Billing {key[0]:%B %Y} ({number} of {len(order)})")
            stories.advance(
                key[1] or firm.today
            )  # in between, so that the numbers of invoices follow their days
            self._bill(by_day[key], *key)
            if wrong and wrong.invoice_index in by_day[key]:
                self._credit(wrong)
        stories.advance(firm.today)
        for index, row in enumerate(firm.invoices):
            if row.disputed_on is not None and index in self.invoice_ids:
                open_dispute(
                    actor=self.actor,
                    invoice_id=self.invoice_ids[index],
                    reason="The client says two of the workshops were not agreed.",
                    on=row.disputed_on,
                )
        return len(self.invoice_ids)

    def _bill(self, indexes: Sequence[int], through: date, issued_on: date | None) -> None:
        firm = self.firm
        items = [
            self.item_of[entry]
            for index in indexes
            for entry in firm.invoices[index].entry_indexes
            if entry in self.item_of
        ]
        contracts = [self.contract_ids[firm.invoices[index].contract_index] for index in indexes]
        items += self.spending.open_items(contracts, through)
        made = make_drafts(open_pieces(self.actor, through, item_ids=items), through)
        of_contract = dict(Invoice.objects.filter(pk__in=made).values_list("contract_id", "pk"))
        for index in indexes:
            contract_id = self.contract_ids[firm.invoices[index].contract_index]
            if contract_id in of_contract:
                self.invoice_ids[index] = of_contract[contract_id]
        if issued_on is not None and made:
            issue_invoices(actor=self.actor, invoice_ids=made, issued_on=issued_on, makes_pdfs=False)

    def _credit(self, wrong: WrongRate) -> None:
        """Find the wrong rate: credit the invoice, price its work anew, issue it again."""
        invoice_id = self.invoice_ids.pop(wrong.invoice_index)
        credit_invoice(
            actor=self.actor,
            invoice_id=invoice_id,
            on=wrong.found_on,
            reason=f"Billed at {wrong.wrong_per_hour} instead of {wrong.right_per_hour} per hour",
        )
        Rate.objects.filter(pk__in=self.wrong_rate_ids).update(state=RateState.WITHDRAWN)
        contract_id = self._contract_of(wrong.line_index)
        reprice_open_items(actor=self.actor, contract_ids=[contract_id], from_day=self.firm.starts_on)
        ids = dict(zip(self.entry_ids, range(len(self.entry_ids)), strict=True))
        rows = BillableItem.objects.filter(
            contract_id=contract_id, is_void=False, treatment=Treatment.CHARGED
        )
        self.item_of |= {ids[source]: item for source, item in rows.values_list("source_id", "pk")}
        again = self.firm.invoices[wrong.replacement_index]
        self._bill([wrong.replacement_index], again.through, again.issued_on)

    def payments(self) -> int:
        """Payments as they came in."""
        self.say("Receiving payments")
        gross = dict(Invoice.objects.filter(state="issued").values_list("pk", "gross"))
        rows = [row for row in self.firm.payments if self.invoice_ids.get(row.invoice_index) in gross]
        options = Options(confirmed=frozenset({"overpayment"}))
        for row in sorted(rows, key=lambda one: one.received_on):
            invoice_id = self.invoice_ids[row.invoice_index]
            amount = round_amount(gross[invoice_id] * row.share, self.firm.entity.currency) + row.extra
            record_payment.using(options)(
                actor=self.actor,
                invoice_id=invoice_id,
                amount=amount,
                on=row.received_on,
                reference=row.reference,
            )
        return len(rows)

    def holds(self) -> None:
        """What is held today, with its reason."""
        open_ids = set(OpenItem.objects.values_list("pk", flat=True))
        by_reason: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in self.firm.adjustments:
            item_id = self.item_of.get(row.entry_index)
            if row.kind == "hold" and row.released_on is None and item_id in open_ids:
                by_reason[row.reason, row.note].append(item_id)
        for (reason, note), item_ids in sorted(by_reason.items()):
            hold_items(actor=self.actor, item_ids=item_ids, reason_code=ReasonCode(reason), note=note)


def _seconds(hours: Decimal | None) -> int | None:
    return None if hours is None else int(hours * 3600)


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, _DECIDED_AT))
