"""The catalogue is complete, documented, and drawn in one theme."""

import json
from pathlib import Path

import pytest

from workledger.metrics import charts, document
from workledger.metrics.calc.formulas import ratio
from workledger.metrics.catalogue import METRICS
from workledger.metrics.charts import PAGE, PRINT, Point
from workledger.metrics.queries import _FIGURES
from workledger.metrics.rendering import svg

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
_POINTS = [
    Point("Jan", ratio(1, 2), "50%", "/a"),
    Point("Feb", None, ""),
    Point("Mar", ratio(3, 4), "75%", tone="bad"),
]


def test_every_metric_can_be_computed() -> None:
    assert _FIGURES.keys() == METRICS.keys()


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_says_what_it_is(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    assert metric.version >= 1
    assert metric.needs
    assert metric.dimensions
    for sentence in (metric.sentence, metric.basis):
        assert sentence.endswith(".")
        assert sentence[0].isupper()


def test_the_page_of_metrics_is_made_from_the_catalogue() -> None:
    assert _PAGE.read_text() == document.text(), (
        "run: python -m workledger.metrics.document > docs/metrics.md"
    )


@pytest.mark.parametrize("palette", [PAGE, PRINT])
def test_charts_take_every_colour_from_their_palette(palette: charts.Palette) -> None:
    specs = [
        charts.columns("Q?", _POINTS, target=ratio(7, 10), palette=palette),
        charts.bars("Q?", _POINTS, palette=palette),
        charts.stacked("Q?", _POINTS, _POINTS, palette=palette),
        charts.burn("Q?", _POINTS, Point("", ratio(1, 1), "budget"), palette=palette),
    ]
    for spec in specs:
        assert ("var(--" in json.dumps(spec)) is (palette is PAGE)


def test_paper_gets_an_svg_with_its_title() -> None:
    drawn = svg(charts.bars("Who pays late?", _POINTS, palette=PRINT))
    assert drawn.startswith("<svg")
    assert "Who pays late?" in drawn
    assert "75%" in drawn


def test_a_line_across_is_drawn_once_with_its_words() -> None:
    drawn = svg(charts.burn("Will it last?", _POINTS, Point("", ratio(1, 1), "budget 400 h"), palette=PRINT))
    assert drawn.count("budget 400 h</text>") == 1
    drawn = svg(charts.columns("Enough?", _POINTS, target=ratio(7, 10), palette=PRINT))
    assert drawn.count("stroke-dasharray") == 1
