"""Where things lie under the home folder, and the address of the embedded database.

Pure path arithmetic: settings may import it without starting anything.
"""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import quote

DATABASE_NAME = "workledger"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
# The kernel keeps socket addresses in 108 bytes, the last one being zero; macOS keeps 104.
SOCKET_PATH_LIMIT_BYTES = 103


def data_dir(home: Path) -> Path:
    """The data directory of the embedded PostgreSQL."""
    return home / "database"


def socket_dir(home: Path) -> Path:
    """Where the embedded PostgreSQL listens: its data directory, or a short path when that is too long."""
    directory = data_dir(home)
    if len(str(directory / SOCKET_NAME).encode()) <= SOCKET_PATH_LIMIT_BYTES:
        return directory
    digest = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"workledger-{digest}"


def embedded_url(home: Path, database: str = DATABASE_NAME) -> str:
    """The address of a database in the embedded PostgreSQL of ``home``."""
    return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket_dir(home)), safe='/')}"


def static_root(home: Path) -> Path:
    """Where collected static files go."""
    return home / "static"


def media_root(home: Path) -> Path:
    """Where uploads and made documents go."""
    return home / "files"
