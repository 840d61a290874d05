# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""T9: a process that reads a list stays below 256 MB of memory, whatever the service answers.

Measured: 34 MB before the list; 194 MB with 199,000 instances; at most 140 MB for lists that are refused because of 130 MB of text.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import typing as t
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.http_server import HttpServer, message, raw
from tests.support.long import whole_plays
from tests.support.playbook import ROOT, TREE

MOST_KILOBYTES = 256 * 1024
DAY = 86_400_000
#: Largest page of the service.
PAGE = 1000


class Flood:
    """A service with an instance every *step* ms, each with different texts.

    :param texts: field to the length of its text.
    :param char: character of the texts.
    """

    def __init__(self, step: int, texts: dict[str, int], char: str = "x") -> None:
        self.step, self.texts, self.char = step, texts, char

    def __call__(self, connection: socket.socket, server: HttpServer) -> bool:
        """Answer one request, as action of an :class:`HttpServer`."""
        target = urlsplit(server.seen[-1].target)
        query = {name.replace("_", "").lower(): values[0] for name, values in parse_qs(target.query).items()}
        times = range(-(-int(query["minplantime"]) // self.step), int(query["maxplantime"]) // self.step + 1)
        job = target.path.split("/")[-3] if target.path.startswith("/v2") else None
        body = {"total": len(times), "instances": [self.instance(time, job) for time in times[:PAGE]]}
        return raw(message(200, json.dumps(body, ensure_ascii=False).encode()), stay=True)(connection, server)

    def instance(self, number: int, job: str | None) -> dict[str, t.Any]:
        time = number * self.step
        good = {"plan_time": time, "submit_time": 1732239754684, "start_time": time, "end_time": time + 5, "execute_time": 5}
        texts = {name: f"{number}{self.char * (length - len(str(number)))}" for name, length in self.texts.items()}
        fields = {**good, "job_id": 917567, "instance_id": number, "job_name": "daily_sales", "status": "fail", "version": 1, **texts}
        return {**fields, **({} if job is None else {"job_name": job})}


def listed(flood: t.Callable[[socket.socket, HttpServer], bool], days: int, *jobs: str) -> dict[str, t.Any]:
    """List *days* in a separate process. Returns its output."""
    with HttpServer(flood) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.list_memory", server.base, str(days), *jobs],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(TREE)))},
            capture_output=True,
            text=True,
            timeout=800,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return t.cast("dict[str, t.Any]", json.loads(done.stdout))


@pytest.mark.long
def test_a_list_just_below_the_limit_is_held() -> None:
    result = listed(Flood(30 * DAY // 199_000, {"job_instance_name": 250}), 30)
    assert int(result["outcome"]) > 198_000
    assert result["kilobytes"] < MOST_KILOBYTES


@pytest.mark.timeout(900)  # the largest list takes minutes if other tests run at the same time
@pytest.mark.parametrize("char", whole_plays(["\U0001f600", "\u4e00", "x"]))
def test_texts_below_every_other_limit_are_refused(char: str) -> None:
    length = {1: 1000, 3: 350, 4: 250}[len(char.encode())]
    texts = {"job_name": length, "job_instance_name": length, "error_message": 2 * length, "status": length // 10}
    result = listed(Flood(7 * DAY // 998, texts, char), 189)
    assert "take more than the 64 MiB that one list may hold" in result["outcome"]
    assert result["kilobytes"] < MOST_KILOBYTES


@pytest.mark.long
def test_jobs_that_are_listed_one_by_one_share_the_limit() -> None:
    jobs = [f"job_{number}" for number in range(40)]
    result = listed(Flood(30 * DAY // 9_000, {"job_instance_name": 20}), 30, *jobs)
    assert "more than the 200000 that one list may hold" in result["outcome"]
    assert result["kilobytes"] < MOST_KILOBYTES


def padded(unit: str) -> t.Callable[[socket.socket, HttpServer], bool]:
    """A service whose answers have an empty list and as many small values as an answer may have."""
    body = f'{{"total": 0, "instances": [], "other": [{unit * (249_000 // sum(map(unit.count, "[{,")))}1]}}'.encode()

    def answer(connection: socket.socket, server: HttpServer) -> bool:
        return raw(message(200, body), stay=True)(connection, server)

    return answer


@pytest.mark.long
@pytest.mark.parametrize("unit", whole_plays(['{"a":1},', "[[]],"]))
def test_small_values_that_nobody_asked_for(unit: str) -> None:
    result = listed(padded(unit), 30, *(f"job_{number}" for number in range(16)))
    assert result["kilobytes"] < MOST_KILOBYTES
