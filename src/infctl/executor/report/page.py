"""The report for people: one file that needs nothing else."""

from pathlib import Path
from typing import Any

from infctl.executor.report.content import RunReport, run_json, safe
from infctl.executor.report.figures import draw_figures, find_marks
from infctl.executor.report.series import make_series

_TEMPLATE = Path(__file__).with_name("page.html")


def make_page(report: RunReport) -> str:
    """The whole page; every text of it is escaped by the template."""
    import jinja2
    from markupsafe import Markup

    origin = report.recovery.moments.fault if report.recovery else report.started
    series = make_series(report.requests, origin)
    # pygal escapes what it draws; nothing else is passed on unescaped.
    figures = [(title, Markup(svg)) for title, svg in draw_figures(report, series, origin)]  # noqa: S704
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page: str = template.from_string(_TEMPLATE.read_text()).render(
        report=run_json(report),
        figures=figures,
        marks=sorted(find_marks(report, origin).items()),
        headings=safe(["s", *series.served, "failed/s", "p99 ms"]),
        rows=_rows(series),
        width=series.width,
    )
    return page


def _rows(series: Any) -> list[tuple[Any, ...]]:
    columns = [series.starts, *series.served.values(), series.errors, series.p99]
    return list(zip(*columns, strict=True)) if series.starts else []
