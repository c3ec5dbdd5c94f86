"""Writing the books to files.

with Files.beside(path, form.encoding) as files:
    export(actor, FORMS["iif"], Order(book_ids=(book_id,), grain=JournalGrain.PERIOD), files)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZipFile

from django.db import transaction

from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.gl.exporters import FORMS, Form, Order, Outlet
from workledger.gl.models import JournalSettings
from workledger.ledger.export import Exported, JournalGrain
from workledger.ledger.models import Book

_COPIED_AT_ONCE = 1 << 20


def form_of(name: str) -> Form:
    """Return the file format of that name; raises NotFound."""
    if name not in FORMS:
        raise NotFound.because(
            "not_found", f"There is no such format. Choose one of {', '.join(FORMS)}.", "form"
        )
    return FORMS[name]


def export(
    actor: Actor,
    form: Form,
    order: Order,
    out: Outlet,
    progress: Callable[[int], None] = lambda _lines: None,
) -> Exported:
    """Write the books that the order names in one format, as of one moment.

    Without the permission to see cost, the two labour accounts are left out; every journal still balances.
    Refuses: forbidden, not_found, which_book, bad_range.
    """
    if not actor.can(Permission.VIEW_LEDGER):
        raise Forbidden.because("forbidden", "You may not read the ledger. Ask an owner or Finance.")
    if order.start and order.end and order.start >= order.end:
        raise Refused.because("bad_range", "The first day comes after the last one.", "start")
    books = list(Book.objects.visible_to(actor).values_list("pk", flat=True))
    if order.book_ids is not None and not set(order.book_ids) <= set(books):
        raise NotFound.because("not_found", "There are no such books, or you may not see them.", "book")
    if form.one_book:
        chosen = order.book_ids if order.book_ids is not None else tuple(books)
        if len(chosen) != 1:
            raise Refused.because(
                "which_book", f"{form.label} takes the books of one legal entity. Say which.", "book"
            )
        order = replace(order, book_ids=tuple(chosen))
    with transaction.atomic():
        return form.write(actor, order, out, progress)


def usual_grain(book_ids: tuple[int, ...] | None) -> JournalGrain:
    """Return how fine a book's journals leave where nobody says otherwise; every entry for several books."""
    if book_ids is None or len(book_ids) != 1:
        return JournalGrain.DETAIL
    found = JournalSettings.objects.filter(book_id=book_ids[0]).first()
    return JournalGrain(found.grain) if found else JournalGrain.DETAIL


@dataclass(slots=True)
class Files:
    """An outlet of files on disk: the first as it was asked for, further ones numbered beside it."""

    open_file: Callable[[int], IO[bytes]]
    encoding: str
    opened: list[IO[bytes]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def beside(cls, path: Path, encoding: str) -> Iterator[Self]:
        """Write to `path`, then to 'name-2.csv' beside it and so on."""

        def open_file(number: int) -> IO[bytes]:
            name = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            return name.open("wb")

        files = cls(open_file, encoding)
        try:
            yield files
        finally:
            files.close()

    def write(self, text: str, /) -> None:
        """Take text. The first opens the first file, so that a refused export leaves none."""
        if not self.opened:
            self.cut()
        self.opened[-1].write(text.encode(self.encoding))

    def cut(self) -> None:
        """Begin the next file."""
        self.opened.append(self.open_file(len(self.opened) + 1))

    def close(self) -> None:
        """Close every file."""
        for file in self.opened:
            file.close()


def download(actor: Actor, form: Form, order: Order, name: str) -> tuple[IO[bytes], str, str]:
    """Return (file, its name, its content type) by way of the disk: the one file, or all in a ZIP archive.

    Refuses: as `export`.
    """
    parts = Files(_unnamed, form.encoding)
    try:
        export(actor, form, order, parts)
    except BaseException:
        parts.close()
        raise
    for part in parts.opened:
        part.seek(0)
    if len(parts.opened) == 1:
        return parts.opened[0], f"{name}.{form.suffix}", f"{form.content_type}; charset={form.encoding}"
    packed = _unnamed(1)
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for number, part in enumerate(parts.opened, start=1):
            with archive.open(f"{name}-{number}.{form.suffix}", "w") as inside:
                while piece := part.read(_COPIED_AT_ONCE):
                    inside.write(piece)
            part.close()
    packed.seek(0)
    return packed, f"{name}.zip", "application/zip"


def _unnamed(_number: int) -> IO[bytes]:
    return TemporaryFile("w+b")  # the answer closes it when it is sent
