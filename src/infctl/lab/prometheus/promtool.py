"""Prometheus' own tool judges jobs and rules before Prometheus reads them."""

import asyncio
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infctl.lab.following import Object

_SECONDS = 20.0
_LONGEST = 400
_REMEMBERED = 5000
CONFIGURATION = ("check", "config", "--syntax-only")
RULES = ("check", "rules")


class Promtool:
    """Remembers what it said; new files are judged all at once, and one by one if that fails."""

    def __init__(self, program: Path) -> None:
        self._program = str(program)
        self._known: dict[tuple[str, ...], str] = {}

    async def judge(self, words: tuple[str, ...], contents: Sequence[Object]) -> list[str]:
        """For each content "" or why Prometheus would not take it; `words` say as what."""
        texts = [json.dumps(content, sort_keys=True) for content in contents]
        new = [text for text in dict.fromkeys(texts) if (*words, text) not in self._known]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(texts))
        if new:
            together = await self._ask(words, new)
            for text in new:
                alone = together and len(new) > 1
                self._known[*words, text] = await self._ask(words, [text]) if alone else together
        return [self._known[*words, text] for text in texts]

    async def _ask(self, words: tuple[str, ...], texts: list[str]) -> str:
        with tempfile.TemporaryDirectory(prefix="infctl-promtool-") as folder:
            files = [Path(folder) / f"{number}.json" for number in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_text(text)
            process = await asyncio.create_subprocess_exec(
                self._program,
                *words,
                *(str(file) for file in files),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={"PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"},
            )
            try:
                async with asyncio.timeout(_SECONDS):
                    told, _ = await process.communicate()
            except TimeoutError:
                return f"promtool did not answer within {_SECONDS:g} s"
            finally:
                if process.returncode is None:
                    process.kill()
            return "" if process.returncode == 0 else _reason(told.decode(errors="replace"), folder)


def _reason(told: str, folder: str) -> str:
    """What promtool says of a file, without the file's name and its words of progress."""
    lines = [line.strip() for line in told.splitlines()]
    kept = [line for line in lines if line and not line.startswith("Checking ")]
    text = re.sub(rf"{re.escape(folder)}/\d+\.json:?\s*", "", " ".join(kept))
    text = text.replace("parsing YAML file", "").replace("FAILED:", "").strip()
    plain = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"\s+", " ", plain)[:_LONGEST] or "promtool refuses it"
