"""A volume's files on disk, all of them changed at one moment, as the kubelet does it.

`..data` is a link to the folder with the files, and each name beside it leads through that link:
who reads sees all of the old content or all of the new.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infctl.lab.agent.volumes import File

_DATA = "..data"
_FOLDER_MODE = 0o755


def write(folder: Path, files: Mapping[str, File]) -> bool:
    """Make a volume's folder hold these files; whether anything had to be changed."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(_FOLDER_MODE)
    link = folder / _DATA
    old = link.resolve() if link.is_symlink() else None
    if old is not None and _read(old) == dict(files):
        return False
    new = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    new.chmod(_FOLDER_MODE)
    for path, file in files.items():
        _write_file(new, path, file)
    _point(link, new.name)
    _link_names(folder, {path.partition("/")[0] for path in files})
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _read(folder: Path) -> dict[str, File]:
    return {
        str(path.relative_to(folder)): File(path.read_bytes(), path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _write_file(folder: Path, path: str, file: File) -> None:
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path} leads out of its volume")
    target.parent.mkdir(parents=True, exist_ok=True)
    for parent in target.relative_to(folder).parents:
        (folder / parent).chmod(_FOLDER_MODE)
    target.write_bytes(file.content)
    target.chmod(file.mode)


def _link_names(folder: Path, names: set[str]) -> None:
    for name in names:
        if not (folder / name).is_symlink():
            _point(folder / name, f"{_DATA}/{name}")
    for path in folder.iterdir():
        if not path.name.startswith("..") and path.name not in names:
            path.unlink()


def _point(link: Path, target: str) -> None:
    temporary = link.with_name("..new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
