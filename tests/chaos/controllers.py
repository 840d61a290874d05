# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers: processes that play job_rerun as its action does, each with a home of its own, so that only a database is common to them.

A controller plays one task after the other: options come on stdin as one line of JSON, the end of the play goes to stdout as another. The task is
job_rerun's, or that of the module that ``_module`` names, without passes.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
import uuid
from pathlib import Path

from tests.chaos.processes import KilledError
from tests.support.playbook import ROOT, TREE

Json = dict[str, t.Any]


class Controller:
    """One process; ``home`` is a folder that nobody else uses."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True)
        path = os.pathsep.join(map(str, (ROOT, TREE)))
        with (home / "stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.controllers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=home,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
            )
        self._errors = home / "stderr"
        self._ready = False

    def ready(self) -> Controller:
        """Itself, once it has started."""
        if not self._ready and self._line() != "ready\n":
            raise AssertionError(f"the controller did not start\n{self._errors.read_text(encoding='utf-8')}")
        self._ready = True
        return self

    def play(self, options: Json) -> Json:
        """The end of one play: ``result`` of its last pass, ``base``, the newest one that could read the workspace, ``ended`` and ``error``.

        :raises KilledError: it was killed meanwhile.
        """
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{json.dumps(options)}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise KilledError from None
        line = self._line()
        if line:
            return t.cast(Json, json.loads(line))
        if self._process.wait() == -signal.SIGKILL:
            raise KilledError
        raise AssertionError(f"the controller ended with {self._process.returncode}\n{self._errors.read_text(encoding='utf-8')}")

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self._process.kill()

    def stop(self) -> None:
        """Stop it, as a machine that falls asleep does."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, and wait for that."""
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class Controllers:
    """As many as are needed at once; one that is free again plays the next task, as a runner of a pipeline does."""

    def __init__(self, directory: Path) -> None:
        self._homes = (directory / f"home-{number}" for number in itertools.count(1))
        self._free: list[Controller] = []

    def take(self, number: int) -> list[Controller]:
        """So many that are ready."""
        taken, self._free = self._free[:number], self._free[number:]
        taken += [Controller(next(self._homes)) for dummy in range(number - len(taken))]
        return taken

    def give_back(self, controller: Controller) -> None:
        """It has ended its play."""
        self._free.append(controller)

    def close(self) -> None:
        """End them all."""
        for controller in self._free:
            controller.close()


def _play(options: Json) -> Json:
    from ansible_collections.dataarts.factory.plugins.plugin_utils._task import passes
    from tests.support.logic import call

    module = options.pop("_module", "job_rerun")
    if module != "job_rerun":
        return {"result": call(module, options)}
    run, result = passes.Passes(run_id=uuid.uuid4().hex), Json()
    timing, start = passes.Timing.of(options), time.monotonic()
    while True:
        given, began = passes.next_args(options, run), time.monotonic() - start
        result = call("job_rerun", {name: str(value) if name.startswith(("since", "planned")) else value for name, value in given.items()})
        run = run.after(result)
        seconds = passes.seconds_to_next_pass(run, timing, began, time.monotonic() - start)
        if seconds is None and passes.acts_on_timeout(run, timing):
            (run, timing), start = passes.after_timeout(run, timing), time.monotonic()
            continue
        if seconds is None:
            return {"result": result, "base": dict(run.base), "ended": run.ended, "error": run.error}
        time.sleep(seconds)


def main() -> None:
    """See the module."""
    from tests.chaos.plays import hurry

    hurry()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_play(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
