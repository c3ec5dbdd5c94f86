"""People as pages show them; cost only to those who may see it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import EmploymentTerms, Person, TimeOff

_MOST_TIME_OFF = 100


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people. `state` is 'current' (terms hold on the day), 'left', 'coming' or '' for all."""

    words: str = ""
    practice_id: int | None = None
    office_id: int | None = None
    role_id: int | None = None
    state: str = "current"
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class TermsRow:
    """Dated terms; `last_day` is None while they hold. `cost_rate` is None where unknown or not to be seen."""

    id: int
    start: date
    last_day: date | None
    entity_id: int
    entity: str
    currency: str
    practice_id: int | None
    practice: str
    office_id: int | None
    office: str
    role_id: int | None
    role: str
    weekly_hours: Decimal
    cost_rate: Decimal | None
    manager_id: int | None
    manager: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with the terms that hold on the day, else the next, else the last ones; `since` is the first day."""

    id: int
    name: str
    email: str
    is_contractor: bool
    state: str
    since: date | None
    terms: TermsRow | None


@dataclass(frozen=True, slots=True)
class TimeOffRow:
    """Absence; `kind` says no more than 'Away' to who need not know."""

    id: int
    start: date
    last_day: date
    kind: str
    share: Decimal
    is_past: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything a person's page shows. Terms stand latest first."""

    row: PersonRow
    user_id: int | None
    user_email: str
    terms: tuple[TermsRow, ...]
    time_off: tuple[TimeOffRow, ...]


def people(actor: Actor, wanted: PeopleFilter, day: date) -> list[PersonRow]:
    """Return the people that a filter finds as of a day, sorted; two queries whatever their number."""
    rows = Person.objects.visible_to(actor)
    if wanted.words:
        rows = rows.filter(name__icontains=wanted.words) | rows.filter(email__icontains=wanted.words)
    held: dict[int, list[TermsRow]] = {}
    for terms in _terms(actor).order_by("start"):
        held.setdefault(terms.person_id, []).append(_terms_row(actor, terms, day))
    found = [_person_row(person, held.get(person.pk, []), day) for person in rows]
    kept = [row for row in found if _matches(row, wanted)]
    name = wanted.sort.removeprefix("-")
    kept.sort(key=lambda row: row.name.casefold())
    kept.sort(key=lambda row: _sort_key(row, name), reverse=wanted.sort.startswith("-"))
    return kept


def person_page(actor: Actor, person_id: int, day: date) -> PersonPage:
    """Return one person with terms and time off; raises NotFound."""
    person = locks.one(Person.objects.visible_to(actor).select_related("user"), person_id)
    terms = [_terms_row(actor, row, day) for row in _terms(actor).filter(person=person).order_by("start")]
    away = TimeOff.objects.visible_to(actor).filter(person=person).order_by("-start")[:_MOST_TIME_OFF]
    says_why = actor.can(Permission.MANAGE_DIRECTORY) or actor.person_id == person_id
    return PersonPage(
        row=_person_row(person, terms, day),
        user_id=person.user_id,
        user_email=person.user.email if person.user else "",
        terms=tuple(reversed(terms)),
        time_off=tuple(_time_off_row(row, day, says_why=says_why) for row in away),
    )


def _terms(actor: Actor) -> QuerySet[EmploymentTerms]:
    rows: QuerySet[EmploymentTerms] = EmploymentTerms.objects.visible_to(actor).select_related(
        "entity__book", "practice", "office", "role", "manager"
    )
    return rows


def _terms_row(actor: Actor, terms: EmploymentTerms, day: date) -> TermsRow:
    return TermsRow(
        id=terms.pk,
        start=terms.start,
        last_day=terms.end - timedelta(days=1) if terms.end else None,
        entity_id=terms.entity_id,
        entity=terms.entity.name,
        currency=terms.entity.book.currency,
        practice_id=terms.practice_id,
        practice=terms.practice.name if terms.practice else "",
        office_id=terms.office_id,
        office=terms.office.name if terms.office else "",
        role_id=terms.role_id,
        role=terms.role.name if terms.role else "",
        weekly_hours=terms.weekly_hours,
        cost_rate=terms.cost_rate if actor.can(Permission.VIEW_COST) else None,
        manager_id=terms.manager_id,
        manager=terms.manager.name if terms.manager else "",
        holds=terms.holds_on(day),
    )


def _person_row(person: Person, terms: list[TermsRow], day: date) -> PersonRow:
    """`terms` are in order of their start."""
    holding = next((row for row in terms if row.holds), None)
    coming = next((row for row in terms if row.start > day), None)
    state = "current" if holding else "coming" if coming else "left" if terms else "none"
    return PersonRow(
        id=person.pk,
        name=person.name,
        email=person.email,
        is_contractor=person.is_contractor,
        state=state,
        since=terms[0].start if terms else None,
        terms=holding or coming or (terms[-1] if terms else None),
    )


def _matches(row: PersonRow, wanted: PeopleFilter) -> bool:
    if wanted.state and row.state != wanted.state:
        return False
    terms = row.terms
    return all(
        value is None or (terms is not None and getattr(terms, name) == value)
        for name, value in (
            ("practice_id", wanted.practice_id),
            ("office_id", wanted.office_id),
            ("role_id", wanted.role_id),
        )
    )


def _sort_key(row: PersonRow, name: str) -> tuple[bool, Decimal | str]:
    """Sort by text or number; people without the value stand first."""
    terms = row.terms
    if name == "since":
        return row.since is not None, row.since.isoformat() if row.since else ""
    if terms is None or name not in ("practice", "office", "role", "weekly_hours", "cost_rate", "manager"):
        return True, row.name.casefold() if name == "name" else ""
    value = getattr(terms, name)
    if isinstance(value, str):
        return True, value.casefold()
    return value is not None, value if value is not None else Decimal(0)


def _time_off_row(row: TimeOff, day: date, *, says_why: bool) -> TimeOffRow:
    return TimeOffRow(
        id=row.pk,
        start=row.start,
        last_day=row.end - timedelta(days=1),
        kind=str(row.get_kind_display()) if says_why else "Away",
        share=row.share,
        is_past=row.end <= day,
    )
