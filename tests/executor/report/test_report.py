import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from infctl.executor.report import RunReport, StepReport, write_report
from infctl.judge.evidence import Moments, Parts, Recovery
from infctl.model.outcome import Outcome, Word
from infctl.ports.load import RequestRecord

EVIL = "<script>alert(1)</script>\x1b[31m\u202e|`[x](javascript:1)"


def a_report(text: str, *, word: Word = Word.PASSED, requests: int = 300) -> RunReport:
    recovery = Recovery(
        outcome=Outcome(word, (text,)),
        moments=Moments(1000.0, 1027.0, 1028.0, 1047.0, 1047.5),
        bound=52.0,
        rto=47.5,
        parts=Parts(27.0, 1.0, 19.0, 0.5),
        floor=46.0,
        requests=2000,
        failed=700,
        budget_burnt=350.0,
        p50=0.02,
        p99=0.05,
        host_mean=0.3,
        host_peak=0.5,
        shares={text: 1.0},
    )
    return RunReport(
        run=text,
        name=text,
        summary=text,
        environment=text,
        plan_digest=text,
        state=text,
        outcome=Outcome(word, (text,)),
        started=990.0,
        ended=1100.0,
        parameters={text: [text, {text: text}]},
        settings={text: text},
        steps=[StepReport(text, "done", text, 1.0, 2.0, (text,)), StepReport("b", "failed")],
        recovery=recovery,
        requests=[
            RequestRecord(text, 995.0 + n / 3, 995.02 + n / 3, n % 7 != 0, 200, text, text)
            for n in range(requests)
        ],
    )


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {v or "" for n, v in attrs if n in ("src", "href", "xlink:href")}


def test_hostile_text_in_every_field_does_nothing_in_any_of_the_files(tmp_path: Path) -> None:
    paths = write_report(tmp_path, a_report(EVIL))
    for path in paths:
        text = path.read_text()
        # In JSON it is data; whoever shows it escapes it.
        shown = text.replace("\\<", "") if path.suffix == ".md" else text
        assert path.suffix == ".json" or "<script" not in shown
        assert "\x1b" not in text
        assert "\u202e" not in text
    tags = Tags()
    tags.feed((tmp_path / "report.html").read_text())
    assert not tags.tags & {"script", "iframe", "object", "link", "img"}
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert not tags.addresses


def test_the_page_needs_no_network_and_says_so(tmp_path: Path) -> None:
    write_report(tmp_path, a_report("failover"))
    page = (tmp_path / "report.html").read_text()
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert page.count("<svg") == 3
    for needle in ("47.5 s", "46.0 s", "answer changed", "1.03", "prefers-color-scheme"):
        assert needle in page
    assert len(page) < 500 * 1024


def test_the_page_of_half_an_hour_stays_small(tmp_path: Path) -> None:
    write_report(tmp_path, a_report("failover", requests=5400))
    assert (tmp_path / "report.html").stat().st_size < 500 * 1024


def test_run_json_is_an_envelope_with_the_recovery_in_it(tmp_path: Path) -> None:
    write_report(tmp_path, a_report("failover"))
    data = json.loads((tmp_path / "run.json").read_text())
    assert (data["apiVersion"], data["kind"]) == ("infctl.dev/v1", "DrillReport")
    assert data["recovery"]["rto"] == 47.5
    assert data["recovery"]["moments"]["fault"] == "1970-01-01T00:16:40.000Z"
    assert data["outcome"] == {"word": "passed", "evidence": ["failover"]}


@pytest.mark.parametrize(
    ("word", "tag"),
    [(Word.FAILED, "failure"), (Word.INCONCLUSIVE, "error"), (Word.ERRORED, "error")],
)
def test_ci_never_takes_an_undecided_drill_for_a_passed_one(
    tmp_path: Path, word: Word, tag: str
) -> None:
    write_report(tmp_path, a_report("failover", word=word))
    case = ElementTree.parse(tmp_path / "junit.xml").getroot().find(".//testcase[@name='outcome']")  # noqa: S314
    assert case is not None
    assert case.find(tag) is not None


def test_without_requests_or_recovery_the_report_says_so(tmp_path: Path) -> None:
    report = RunReport("r", "failover", "", "lab", "d", "failed", Outcome(Word.ERRORED), 1.0, 2.0)
    write_report(tmp_path, report)
    assert "No requests were recorded" in (tmp_path / "report.html").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "junit.xml",
        "report.html",
        "run.json",
        "summary.md",
    ]
