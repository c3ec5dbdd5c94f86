"""Charts as Vega-Lite specs: one theme for page, mail and PDF; direct labels, the subject in the accent, the rest in grey.

A chart answers the question that is its title. On pages the title stands in the page, the colours are the page's own
tokens (so light and dark need no second spec), and a mark with an address opens its trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Spec = dict[str, Any]
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours and type of a chart, by what they mean."""

    ink: str
    quiet: str
    rule: str
    subject: str
    rest: str
    warn: str
    bad: str
    font: str


PAGE = Palette(
    "var(--ink)", "var(--ink-3)", "var(--rule)", "var(--subject)", "var(--rest)", "var(--warn-fill)", "var(--bad-fill)",
    "-apple-system, Segoe UI, Inter, Roboto, Noto Sans, Liberation Sans, Arial, sans-serif",
)  # fmt: skip
PRINT = Palette(
    "#15201c", "#5d6863", "#dfe4e1", "#18754f", "#bfc5c2", "#c88a1b", "#c9412f", "Source Sans 3, Liberation Sans, sans-serif"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A mark: its place on the axis, its value, the value in words, what it opens, how it is marked.

    `tone` is '' (the subject), 'rest', 'warn' or 'bad'. A value of None leaves a gap.
    """

    label: str
    value: Decimal | None
    text: str
    href: str = ""
    tone: str = ""


def _config(palette: Palette) -> Spec:
    return {
        "font": palette.font,
        "background": None,
        "view": {"stroke": None},
        "axis": {
            "labelColor": palette.quiet, "labelFontSize": 12, "titleColor": palette.quiet, "domainColor": palette.rule,
            "gridColor": palette.rule, "ticks": False, "labelPadding": 6, "title": None, "labelFont": palette.font,
        },
        "text": {"fontSize": 12, "color": palette.quiet, "font": palette.font},
        "title": {"color": palette.ink, "fontSize": 14, "fontWeight": 600, "anchor": "start", "offset": 12},
    }  # fmt: skip


def _frame(
    question: str, palette: Palette, height: int, layers: list[Spec], encoding: Spec, rows: list[Spec]
) -> Spec:
    """Return a spec around layers; on a page the title is only the description, as it stands above the chart."""
    spec: Spec = {
        "$schema": _SCHEMA,
        "description": question,
        "width": "container" if palette is PAGE else 520,
        "height": height,
        "autosize": {"type": "fit-x" if palette is PAGE else "pad", "contains": "padding"},
        "padding": 0,
        "config": _config(palette),
        "data": {"values": rows},
        "layer": [_placed(layer, encoding) for layer in layers],
    }
    if palette is not PAGE:
        spec |= {"title": question, "padding": 8}
    return spec


def _placed(layer: Spec, encoding: Spec) -> Spec:
    """Return a layer with the shared places of its marks; one with data of its own (a line across) has only its height."""
    own: Spec = layer.get("encoding", {})
    if "data" not in layer:
        return layer | {"encoding": encoding | own}
    height = {key: value for key, value in encoding["y"].items() if key != "field"}
    return layer | {"encoding": own | {"y": height | own["y"]}}


def _rows(points: Sequence[Point]) -> list[Spec]:
    return [
        {
            "label": point.label,
            "place": place,
            "value": float(point.value) if point.value is not None else None,
            "text": point.text,
            "href": point.href,
            "tone": point.tone,
        }
        for place, point in enumerate(points)
    ]


def _tones(palette: Palette) -> Spec:
    colours = {"": palette.subject, "rest": palette.rest, "warn": palette.warn, "bad": palette.bad}
    return {
        "field": "tone",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
    }


def columns(
    question: str, points: Sequence[Point], *, target: Decimal | None = None, palette: Palette = PAGE
) -> Spec:
    """Return columns over time, each with its value above it; `target` is a thin line across, with its word."""
    label = {
        "field": "label",
        "type": "ordinal",
        "sort": None,
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4},
    }
    height = {"field": "value", "type": "quantitative", "axis": None}
    cursor = {"cursor": "pointer"} if any(point.href for point in points) else {}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "cornerRadiusEnd": 2, "width": {"band": 0.64}, **cursor},
            "encoding": {"color": _tones(palette)},
        },
        {
            "mark": {"type": "text", "dy": -8, "baseline": "bottom", **cursor},
            "encoding": {"text": {"field": "text"}},
        },
    ]
    if target is not None:
        layers.append(
            {"data": {"values": [{"once": True}]}, "mark": {"type": "rule", "color": palette.quiet, "strokeDash": [3, 3]},
             "encoding": {"y": {"datum": float(target)}}}
        )  # fmt: skip
    return _frame(question, palette, 180, layers, {"x": label, "y": height}, _rows(points))


def bars(question: str, points: Sequence[Point], *, palette: Palette = PAGE) -> Spec:
    """Return bars, one under the other, each with its value at its end: for ages and other few parts."""
    name = {"field": "label", "type": "nominal", "sort": None, "axis": {"domain": False, "labelLimit": 120}}
    most = max((abs(point.value or Decimal(0)) for point in points), default=Decimal(1)) or Decimal(1)
    scale = {"domain": [0, float(most) * 1.28], "nice": False}
    length = {"field": "value", "type": "quantitative", "axis": None, "scale": scale}
    cursor = {"cursor": "pointer"} if any(point.href for point in points) else {}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "cornerRadiusEnd": 2, "height": {"band": 0.62}, **cursor},
            "encoding": {"color": _tones(palette)},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "color": palette.ink, **cursor},
            "encoding": {"text": {"field": "text"}},
        },
    ]
    return _frame(
        question, palette, 30 * max(len(points), 1), layers, {"y": name, "x": length}, _rows(points)
    )


def stacked(question: str, whole: Sequence[Point], part: Sequence[Point], *, palette: Palette = PAGE) -> Spec:
    """Return columns of a whole in grey with a part of it in the accent before them; the whole's words stand above."""
    rows = [row | {"which": 0, "tone": "rest"} for row in _rows(whole)]
    rows += [row | {"which": 1, "tone": ""} for row in _rows(part)]
    label = {
        "field": "label",
        "type": "ordinal",
        "sort": None,
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4},
    }
    axis = {"domain": False, "format": "~s", "tickCount": 3, "grid": True}
    height = {"field": "value", "type": "quantitative", "stack": None, "axis": axis}
    cursor = {"cursor": "pointer"} if any(point.href for point in (*whole, *part)) else {}
    layers: list[Spec] = [
        {
            "transform": [{"filter": f"datum.which === {which}"}],
            "mark": {"type": "bar", "cornerRadiusEnd": 2, "width": {"band": 0.64}, **cursor},
            "encoding": {"color": _tones(palette)},
        }
        for which in (0, 1)
    ]
    layers.append(
        {
            "transform": [{"filter": "datum.which === 0"}],
            "mark": {"type": "text", "dy": -8, "baseline": "bottom", **cursor},
            "encoding": {"text": {"field": "text"}},
        }
    )
    return _frame(question, palette, 200, layers, {"x": label, "y": height}, rows)


