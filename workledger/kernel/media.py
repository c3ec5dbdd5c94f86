"""What a file is, by its content: a name and what a browser says about it prove nothing."""

from enum import StrEnum

MOST_BYTES = 10 << 20
HEAD_BYTES = 1024


class MediaType(StrEnum):
    """What a kept file may be: a picture or a PDF."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def suffix(self) -> str:
        """The end of a file's name."""
        return {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}.get(self.value, "pdf")

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as an image."""
        return self is not MediaType.PDF


def media_type(head: bytes) -> MediaType | None:
    """Return what a file is from its first `HEAD_BYTES`, None for anything else.

    Signatures: JPEG (ISO 10918-1, SOI and a marker), PNG (ISO 15948, 5.2), WebP (RFC 9649, 2.4: RIFF header),
    PDF (ISO 32000-1, 7.5.2; readers accept the header anywhere in the first 1,024 bytes, so a mail gateway's
    leading line does not hurt).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if b"%PDF-" in head[:HEAD_BYTES]:
        return MediaType.PDF
    return None
