"""Files that people attach: under the media root, each once in its folder, named by its content.

A package that keeps files makes one `Shelf` and says which of its names a row holds. A file is kept before the act that
attaches it and goes again unless the act did; it also goes when the last row lets go of it.
"""

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from workledger.core.refusals import Refused
from workledger.kernel.media import HEAD_BYTES, MOST_BYTES, MediaType, media_type

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A kept file: the name it is kept under, its SHA-256, size in bytes and media type by content."""

    name: str
    sha256: str
    size: int
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of kept files. `field` is what refusals point at, `what` how a sentence calls such a file ('receipt').

    `is_held` tells whether a row still holds a name; `unfit` is the code for what is no picture and no PDF.
    """

    folder: str
    what: str
    field: str
    unfit: str
    is_held: Callable[[str], bool]

    @contextmanager
    def kept(self, source: BinaryIO) -> Iterator[str]:
        """Keep a file and yield its name; it goes again afterwards unless a row holds it.

        Refuses: file_too_large, file_empty, `unfit`.
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
                raise Refused.because("file_too_large", message, self.field)
        source.seek(0)
        name = f"{self.folder}/{digest.hexdigest()}.{self._checked(head, size).suffix}"
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
            self.forget(name)

    def forget(self, name: str) -> None:
        """Remove a kept file unless a row holds it."""
        if not self.is_held(name):
            default_storage.delete(name)

    def forget_after_commit(self, names: Iterable[str]) -> None:
        """Remove files that the running act has let go of, once it is certain that it happened."""
        for name in names:
            transaction.on_commit(functools.partial(self.forget, name))

    def described(self, name: str) -> KeptFile:
        """Say what a kept file is. Refuses: file_gone, for any other name too."""
        with self.opened(name) as source:
            head = source.read(HEAD_BYTES)
        size = default_storage.size(name)
        found = self._digest(name)
        assert found is not None, "opened() refuses any other name"
        return KeptFile(name, found, size, self._checked(head, size))

    def opened(self, name: str) -> BinaryIO:
        """Open a kept file. Refuses: file_gone, for any other name too."""
        if self._digest(name) is None or not default_storage.exists(name):
            message = f"The file of this {self.what} is not there any more. Attach it again."
            raise Refused.because("file_gone", message, self.field)
        return cast(BinaryIO, default_storage.open(name, "rb").file)

    def _digest(self, name: str) -> str | None:
        found = re.fullmatch(rf"{self.folder}/([0-9a-f]{{64}})\.(?:jpg|png|webp|pdf)", name)
        return found[1] if found else None

    def _checked(self, head: bytes, size: int) -> MediaType:
        if not size:
            raise Refused.because("file_empty", "This file is empty. Choose it again.", self.field)
        kind = media_type(head)
        if kind is None:
            message = (
                f"This is no JPEG, PNG, WebP or PDF. Take a picture of the {self.what}, or save it as PDF."
            )
            raise Refused.because(self.unfit, message, self.field)
        return kind
