"""People with their dated terms and time off."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Q

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.models import User
from workledger.core.refusals import Problems
from workledger.directory.actions.checks import check_shape, check_there
from workledger.directory.calc import shapes
from workledger.directory.models import (
    EmploymentTerms,
    LegalEntity,
    Office,
    Person,
    Practice,
    Role,
    TimeOff,
)
from workledger.ledger.models import Account, AccountRole, Posting

_WEEK_HOURS = 168


class AbsenceKind(StrEnum):
    """Why somebody is away."""

    VACATION = "vacation"
    SICK = "sick"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """Who somebody is. `user_id` names how they sign in, if they do."""

    name: str
    email: str = ""
    is_contractor: bool = False
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewTerms:
    """Terms that hold from `start` until others do.

    `cost_rate` is per worked hour in the entity's functional currency; None keeps the rate of the terms
    before, where the currency is the same, and else means 'not known yet'.
    """

    start: date
    entity_id: int
    practice_id: int | None = None
    office_id: int | None = None
    role_id: int | None = None
    weekly_hours: Decimal = Decimal(40)
    cost_rate: Decimal | None = None
    manager_id: int | None = None


@dataclass(frozen=True, slots=True)
class TimeOffDetails:
    """Approved absence over [start, end); `share` of each working day, 1 is a whole day."""

    person_id: int
    start: date
    end: date
    kind: AbsenceKind = AbsenceKind.VACATION
    share: Decimal = Decimal(1)


@action("directory.add_person", needs=Permission.MANAGE_DIRECTORY)
def add_person(*, actor: Actor, person: PersonDetails, terms: NewTerms) -> int:
    """Add a person with their first terms; returns the person's id.

    Refuses: missing_name, bad_email, email_taken, unknown_user, user_taken, unknown_legal_entity,
    unknown_practice, unknown_office, unknown_role, unknown_person, bad_weekly_hours, bad_cost_rate,
    cost_forbidden.
    """
    problems = Problems()
    _check_person(problems, person, person_id=0)
    _check_terms(problems, actor, terms)
    problems.refuse()
    made = Person.objects.create(
        name=person.name.strip(),
        email=person.email.strip().lower(),
        is_contractor=person.is_contractor,
        user_id=person.user_id,
    )
    EmploymentTerms.objects.create(person=made, **_columns(terms))
    record(made, f"Added {made.name} from {terms.start:%-d %B %Y}")
    return int(made.pk)


@action("directory.create_people", needs=Permission.MANAGE_DIRECTORY, logs_input=False)
def create_people(*, actor: Actor, people: list[tuple[PersonDetails, NewTerms]]) -> list[int]:
    """Add many people with their first terms at once; returns their ids in order.

    Refuses: missing_name, bad_email, email_taken, unknown_legal_entity, unknown_role, cost_forbidden, bad_cost_rate.
    Who signs in, practice, office and manager are not set here.
    """
    problems = Problems()
    emails = [person.email.strip().lower() for person, _ in people]
    taken = set(Person.objects.filter(email__in=set(emails) - {""}).values_list("email", flat=True))
    for (person, _), email in zip(people, emails, strict=True):
        problems.check(person.name.strip(), "missing_name", "Give the person a name.", "name")
        check_shape(problems, shapes.email, email, "bad_email", "email")
        problems.check(
            email not in taken,
            "email_taken", f"Another person already has the email address {email}.", "email",
        )  # fmt: skip
        taken |= {email} - {""}
    for entity_id, role_id in {(terms.entity_id, terms.role_id) for _, terms in people}:
        check_there(problems, LegalEntity.objects.visible_to(actor), entity_id, "legal entity", "entity_id")
        check_there(problems, Role.objects.visible_to(actor), role_id, "role", "role_id")
    for cost in {terms.cost_rate for _, terms in people} - {None}:
        _check_cost(problems, actor, cost)
    problems.refuse()
    made = Person.objects.bulk_create(
        Person(name=person.name.strip(), email=email, is_contractor=person.is_contractor)
        for (person, _), email in zip(people, emails, strict=True)
    )
    EmploymentTerms.objects.bulk_create(
        EmploymentTerms(person=row, **_columns(terms)) for row, (_, terms) in zip(made, people, strict=True)
    )
    record(None, f"Added {len(made)} people")
    return [int(row.pk) for row in made]


@action("directory.change_person", needs=Permission.MANAGE_DIRECTORY)
def change_person(*, actor: Actor, person_id: int, person: PersonDetails) -> None:
    """Change who somebody is. Refuses: not_found, missing_name, bad_email, email_taken, unknown_user, user_taken."""
    row = locks.for_update(Person.objects.visible_to(actor), person_id)
    problems = Problems()
    _check_person(problems, person, person_id=person_id)
    problems.refuse()
    row.name, row.email = person.name.strip(), person.email.strip().lower()
    row.is_contractor, row.user_id = person.is_contractor, person.user_id
    row.save(update_fields=["name", "email", "is_contractor", "user"])
    record(row, f"Changed {row.name}")


@action("directory.change_terms", needs=Permission.MANAGE_DIRECTORY)
def change_terms(*, actor: Actor, person_id: int, terms: NewTerms) -> int:
    """Let new terms hold from a date; returns their id.

    They end the terms that held on that date and last until the next ones that are planned, if any; terms
    that start on the same date are replaced. Labour cost that is posted already stays as it was posted:
    where there is some, the act warns (labour_cost_posted). Refuses: not_found, unknown_legal_entity,
    unknown_practice, unknown_office, unknown_role, unknown_person, own_manager, bad_weekly_hours,
    bad_cost_rate, cost_forbidden, other_entity.
    """
    person = locks.for_update(Person.objects.visible_to(actor), person_id)
    rows = EmploymentTerms.objects.filter(person=person)
    before = rows.filter(start__lte=terms.start).order_by("-start").first()
    following = rows.filter(start__gt=terms.start).order_by("start").first()
    problems = Problems()
    _check_terms(problems, actor, terms, person_id=person_id)
    _check_reach(problems, actor, before)
    problems.refuse()
    if terms.cost_rate is None and before is not None:
        terms = replace(terms, cost_rate=_carried_rate(before, terms.entity_id))
    end = following.start if following else None
    changed = _columns(terms) | {"end": end}
    if before is not None and before.start == terms.start:
        touches_cost = _books_differ(before, terms)
        for field, value in changed.items():
            setattr(before, field, value)
        before.save(update_fields=list(changed))
        held = before
    else:
        touches_cost = before is None or _books_differ(before, terms)
        if before is not None and (before.end is None or before.end > terms.start):
            before.end = terms.start
            before.save(update_fields=["end"])
        held = EmploymentTerms.objects.create(person=person, **changed)
    if touches_cost:
        _warn_of_posted_cost(person, terms.start, end)
    record(person, f"New terms of {person.name} from {terms.start:%-d %B %Y}")
    return int(held.pk)


@action("directory.end_terms", needs=Permission.MANAGE_DIRECTORY)
def end_terms(*, actor: Actor, person_id: int, last_day: date) -> None:
    """End somebody's employment after its last day; later terms that were planned are dropped.

    Refuses: not_found, not_employed, other_entity.
    """
    person = locks.for_update(Person.objects.visible_to(actor), person_id)
    rows = EmploymentTerms.objects.filter(person=person)
    held = rows.filter(Q(end__isnull=True) | Q(end__gt=last_day), start__lte=last_day).first()
    problems = Problems()
    problems.check(
        held,
        "not_employed",
        f"{person.name} has no terms on that day. Choose a day of their employment.",
        "last_day",
    )
    _check_reach(problems, actor, held)
    problems.refuse()
    assert held is not None
    rows.filter(start__gt=last_day).delete()
    held.end = date.fromordinal(last_day.toordinal() + 1)
    held.save(update_fields=["end"])
    _warn_of_posted_cost(person, held.end, None)
    record(person, f"{person.name} leaves on {last_day:%-d %B %Y}")


@action("directory.set_time_off", needs=Permission.MANAGE_DIRECTORY)
def set_time_off(*, actor: Actor, time_off: TimeOffDetails, time_off_id: int | None = None) -> int:
    """Record approved absence, or change one that is recorded; returns its id.

    Refuses: not_found, unknown_person, bad_dates, bad_share, overlaps.
    """
    rows = TimeOff.objects.visible_to(actor)
    row = locks.for_update(rows, time_off_id) if time_off_id is not None else TimeOff()
    person = locks.for_update(Person.objects.visible_to(actor), time_off.person_id)
    problems = Problems()
    problems.check(
        time_off.end > time_off.start,
        "bad_dates",
        "The last day is before the first. Choose a later one.",
        "end",
    )
    problems.check(
        0 < time_off.share <= 1, "bad_share", "The share of a day is more than 0 and at most 1.", "share"
    )
    meets = TimeOff.objects.filter(person=person, start__lt=time_off.end, end__gt=time_off.start)
    problems.check(
        not meets.exclude(pk=row.pk).exists(),
        "overlaps", f"{person.name} is away on some of these days already. Change that absence instead.", "start",
    )  # fmt: skip
    problems.refuse()
    row.person, row.start, row.end = person, time_off.start, time_off.end
    row.kind, row.share = time_off.kind, time_off.share
    row.save()
    last = date.fromordinal(time_off.end.toordinal() - 1)
    record(person, f"{person.name} is away from {time_off.start:%-d %B} to {last:%-d %B %Y}")
    return int(row.pk)


@action("directory.remove_time_off", needs=Permission.MANAGE_DIRECTORY)
def remove_time_off(*, actor: Actor, time_off_id: int) -> None:
    """Take back a recorded absence. Refuses: not_found."""
    row = locks.for_update(TimeOff.objects.visible_to(actor), time_off_id)
    person = row.person
    row.delete()
    record(person, f"Took back time off of {person.name}")


def _check_person(problems: Problems, person: PersonDetails, *, person_id: int) -> None:
    email = person.email.strip().lower()
    problems.check(person.name.strip(), "missing_name", "Give the person a name.", "name")
    check_shape(problems, shapes.email, email, "bad_email", "email")
    others = Person.objects.exclude(pk=person_id)
    problems.check(
        not email or not others.filter(email=email).exists(),
        "email_taken", "Another person already has this email address.", "email",
    )  # fmt: skip
    if person.user_id is not None:
        problems.check(
            User.objects.filter(pk=person.user_id).exists(),
            "unknown_user",
            "There is no such user.",
            "user_id",
        )
        problems.check(
            not others.filter(user_id=person.user_id).exists(),
            "user_taken", "Somebody else already signs in as this user.", "user_id",
        )  # fmt: skip


def _check_terms(problems: Problems, actor: Actor, terms: NewTerms, person_id: int | None = None) -> None:
    check_there(problems, LegalEntity.objects.visible_to(actor), terms.entity_id, "legal entity", "entity_id")
    check_there(problems, Practice.objects.visible_to(actor), terms.practice_id, "practice", "practice_id")
    check_there(problems, Office.objects.visible_to(actor), terms.office_id, "office", "office_id")
    check_there(problems, Role.objects.visible_to(actor), terms.role_id, "role", "role_id")
    check_there(problems, Person.objects.visible_to(actor), terms.manager_id, "person", "manager_id")
    problems.check(
        person_id is None or terms.manager_id != person_id,
        "own_manager", "Nobody is their own manager. Choose somebody else, or nobody.", "manager_id",
    )  # fmt: skip
    problems.check(
        0 <= terms.weekly_hours <= _WEEK_HOURS,
        "bad_weekly_hours", "Weekly hours are a number from 0 to 168, such as 40.", "weekly_hours",
    )  # fmt: skip
    _check_cost(problems, actor, terms.cost_rate)


def _check_cost(problems: Problems, actor: Actor, cost_rate: Decimal | None) -> None:
    if cost_rate is not None:
        problems.check(
            actor.can(Permission.MANAGE_COST),
            "cost_forbidden", "You may not set cost rates. Leave the rate out, or ask Finance.", "cost_rate",
        )  # fmt: skip
        problems.check(
            0 <= cost_rate < 10**8, "bad_cost_rate", "A cost rate is zero or more per hour.", "cost_rate"
        )


def _check_reach(problems: Problems, actor: Actor, held: EmploymentTerms | None) -> None:
    if held is not None and actor.entity_ids is not None:
        problems.check(
            held.entity_id in actor.entity_ids,
            "other_entity", "This person works for a legal entity that you do not manage.", "entity_id",
        )  # fmt: skip


def _columns(terms: NewTerms) -> dict[str, object]:
    return {
        "start": terms.start,
        "entity_id": terms.entity_id,
        "practice_id": terms.practice_id,
        "office_id": terms.office_id,
        "role_id": terms.role_id,
        "weekly_hours": terms.weekly_hours,
        "cost_rate": terms.cost_rate,
        "manager_id": terms.manager_id,
    }


def _carried_rate(before: EmploymentTerms, entity_id: int) -> Decimal | None:
    """Return the rate so far, where the new entity keeps its books in the same currency."""
    if before.entity_id == entity_id:
        return before.cost_rate
    currencies = dict(
        LegalEntity.objects.filter(pk__in=[before.entity_id, entity_id]).values_list("pk", "book__currency")
    )
    return before.cost_rate if currencies[before.entity_id] == currencies[entity_id] else None


def _books_differ(before: EmploymentTerms, terms: NewTerms) -> bool:
    """Tell whether time would be posted otherwise under the new terms."""
    return any(
        getattr(before, name) != getattr(terms, name)
        for name in ("cost_rate", "entity_id", "practice_id", "office_id", "role_id")
    )


def _warn_of_posted_cost(person: Person, start: date, end: date | None) -> None:
    if _cost_is_posted(person, start, end):
        warn(
            "labour_cost_posted",
            f"Time of {person.name} from {start:%-d %B %Y} on is approved and its labour cost posted by the terms"
            " so far. Those postings stay; the new terms count for time approved from now on.",
            "start",
        )


def _cost_is_posted(person: Person, start: date, end: date | None) -> bool:
    accounts = Account.objects.filter(role=AccountRole.LABOUR_COST).values("pk")
    posted = Posting.objects.filter(account__in=accounts, person_id=person.pk, service_date__gte=start)
    if end is not None:
        posted = posted.filter(service_date__lt=end)
    return posted.exists()
