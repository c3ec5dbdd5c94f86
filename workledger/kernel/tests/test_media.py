"""What a file is, by its content."""

import pytest

from workledger.kernel.media import MediaType, media_type

WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", MediaType.JPEG),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", MediaType.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00", MediaType.PNG),
        (WEBP, MediaType.WEBP),
        (b"%PDF-1.7\n", MediaType.PDF),
        (b"\n\n%PDF-1.4\n", MediaType.PDF),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"<svg xmlns=", None),
        (b"<html>", None),
        (b"GIF89a", None),
        (b"MZ\x90", None),
        (b"", None),
        (b" " * 1024 + b"%PDF-1.7", None),
    ],
)
def test_content_says_what_it_is(head: bytes, kind: MediaType | None) -> None:
    assert media_type(head) is kind


def test_each_kind_has_its_suffix() -> None:
    assert [kind.suffix for kind in MediaType] == ["jpg", "png", "webp", "pdf"]
    assert [kind.is_picture for kind in MediaType] == [True, True, True, False]
