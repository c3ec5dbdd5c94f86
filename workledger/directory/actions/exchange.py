"""Exchange rates that are published, taken over by file."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pydantic import Base64UrlBytes

from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.actions.checks import check_shape
from workledger.directory.actions.firm import RATES_LOCK
from workledger.directory.calc import ecb, shapes
from workledger.directory.calc.countries import CURRENCIES
from workledger.directory.models import ExchangeRate, RateSource


@dataclass(frozen=True, slots=True)
class ImportedRates:
    """What came of a file: how many rates were added, changed, there already, and kept because a person set them.

    `left_out` are the file's currencies that are not in use any more.
    """

    first_day: date
    last_day: date
    added: int
    changed: int
    unchanged: int
    kept: int
    left_out: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What came of it, as a sentence or more."""
        said = (
            f"{self.added:,} exchange rates added, {self.changed:,} changed, {self.unchanged:,} there already"
        )
        said += f", from {self.first_day:%-d %B %Y} to {self.last_day:%-d %B %Y}."
        if self.kept:
            said += f" {self.kept:,} that were set by hand are kept."
        if self.left_out:
            said += f" Left out, as no longer in use: {', '.join(self.left_out)}."
        return said


@action("directory.import_exchange_rates", needs=Permission.POST_JOURNAL, logs_input=False)
def import_exchange_rates(
    *, actor: Actor, content: Base64UrlBytes, currencies: list[str] | None = None
) -> ImportedRates:
    """Take over the European Central Bank's reference rates (see `calc.ecb`), of some currencies or of all.

    The same file twice changes nothing. A rate that a person set for the same currencies and day, either way round, is
    kept. What was posted with a rate that changes stays. Refuses: bad_currency, not_in_file, not_rates.
    """
    wanted = set(currencies or CURRENCIES) - {ecb.BASE}
    problems = Problems()
    for code in sorted(wanted):
        check_shape(problems, shapes.currency, code or "-", "bad_currency", "currencies")
    problems.refuse()
    read = _read(content, wanted)
    absent = [code for code in currencies or () if code != ecb.BASE and code not in read.currencies]
    problems.check(
        not absent,
        "not_in_file", f"The file has no rates of {', '.join(absent)}. Leave them away.", "currencies",
    )  # fmt: skip
    problems.refuse()
    done = _take_over(read)
    record(None, f"Imported exchange rates: {done.words}")
    return done


def _read(content: bytes, wanted: Collection[str]) -> ecb.EuroRates:
    try:
        return ecb.read_rates(content, wanted)
    except ecb.NotEuroRates as error:
        problems = Problems()
        for sentence in error.sentences:
            problems.add("not_rates", sentence, "content")
        raise Refused(problems.found) from None


def _take_over(read: ecb.EuroRates) -> ImportedRates:
    locks.named(RATES_LOCK)
    known, by_hand = _known(read.first_day, read.last_day)
    added, changed, kept = [], [], 0
    for row in read.rates:
        found = known.get((row.day, row.quote))
        if (row.day, row.quote) in by_hand:
            kept += 1
        elif found is None:
            added.append((ecb.BASE, row.quote, row.day, row.rate, RateSource.ECB.value))
        elif found.rate != row.rate:
            found.rate = row.rate
            changed.append(found)
    bulk.copy_rows(ExchangeRate, ("base", "quote", "day", "rate", "source"), added)
    ExchangeRate.objects.bulk_update(changed, ["rate"], batch_size=1_000)
    return ImportedRates(
        first_day=read.first_day,
        last_day=read.last_day,
        added=len(added),
        changed=len(changed),
        unchanged=len(read.rates) - len(added) - len(changed) - kept,
        kept=kept,
        left_out=tuple(code for code in read.currencies if code not in CURRENCIES),
    )


def _known(first: date, last: date) -> tuple[dict[tuple[date, str], ExchangeRate], set[tuple[date, str]]]:
    """Return what is known of the euro in a range of days: the rows that were imported, and what a person set."""
    rows = ExchangeRate.objects.filter(day__gte=first, day__lte=last)
    imported = rows.filter(base=ecb.BASE, source=RateSource.ECB)
    hand = rows.filter(source=RateSource.HAND)
    set_by_hand = set(hand.filter(base=ecb.BASE).values_list("day", "quote"))
    set_by_hand |= set(hand.filter(quote=ecb.BASE).values_list("day", "base"))
    return {(row.day, row.quote): row for row in imported}, set_by_hand
