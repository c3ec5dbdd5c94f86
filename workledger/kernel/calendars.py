"""Working calendars: public holidays of a place and the hours a person is expected to work."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

import holidays

from workledger.kernel.period import Period

WORKDAYS_PER_WEEK = 5


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str, year: int) -> dict[date, str]:
    """Return the public holidays of one year, by date, in English where the source has it.

    `country` is ISO 3166-1 alpha-2; `subdivision` an ISO 3166-2 suffix or ''. A country the source
    does not know has none. Source: the `holidays` package.
    """
    if country not in holidays.list_supported_countries():
        return {}
    subdivisions = holidays.list_supported_countries()[country]
    known = holidays.country_holidays(
        country, subdiv=subdivision if subdivision in subdivisions else None, years=year, language="en_US"
    )
    return {day: name for day, name in known.items() if day.year == year}


def is_holiday(day: date, country: str, subdivision: str = "") -> bool:
    """Tell whether `day` is a public holiday there."""
    return day in public_holidays(country, subdivision, day.year)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Where and how much someone works: `weekly_hours` spread evenly over Monday to Friday."""

    country: str
    subdivision: str
    weekly_hours: Decimal

    def seconds_on(self, day: date) -> int:
        """Return the expected seconds of one day: none on weekends and public holidays."""
        if day.weekday() >= WORKDAYS_PER_WEEK or is_holiday(day, self.country, self.subdivision):
            return 0
        return int(self.weekly_hours * 3600 / WORKDAYS_PER_WEEK)

    def seconds_in(self, period: Period) -> int:
        """Return the expected seconds of a period."""
        return sum(self.seconds_on(day) for day in period.days())
