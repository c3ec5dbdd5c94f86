"""Where imported files are kept: under the media root, each once, named by its content."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage

from workledger.connect.models import ImportBatch
from workledger.core.refusals import Refused

_NAME = re.compile(r"imports/([0-9a-f]{64})\.csv")
_CHUNK = 1 << 20
MOST_BYTES = 200 << 20


@contextmanager
def kept(source: BinaryIO) -> Iterator[str]:
    """Keep a file and yield its name; it goes again afterwards unless an import holds it.

    Refuses: file_too_large.
    """
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            message = (
                f"The file is larger than {MOST_BYTES >> 20} MB. Export it in parts, by year for example."
            )
            raise Refused.because("file_too_large", message, "file")
    source.seek(0)
    name = f"imports/{digest.hexdigest()}.csv"
    # A write that was broken off leaves part of a file under the name of the whole one.
    if default_storage.exists(name) and default_storage.size(name) != size:
        default_storage.delete(name)
    if not default_storage.exists(name):
        saved = default_storage.save(name, File(source))
        if saved != name:  # somebody else was faster
            default_storage.delete(saved)
    try:
        yield name
    finally:
        forget(name)


def forget(name: str) -> None:
    """Remove a kept file unless an import holds it."""
    if not ImportBatch.objects.filter(file=name).exists():
        default_storage.delete(name)


def opened(name: str) -> BinaryIO:
    """Open a kept file. Refuses: file_gone, for any other name too."""
    if not _NAME.fullmatch(name) or not default_storage.exists(name):
        message = "The file of this import is not there any more. Upload it again."
        raise Refused.because("file_gone", message, "file")
    return cast(BinaryIO, default_storage.open(name, "rb").file)


def content_hash(name: str) -> str:
    """The SHA-256 of a kept file."""
    found = _NAME.fullmatch(name)
    return found[1] if found else ""
