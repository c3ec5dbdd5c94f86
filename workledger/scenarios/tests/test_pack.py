"""Every scenario of the pack comes out as its author reckoned."""

from pathlib import Path

import pytest

from workledger.core.access import system_actor
from workledger.scenarios import files, telling
from workledger.scenarios.running import run


@pytest.mark.django_db
@pytest.mark.parametrize("path", files.pack(), ids=lambda path: path.stem)
def test_a_scenario_comes_out_right(path: Path) -> None:
    outcome = run(files.read(path), system_actor("test"))
    assert list(telling.lines(path.name, outcome)) == []
    assert outcome.expectations
