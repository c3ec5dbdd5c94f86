"""Makes docs/metrics.md from the catalogue: `python -m workledger.metrics.document > docs/metrics.md`."""

import sys

from workledger.metrics.catalogue import METRICS

_HEAD = """# Metrics

Every figure that Workledger shows, in pages, exports and the API, is one of these. Each is defined once, in
`workledger/metrics/catalogue.py`, computed from the ledger, open items and receivables, and opens its trail: the formula with the
numbers in it, and the documents it is made of. A changed definition gets a new version, shown with the figure. This page is made from
the catalogue by `python -m workledger.metrics.document > docs/metrics.md`; a test holds the two equal.

'As of' metrics stand at the end of a day; the others run over a period. Who lacks one of the permissions does not see the figure, nor
any from which it could be solved back.
"""


def text() -> str:
    """Return the page."""
    parts = [_HEAD]
    for metric in METRICS.values():
        kind = "as of a day" if metric.is_as_of else "over a period"
        own = " Everybody sees their own." if metric.own else ""
        parts.append(
            f"## {metric.title} (`{metric.name}`)\n\n{metric.sentence}\n\n"
            f"    {metric.formula}\n\n"
            f"| | |\n| --- | --- |\n| definition | {metric.version} |\n| unit | {metric.unit.label}, {kind} |\n"
            f"| split by | {', '.join(key.label for key in metric.dimensions)} |\n| basis | {metric.basis} |\n"
            f"| seen with | {', '.join(f'`{permission}`' for permission in metric.needs)}.{own} |\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(text())
