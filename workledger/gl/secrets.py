"""Secrets of connectors: kept by the operator in the environment or in files, never in the database.

A setting that is secret holds a name. `TRYTON_PASSWORD` means what the environment variable
`WORKLEDGER_GL_TRYTON_PASSWORD` holds, or the file that `WORKLEDGER_GL_TRYTON_PASSWORD_FILE` names. The fixed prefix keeps
whoever may connect a general ledger from sending other secrets of the machine away.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

PREFIX = "WORKLEDGER_GL_"
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,60}")


class SecretMissing(Exception):
    """There is no secret under that name; the sentence says where to put it."""


def variable_of(name: str) -> str:
    """Return the environment variable that a secret's name means."""
    return f"{PREFIX}{name}"


def read(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the secret of that name. Raises SecretMissing."""
    variable = variable_of(name)
    if not NAME.fullmatch(name):
        raise SecretMissing(f"{name!r} is no name of a secret: use capitals, digits and underscores.")
    if environment.get(variable):
        return environment[variable]
    path = environment.get(f"{variable}_FILE", "")
    if not path:
        raise SecretMissing(
            f"Set {variable}, or {variable}_FILE to a file that holds it, where Workledger runs."
        )
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SecretMissing(f"{variable}_FILE names a file that cannot be read: {error.strerror}.") from error
