"""What is installed is what was locked (C24): hashes for all, reproducible, no byte changed."""

import hashlib
import json
import os
import random
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SBOM = runpy.run_path(str(ROOT / "scripts" / "sbom.py"))
bill, components = SBOM["bill"], SBOM["components"]
LOCK_FILES = sorted((ROOT / "requirements").glob("*.txt"))
FLIPS = int(os.environ.get("INFCTL_WHEEL_FLIPS", "8"))
SCHEMA = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "version", "serialNumber", "metadata", "components"],
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "version": {"type": "integer", "minimum": 1},
        "serialNumber": {
            "pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
        },
        "components": {
            "type": "array",
            "minItems": 50,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["type", "bom-ref", "name", "version", "purl", "hashes"],
                "properties": {
                    "type": {"const": "library"},
                    "bom-ref": {"type": "string"},
                    "name": {"pattern": "^[a-z0-9-]+$"},
                    "version": {"pattern": "^[0-9][0-9A-Za-z.+!]*$"},
                    "purl": {"pattern": "^pkg:pypi/[a-z0-9-]+@[0-9][0-9A-Za-z.+!]*$"},
                    "hashes": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "required": ["alg", "content"],
                            "properties": {
                                "alg": {"const": "SHA-256"},
                                "content": {"pattern": "^[0-9a-f]{64}$"},
                            },
                        },
                    },
                },
            },
        },
    },
}


def _requirements(lock: Path) -> list[str]:
    """The requirements of a lock, each with its hashes on one line."""
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", LOCK_FILES, ids=lambda path: path.name)
def test_c24_every_requirement_is_pinned_with_hashes_and_none_is_an_address(lock: Path) -> None:
    found = _requirements(lock)
    assert found
    for line in found:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==[0-9]", line), line
        assert "--hash=sha256:" in line, line
        assert "://" not in line, line
        assert not re.search(r"\s@\s|git\+|^-", line), line


def test_c24_whatever_is_installed_is_installed_by_hash_and_never_built() -> None:
    lines = (ROOT / "Makefile").read_text().splitlines()
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) >= 4
    for line in installs:
        is_own = "--no-deps -e ." in line
        assert is_own or ("--require-hashes" in line and "--only-binary :all:" in line), line


def _copy(source: Path, target: Path, mode: int) -> None:
    """The sources, as another machine would have checked them out."""
    target.mkdir()
    for name in ("src", "console", "commands", "runbooks", "drills", "requirements"):
        skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(source / name, target / name, symlinks=True, ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(source / name, target / name)
    for path in target.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(mode | (path.stat().st_mode & 0o111))
            os.utime(path, (1_000_000_000 + mode, 1_000_000_000 + mode))


def _build(source: Path) -> Path:
    program = "import hatchling.build as b, sys; b.build_wheel(sys.argv[1])"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    target = source / "dist"
    target.mkdir()
    words = [sys.executable, "-c", program, str(target)]
    subprocess.run(words, cwd=source, env=environment, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    _copy(ROOT, folder / "one", 0o644)
    _copy(folder / "one", folder / "two", 0o600)
    return _build(folder / "one"), _build(folder / "two")


def test_c24_two_builds_are_the_same_file(wheels: tuple[Path, Path]) -> None:
    first, second = (hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    assert first == second


def test_c24_a_wheel_with_one_changed_byte_is_not_installed(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel = tmp_path / wheels[0].name
    whole = wheels[0].read_bytes()
    lock = tmp_path / "lock.txt"
    lock.write_text(f"infctl==0.1.0 --hash=sha256:{hashlib.sha256(whole).hexdigest()}\n")
    chance = random.Random(24)
    for number in range(FLIPS):
        changed = bytearray(whole)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        wheel.write_bytes(changed)
        done = _install(tmp_path, lock, f"changed{number}")
        assert done.returncode != 0
        assert not (tmp_path / f"changed{number}" / "infctl").exists()
    wheel.write_bytes(whole)
    done = _install(tmp_path, lock, "whole")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "whole" / "infctl" / "__main__.py").is_file()


def _install(folder: Path, lock: Path, target: str) -> "subprocess.CompletedProcess[str]":
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    words = [uv, "pip", "install", "--no-index", "--find-links", str(folder), "--no-deps"]
    words += ["--require-hashes", "--only-binary", ":all:", "--no-cache", "--offline"]
    words += ["--python", sys.executable, "--target", str(folder / target), "-r", str(lock)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_c24_the_bill_of_materials_names_every_locked_package(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    assert SBOM["main"]([str(target)]) == 0
    written = json.loads(target.read_text())
    jsonschema.validate(written, SCHEMA)
    named = {(item["name"], item["version"]) for item in written["components"]}
    for lock in SBOM["LOCKS"]:
        found = components((ROOT / "requirements" / f"{lock}.txt").read_text())
        assert len(found) == len(_requirements(ROOT / "requirements" / f"{lock}.txt"))
        assert found.keys() <= named
    refs = {item["bom-ref"] for item in written["components"]}
    assert set(written["dependencies"][0]["dependsOn"]) == refs


def test_c24_the_same_locks_give_the_same_bill() -> None:
    lock = "Some_Name==1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n"
    assert bill("x", "1", [lock, lock]) == bill("x", "1", [lock])
    assert bill("x", "1", [lock])["components"][0]["purl"] == "pkg:pypi/some-name@1.0"
