"""Filters and tags every page has without loading them (they are built-ins of the template engine).

{{ value|amount }}  {{ value|amount:"JPY" }}   1,234.50, currency in the head
{{ value|money:"EUR" }}  {{ value|money_whole:"EUR" }}   €1,234.50 and €1,235
{{ value|hours }}  {{ value|hours:1 }}  {{ seconds|clock }}   7.50, 7.5, 7:30
{{ ratio|percent }}  {{ n|count }}   69.3%, 1,204
{{ date|day }}  {{ date|day_short }}  {{ datetime|when }}   2 Mar 2026, Mon 2 Mar, 2 Mar 2026, 14:05
{% icon "clock" %}   a lucide icon, hidden from screen readers
{% fig text href tone="bad" %}   a figure that opens its trail: the fast form of <c-figure> for table cells
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

import lucide as lucide_icons
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workledger.kernel.money import Money
from workledger.web import formats

register = template.Library()
_Amount = Money | formats.Number | None


@register.filter
def amount(value: _Amount, currency: str = "EUR") -> str:
    """Amount without currency."""
    return formats.amount(value, currency)


@register.filter
def money(value: _Amount, currency: str = "") -> str:
    """Amount with currency."""
    return formats.money(value, currency)


@register.filter
def money_whole(value: _Amount, currency: str = "") -> str:
    """Amount with currency, without the minor unit."""
    return formats.money(value, currency, whole=True)


@register.filter
def hours(value: formats.Number | timedelta | None, places: int = 2) -> str:
    """Hours as a decimal; an int is seconds."""
    return formats.hours(value, places)


@register.filter
def clock(seconds: int | None) -> str:
    """Seconds as h:mm."""
    return formats.clock(seconds)


@register.filter
def percent(ratio: formats.Number | None, places: int = 1) -> str:
    """A ratio as a percentage."""
    return formats.percent(ratio, places)


@register.filter
def count(value: int | None) -> str:
    """A whole number, grouped; zero stays 0."""
    return formats.number(value, 0, zero="0")


@register.filter
def day(value: date | None) -> str:
    """A day with its year."""
    return formats.day(value)


@register.filter
def day_short(value: date | None) -> str:
    """A weekday and day."""
    return formats.day_short(value)


@register.filter
def day_spoken(value: date) -> str:
    """A day in words: Monday 2 March."""
    return formats.day_spoken(value)


@register.filter
def when(value: datetime | None) -> str:
    """A day and time."""
    return formats.when(value)


@register.filter
def initials(name: str) -> str:
    """Two letters of a name."""
    return formats.initials(name)


@lru_cache(maxsize=512)
def _icon(name: str, css: str) -> SafeString:
    rendered = lucide_icons._render_icon(name, 16, aria_hidden="true", focusable="false", **{"class": css})
    return mark_safe(str(rendered).strip())  # noqa: S308 - the library's own markup


@register.simple_tag
def icon(name: str, css: str = "icon") -> SafeString:
    """A lucide icon by name; it says nothing, so a word must stand beside it."""
    return _icon(str(name), css)


_CELL_MARKS = (
    ("saving", "loader"),
    ("saved", "check"),
    ("offline", "cloud-off"),
    ("refused", "circle-alert"),
    ("locked", "lock"),
)


@lru_cache(maxsize=1)
def _cell_marks() -> SafeString:
    marks = format_html_join(
        "", '<span data-for="{}">{}</span>', ((state, _icon(name, "icon")) for state, name in _CELL_MARKS)
    )
    return format_html(
        '<span class="cell-mark" aria-hidden="true">{}</span><button class="cell-note" type="button" tabindex="-1"'
        ' data-note-open>{}<span class="visually-hidden">Note</span></button>',
        marks,
        _icon("message-square-text", "icon"),
    )


@register.simple_tag
def cell_marks() -> SafeString:
    """The corner marks of a cell of the week and its note button; built once, as a week has sixty of them."""
    return _cell_marks()


@register.simple_tag
def fig(text: str, href: str = "", *, tone: str = "", label: str = "") -> str:
    """A figure that opens its trail. `label` names it for screen readers where the head does not."""
    if not href:
        return format_html('<span class="figure-plain">{}</span>', text)
    marks = format_html(' data-tone="{}"', tone) if tone else SafeString("")
    if text == formats.ZERO:
        marks += SafeString(" data-zero")
    elif text.startswith("("):
        marks += SafeString(" data-neg")
    if label:
        marks += format_html(' aria-label="{}: {}"', label, text)
    return format_html('<a class="figure" href="{}"{}>{}</a>', href, marks, text)


@register.simple_tag
def bar_span(burn: formats.Number, scope: formats.Number | str = "") -> str:
    """How long the bar of a meter is, in percent of the budget: 100, or more when more was used or done."""
    return f"{max(100.0, float(burn), float(scope or 0)):.2f}"


@register.simple_tag
def bar_part(burn: formats.Number, most: formats.Number) -> str:
    """The part of `burn` up to `most`."""
    return f"{min(max(float(burn), 0.0), float(most)):.2f}"


@register.simple_tag
def bar_over(burn: formats.Number) -> str:
    """The part of `burn` above 100, less the gap that marks the end of the budget."""
    return f"{max(float(burn) - 100.4, 0.0):.2f}"


@register.filter
def undo_address(extra_tags: str) -> str:
    """The address in a message's extra tags 'undo:/address', or ''."""
    return next((tag.removeprefix("undo:") for tag in extra_tags.split() if tag.startswith("undo:/")), "")


def _sort_now(context: template.Context) -> str:
    request = context.get("request")
    return str(request.GET.get("sort", "")) if request else ""


@register.simple_tag(takes_context=True)
def sort_state(context: template.Context, name: str) -> str:
    """How a column is sorted, in the words of aria-sort."""
    now = _sort_now(context)
    return {name: "ascending", f"-{name}": "descending"}.get(now, "none")


@register.simple_tag(takes_context=True)
def sort_next(context: template.Context, name: str) -> str:
    """The value of ?sort= that a click on the head asks for."""
    return f"-{name}" if _sort_now(context) == name else name


@register.filter
def item(values: Sequence[object], index: int) -> object:
    """The value at a place, or None."""
    return values[index] if -len(values) <= index < len(values) else None


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()
