"""The one place that locks rows: always by primary key, ascending, so that two acts never wait in a ring."""

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection, models
from django.db.models import QuerySet

from workledger.core.refusals import NotFound, Problem

M = TypeVar("M", bound=models.Model)


def for_update(rows: QuerySet[M], pk: int) -> M:
    """Lock and return one row; raises `NotFound` when it is not among `rows` (gone, or not visible)."""
    found = rows.filter(pk=pk).select_for_update(of=("self",)).first()
    if found is None:
        raise not_found(rows.model)
    return found


def all_for_update(rows: QuerySet[M], pks: Iterable[int]) -> list[M]:
    """Lock and return rows in key order; raises `NotFound` unless every key is there."""
    wanted = set(pks)
    found = list(rows.filter(pk__in=wanted).order_by("pk").select_for_update(of=("self",)))
    if len(found) != len(wanted):
        raise not_found(rows.model)
    return found


def one(rows: QuerySet[M], pk: int) -> M:
    """Return one row without a lock; raises `NotFound`."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise not_found(rows.model)
    return found


def named(name: str) -> None:
    """Hold an advisory lock of this name until the transaction ends (one run of a kind at a time)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def not_found(model: type[models.Model]) -> NotFound:
    """Return the refusal for a row that is not there or not visible."""
    noun = model._meta.verbose_name
    return NotFound([Problem("not_found", f"There is no such {noun}, or you may not see it.")])
