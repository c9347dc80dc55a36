"""Plots as inline SVG: no script, no network, colours that the page's own styles may turn."""

from collections.abc import Sequence
from typing import Any

from infctl.executor.report.content import RunReport
from infctl.executor.report.series import Series
from infctl.model.text import clean

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_ERRORS = "#d4351c"
_MOST_LABELS = 12
_CLOSE = 1 / 20
"""The share of a plot's width below which two labels would lie on each other."""


def draw_figures(report: RunReport, series: Series, origin: float) -> list[tuple[str, str]]:
    """Title and SVG of each plot; none where there were no requests."""
    if not series.starts:
        return []
    marks = find_marks(report, origin)
    served = _chart(series, marks, "requests per second")
    for region, values in series.served.items():
        served.add(clean(region, limit=60), list(zip(series.starts, values, strict=True)))
    errors = _chart(series, marks, "failed per second", colours=(_ERRORS,))
    errors.add("failed", list(zip(series.starts, series.errors, strict=True)))
    latency = _chart(series, marks, "milliseconds")
    points = [(x, y) for x, y in zip(series.starts, series.p99, strict=True) if y is not None]
    latency.add("p99", points)
    charts = (
        ("Requests served, by region", served),
        ("Failed requests", errors),
        ("p99 of what was served", latency),
    )
    return [(title, _still(chart)) for title, chart in charts]


def find_marks(report: RunReport, origin: float) -> dict[float, str]:
    """What happened when, in seconds after the fault."""
    if report.recovery is None:
        return {}
    moments = report.recovery.moments
    found = {"fault": moments.fault, "detected": moments.detected}
    found |= {"answer changed": moments.changed, "recovered": moments.recovered}
    marks: dict[float, str] = {}
    for name, moment in found.items():
        if moment is not None:
            at = round(moment - origin, 1)
            marks[at] = f"{marks[at]}, {name}" if at in marks else name
    return marks


def _still(chart: Any) -> str:
    """The plot without the script that pygal writes even where it is told to use none."""
    import xml.etree.ElementTree as ElementTree

    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    # What pygal drew a moment ago, with all text escaped: nothing from outside is parsed.
    root = ElementTree.fromstring(chart.render())  # noqa: S314
    for parent in list(root.iter()):
        # These ids are for the script, and the same in every plot.
        if parent.get("id", "").startswith("activate"):
            del parent.attrib["id"]
        for child in list(parent):
            if child.tag.endswith("}script"):
                parent.remove(child)
    return ElementTree.tostring(root, encoding="unicode")


def _chart(
    series: Series,
    marks: dict[float, str],
    unit: str,
    *,
    colours: tuple[str, ...] = _COLOURS,
) -> Any:
    import pygal
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#767676",
        foreground_strong="#767676",
        foreground_subtle="#767676",
        guide_stroke_color="#76767655",
        major_guide_stroke_color="#767676",
        colors=colours,
        font_family="system-ui, sans-serif",
        opacity=".9",
    )
    chart = pygal.XY(
        js=[],
        style=style,
        show_dots=False,
        stroke_style={"width": 2},
        width=960,
        height=380,
        disable_xml_declaration=True,
        x_title="seconds after the fault",
        y_title=unit,
        legend_at_bottom=True,
        include_x_axis=True,
        show_x_guides=True,
        x_label_rotation=35,
        truncate_label=-1,
    )
    # Styles are of the whole page, so each plot's are bound to an id, the same each time.
    chart.uuid = unit.replace(" ", "-")
    chart.x_labels = make_labels(marks, series.starts)
    return chart


def make_labels(marks: dict[float, str], starts: Sequence[float]) -> list[Any]:
    """What stands below the plot: the marks, those that are close together as one; else seconds."""
    if not marks:
        return list(starts[:: max(1, len(starts) // _MOST_LABELS)])
    apart = (starts[-1] - starts[0]) * _CLOSE
    found: list[tuple[float, str]] = []
    for at, name in sorted(marks.items()):
        if found and at - found[-1][0] < apart:
            found[-1] = (found[-1][0], f"{found[-1][1]}, {name} {at:g}")
        else:
            found.append((at, f"{name} {at:g}"))
    return [{"value": at, "label": label} for at, label in found]
