"""One measurement in a process of its own: ``python -m bench.child NAME ARGUMENTS``, its findings as JSON."""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from bench import acts, exports, pages, plain, recognition, reports, simulations  # noqa: E402 - Django first

MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    **acts.MEASUREMENTS,
    **plain.MEASUREMENTS,
    **pages.MEASUREMENTS,
    **reports.MEASUREMENTS,
    **exports.MEASUREMENTS,
    **simulations.MEASUREMENTS,
    **recognition.MEASUREMENTS,
}


def main() -> None:
    """Run what is named and print what it found."""
    _, name, arguments = sys.argv
    found = MEASUREMENTS[name](**json.loads(arguments))
    # Processes that a measurement started count too: the greatest of them, which is how the system keeps it.
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sys.stdout.write(f"\n{json.dumps({**found, 'peak_mib': round(peak / 1024)}, default=str)}\n")


if __name__ == "__main__":
    main()
