"""Prometheus is asked to read its configuration until it did; promtool is asked once."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infctl.lab.prometheus.promtool import CONFIGURATION, RULES, Promtool
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.reloading import Reloader

GOOD = {"groups": [{"name": "a", "rules": [{"record": "b", "expr": "up"}]}]}
BAD = {"groups": [{"name": "a", "rules": [{"record": "b", "expr": "up +"}]}]}


async def test_a_reload_is_asked_for_again_until_prometheus_takes_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = [500, 500, 200]
    done = asyncio.Event()

    async def reload(request: web.Request) -> web.Response:
        return web.Response(status=answers.pop(0), text="a bad word")

    application = web.Application()
    application.router.add_post("/-/reload", reload)
    async with TestServer(application) as server, asyncio.timeout(20):
        reloader = Reloader(str(server.make_url("")).rstrip("/"))
        running = asyncio.create_task(reloader.run())
        with caplog.at_level(logging.WARNING):
            reloader.want(done.set)
            await done.wait()
        running.cancel()
    assert not answers
    assert [r.getMessage() for r in caplog.records] == [
        "Prometheus did not read its configuration: a bad word"
    ]


async def test_promtool_says_which_file_is_bad_and_why() -> None:
    said = await Promtool(binary("promtool")).judge(RULES, [GOOD, BAD, GOOD])
    assert (said[0], said[2]) == ("", "")
    assert "could not parse expression" in said[1]
    assert "/tmp" not in said[1]


async def test_promtool_is_asked_once_about_the_same_thing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tool = tmp_path / "promtool"
    tool.write_text(f'#!/bin/sh\necho "$#" >> {log}\nprintf "FAILED: no\\033[31m"\nexit 1\n')
    tool.chmod(0o755)
    promtool = Promtool(tool)
    contents: list[Any] = [{"scrape_configs": [{"job_name": name}]} for name in "ab"]
    said = await promtool.judge(CONFIGURATION, contents)
    assert said == await promtool.judge(CONFIGURATION, contents)
    assert said == ["no [31m", "no [31m"]
    assert read(log) == ["5", "4", "4"]


def read(path: Path) -> list[str]:
    return path.read_text().split()
