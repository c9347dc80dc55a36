"""A run's report in four files, for programs, CI, chats and people. Heavy imports on use."""

from infctl.executor.report.content import RunReport, StepReport
from infctl.executor.report.files import write_report

__all__ = ["RunReport", "StepReport", "write_report"]
