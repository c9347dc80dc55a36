"""The root of the command line: light, helpful, honest in its exit codes."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ["textual", "kubernetes", "boto3", "botocore", "prometheus_api_client", "dns", "locust"]


def infctl(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infctl", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


@pytest.mark.parametrize(
    "words", [["--help"], ["status", "--help"], ["drill", "list"], ["version"], ["lab", "--help"]]
)
def test_no_sdk_and_no_textual_is_loaded_for(words: list[str]) -> None:
    code = (
        "import sys; from infctl.commands.run import run; run(sys.argv[1:]);"
        f"print('HEAVY', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []", done.stderr


def test_completion_knows_the_commands() -> None:
    done = infctl(_INFCTL_COMPLETE="complete_bash", COMP_WORDS="infctl fail", COMP_CWORD="1")
    assert done.stdout.split() == ["failover"]


def test_an_unknown_command_is_a_usage_error_with_the_nearest_word() -> None:
    done = infctl("statsu")
    assert done.returncode == 2
    assert "status" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_and_without_a_command_help_goes_to_stderr() -> None:
    done = infctl()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr


@pytest.mark.parametrize("noun", ["deploy", "runs", "locks", "lab", "runbook"])
def test_a_noun_without_a_verb_prints_its_help_on_stderr(noun: str) -> None:
    done = infctl(noun)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Usage: infctl {noun}" in done.stderr
    assert infctl(noun, "--help").stdout.strip()


def test_a_missing_platform_file_names_the_next_command() -> None:
    done = infctl("--platform", "missing.yaml", "status")
    assert done.returncode == 78
    assert "try: infctl init" in done.stderr


def test_with_json_the_error_is_one_line_of_json_on_stderr() -> None:
    done = infctl("--platform", "missing.yaml", "status", "-o", "json")
    assert done.stdout == ""
    assert json.loads(done.stderr)["error"]["code"] == 78


def test_a_reader_that_goes_away_is_no_error_to_talk_about() -> None:
    words = [sys.executable, "-m", "infctl", "version"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()
        assert (child.wait(30), said) == (141, b"")


def test_version_has_a_machine_form() -> None:
    done = infctl("version", "-o", "json")
    assert json.loads(done.stdout)["apiVersion"] == "infctl.dev/v1"
    line = infctl("version", "-o", "jsonl").stdout
    assert line.count("\n") == 1
    assert json.loads(line)["kind"] == "Version"


@pytest.mark.parametrize("words", ["statsu", "status --nosuch", "drill failover --mode x"])
def test_what_cannot_be_parsed_is_told_like_every_error(words: str) -> None:
    plain = infctl(*words.split())
    assert (plain.returncode, plain.stdout) == (2, "")
    assert plain.stderr.startswith("error: ")
    assert "try: infctl" in plain.stderr
    machine = infctl(*words.split(), "-o", "json")
    assert json.loads(machine.stderr)["error"]["code"] == 2


@pytest.mark.parametrize(
    ("redirection", "code", "told"),
    [
        (">/dev/full", 1, "error: the result cannot be written: No space left on device"),
        (">&-", 1, "error: the result cannot be written: standard output is closed"),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
    ],
)
def test_streams_that_take_nothing_are_no_bug(redirection: str, code: int, told: str) -> None:
    line = f"{sys.executable} -m infctl version {redirection}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (code, told)


def test_help_for_a_reader_that_goes_away_ends_with_141() -> None:
    line = f"{{ {sys.executable} -m infctl --help; echo $? >&2; }} | :"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert done.stderr == "141\n"


def test_color_is_chosen_by_flag_before_environment() -> None:
    always = infctl("--color", "always", "status", "--help", NO_COLOR="1", TERM="xterm")
    assert "\x1b[1;33m" in always.stdout
    never = infctl("--color", "never", "status", "--help", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[" not in never.stdout
    assert "\x1b[" not in infctl("--help", GITHUB_ACTIONS="true").stdout
    assert infctl("--color", "sometimes", "version").returncode == 2