def layered(question: str, layers_of: Sequence[Sequence[Point]], *, palette: Palette = PAGE) -> Spec:
    """Return columns of parts that stand on each other, the first at the foot; the last layer's words stand above.

    Each layer has its own tone; the words of other layers are for the table behind the chart.
    """
    rows, foot = list[Spec](), dict[str, float]()
    for which, points in enumerate(layers_of):
        for row in _rows(points):
            low = foot.get(row["label"], 0.0)
            foot[row["label"]] = low + (row["value"] or 0.0)
            rows.append(row | {"which": which, "low": low, "high": foot[row["label"]]})
    label = {"field": "label", "type": "ordinal", "sort": None,
             "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4}}  # fmt: skip
    axis = {"domain": False, "format": "~s", "tickCount": 3, "grid": True}
    height = {"field": "low", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    cursor = {"cursor": "pointer"} if any(point.href for points in layers_of for point in points) else {}
    bar: Spec = {
        "mark": {"type": "bar", "width": {"band": 0.64}, **cursor},
        "encoding": {
            "y2": {"field": "high"}, "color": _tones(palette),
            "opacity": {"field": "which", "type": "ordinal", "legend": None, "scale": {"range": _FADES}},
        },
    }  # fmt: skip
    words: Spec = {
        "transform": [{"filter": f"datum.which === {len(layers_of) - 1}"}],
        "mark": {"type": "text", "dy": -8, "baseline": "bottom", **cursor},
        "encoding": {"y": {"field": "high", "type": "quantitative"}, "text": {"field": "text"}},
    }
    return _frame(question, palette, 220, [bar, words], {"x": label, "y": height}, rows)


def waterfall(question: str, points: Sequence[Point], *, palette: Palette = PAGE) -> Spec:
    """Return a bridge: the first and the last point are whole columns, those between lift or lower what went before."""
    rows, level = list[Spec](), 0.0
    last = len(points) - 1
    for place, row in enumerate(_rows(points)):
        value = row["value"] or 0.0
        low, high = (0.0, value) if place in (0, last) else (level, level + value)
        level = high
        rows.append(row | {"low": low, "high": high, "top": max(low, high)})
    edge = (
        [min(min(row["low"], row["high"]) for row in rows[1:-1]), max(row["top"] for row in rows)]
        if last > 1
        else []
    )
    name = {
        "field": "label",
        "type": "ordinal",
        "sort": None,
        "axis": {"labelAngle": 0, "labelLimit": 150, "labelOverlap": "greedy"},
    }
    domain = {"domain": [_foot(edge), edge[1]], "nice": True, "clamp": True} if edge else {"zero": True}
    height = {"field": "low", "type": "quantitative", "axis": None, "scale": domain}
    cursor = {"cursor": "pointer"} if any(point.href for point in points) else {}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "width": {"band": 0.6}, **cursor},
            "encoding": {"y2": {"field": "high"}, "color": _tones(palette)},
        },
        {
            "mark": {"type": "text", "dy": -6, "baseline": "bottom", "color": palette.ink, **cursor},
            "encoding": {"y": {"field": "top", "type": "quantitative"}, "text": {"field": "text"}},
        },
    ]
    return _frame(question, palette, 240, layers, {"x": name, "y": height}, rows)


