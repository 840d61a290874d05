# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other controllers: processes that use a journal step by step.

Tests reuse processes, because their imports take longer than their work.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import typing as t
from collections.abc import Iterator

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from tests.unit._journal.building import ALL, WORKSPACE, T, claim, intent


def claims(where: str, password: str | None, run: int, failures: int, supersede: bool, differing: bool) -> Iterator[str]:
    """Read the journal and claim that many failures; report which were claimed."""
    with Journal(where, password=password, project_id="p") as journal:
        known = {attempt.failure.plan_time: attempt for attempt in journal.read([WORKSPACE], ALL, T).attempts}
        # Each controller's list may show the same failures differently.
        changes: dict[str, t.Any] = {"run_id": f"run-{run}", **({"end_time": T + run} if differing else {})}
        intents = [intent(number, 90, **changes) for number in range(failures)]
        if supersede:
            intents = [intent(number, 90, known[made.attempt.failure.plan_time], **changes) for number, made in enumerate(intents)]
        yield "ready"
        yield " ".join(str(number) for number, claimed in enumerate(journal.claim(intents)) if claimed)


def sets_aside(where: str, number: int) -> Iterator[str]:
    """Read an unreadable journal and claim in the new one; report when it was set aside, and the number of warnings."""
    with Journal(where, password=None, project_id="p") as journal:
        yield "ready"
        known = journal.read([WORKSPACE], ALL, T)
        yield f"{known.set_aside_ms} {len(journal.warnings)}"
        claim(journal, number)


class Controller:
    """A process that waits for instructions."""

    def __init__(self) -> None:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def tell(self, line: str = "") -> None:
        """Send an instruction, or let it take the next step."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def said(self) -> str:
        """The next line that it reports."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    def end(self, *, kill: bool = False) -> None:
        """End it, in order or by force."""
        if kill:
            self._process.kill()
        self._process.communicate()


class Controllers:
    """A pool of free controllers."""

    def __init__(self) -> None:
        self._free: list[Controller] = []

    @contextlib.contextmanager
    def at(self, act: t.Callable[..., Iterator[str]], arguments: t.Sequence[tuple[t.Any, ...]]) -> Iterator[list[Controller]]:
        """A controller for each of *arguments* that has done the first step of *act*; it does the last step at the end of the block."""
        started = [self._free.pop() if self._free else Controller() for _arguments in arguments]
        try:
            for controller, words in zip(started, arguments):
                controller.tell(json.dumps([act.__name__, words]))
            assert [controller.said() for controller in started] == ["ready"] * len(started)
            yield started
            left = [controller for controller in started if controller.running]
            go(*left)
            assert [controller.said() for controller in left] == ["ended"] * len(left)
        except BaseException:
            for controller in started:
                if controller.running:
                    controller.end(kill=True)
            raise
        self._free += left

    def close(self) -> None:
        for controller in self._free:
            controller.end()


def go(*controllers: Controller) -> None:
    """Let each take its next step."""
    for controller in controllers:
        controller.tell()


if __name__ == "__main__":
    for line in sys.stdin:
        name, words = json.loads(line)
        for said in globals()[name](*words):
            print(said, flush=True)
            sys.stdin.readline()
        print("ended", flush=True)
