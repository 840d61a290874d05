# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes of job_rerun, and kills at moments defined by the emulator's requests."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from emulator.running import Running as Service
from tests.chaos.drawing import is_write
from tests.support.playbook import SUPPORT, TREE, Ansible, Outcome
from tests.support.playbook import Running as Process

Json = dict[str, t.Any]
#: Longest wait for an event in seconds. A loaded machine must not fail a test.
PATIENCE = 180.0


class KilledError(Exception):
    """The process was killed, so there is no result."""


def start_module(options: Json, directory: Path, env: Json | None = None) -> Process:
    """Start module job_rerun in a process, as Ansible does, with *env* added to its environment."""
    arguments = {**options, "_ansible_module_name": "dataarts.factory.job_rerun", "_ansible_version": "2.16.0"}
    variables = {**Ansible(directory).variables(env), "PYTHONPATH": str(TREE)}
    command = [sys.executable, str(SUPPORT / "module_process.py"), "job_rerun"]
    return Process(command, variables, directory, directory, json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())


def module_result(outcome: Outcome) -> Json:
    """Result of the module.

    :raises AssertionError: it is not one JSON object; with all output.
    """
    try:
        return {"failed": False, **json.loads(outcome.stdout)}
    except ValueError:
        raise AssertionError(f"the module ended with {outcome.rc}\n{outcome.stdout}\n--- stderr\n{outcome.stderr}") from None


def start_play(options: Json, directory: Path, env: Json | None = None) -> Process:
    """Start a playbook with one job_rerun task, whose passes run in-process, with *env* added to its environment."""
    # options are data, even if they look like templates
    task = {"dataarts.factory.job_rerun": _no_template(options)}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    text = json.dumps([play], ensure_ascii=False)
    descriptor, name = tempfile.mkstemp(prefix="play-", suffix=".yml", dir=directory)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    arguments = ("-i", "localhost,", "-e", json.dumps({"ansible_python_interpreter": "{{ ansible_playbook_python }}"}), name)
    return Ansible(directory).start("ansible-playbook", *arguments, env=env)


def _no_template(value: t.Any) -> t.Any:
    """Escape *value* for a playbook, so that Ansible does not template it."""
    if isinstance(value, str):
        return value.replace("{{", "{{ '{{' }}")
    if isinstance(value, dict):
        return {name: _no_template(item) for name, item in value.items()}
    return [_no_template(item) for item in value] if isinstance(value, list) else value


def play_result(outcome: Outcome) -> Json:
    """Result of the playbook's task.

    :raises AssertionError: it did not end as a task does; with all output.
    """
    results = outcome.of("job_rerun")
    if len(results) != 1 or outcome.rc not in (0, 2) or "Traceback" in outcome.output:
        raise AssertionError(f"the playbook ended with {outcome.rc}\n{outcome.stdout}\n--- stderr\n{outcome.stderr}")
    return {**results[0].result, "failed": results[0].event != "ok"}


def draw_moment(rng: random.Random) -> Callable[[Service, int, int], bool]:
    """A random moment, as a condition: a number of requests, writes or accepted writes since given counts of requests and accepted writes."""
    kind, number = rng.choice(("request", "write", "write", "accepted", "accepted")), rng.choice((1, 1, 1, 2, 2, 3, 5))

    def come(service: Service, requests: int, writes: int) -> bool:
        if kind == "accepted":
            return len(service.journal()) >= writes + number
        seen = service.requests()[requests:]
        return sum(1 for request in seen if kind == "request" or is_write(request["route"])) >= number

    return come


def killed_at(process: Process, service: Service, rng: random.Random, moment: Callable[[Service, int, int], bool]) -> bool:
    """Wait for *moment*, then kill *process* with all its children, only *process*, or only one of its children. False if it ended before."""
    requests, writes = len(service.requests()), len(service.journal())
    deadline = time.monotonic() + PATIENCE
    while not moment(service, requests, writes):
        if process.process.poll() is not None:
            return False
        if time.monotonic() > deadline:
            raise AssertionError(f"the process neither ended nor got on\n{process.text()}\n--- stderr\n{process.text('stderr')}")
        time.sleep(0.002)
    time.sleep(rng.choice((0, 0, 0.001, 0.005, 0.02)))
    family = [process.process.pid, *descendants(process.process.pid)]
    if process.process.poll() is not None:
        return False
    # everything at once as in a power failure, only the controller, or one of its workers
    victims = rng.choice((family, family, family[:1], family[-1:]))
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.process.wait(PATIENCE)
    wait_until_gone(family)
    return True


def descendants(pid: int) -> list[int]:
    """All descendants of process *pid*, parents first."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            child, rest = stat.read_text(encoding="utf-8", errors="replace").split(" (", 1)
            parents.setdefault(int(rest.rsplit(") ", 1)[1].split()[1]), []).append(int(child))
    descendants, left = [], [pid]
    while left:
        children = parents.get(left.pop(0), [])
        descendants.extend(children)
        left.extend(children)
    return descendants


def wait_until_gone(pids: list[int]) -> None:
    """Wait until none of *pids* runs any more. Orphaned processes go on for a while."""
    wait_until(lambda: not any(_alive(pid) for pid in pids))


def wait_until(come: Callable[[], bool]) -> None:
    """Wait until *come* is true."""
    deadline = time.monotonic() + PATIENCE
    while not come():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to that")
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(") ", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"
