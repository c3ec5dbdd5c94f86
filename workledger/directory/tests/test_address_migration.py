"""Addresses that were kept in lines are carried over into parts."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

_MIGRATION = import_module("workledger.directory.migrations.0006_addresses_in_parts")


class _Row(SimpleNamespace):
    _meta = SimpleNamespace(get_field=lambda _: SimpleNamespace(max_length=100))

    def save(self, update_fields: list[str]) -> None:
        self.saved = update_fields


def test_lines_become_parts_and_a_known_subdivision_stays() -> None:
    rows = [
        _Row(address="Hafenstraße 1\n20457 Hamburg", country="DE", subdivision="HH"),
        _Row(address="1 Main St\nAustin, TX 78701", country="US", subdivision=""),
    ]
    objects = SimpleNamespace(exclude=lambda **_: SimpleNamespace(iterator=lambda: iter(rows)))
    apps: Any = SimpleNamespace(get_model=lambda *_: SimpleNamespace(objects=objects))
    _MIGRATION.carry_over(apps, None)
    found = [(row.street, row.postcode, row.city, row.subdivision) for row in rows]
    assert found == [
        ("Hafenstraße 1", "20457", "Hamburg", "HH"),
        ("1 Main St", "78701", "Austin", "TX"),
    ]
    assert "city" in rows[0].saved
