"""The report for CI: one test case for the outcome, one for each step."""

from typing import Any

from infctl.executor.report.content import RunReport, StepReport, safe
from infctl.model.outcome import Word

_GOOD = frozenset({"done"})
_SKIPPED = frozenset({"skipped", "waiting", "undone"})


def make_junit(report: RunReport) -> bytes:
    """junit.xml; inconclusive and errored are errors, so that CI never takes them for passed."""
    from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

    suite = TestSuite(safe(report.name))
    outcome = TestCase("outcome", safe(report.name), max(0.0, report.ended - report.started))
    message = safe("; ".join(report.outcome.evidence))
    if report.outcome.word is Word.FAILED:
        outcome.result = [Failure(message, report.outcome.word.value)]
    elif report.outcome.word is not Word.PASSED:
        outcome.result = [Error(message, report.outcome.word.value)]
    suite.add_testcases([outcome, *(_case(report, step) for step in report.steps)])
    xml = JUnitXml()
    xml.add_testsuite(suite)
    content: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return content


def _case(report: RunReport, step: StepReport) -> Any:
    from junitparser import Failure, Skipped, TestCase

    took = (step.ended or 0.0) - (step.started or 0.0) if step.ended and step.started else 0.0
    case = TestCase(safe(step.id), safe(report.name), max(0.0, took))
    message = safe("; ".join(step.evidence) or step.state)
    if step.state in _SKIPPED:
        case.result = [Skipped(message, step.state)]
    elif step.state not in _GOOD:
        case.result = [Failure(message, step.state)]
    return case
