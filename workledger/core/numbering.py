"""Gapless numbers. A number is taken under a row lock in the transaction that uses it, so a refused
act gives its number back and no gap can arise.
"""

from django.db import connection

from workledger.core.models import NumberSeries


def take(series: str, count: int = 1) -> range:
    """Take the next `count` numbers of a series; the first ever is 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {NumberSeries._meta.db_table} AS s (name, next_value) VALUES (%s, 1 + %s)"  # noqa: S608
            " ON CONFLICT (name) DO UPDATE SET next_value = s.next_value + %s RETURNING next_value",
            [series, count, count],
        )
        (following,) = cursor.fetchone()
    return range(following - count, following)
