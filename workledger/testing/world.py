"""The named world: a small firm that every test may stand on.

Fjord & Co GmbH (EUR, Germany) has an owner (Olivia), a project lead (Pia), a consultant (Carl) and finance (Fay).
Its clients are Acme AG, whose contact is Cleo, and Borealis AB. Stan is signed in and nobody. It is Monday,
16 March 2026; January is locked, February to December are open.

    contract  line               project  tasks                rates per hour
    Acme      Delivery (T&M)     Atlas    Build, Workshops     consultant 120, lead 160 (contract card)
              Support (none)     Atlas    Travel               not billable
    Acme 2    Audit (T&M)        Beacon   Review               consultant 110, lead 150 (entity card)
    Borealis  Advisory (T&M)     Compass  Advice               Carl 130 (client card), lead 150 (entity card)

Costs per hour: Pia 70, Carl 50.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.contracts.models import BillingModel, Contract, ContractLine, Rate, RateCard, RevenueMethod
from workledger.core.access import Actor, Role, system_actor
from workledger.core.models import RoleAssignment, User
from workledger.directory import models as directory
from workledger.directory.actors import actor_for
from workledger.ledger import actions as ledger
from workledger.ledger.models import Period, PeriodState
from workledger.projects.models import Project, Task

TODAY = date(2026, 3, 16)
FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Somebody:
    """One of the named people: how they sign in, act and are booked."""

    user: User
    actor: Actor
    person_id: int

    @property
    def user_id(self) -> int:
        """The id they sign in as."""
        return int(self.user.pk)


@dataclass(frozen=True, slots=True)
class World:
    """The firm, with its rows by name."""

    system: Actor
    entity: directory.LegalEntity
    olivia: Somebody
    pia: Somebody
    carl: Somebody
    fay: Somebody
    cleo: Somebody
    stan: Somebody
    practice: directory.Practice
    office: directory.Office
    consultant: directory.Role
    lead: directory.Role
    acme: directory.Client
    borealis: directory.Client
    acme_contract: Contract
    audit_contract: Contract
    borealis_contract: Contract
    delivery: ContractLine
    support: ContractLine
    audit: ContractLine
    advisory: ContractLine
    atlas: Project
    beacon: Project
    compass: Project
    build: Task
    workshops: Task
    travel: Task
    review: Task
    advice: Task

    @property
    def entity_id(self) -> int:
        """The id of the legal entity and of its book."""
        return int(self.entity.pk)

    @property
    def book_id(self) -> int:
        """The id of the book and of its legal entity."""
        return int(self.entity.pk)

    def period(self, month: int) -> Period:
        """The period of a month of 2026."""
        return Period.objects.get(book_id=self.book_id, start=date(2026, month, 1))


@dataclass(frozen=True, slots=True)
class _Ground:
    entity: directory.LegalEntity
    practice: directory.Practice
    office: directory.Office
    consultant: directory.Role
    lead: directory.Role


def build_world() -> World:
    """Build the firm in an empty database and return it."""
    system = system_actor("test")
    ground = _ground(system)
    acme = _client("Acme AG", "DE", directory.TaxTreatment.STANDARD, terms_days=30)
    borealis = _client("Borealis AB", "SE", directory.TaxTreatment.REVERSE_CHARGE, terms_days=14)
    olivia = _somebody("Olivia Owner", Role.OWNER, ground, ground.lead, cost=None)
    pia = _somebody("Pia Lead", Role.PROJECT_MANAGER, ground, ground.lead, cost=Decimal(70))
    carl = _somebody("Carl Consultant", Role.CONSULTANT, ground, ground.consultant, cost=Decimal(50))
    fay = _somebody("Fay Finance", Role.FINANCE, ground, ground.consultant, cost=None)
    acme_contract = _contract(ground, acme, "C-001", "Atlas programme")
    audit_contract = _contract(ground, acme, "C-002", "Audit")
    borealis_contract = _contract(ground, borealis, "C-003", "Advice")
    delivery = _line(acme_contract, "Delivery", BillingModel.TIME_AND_MATERIALS)
    support = _line(acme_contract, "Support", BillingModel.NON_BILLABLE, position=2)
    audit = _line(audit_contract, "Audit", BillingModel.TIME_AND_MATERIALS)
    advisory = _line(borealis_contract, "Advisory", BillingModel.TIME_AND_MATERIALS)
    _rates(ground, acme_contract, borealis, carl)
    atlas = _project(ground, acme_contract, "ATLAS", "Atlas", pia)
    beacon = _project(ground, audit_contract, "BEACON", "Beacon", pia)
    compass = _project(ground, borealis_contract, "COMPASS", "Compass", pia)
    world = World(
        system=system,
        entity=ground.entity,
        olivia=olivia,
        pia=pia,
        carl=carl,
        fay=fay,
        cleo=_contact("Cleo Contact", acme),
        stan=_stranger("Stan Stranger"),
        practice=ground.practice,
        office=ground.office,
        consultant=ground.consultant,
        lead=ground.lead,
        acme=acme,
        borealis=borealis,
        acme_contract=acme_contract,
        audit_contract=audit_contract,
        borealis_contract=borealis_contract,
        delivery=delivery,
        support=support,
        audit=audit,
        advisory=advisory,
        atlas=atlas,
        beacon=beacon,
        compass=compass,
        build=_task(atlas, "Build", delivery),
        workshops=_task(atlas, "Workshops", delivery, position=2),
        travel=_task(atlas, "Travel", support, position=3),
        review=_task(beacon, "Review", audit),
        advice=_task(compass, "Advice", advisory),
    )
    ledger.set_period_state(
        actor=fay.actor, period_id=world.period(1).pk, state=PeriodState.LOCKED, reason="Year-end reported"
    )
    return world


def _ground(system: Actor) -> _Ground:
    book_id = ledger.open_book(
        actor=system, name="Fjord & Co GmbH", currency="EUR", first_day=FIRST_DAY, through=date(2026, 12, 31)
    )
    entity = directory.LegalEntity.objects.create(
        book_id=book_id,
        name="Fjord & Co GmbH",
        country="DE",
        street="Hafenstraße 1",
        postcode="20457",
        city="Hamburg",
        vat_id="DE123456788",
        iban="DE02120300000000202051",
        standard_tax_rate=Decimal(19),
    )
    return _Ground(
        entity=entity,
        practice=directory.Practice.objects.create(name="Engineering"),
        office=directory.Office.objects.create(name="Hamburg", country="DE", subdivision="HH"),
        consultant=directory.Role.objects.create(name="Consultant", level=2),
        lead=directory.Role.objects.create(name="Lead", level=4),
    )


def _user(name: str, *roles: RoleAssignment) -> User:
    user = User.objects.create_user(f"{name.split(maxsplit=1)[0].lower()}@fjord.example", name=name)
    for assignment in roles:
        assignment.user = user
        assignment.save()
    return user


def _somebody(
    name: str, role: Role, ground: _Ground, billed_as: directory.Role, *, cost: Decimal | None
) -> Somebody:
    user = _user(name, RoleAssignment(role=role))
    person = directory.Person.objects.create(name=name, email=user.email, user=user)
    directory.EmploymentTerms.objects.create(
        person=person,
        start=FIRST_DAY,
        entity=ground.entity,
        practice=ground.practice,
        office=ground.office,
        role=billed_as,
        weekly_hours=Decimal(40),
        cost_rate=cost,
    )
    return Somebody(user, actor_for(user, "web"), person.pk)


def _contact(name: str, client: directory.Client) -> Somebody:
    user = _user(name, RoleAssignment(role=Role.CLIENT_CONTACT, client_id=client.pk))
    directory.Contact.objects.create(
        client=client, name=name, email=user.email, is_billing_contact=True, user=user
    )
    return Somebody(user, actor_for(user, "web"), 0)


def _stranger(name: str) -> Somebody:
    user = _user(name)
    return Somebody(user, actor_for(user, "web"), 0)


def _client(name: str, country: str, tax: directory.TaxTreatment, *, terms_days: int) -> directory.Client:
    client = directory.Client.objects.create(name=name, country=country, street="Ring 1")
    directory.BillingProfile.objects.create(
        client=client,
        currency="EUR",
        payment_terms_days=terms_days,
        tax_treatment=tax,
        tax_rate=Decimal(0) if tax is directory.TaxTreatment.REVERSE_CHARGE else None,
    )
    return client


def _contract(ground: _Ground, client: directory.Client, number: str, name: str) -> Contract:
    return Contract.objects.create(
        client=client, entity=ground.entity, number=number, name=name, currency="EUR", start=FIRST_DAY
    )


def _line(contract: Contract, name: str, model: BillingModel, *, position: int = 1) -> ContractLine:
    billable = model is not BillingModel.NON_BILLABLE
    return ContractLine.objects.create(
        contract=contract,
        position=position,
        name=name,
        model=model,
        revenue_method=RevenueMethod.AS_INVOICED if billable else RevenueMethod.NONE,
    )


def _rates(ground: _Ground, acme_contract: Contract, borealis: directory.Client, carl: Somebody) -> None:
    entity_card = RateCard.objects.create(name="Standard 2026", currency="EUR", entity=ground.entity)
    contract_card = RateCard.objects.create(name="Atlas prices", currency="EUR", contract=acme_contract)
    client_card = RateCard.objects.create(name="Borealis prices", currency="EUR", client=borealis)
    for card, key, rate in (
        (entity_card, {"role": ground.consultant}, 110),
        (entity_card, {"role": ground.lead}, 150),
        (contract_card, {"role": ground.consultant}, 120),
        (contract_card, {"role": ground.lead}, 160),
        (client_card, {"person_id": carl.person_id}, 130),
    ):
        Rate.objects.create(card=card, valid_from=FIRST_DAY, rate_per_hour=Decimal(rate), **key)


def _project(ground: _Ground, contract: Contract, code: str, name: str, manager: Somebody) -> Project:
    return Project.objects.create(
        client=contract.client,
        entity=ground.entity,
        contract=contract,
        practice=ground.practice,
        manager_id=manager.person_id,
        code=code,
        name=name,
        start=FIRST_DAY,
        budget_seconds=400 * 3600,
        budget_amount=Decimal(48000),
    )


def _task(project: Project, name: str, line: ContractLine, *, position: int = 1) -> Task:
    return Task.objects.create(project=project, name=name, contract_line=line, position=position)
