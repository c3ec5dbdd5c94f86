"""Write small XML documents with prefixed names: the same tree gives the same bytes."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as Tree

Element = Tree.Element
_INDENT: Final = " "


def root(name: str, namespaces: Mapping[str, str]) -> Element:
    """Return a root element that declares `namespaces` by prefix; the prefix '' is the default namespace."""
    return Tree.Element(
        name, {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()}
    )


def group(parent: Element, name: str) -> Element:
    """Add an empty element, to be filled, and return it."""
    return Tree.SubElement(parent, name)


def leaf(parent: Element, path: str, text: str, **attributes: str) -> None:
    """Add the elements of a path such as 'cac:Country/cbc:IdentificationCode' with a text; nothing for no text."""
    if text:
        *over, last = path.split("/")
        for name in over:
            parent = Tree.SubElement(parent, name)
        Tree.SubElement(parent, last, attributes).text = text


def number(value: Decimal) -> str:
    """Write a decimal without exponent, its decimals as they are."""
    return format(value, "f")


def amount(value: Decimal, digits: int) -> str:
    """Write an amount with exactly `digits` decimals."""
    return format(value, f".{digits}f")


def iso_day(day: date | None) -> str:
    """Write a day as 2026-04-02, or '' for none."""
    return day.isoformat() if day else ""


def compact_day(day: date) -> str:
    """Write a day as 20260402, format 102 of UN/EDIFACT 2379."""
    return day.strftime("%Y%m%d")


def to_bytes(tree: Element) -> bytes:
    """Return the document in UTF-8 with its declaration, a line end after the last element."""
    Tree.indent(tree, _INDENT)
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(tree, encoding="unicode").encode() + b"\n"
    )
