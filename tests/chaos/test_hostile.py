# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A malicious service: no traceback, no hang beyond the timeouts, bounded memory, no control characters, no executed templates."""

from __future__ import annotations

import json
import os
import random
import sys
import typing as t
import unicodedata
from pathlib import Path

import pytest

from tests.chaos.hostile import Hostile
from tests.chaos.hostile_child import READ_TIMEOUT, drawn
from tests.support.http_server import HttpServer
from tests.support.playbook import ROOT, TREE, Ansible, Running

CHOSEN = os.environ.get("CHAOS_HOSTILE")
#: Calls per child process. Each gets at least one answer, unless it is refused before a request is sent.
CALLS_EACH = 40
CHILDREN = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get("HOSTILE") or 1000) // CALLS_EACH)))
MOST_KILOBYTES = 200 * 1024
#: Seconds for all calls of a child; a few search for an immediate run for a minute. The time of each call is checked separately.
LONGEST = 800
#: Requests after which a call counts as endless. A list that announces a million entries causes many.
MOST_REQUESTS = 400
#: Seconds that a request and a call may take in addition to the read timeouts: pauses before retries, the rate limiter, a loaded machine.
PER_REQUEST, PER_CALL = 3.0, 60.0


def unsafe(text: str) -> list[str]:
    """Code points in *text* that could control a terminal."""
    kinds = ("Cc", "Cs", "Zl", "Zp", "Cf")
    return sorted({f"U+{ord(char):04X}" for char in text if char not in "\n\t\u200c\u200d" and unicodedata.category(char) in kinds})


def texts(value: t.Any) -> t.Iterator[str]:
    """All texts in *value*, including keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(name)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def problems_of(line: dict[str, t.Any]) -> list[str]:
    """What is wrong with one call of the child."""
    result = line["result"]
    requests = sum(result.get("requests", {}).values())
    problems = [f"characters {bad} in {text[:120]!r}" for text in texts(result) for bad in [unsafe(text)] if bad]
    if line["seconds"] > PER_CALL + requests * (READ_TIMEOUT + PER_REQUEST):
        problems.append(f"{requests} requests took {line['seconds']:.0f} s")
    if requests > MOST_REQUESTS:
        problems.append(f"{requests} requests")
    if result["failed"] and result["error"]["kind"] in ("internal", "specification"):
        problems.append(result["msg"])
    if "Traceback" in json.dumps(result):
        problems.append("a traceback in the result")
    return [f"{line['module']}: {text}" for text in problems]


def attack(seed: int, calls: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    hostile = Hostile(seed)
    with HttpServer(hostile) as server:
        variables = {**Ansible(tmp_path).variables(), "PYTHONPATH": f"{TREE}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "tests.chaos.hostile_child", server.base, str(seed), str(calls), str(tmp_path / "state")]
        outcome = Running(command, variables, ROOT, tmp_path).wait(LONGEST).succeeded()
    *lines, last = map(json.loads, outcome.stdout.splitlines())
    problems = [text for line in lines for text in problems_of(line)]
    if outcome.stderr:
        problems.append(f"on stderr: {outcome.stderr[:2000]}")
    if last["kilobytes"] >= MOST_KILOBYTES:
        problems.append(f"{last['kilobytes']} kilobytes of memory")
    figures(
        hostile=hostile.answers,
        hostile_calls=len(lines),
        hostile_wrong=len(problems),
        most_kilobytes=last["kilobytes"],
        most_milliseconds=int(1000 * max(line["seconds"] for line in lines)),
    )
    if problems:
        shown = "\n".join(dict.fromkeys(problems))[:6000]
        pytest.fail(f"{shown}\nattack again: make chaos CHAOS_HOSTILE={seed}", pytrace=False)
    assert len(lines) == calls


def test_a_few_hostile_answers(tmp_path: Path, figures: t.Callable[..., None]) -> None:
    attack(1, 20, tmp_path, figures)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CHILDREN)
def test_every_hostile_answer(seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    attack(seed, CALLS_EACH, tmp_path, figures)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_hostile_reaches_the_screen(seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    """ansible-playbook prints no control characters in plan, progress and results, and does not execute names that look like templates."""
    hostile = Hostile(seed, faith=1.0)
    with HttpServer(hostile) as server:
        options = drawn(random.Random(0), 0, server.base, str(tmp_path / "state"))[1]
        account = {
            name: options[name] for name in ("endpoint", "endpoint_v1", "iam_endpoint", "region", "project_id", "access_key", "secret_key")
        }
        account |= {"workspace_id": "62fbba734e634c5087656fc3ff7adf34", "read_timeout": 2}
        rerun = {"settle_time": 1, "poll_interval": 1, "wait_timeout": 3, "journal": str(tmp_path / "state")}
        keep = {"register": "found", "ignore_errors": True}
        tasks: list[dict[str, t.Any]] = [
            {"dataarts.factory.job_rerun": rerun, **keep},
            {"ansible.builtin.debug": {"msg": "{{ found }}"}},
            {"dataarts.factory.job_instance_info": {}, **keep},
            {"ansible.builtin.debug": {"msg": "{{ item.job_name }} {{ item.status }}"}, "loop": "{{ found.instances | default([]) }}"},
            {"dataarts.factory.job_info": {}, **keep},
            {"ansible.builtin.debug": {"var": "found"}},
        ]
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "module_defaults": {"group/dataarts.factory.api": account},
            "tasks": tasks,
        }
        python = {"ansible_python_interpreter": sys.executable}
        outcome = Ansible(tmp_path).written_playbook([play], "-i", "localhost,", "-vv", "--diff", variables=python).succeeded()
    # Ansible shows results as JSON, whose escapes are harmless
    shown = [mark for mark in ("pipe", "x1b", "x9b", "u202e", "u2028", "ufeff") if mark in outcome.stdout]
    assert shown, f"no hostile text was shown at all\n{outcome.output}"
    assert unsafe(outcome.output) == []
    assert "uid=" not in outcome.output
    assert "Traceback" not in outcome.output
    figures(hostile=hostile.answers, hostile_calls=3, most_kilobytes=0, most_milliseconds=0)
