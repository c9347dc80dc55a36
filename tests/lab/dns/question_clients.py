"""Ways to ask the running name server: dig as a user types it, and a library, over UDP and TCP."""

import asyncio
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from ruamel.yaml import YAML

from infctl.lab.debian import Package

HOST = "127.0.0.1"
DEADLINE = 10.0
DIG = Package("bind9-dnsutils", ("dig",), "dig", has_libraries=True)


@dataclass(frozen=True)
class Question:
    """A name and type, and what a client may say of itself."""

    name: str
    kind: str
    subnet: str = ""
    size_told: int = 0


@dataclass(frozen=True)
class Seen:
    """What came back: answers are (ttl, type, value); `scope` is None where none was told."""

    code: str
    flags: frozenset[str]
    answers: tuple[tuple[int, str, str], ...]
    authority: tuple[str, ...]
    scope: int | None

    @property
    def values(self) -> list[str]:
        return sorted(value for _, _, value in self.answers)


class Dig:
    """BIND's dig: the machine's, else the distribution's, unpacked into the cache."""

    def __init__(self, port: int, *, tcp: bool) -> None:
        self._fixed = [f"@{HOST}", "-p", str(port), "+tries=1", "+timeout=5", "+nocookie"]
        self._fixed += ["+tcp" if tcp else "+notcp", "+ignore"]

    @staticmethod
    def is_there() -> bool:
        """Whether it could be had."""
        DIG.ensure_if_possible(print, "dig's questions are not asked")
        return not DIG.reason()

    async def ask(self, question: Question) -> Seen:
        text = await self._run("+yaml", *self._options(question), question.name, question.kind)
        return _read_dig(YAML(typ="safe").load(text)[0]["message"]["response_message_data"])

    async def repeat(self, question: Question, times: int, folder: Path) -> list[list[str]]:
        """The values of each answer; dig prints one line for each."""
        line = " ".join([*self._options(question), question.name, question.kind, "+noall"])
        batch = folder / "batch"
        batch.write_text(f"{line} +answer +comments\n" * times)
        text = await self._run("-f", str(batch))
        replies = text.split(";; Got answer:")[1:]
        return [
            [row.split(maxsplit=4)[4] for row in reply.splitlines() if row and row[0] != ";"]
            for reply in replies
        ]

    def _options(self, question: Question) -> list[str]:
        told = [f"+subnet={question.subnet}"] if question.subnet else []
        told += [f"+bufsize={question.size_told}"] if question.size_told else []
        return told or ["+noedns"]

    async def _run(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            DIG.binary("dig"),
            *self._fixed,
            *words,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", **DIG.environment()},
        )
        async with asyncio.timeout(DEADLINE):
            out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()


def _read_dig(found: dict[str, Any]) -> Seen:
    rows = [str(row).split(maxsplit=4) for row in found.get("ANSWER_SECTION", [])]
    subnet = found.get("OPT_PSEUDOSECTION", {}).get("EDNS", {}).get("CLIENT-SUBNET")
    return Seen(
        str(found["status"]),
        frozenset(str(found["flags"]).split()),
        tuple((int(row[1]), row[3], row[4]) for row in rows),
        tuple(str(row).split()[3] for row in found.get("AUTHORITY_SECTION", [])),
        None if subnet is None else int(str(subnet).rpartition("/")[2]),
    )


class Library:
    """dnspython."""

    def __init__(self, port: int, *, tcp: bool) -> None:
        self._port = port
        self._send: Any = dns.asyncquery.tcp if tcp else dns.asyncquery.udp

    async def ask(self, question: Question) -> Seen:
        query = dns.message.make_query(question.name, question.kind, **_edns(question))
        found = await self._send(query, HOST, port=self._port, timeout=DEADLINE)
        told = [option for option in found.options if isinstance(option, dns.edns.ECSOption)]
        return Seen(
            dns.rcode.to_text(found.rcode()),
            frozenset(dns.flags.to_text(found.flags).lower().split()),
            tuple(
                (rows.ttl, dns.rdatatype.to_text(rows.rdtype), str(item))
                for rows in found.answer
                for item in rows
            ),
            tuple(dns.rdatatype.to_text(rows.rdtype) for rows in found.authority),
            told[0].scopelen if told else None,
        )

    async def repeat(self, question: Question, times: int, folder: Path) -> list[list[str]]:
        return [(await self.ask(question)).values for _ in range(times)]


def _edns(question: Question) -> dict[str, Any]:
    if not question.subnet and not question.size_told:
        return {}
    options = []
    if question.subnet:
        network = ipaddress.ip_network(question.subnet)
        options = [dns.edns.ECSOption(str(network[0]), network.prefixlen)]
    return {"use_edns": 0, "payload": question.size_told or 1232, "options": options}
