"""The firm itself and its people: offices, practices, roles, dated terms, cost rates, time off."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from workledger.demo.calc.dates import DAY, add_months, days
from workledger.demo.calc.names import ascii_slug, person_names
from workledger.demo.calc.records import Entity, Leave, Office, Person, Practice, Role, Term
from workledger.kernel.calendars import public_holidays

HAMBURG, WIEN = 0, 1
PARTNER, PRINCIPAL, MANAGER, SENIOR, CONSULTANT, ANALYST, BACK_OFFICE = range(7)
DATA, CLOUD, CHANGE = 0, 1, 2

ENTITY = Entity(
    name="Lindqvist & Partner GmbH",
    firm_name="Lindqvist & Partner",
    country="DE",
    currency="EUR",
    vat_id="DE318204755",
    register_number="HRB 123456",
    phone="+49 40 5550 1200",
    tax_percent=Decimal(19),
    street="Große Elbkante 14",
    postcode="22767",
    city="Hamburg",
    bank_name="Hanseatische Beispielbank",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
)

PRACTICES = (
    Practice(name="Data & analytics", code="DATA"),
    Practice(name="Cloud platforms", code="CLOUD"),
    Practice(name="Change & operations", code="CHANGE"),
)


def _role(name: str, level: int, price: str, cost: str) -> Role:
    return Role(
        name=name,
        level=level,
        billable=name != "Back office",
        price_per_hour=Decimal(price),
        cost_per_hour=Decimal(cost),
    )


ROLES = (
    _role("Partner", 5, "235.00", "144.00"),
    _role("Principal", 4, "192.00", "118.00"),
    _role("Project manager", 3, "158.00", "95.00"),
    _role("Senior consultant", 3, "152.00", "92.50"),
    _role("Consultant", 2, "124.00", "76.00"),
    _role("Analyst", 1, "98.00", "58.50"),
    _role("Back office", 2, "0.00", "46.00"),
)

# The share of each role in a firm; the rest are consultants.
_MIX = (
    (PARTNER, 0.05),
    (PRINCIPAL, 0.10),
    (MANAGER, 0.12),
    (SENIOR, 0.25),
    (ANALYST, 0.15),
    (BACK_OFFICE, 0.05),
)
_NEXT_ROLE = {ANALYST: CONSULTANT, CONSULTANT: SENIOR, SENIOR: PRINCIPAL}
_SICK_BY_MONTH = (1.9, 1.8, 1.4, 0.9, 0.6, 0.5, 0.5, 0.4, 0.8, 1.1, 1.4, 1.5)
CENT = Decimal("0.01")
COST_RISE = Decimal("1.03")


def build_offices(first: date, last: date) -> tuple[Office, ...]:
    """Both offices with their public holidays in the years of these days."""
    years = range(first.year - 1, last.year + 2)
    found = []
    for name, code, country, subdivision, hours in (
        ("Hamburg", "HH", "DE", "HH", "40"),
        ("Wien", "WIE", "AT", "9", "38.5"),
    ):
        closed = [day for year in years for day in public_holidays(country, subdivision, year)]
        found.append(
            Office(
                name=name,
                code=code,
                country=country,
                subdivision=subdivision,
                weekly_hours=Decimal(hours),
                holidays=tuple(sorted(closed)),
            )
        )
    return tuple(found)


def _roles_of(count: int) -> list[int]:
    """The role of each person on the first day, seniors first, so that managers stand before their people."""
    found = [PARTNER]
    for role, share in _MIX:
        wanted = round(count * share) - (1 if role == PARTNER else 0)
        found += [role] * max(wanted, 0)
    while len(found) < count:
        found.append(CONSULTANT)
    return sorted(found[:count])


def _week_pattern(rng: Random, weekly_hours: Decimal, share: int) -> tuple[int, int, int, int, int, int, int]:
    """Capacity per weekday for 100, 80 or 60 percent of a full week."""
    full_day = int(weekly_hours * 3600) // 5
    if share == 100:
        return (full_day,) * 5 + (0, 0)
    if rng.random() < 0.35:  # shorter days, the whole week
        short = full_day * share // 100
        return (short,) * 5 + (0, 0)
    if share == 80:
        free = rng.choice((2, 4, 4))
        mon, tue, wed, thu, fri = (0 if day == free else full_day for day in range(5))
        return (mon, tue, wed, thu, fri, 0, 0)
    return (full_day, full_day, full_day, 0, 0, 0, 0)


def build_people(
    rng: Random, count: int, starts_on: date, today: date, offices: Sequence[Office]
) -> tuple[tuple[Person, ...], tuple[Term, ...]]:
    """People with dated terms: joiners, leavers, promotions and part-timers among them."""
    roles = _roles_of(count)
    names = [("Annika", "Lindqvist"), *person_names(rng, count - 1, taken=("Annika Lindqvist",))]
    span = (today - starts_on).days
    managers = _managers(roles)
    people: list[Person] = []
    terms: list[Term] = []
    initials_taken: set[str] = set()
    emails: set[str] = set()
    shuffled = [index for index in range(count) if roles[index] > MANAGER and roles[index] != BACK_OFFICE]
    rng.shuffle(shuffled)
    leavers = set(shuffled[: count // 14])
    joiners = set(shuffled[count // 14 : count // 14 + count // 6])
    for index, (first, last) in enumerate(names):
        role = roles[index]
        hired = starts_on - DAY * rng.randrange(60, 60 + 300 * (8 - role if role < BACK_OFFICE else 5))
        hired = hired.replace(day=1)
        left: date | None = None
        if index == 0:
            hired = add_months(starts_on.replace(month=4, day=1), -120)
        if index in joiners and span > 120:
            hired = add_months(starts_on, rng.randrange(1, max(2, span // 31))).replace(
                day=rng.choice((1, 1, 1, 15))
            )
        if index in leavers and span > 150:
            left = add_months(starts_on, rng.randrange(4, max(5, span // 31))).replace(day=1)
            left = left if left <= today else None
        office = WIEN if index % 5 in (2, 4) and index else HAMBURG
        practice = index % 3
        share = 100
        if index and role != MANAGER:
            share = rng.choices((100, 80, 60), (84, 11, 5))[0]
        hours = offices[office].weekly_hours
        pattern = _week_pattern(rng, hours, share)
        cuts = [(hired, role)]
        promoted_on = _promotion(rng, role, hired, left, starts_on, today)
        if promoted_on:
            cuts.append((promoted_on, _NEXT_ROLE[role]))
        for position, (since, held_role) in enumerate(cuts):
            until = cuts[position + 1][0] if position + 1 < len(cuts) else left
            terms.append(
                Term(
                    person_index=index,
                    starts_on=since,
                    ends_on=until,
                    office_index=office,
                    practice_index=practice,
                    role_index=held_role,
                    weekly_hours=(hours * share / 100).quantize(CENT),
                    day_seconds=pattern,
                    manager_index=managers[index],
                    cost_per_hour=ROLES[held_role].cost_per_hour,
                )
            )
        people.append(
            Person(
                name=f"{first} {last}",
                email=_email(first, last, emails),
                initials=_initials(first, last, initials_taken),
                hired_on=hired,
                left_on=left,
                access=_access(index, role, roles),
            )
        )
    return tuple(people), tuple(terms)


def _managers(roles: Sequence[int]) -> list[int | None]:
    """Who leads whom: partners answer to the first, others to a senior of their practice."""
    leads = [index for index, role in enumerate(roles) if role in (PARTNER, PRINCIPAL)]
    found: list[int | None] = []
    for index, role in enumerate(roles):
        if index == 0:
            found.append(None)
        elif role in (PARTNER, BACK_OFFICE):
            found.append(0)
        else:
            above = [lead for lead in leads if roles[lead] < role and lead % 3 == index % 3] or [0]
            found.append(above[(index // 3) % len(above)])
    return found


def _promotion(
    rng: Random, role: int, hired: date, left: date | None, starts_on: date, today: date
) -> date | None:
    """The day this person steps up, for about one in seven of those who can."""
    if role not in _NEXT_ROLE or rng.random() > 0.17:
        return None
    candidates = [date(year, month, 1) for year in range(starts_on.year, today.year + 1) for month in (1, 7)]
    candidates = [
        day
        for day in candidates
        if starts_on < day <= today and day > add_months(hired, 8) and (left is None or day < left)
    ]
    return rng.choice(candidates) if candidates else None


def _email(first: str, last: str, taken: set[str]) -> str:
    base = f"{ascii_slug(first)}.{ascii_slug(last)}"
    address, number = base, 2
    while address in taken:
        address, number = f"{base}{number}", number + 1
    taken.add(address)
    return f"{address}@lindqvist.example"


def _initials(first: str, last: str, taken: set[str]) -> str:
    a, b = ascii_slug(first).upper(), ascii_slug(last).upper()
    candidates = [a[0] + b[0], a[0] + b[:2], a[:2] + b[0], a[:2] + b[:2]]
    found = next((text for text in candidates if text not in taken), "")
    number = 2
    while not found:
        text = f"{a[0]}{b[0]}{number}"
        found, number = ("" if text in taken else text), number + 1
    taken.add(found)
    return found


def _access(index: int, role: int, roles: Sequence[int]) -> tuple[str, ...]:
    """What this person may sign in as: the owner, finance, an administrator, leads, consultants."""
    back_office = [position for position, held in enumerate(roles) if held == BACK_OFFICE]
    if index == 0:
        return ("owner",)
    if role == BACK_OFFICE:
        place = back_office.index(index)
        return (("finance",), ("administrator",), ("resource_manager",))[min(place, 2)]
    if role in (PARTNER, PRINCIPAL, MANAGER):
        return ("project_manager", "consultant")
    return ("consultant",)


def with_costs(
    rng: Random, people: Sequence[Person], terms: Sequence[Term], starts_on: date, today: date
) -> tuple[Term, ...]:
    """Cut the terms each January, and set cost per hour: by role with a personal spread, risen 3 % a year."""
    spread = [Decimal(rng.randrange(930, 1071)) / 1000 for _ in people]
    rises = [date(year, 1, 1) for year in range(starts_on.year, today.year + 1)]
    found: list[Term] = []
    for term in terms:
        inside = [
            day for day in rises if term.starts_on < day and (term.ends_on is None or day < term.ends_on)
        ]
        cuts = [term.starts_on, *inside]
        for since, until in zip(cuts, [*inside, term.ends_on], strict=True):
            years = max(0, since.year - starts_on.year)
            cost = ROLES[term.role_index].cost_per_hour * spread[term.person_index] * COST_RISE**years
            found.append(
                replace(
                    term, starts_on=since, ends_on=until, cost_per_hour=cost.quantize(CENT, ROUND_HALF_UP)
                )
            )
    return tuple(found)


class WorkCalendar:
    """Answers what one person is, and could work, on one day."""

    def __init__(self, people: Sequence[Person], terms: Sequence[Term], offices: Sequence[Office]) -> None:
        self._terms: list[list[Term]] = [[] for _ in people]
        for term in terms:
            self._terms[term.person_index].append(term)
        self._starts = [[term.starts_on for term in mine] for mine in self._terms]
        self._holidays = [frozenset(office.holidays) for office in offices]

    def term(self, person_index: int, day: date) -> Term | None:
        """The terms that hold for this person on this day, None when not employed."""
        position = bisect_right(self._starts[person_index], day) - 1
        if position < 0:
            return None
        term = self._terms[person_index][position]
        return term if term.ends_on is None or day < term.ends_on else None

    def is_holiday(self, term: Term, day: date) -> bool:
        """Whether the office of these terms is closed for a public holiday."""
        return day in self._holidays[term.office_index]

    def capacity_seconds(self, term: Term, day: date) -> int:
        """Contracted seconds of the day, none on a public holiday; time off is not looked at."""
        return 0 if day in self._holidays[term.office_index] else term.day_seconds[day.weekday()]


def build_leave(
    rng: Random, people: Sequence[Person], calendar: WorkCalendar, starts_on: date, today: date
) -> tuple[tuple[Leave, ...], list[set[date]]]:
    """Time off of everyone, and per person the set of days that are off.

    Vacation is about 28 working days in a full year (a long block in summer, days around Christmas, one
    in spring, single days), sick days about 7. Vacation already granted reaches two months ahead.
    """
    horizon = add_months(today, 2)
    found: list[Leave] = []
    off: list[set[date]] = []
    for index, person in enumerate(people):
        first = max(starts_on, person.hired_on)
        last = min(horizon, person.left_on - DAY) if person.left_on else horizon
        taken: set[date] = set()
        for year in range(first.year, last.year + 1):
            for since, length in _vacation_blocks(rng, year):
                _take(found, taken, calendar, index, since, length, (first, last), "vacation")
        mean_gap = 365 / 7.4
        day = first + DAY * int(rng.expovariate(1 / mean_gap))
        while day <= min(last, today):
            length = rng.choices((1, 2, 3, 5), (48, 28, 16, 8))[0]
            if rng.random() < _SICK_BY_MONTH[day.month - 1] / 1.2:
                _take(found, taken, calendar, index, day, length, (first, min(last, today)), "sick")
            day += DAY * (length + 1 + int(rng.expovariate(1 / mean_gap)))
        off.append(taken)
    return tuple(sorted(found, key=lambda leave: (leave.person_index, leave.starts_on))), off


def _vacation_blocks(rng: Random, year: int) -> list[tuple[date, int]]:
    """A year's vacations as (first day, working days)."""
    summer = date(year, 7, 1) + DAY * rng.randrange(0, 55)
    spring = date(year, 2, 20) + DAY * rng.randrange(0, 75)
    autumn = date(year, 9, 25) + DAY * rng.randrange(0, 40)
    blocks = [
        (summer - DAY * summer.weekday(), rng.choice((8, 10, 10, 10, 15))),
        (spring - DAY * spring.weekday(), rng.choice((4, 5, 5))),
        (date(year, 12, 22) + DAY * rng.randrange(0, 3), rng.choice((3, 4, 5, 5))),
        (date(year, 1, 2), rng.choice((0, 1, 2, 3))),
        (autumn, rng.choice((0, 3, 5, 5))),
    ]
    blocks += [(date(year, 1, 8) + DAY * rng.randrange(0, 340), rng.choice((1, 1, 2))) for _ in range(4)]
    return blocks


def _take(
    found: list[Leave],
    taken: set[date],
    calendar: WorkCalendar,
    person_index: int,
    since: date,
    length: int,
    bounds: tuple[date, date],
    kind: str,
) -> None:
    """Add one stretch of so many working days from `since`, unless it leaves the bounds or overlaps."""
    stretch: list[date] = []
    day = since
    while len(stretch) < length and (day - since).days < 40:
        if day < bounds[0] or day > bounds[1] or day in taken:
            break
        term = calendar.term(person_index, day)
        if term and calendar.capacity_seconds(term, day):
            stretch.append(day)
        day += DAY
    if not stretch:
        return
    last = stretch[-1]
    found.append(
        Leave(
            person_index=person_index,
            starts_on=stretch[0],
            ends_on=last + DAY,
            kind=kind,
        )
    )
    taken.update(days(stretch[0], last))
