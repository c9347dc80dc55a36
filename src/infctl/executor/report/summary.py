"""The report for chats and pull requests: Markdown, nothing in it but what is measured."""

from infctl.executor.report.content import RunReport, run_json
from infctl.judge.evidence import Recovery
from infctl.model.text import clean

_SPECIAL = "\\`*_{}[]<>()#+-.!|&~"


def make_summary(report: RunReport) -> str:
    """A heading, the outcome, the recovery and the steps."""
    plain = run_json(report)
    lines = [f"# {escape(report.name)}: {plain['outcome']['word']}", "", escape(report.summary), ""]
    lines += [f"- {escape(line)}" for line in report.outcome.evidence]
    lines += [f"- run {escape(report.run)}, {escape(report.state)}", ""]
    if report.recovery is not None:
        lines += _recovery(report.recovery)
    if report.settings:
        lines += ["| setting | value |", "|---|---|"]
        lines += [f"| {escape(str(k))} | {escape(str(v))} |" for k, v in report.settings.items()]
        lines.append("")
    lines += ["| step | state | seen |", "|---|---|---|"]
    for step in report.steps:
        seen = escape("; ".join(step.evidence))
        lines.append(f"| {escape(step.id)} | {escape(step.state)} | {seen} |")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Outside text as Markdown that shows it and does nothing else."""
    shown = clean(text, limit=500)
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in shown)


def _recovery(found: Recovery) -> list[str]:
    parts = found.parts
    rows = [
        ("RTO", found.rto),
        ("detection", parts and parts.detection),
        ("decision", parts and parts.decision),
        ("propagation", parts and parts.propagation),
        ("client drain", parts and parts.client_drain),
        ("floor", found.floor),
        ("bound", found.bound),
    ]
    lines = ["| | seconds |", "|---|---|"]
    lines += [f"| {n} | {'not measured' if v is None else f'{v:.1f}'} |" for n, v in rows]
    ratio = "not measured" if found.ratio is None else f"{found.ratio:.2f}"
    served = f"{found.failed} of {found.requests} requests failed until the recovery"
    return [*lines, "", f"Ratio to floor: {ratio}. {served}.", ""]
