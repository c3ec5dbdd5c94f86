"""Files that people attach: taken from a form, and shown again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from workledger.core.files import Shelf
from workledger.kernel.media import MediaType

ACCEPTED = ",".join(kind.value for kind in MediaType)


@contextmanager
def uploaded(request: HttpRequest, shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Keep the file of the field `shelf.field` and yield its kept name and its own; two empty texts where none was sent.

    Refuses what keeping refuses.
    """
    sent = request.FILES.get(shelf.field)
    if sent is None or sent.file is None:
        yield "", ""
        return
    with shelf.kept(cast("BinaryIO", sent.file)) as kept:
        yield kept, sent.name or shelf.what


def answer(shelf: Shelf, name: str, file_name: str, media_type: str) -> HttpResponse:
    """Answer with a kept file, as what its content is, and unable to do anything."""
    with shelf.opened(name) as source:
        found = HttpResponse(source.read(), content_type=media_type)
    found.headers["Content-Disposition"] = content_disposition_header(False, file_name) or "inline"
    found.headers["Cache-Control"] = "private, max-age=3600"
    if MediaType(media_type).is_picture:
        found.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return found
