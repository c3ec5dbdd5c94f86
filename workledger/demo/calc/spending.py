"""What the demo firm's people spend: trips to clients of the last months, some of it forgotten on bills."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from workledger.demo.calc.dates import add_months
from workledger.demo.calc.records import DemoFirm, Entry

_TRAVELLERS = 3
_MONTHS = 4
_TRIPS_A_MONTH = 2
_REIMBURSED_MONTHS = 2
_TAX_OF_HOTEL, _TAX_OF_RAIL = Decimal("0.07"), Decimal("0.07")
_TAX = Decimal("0.19")
_CENT = Decimal("0.01")
_HOTELS = ("Hotel am Markt", "Hotel Bellevue", "Gasthof Krone", "Stadthotel Adler")
RAIL, HOTEL, MILEAGE, PER_DIEM, SOFTWARE = (
    "Rail and public transport", "Hotel", "Mileage", "Per diem", "Software and licences",
)  # fmt: skip
DRAFT, SUBMITTED, APPROVED, REIMBURSED = "draft", "submitted", "approved", "reimbursed"


@dataclass(frozen=True, slots=True)
class Spent:
    """An expense of a person on a task; a drive has `kilometres`, travel has `full_days` and two parts of days."""

    person_index: int
    task_index: int
    day: date
    category: str
    vendor: str = ""
    description: str = ""
    amount: Decimal | None = None
    tax: Decimal = Decimal(0)
    kilometres: Decimal | None = None
    full_days: int = 0
    has_receipt: bool = False
    is_forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A person's expenses of a month and how far they have come; a draft's expenses are on no report yet."""

    person_index: int
    month: date
    state: str
    expenses: tuple[Spent, ...]


def plan_spending(firm: DemoFirm, seed: int = 1) -> tuple[Report, ...]:
    """Return what people spent in the last months, by month and person; the same firm and seed give the same.

    The months before the last two are approved and the oldest of them reimbursed; of the month before this one, one
    report waits; of this month two wait and the others are not submitted.
    """
    rng = Random(f"spending {seed}")
    this = firm.today.replace(day=1)
    work = _client_work(firm, add_months(this, -_MONTHS))
    people = sorted(work, key=lambda person: (-len(work[person]), person))[:_TRAVELLERS]
    reports = []
    for back in range(_MONTHS, -1, -1):
        month = add_months(this, -back)
        for place, person in enumerate(people):
            days = [entry for entry in work[person] if entry.day.replace(day=1) == month]
            if days:
                spent = tuple(_trips(rng, days))
                reports.append(Report(person, month, _state(back, place), spent))
    return tuple(reports)


def _client_work(firm: DemoFirm, since: date) -> dict[int, list[Entry]]:
    """Return approved or open entries for clients by person, on open projects and billed tasks."""
    found: dict[int, list[Entry]] = defaultdict(list)
    for entry in firm.entries:
        task = firm.tasks[entry.task_index]
        project = firm.projects[task.project_index]
        is_billed = firm.lines[task.line_index].model == "time_and_materials"
        if entry.day >= since and is_billed and project.status == "active" and not task.closed:
            found[entry.person_index].append(entry)
    return found


def _state(months_back: int, place: int) -> str:
    if months_back == 0:
        return SUBMITTED if place < 2 else DRAFT
    if months_back == 1:
        return SUBMITTED if place == 0 else APPROVED
    return REIMBURSED if months_back > _MONTHS - _REIMBURSED_MONTHS else APPROVED


def _trips(rng: Random, days: list[Entry]) -> Iterator[Spent]:
    for trip, entry in enumerate(sorted(rng.sample(days, min(_TRIPS_A_MONTH, len(days))))):
        about = (entry.person_index, entry.task_index, entry.day)
        is_forgotten = rng.random() < 0.12
        if trip == 0:
            yield _receipt(
                about,
                HOTEL,
                rng.choice(_HOTELS),
                "One night",
                rng.randint(92, 168),
                _TAX_OF_HOTEL,
                is_forgotten,
            )
            yield _receipt(
                about,
                RAIL,
                "Deutsche Bahn",
                "There and back",
                rng.randint(48, 190),
                _TAX_OF_RAIL,
                is_forgotten,
            )
            yield Spent(*about, PER_DIEM, description="Workshop at the client", full_days=rng.randint(0, 1))
        else:
            yield Spent(
                *about,
                MILEAGE,
                description="To the client and back",
                kilometres=Decimal(rng.randint(40, 260)),
            )
            if rng.random() < 0.3:
                yield _receipt(
                    about,
                    SOFTWARE,
                    "Toolhouse",
                    "Licence for the test system",
                    rng.randint(29, 240),
                    _TAX,
                    is_forgotten,
                )


def _receipt(
    about: tuple[int, int, date],
    category: str,
    vendor: str,
    what: str,
    euros: int,
    rate: Decimal,
    is_forgotten: bool,
) -> Spent:
    gross = Decimal(euros) + Decimal("0.90")
    tax = (gross * rate / (1 + rate)).quantize(_CENT)
    return Spent(
        *about,
        category,
        vendor,
        what,
        gross,
        tax,
        has_receipt=category != RAIL or euros > 90,
        is_forgotten=is_forgotten,
    )


def receipt_pdf(vendor: str, what: str, day: date, gross: Decimal, currency: str) -> bytes:
    """Return a one-page receipt as PDF; equal facts make equal bytes."""
    lines = (
        vendor,
        "",
        f"{day:%d.%m.%Y}",
        what,
        "",
        f"Total {gross:,.2f} {currency}",
        "Paid by card. Thank you.",
    )
    text = " ".join(f"({line}) Tj 0 -18 Td" for line in lines)
    stream = f"BT /F1 12 Tf 24 250 Td {text} ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 226 290] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + tail