_FADES = [1, 1, 0.45]
"""How strong each layer is drawn: what is less sure is lighter."""


def _foot(edge: Sequence[float]) -> float:
    """Return where a bridge's axis begins: nothing, or lower where steps go there; the wholes are cut where steps are small."""
    low, high = edge
    span = high - low
    return low - span if low > 0 and span < high / 4 else min(low, 0.0)


def burn(
    question: str,
    points: Sequence[Point],
    budget: Point | None,
    *,
    scope: Point | None = None,
    palette: Palette = PAGE,
) -> Spec:
    """Return what was used, added up over time, against the line of the budget, each with its word at the end."""
    label = {"field": "label", "type": "ordinal", "sort": None, "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4},
             "scale": {"type": "point", "padding": 0.4}}  # fmt: skip
    most = max(
        [float(point.value) for point in (*points, *filter(None, (budget, scope))) if point.value is not None]
        or [1.0]
    )
    height = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, most * 1.16]}}
    rows = _rows(points)
    for row in rows:
        row["word"] = row["text"] if row["place"] == len(rows) - 1 else ""
    layers: list[Spec] = [
        {"mark": {"type": "area", "color": palette.subject, "opacity": 0.12, "interpolate": "monotone"}},
        {"mark": {"type": "line", "color": palette.subject, "strokeWidth": 2, "interpolate": "monotone"}},
        {"mark": {"type": "point", "filled": True, "size": 40, "color": palette.subject, "cursor": "pointer"}},
        {"mark": {"type": "text", "dy": -12, "align": "right", "fontWeight": 600, "color": palette.subject},
         "encoding": {"text": {"field": "word"}}},
    ]  # fmt: skip
    for line, colour in ((budget, palette.quiet), (scope, palette.warn)):
        if line is None or line.value is None:
            continue
        once = {"data": {"values": [{"once": True}]}}
        at = {"datum": float(line.value)}
        layers.append(
            {
                **once,
                "mark": {"type": "rule", "color": colour, "strokeDash": [3, 3]},
                "encoding": {"y": at},
            }
        )
        words = {"x": {"value": 0}, "y": at, "text": {"value": line.text}}
        layers.append(
            {**once, "mark": {"type": "text", "align": "left", "dy": -8, "color": colour}, "encoding": words}
        )
    return _frame(question, palette, 180, layers, {"x": label, "y": height}, rows)


def compared(
    question: str, series: Sequence[tuple[str, Sequence[Point]]], *, palette: Palette = PAGE
) -> Spec:
    """Return up to three lines over time, each with its name at its end: the first is the subject, the others dashed."""
    label = {"field": "label", "type": "ordinal", "sort": None, "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4},
             "scale": {"type": "point", "padding": 0.4}}  # fmt: skip
    values = [float(point.value) for _, points in series for point in points if point.value is not None]
    height = {"field": "value", "type": "quantitative", "axis": None,
              "scale": {"domain": [min([*values, 0.0]), max([*values, 1.0]) * 1.16]}}  # fmt: skip
    colours = (palette.subject, palette.quiet, palette.warn)
    rows = []
    layers: list[Spec] = []
    ends = sorted(
        ((float(points[-1].value or 0), number) for number, (_, points) in enumerate(series) if points),
        reverse=True,
    )
    above = ends[0][1] if ends else 0
    for number, (name, points) in enumerate(series):
        for row in _rows(points):
            is_last = row["place"] == len(points) - 1
            rows.append(row | {"line": number, "word": f"{name} {row['text']}" if is_last else ""})
        mine = {"transform": [{"filter": f"datum.line === {number}"}]}
        dash = {} if not number else {"strokeDash": [6, 3] if number == 1 else [2, 3]}
        layers.append({**mine, "mark": {"type": "line", "color": colours[number], "strokeWidth": 2, **dash}})
        layers.append(
            {**mine, "mark": {"type": "point", "filled": True, "size": 30, "color": colours[number]}}
        )
        layers.append(
            {**mine, "mark": {"type": "text", "align": "right", "dy": -12 if number == above else 18, "fontWeight": 600,
                              "color": colours[number] if number != 2 else palette.ink},
             "encoding": {"text": {"field": "word"}}}
        )  # fmt: skip
    return _frame(question, palette, 200, layers, {"x": label, "y": height}, rows)
