"""Tags of figures: {% load trails %}.

{% trail "wip" project=row.id as href %}   the address of a figure's trail
{% figure_cells cells 2 %}   a row's (text, address) figures as cells
{% meter figures %}   a project's budget used against scope, for table cells
"""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from workledger.metrics.projects import ProjectFigures
from workledger.web import formats
from workledger.web.templatetags.workledger import bar_over, bar_part, bar_span, fig
from workledger.web.trails import trail_url

register = template.Library()


@register.simple_tag
def trail(metric: str, **filters: Any) -> str:
    """Return the address of a metric's trail."""
    return trail_url(metric, **filters)


@register.simple_tag
def figure_cells(cells: Sequence[tuple[str, str]], shown: int = -1) -> str:
    """Draw a row's figures as table cells, each opening its trail: (text, address). On a phone only cell `shown` is seen."""
    drawn = []
    for place, (text, href) in enumerate(cells):
        mark = ' data-m="figure"' if place == shown else ""
        drawn.append(f'<td class="num"{mark}>{fig(text, href) if text else ""}</td>')
    return mark_safe("".join(drawn))  # noqa: S308 - made of escaped parts


@register.simple_tag
def meter(known: ProjectFigures) -> str:
    """Draw the share of the budget that is used, with the mark of the scope done; '' without a budget."""
    used = known.worst_burn
    if used is None:
        return ""
    percent = used * 100
    scope = known.scope_done * 100 if known.scope_done else ""
    words = formats.percent(used, 0)
    mark = (
        format_html(
            '<path class="scope-halo" d="M{0} -3v14"/><path class="scope" d="M{0} -3v14"/>',
            f"{float(scope):.1f}",
        )
        if scope != ""
        else SafeString("")
    )
    over = (
        format_html('<rect class="over" x="100.4" width="{}" height="8"/>', bar_over(percent))
        if percent > 100
        else SafeString("")
    )
    name = "budget_burn" if known.worst_burn == known.burn else "budget_burn_amount"
    return format_html(
        '<div class="meter meter-cell"{}><svg class="meter-bar" viewBox="0 0 {} 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/><rect class="used" width="{}" height="8"/>{}{}</svg>'
        '<a class="figure" href="{}" aria-label="Budget used: {}">{}</a></div>',
        format_html(' data-tone="{}"', known.tone) if known.tone else "",
        bar_span(percent, scope), bar_part(percent, 100), over, mark,
        trail_url(name, project=known.project_id), words, words,
    )  # fmt: skip
