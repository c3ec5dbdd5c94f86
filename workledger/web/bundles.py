"""The chart library as a static file: made once per version of the converter from the installed package, kept in the home.

It is no file of the project, so it can be neither stale nor patched, and a fresh installation needs no network for it.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "web/js/vega.js"
_PATIENCE_SECONDS = 60


class ChartBundle(BaseFinder):
    """Finds the one file, making it first where it is not there yet. Without the converter there is none: tables stay."""

    def __init__(self, *_: Any, **__: Any) -> None:
        try:
            self._version = version("vl-convert-python")
        except PackageNotFoundError:
            self._version = ""
        self._root = Path(settings.CONFIG.home) / "charts" / self._version

    def check(self, **_: Any) -> list[Any]:
        """Nothing can be configured wrongly."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return where the file is, if it is asked for."""
        everything = find_all or kwargs.get("all", False)
        found = self._made() if path == NAME else None
        if found is None:
            return []
        return [str(found)] if everything else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:  # noqa: ARG002
        """Yield the file for collecting."""
        if self._made():
            yield NAME, FileSystemStorage(location=str(self._root))

    def _made(self) -> Path | None:
        target = self._root / NAME
        if self._version and not target.is_file():
            made = subprocess.run(
                [sys.executable, "-m", "workledger.metrics.rendering", str(target)],
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
            if made.returncode:
                return None
        return target if target.is_file() else None
