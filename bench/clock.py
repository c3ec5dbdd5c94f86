"""Timing."""

import time
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


def timed(act: Callable[[], R]) -> tuple[float, R]:
    """Return the seconds that an act took, and its result."""
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result
