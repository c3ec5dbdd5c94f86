"""Files for tests of imports."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from workledger.connect import files
from workledger.connect.actions import import_time, stage_import
from workledger.connect.inputs import Imported, TimeFile
from workledger.core.access import Actor
from workledger.ledger.checks import run_checks

TODAY = date(2026, 3, 16)
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "truth" / "imports"
HEAD = "date,person,email,client,project,task,hours,billable,note,rate,currency\n"


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Iterator[Path]:
    """Uploaded files of a test stand in a folder of its own."""
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        yield tmp_path


def sample(name: str) -> bytes:
    """A real export that no one here wrote."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here (looked in {SAMPLES})")
    return path.read_bytes()


def bring(
    actor: Actor,
    content: bytes | str,
    source: Any = "csv",
    *,
    approved: bool = False,
    rate: str = "",
    **how: Any,
) -> Imported:
    """Import a file."""
    data = HEAD.encode() + content.encode() if isinstance(content, str) else content
    with files.kept(io.BytesIO(data)) as kept:
        return import_time(
            actor=actor,
            file=TimeFile(kept, "hours.csv", source, **how),
            on=TODAY,
            approved=approved,
            default_rate=Decimal(rate) if rate else None,
        )


def stage(actor: Actor, content: str, **how: Any) -> int:
    """Stage a plain file."""
    with files.kept(io.BytesIO(HEAD.encode() + content.encode())) as kept:
        return stage_import(actor=actor, file=TimeFile(kept, "hours.csv", "csv", **how))


def broken() -> list[str]:
    """The invariants that do not hold."""
    return [result.line for result in run_checks() if not result.ok]
