# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers: processes that run job_rerun tasks as its action plugin does. Each has its own home, so that they share only a database.

A controller runs one task after the other: it reads options from stdin and writes the outcome to stdout, each as one line of JSON. With
option ``_module``, it calls that module once, without passes.
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
    """One controller process. *home* is a new folder."""

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
        """Wait until it has started. Returns itself."""
        if not self._ready and self._line() != "ready\n":
            raise AssertionError(f"the controller did not start\n{self._errors.read_text(encoding='utf-8')}")
        self._ready = True
        return self

    def play(self, options: Json) -> Json:
        """Run one task and return its outcome.

        That is ``result`` of the last pass, ``base`` (the last result that could read the workspace), ``ended`` and ``error``; of another
        module, only ``result``.

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
        """Kill it."""
        self._process.kill()

    def stop(self) -> None:
        """Suspend it, as if its machine went to sleep."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Resume it."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill it and wait for its end."""
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class Controllers:
    """Pool of controllers that grows as needed. A free one takes the next task, as a CI runner does."""

    def __init__(self, directory: Path) -> None:
        self._homes = (directory / f"home-{number}" for number in itertools.count(1))
        self._free: list[Controller] = []

    def take(self, number: int) -> list[Controller]:
        """Take *number* free controllers; new ones may still be starting."""
        taken, self._free = self._free[:number], self._free[number:]
        taken += [Controller(next(self._homes)) for dummy in range(number - len(taken))]
        return taken

    def give_back(self, controller: Controller) -> None:
        """Return a controller that has finished its task."""
        self._free.append(controller)

    def close(self) -> None:
        """End all free controllers."""
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
    """Run tasks from stdin until it is closed."""
    from tests.chaos.plays import hurry

    hurry()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_play(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
