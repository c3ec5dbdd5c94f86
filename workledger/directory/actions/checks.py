"""Checks that several acts share: a shape where something was typed, a row that must be there."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from workledger.core.models import R, RecordQuerySet
from workledger.core.refusals import Problems
from workledger.directory.calc import shapes
from workledger.directory.calc.vat_ids import check_vat_id


def check_shape(problems: Problems, check: shapes.Check, text: str, code: str, field: str) -> None:
    """Note what is wrong with `text`, if anything was typed."""
    if text and (sentence := check(text)):
        problems.add(code, sentence, field)


def checked_vat_id(problems: Problems, country: str, text: str, kept: str = "") -> str:
    """Return a VAT id as it is kept, noting what is wrong with it; one that is `kept` already is not asked again."""
    if (compacted := shapes.compact(text)) == kept:
        return kept
    try:
        return check_vat_id(country, text)
    except ValueError as error:
        problems.add("bad_vat_id", str(error), "vat_id")
        return compacted


def tidy_texts(details: object, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields without spaces around or doubled inside."""
    return {name: " ".join(getattr(details, name).split()) for name in names}


def check_lengths(
    problems: Problems, model: type[models.Model], details: object, names: Iterable[str]
) -> None:
    """Note texts that are longer than the table keeps."""
    for name in names:
        most = getattr(model._meta.get_field(name), "max_length", None)
        problems.check(
            most is None or len(getattr(details, name)) <= most,
            "too_long", f"Use at most {most} characters.", name,
        )  # fmt: skip


def check_name(problems: Problems, rows: models.QuerySet[R], name: str, noun: str) -> None:
    """Note a missing name, or one that another of `rows` has."""
    problems.check(name, "missing_name", f"Give the {noun} a name.", "name")
    taken = name and rows.filter(name=name).exists()
    problems.check(
        not taken, "name_taken", f"There is already a {noun} named {name}. Choose another name.", "name"
    )


def check_there(problems: Problems, rows: RecordQuerySet[R], pk: int | None, noun: str, field: str) -> None:
    """Note a reference to a row that is not there."""
    if pk is not None and not rows.filter(pk=pk).exists():
        problems.add(
            f"unknown_{noun.replace(' ', '_')}", f"There is no such {noun}. Choose one of the list.", field
        )
