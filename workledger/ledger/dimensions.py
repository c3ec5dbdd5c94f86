"""What postings are about: the dimensions, and which table each one's ids belong to.

The ledger keeps dimensions as plain ids. The package that owns a table names it here (in its `AppConfig.ready`),
so that ids can be checked and shown by name without the ledger knowing any domain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models

from workledger.core.access import Actor


class Dimension(StrEnum):
    """One thing a posting can be about."""

    CLIENT = "client"
    CONTRACT = "contract"
    CONTRACT_LINE = "contract_line"
    PROJECT = "project"
    TASK = "task"
    PERSON = "person"
    ROLE = "role"
    PRACTICE = "practice"
    OFFICE = "office"

    @property
    def column(self) -> str:
        """The posting's column."""
        return f"{self.value}_id"

    @property
    def label(self) -> str:
        """The dimension as people read it."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class DimensionTable:
    """Where a dimension's ids live, and the field that names a row."""

    model: type[models.Model]
    label_field: str


TABLES: dict[Dimension, DimensionTable] = {}


def register_dimension(dimension: Dimension, model: type[models.Model], label_field: str = "name") -> None:
    """Say which table a dimension's ids belong to."""
    TABLES[dimension] = DimensionTable(model, label_field)


def labels(actor: Actor, dimension: Dimension, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those ids that the actor may see."""
    wanted = {identifier for identifier in ids if identifier}
    table = TABLES.get(dimension)
    if not wanted or table is None:
        return {}
    rows: Any = table.model._default_manager
    return dict(rows.visible_to(actor).filter(pk__in=wanted).values_list("pk", table.label_field))


def choices(actor: Actor, dimension: Dimension) -> list[tuple[int, str]]:
    """Return every (id, name) the actor may see, by name: what a filter offers."""
    table = TABLES.get(dimension)
    if table is None:
        return []
    rows: Any = table.model._default_manager
    return list(rows.visible_to(actor).order_by(table.label_field).values_list("pk", table.label_field))


def exists(dimension: Dimension, identifier: int) -> bool:
    """Tell whether a dimension has that id."""
    table = TABLES.get(dimension)
    return table is not None and table.model._default_manager.filter(pk=identifier).exists()
