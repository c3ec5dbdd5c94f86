"""Vega-Lite outside a page: SVG for mail and PDF, and the browser bundle that draws the same specs on pages.

The converter holds a JavaScript engine, so nothing that serves pages imports this module; the bundle is written by a
process of its own: `python -m workledger.metrics.rendering FILE`.
"""

import sys
from pathlib import Path
from typing import Any

import vl_convert


def svg(spec: dict[str, Any]) -> str:
    """Return a spec drawn as SVG. Give it a spec made with the `PRINT` palette."""
    return str(vl_convert.vegalite_to_svg(spec))


def write_bundle(target: Path) -> None:
    """Write the browser bundle (Vega, Vega-Lite, vega-embed, as `window.vegaEmbed`) to a file, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    unfinished.write_text(str(vl_convert.javascript_bundle()), encoding="utf-8")  # type: ignore[call-arg] # optional there
    unfinished.replace(target)


if __name__ == "__main__":
    write_bundle(Path(sys.argv[1]))
