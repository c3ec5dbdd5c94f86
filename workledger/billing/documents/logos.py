"""The letterhead mark of the demo firm, Lindqvist & Partner."""

from pathlib import Path

from workledger.billing.documents.model import Logo

_TEMPLATES = Path(__file__).parent / "templates"


def demo_logo() -> Logo:
    """Return the demo firm's mark, a square SVG."""
    return Logo("image/svg+xml", (_TEMPLATES / "lindqvist_partner.svg").read_bytes())
