# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers for reruns with a journal, next to reruns by hand and by other processes. The emulator's journal is the evidence."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import Phase
from emulator.running import Running
from tests.emulator.signed_requests import restart, retry, retry_body
from tests.support.logic import PATIENCE, Result
from tests.support.playbook import ROOT, TREE
from tests.support.scenarios import BOTH, FREE, WORKSPACE_ID, small_night
from tests.support.workspace import options

#: Emulated seconds per second of the service's clock.
SPEED = 60
#: Child process: reads the options of job_rerun and then a start signal, a line each, from stdin; makes all passes, and prints the last result.
_CHILD = """
import json, sys
from ansible_collections.dataarts.factory.plugins.module_utils._runner import write
from tests.support.logic import passes
wanted = json.loads(sys.stdin.readline())
write.FRESH_SECONDS = wanted["fresh_seconds"]
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps(passes(wanted["options"])[-1]))
"""


def begin(service: Running, *jobs: Mapping[str, t.Any], **switches: t.Any) -> None:
    """Reset the emulator to *jobs*, by default one instance of daily_sales that failed an hour ago. Both generations of the API are open."""
    chosen = jobs or ({"name": "daily_sales", "instances": [{"plan_time": "-1h"}]},)
    service.reset(small_night(jobs=[dict(job) for job in chosen], speed=SPEED, switches={**FREE, **BOTH, **switches}))


def shown_after(seconds: float) -> float:
    """Setting of ``rerun_visible_after`` for a rerun to show *seconds* of real time after it was accepted."""
    return seconds * SPEED


def module_options(service: Running, journal: Path | str | None = None, **changes: t.Any) -> dict[str, t.Any]:
    """Options of job_rerun: all instances of the last day, settle time of one second."""
    place = {} if journal is None else {"journal": str(journal)}
    return options(service, **{**place, "settle_time": 1, "poll_interval": 1, "max_retries": 4, **changes})


def once(service: Running) -> dict[tuple[str, int], int]:
    """The result of :func:`~tests.support.logic.reruns` if each instance whose first run failed was rerun once."""
    jobs = service.state()["workspaces"][WORKSPACE_ID]
    return {
        (name, instance["plan_time"]): 1
        for name, instances in jobs.items()
        for instance in instances
        if instance["runs"][0]["status"] == "fail"
    }


def rerun_by_hand(service: Running, job_name: str = "daily_sales", number: int = 0, *, api: str = "v1") -> None:
    """Rerun one instance of a job as a user in the console would.

    :param number: index by plan time; 0 is the oldest.
    """
    instance = service.instances(job_name)[number]
    if api == "v1":
        assert restart(service, job_name, instance["instance_id"]).status in (200, 204)
    else:
        assert retry(service, job_name, retry_body([instance])).status in (200, 204)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def let_settle(service: Running, seconds: float = 1.0) -> None:
    """Let a settle time of *seconds* pass on both clocks, so that a new run in this process need not wait for earlier requests."""
    service.advance(seconds + 1.1)  # Date has whole seconds only, and a run assumes the latest possible time


def answered(service: Running, *routes: str) -> Callable[[], bool]:
    """A condition: a request to one of *routes* was answered."""
    return lambda: any(entry["status"] is not None for route in routes for entry in service.requests(route))


@contextlib.contextmanager
def as_soon_as(condition: Callable[[], object], act: Callable[[], object]) -> Iterator[None]:
    """While the block runs, call *act* in a thread as soon as *condition* holds. Fails if it never holds."""
    failures: list[BaseException] = []
    over = threading.Event()

    def person() -> None:
        try:
            wait_for(lambda: condition() or over.is_set())
            assert condition()
            act()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=person)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures


class Controller:
    """A separate process that makes the passes of one job_rerun task.

    :param fresh_seconds: how old a list may be when it is acted on.
    """

    def __init__(self, given: Mapping[str, t.Any], home: Path, *, fresh_seconds: float = 60.0) -> None:
        home.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(map(str, (ROOT, TREE)))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
        )
        self._write(json.dumps({"options": dict(given), "fresh_seconds": fresh_seconds}))

    def ready(self) -> Controller:
        """Wait until it has started. Returns itself."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def go(self) -> None:
        """Start the first pass."""
        self._write("go")

    def stop(self) -> None:
        """Suspend it, as if its machine went to sleep."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Resume it."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate()

    def result(self) -> Result:
        """The result of its last pass."""
        shown, _errors = self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == 0
        return t.cast(Result, json.loads(shown))

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


def before_change(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], object], phase: Phase | None = None) -> None:
    """Call *happens* before the first call of method *name* of the journal's pauses, or with *phase* before the first one for that phase."""
    change, left = getattr(PauseBook, name), [happens]

    def first(book: PauseBook, *args: t.Any, **named: t.Any) -> t.Any:
        if left and (phase is None or phase in args):
            left.pop()()
        return change(book, *args, **named)

    monkeypatch.setattr(PauseBook, name, first)
