"""Where receipts are kept: under the media root, each file once, named by its content."""

import functools
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from workledger.core.refusals import Refused
from workledger.expenses.calc.receipts import HEAD_BYTES, MOST_BYTES, MediaType, media_type
from workledger.expenses.models import Receipt

_NAME = re.compile(r"receipts/([0-9a-f]{64})\.(?:jpg|png|webp|pdf)")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A kept file: the name it is kept under, its SHA-256, size in bytes and media type by content."""

    name: str
    sha256: str
    size: int
    media_type: MediaType


@contextmanager
def kept(source: BinaryIO) -> Iterator[str]:
    """Keep a receipt and yield its name; it goes again afterwards unless an expense holds it.

    Refuses: file_too_large, file_empty, not_a_receipt.
    """
    digest = hashlib.sha256()
    size, head = 0, b""
    while chunk := source.read(_CHUNK):
        head = head or chunk[:HEAD_BYTES]
        digest.update(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            message = (
                f"This file is larger than {MOST_BYTES >> 20} MB. Take the picture at a lower resolution."
            )
            raise Refused.because("file_too_large", message, "receipt")
    source.seek(0)
    kind = _checked(head, size)
    name = f"receipts/{digest.hexdigest()}.{kind.suffix}"
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


def _checked(head: bytes, size: int) -> MediaType:
    if not size:
        raise Refused.because("file_empty", "This file is empty. Choose it again.", "receipt")
    kind = media_type(head)
    if kind is None:
        message = "This is no JPEG, PNG, WebP or PDF. Take a picture of the receipt, or save it as PDF."
        raise Refused.because("not_a_receipt", message, "receipt")
    return kind


def forget(name: str) -> None:
    """Remove a kept file unless an expense holds it."""
    if not Receipt.objects.filter(file=name).exists():
        default_storage.delete(name)


def forget_after_commit(names: list[str]) -> None:
    """Remove files that the running act has let go of, once it is certain that it happened."""
    for name in names:
        transaction.on_commit(functools.partial(forget, name))


def described(name: str) -> KeptFile:
    """Say what a kept file is. Refuses: file_gone, for any other name too."""
    with opened(name) as source:
        head = source.read(HEAD_BYTES)
    size = default_storage.size(name)
    found = _NAME.fullmatch(name)
    assert found is not None, "opened() refuses any other name"
    return KeptFile(name, found[1], size, _checked(head, size))


def opened(name: str) -> BinaryIO:
    """Open a kept file. Refuses: file_gone, for any other name too."""
    if not _NAME.fullmatch(name) or not default_storage.exists(name):
        message = "The file of this receipt is not there any more. Attach it again."
        raise Refused.because("file_gone", message, "receipt")
    return cast(BinaryIO, default_storage.open(name, "rb").file)
