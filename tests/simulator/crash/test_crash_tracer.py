from pathlib import Path

import pytest

from infctl.errors import Exit, Unmeasured
from infctl.simulator.crash.tracer import Tracer, find_tracer
from infctl.simulator.crash.victims import Laboratory


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_without_strace_and_apt_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unmeasured) as caught:
        find_tracer(tmp_path / "cache")
    assert caught.value.exit_code is Exit.UNDECIDED
    assert "apt-get install strace" in caught.value.hint


def test_the_package_is_unpacked_into_the_cache_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    program(programs, "apt-get", '[ "$2" = download ] && echo x > "$3_1.deb"')
    program(
        programs,
        "dpkg-deb",
        '/bin/mkdir -p "$3/usr/bin"; printf "#!/bin/sh\\n" > "$3/usr/bin/strace"; '
        '/bin/chmod 755 "$3/usr/bin/strace"',
    )
    monkeypatch.setenv("PATH", str(programs))
    found = find_tracer(tmp_path / "cache")
    assert found.program == tmp_path / "cache/strace/usr/bin/strace"
    (programs / "apt-get").unlink()
    assert find_tracer(tmp_path / "cache") == found


def test_a_download_that_fails_leaves_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    program(programs, "apt-get", "echo E: no network >&2; exit 100")
    program(programs, "dpkg-deb", "")
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(Unmeasured, match="no network"):
        find_tracer(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_kernel_that_forbids_tracing_is_named_as_such(tmp_path: Path) -> None:
    words = 'echo "strace: attach: ptrace(PTRACE_SEIZE, 7): Operation not permitted" >&2; exit 1'
    laboratory = Laboratory(Tracer(program(tmp_path, "strace", words)))
    with pytest.raises(Unmeasured, match=r"cannot trace here: .*not permitted") as caught:
        laboratory.run(tmp_path, "-e", "trace=fsync")
    assert "ptrace" in caught.value.hint
