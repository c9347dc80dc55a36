"""Links, tree and wheel are one package, by whichever way it is built."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("console", "commands", "runbooks", "drills")


def run(*argv: str, **variables: str) -> str:
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree() -> set[str]:
    """Every file of the package, as the wheel should name it: links to folders are not files."""
    listed = run(
        *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        *("--", "src/infctl", *FOLDERS),
    )
    files = [Path(name) for name in listed.split("\0") if name]
    return {
        str(file.relative_to("src") if file.parts[0] == "src" else Path("infctl", file))
        for file in files
        if (ROOT / file).is_file()
    }


def unpack(wheel: Path) -> set[str]:
    """The files of the package in a wheel, which is laid out beside it."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(wheel.parent / "unpacked")
        return {name for name in opened.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module", params=["from the tree", "from a source distribution"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built in one of the two ways."""
    folder = tmp_path_factory.mktemp("dist")
    only = ["--wheel"] if request.param == "from the tree" else []
    run(*(sys.executable, "-m", "build"), *only, "--no-isolation", "-o", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_root_folder_is_a_subpackage_by_a_relative_link(folder: str) -> None:
    assert str((ROOT / "src" / "infctl" / folder).readlink()) == f"../../{folder}"


def test_the_wheel_holds_the_whole_package_and_nothing_else(built: Path) -> None:
    inside, wanted = unpack(built), tree()
    assert sorted(inside - wanted) == []
    assert sorted(wanted - inside) == []


@pytest.mark.parametrize(
    "name",
    [
        "infctl/py.typed",
        "infctl/platform/starter.yaml",
        "infctl/executor/report/page.html",
        "infctl/lab/kubernetes/go.mod",
        "infctl/lab/kubernetes/main.go",
        "infctl/lab/fetch/sites.json",
        "infctl/lab/models/digits/v1/model.onnx",
        "infctl/lab/images/mlserver_onnx/requirements.txt",
        "infctl/drills/load/locustfile.py",
        "infctl/console/app.py",
    ],
)
def test_what_is_read_at_run_time_is_in_the_wheel(built: Path, name: str) -> None:
    assert name in unpack(built)


def test_what_was_unpacked_runs_without_the_tree(built: Path, tmp_path: Path) -> None:
    unpack(built)
    place = {"PYTHONPATH": str(built.parent / "unpacked"), "XDG_STATE_HOME": str(tmp_path)}
    file = str(tmp_path / "platform.yaml")
    infctl = (sys.executable, "-P", "-m", "infctl", "--platform", file)
    where = run(sys.executable, "-P", "-c", "import infctl; print(infctl.__path__[0])", **place)
    assert where.strip() == str(built.parent / "unpacked" / "infctl")
    run(*infctl, "init", "--output", file, **place)
    run(*infctl, "config", "lint", **place)
    assert "failover" in run(*infctl, "drill", "list", **place)
