# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible processes for tests, isolated from the user's home, settings, credentials, proxies and terminal.

``Ansible(directory)`` runs ``ansible-playbook`` and similar programs, :func:`run_module` one module in a separate process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Collections path in which `ansible_collections/dataarts/factory` is the checkout: as in `ansible-test`, or by the link that `make` creates.
TREE = ROOT.parents[2] if ROOT.parts[-3:] == ("ansible_collections", "dataarts", "factory") else ROOT / ".cache" / "tree"
SUPPORT = Path(__file__).resolve().parent
#: ansible-core 2.21 creates a socket in TMPDIR, whose path may have 107 characters; Python adds 32.
LONGEST_TMPDIR = 75
#: By default, a waiting play polls its tasks a thousand times per second, which takes 5 % of a processor (measured), and many plays wait at once.
SETTINGS = "[defaults]\ninternal_poll_interval = 0.01\n"
#: Seconds after which a process counts as hung. Generous, for small and busy machines.
TIMEOUT = 240.0


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """One result as Ansible's callbacks receive it.

    `event` is ok, failed, ignored, skipped, unreachable or recap, whose `result` has the counts ok, changed, failures, ...
    """

    event: str
    host: str
    task: str
    action: str
    result: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of a process."""

    command: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str
    results: tuple[TaskResult, ...] = ()

    @property
    def output(self) -> str:
        """Standard output and standard error."""
        return self.stdout + self.stderr

    def recap(self, host: str) -> dict[str, int]:
        """Counts of *host*: ok, changed, failures, unreachable, skipped, rescued, ignored."""
        return next(line.result for line in self.results if line.event == "recap" and line.host == host)

    def of(self, action: str, host: str | None = None) -> list[TaskResult]:
        """Results of module *action* (the last part of its name is enough) on *host*, or on all hosts, in order."""
        return [
            line
            for line in self.results
            if line.action.rsplit(".", 1)[-1] == action.rsplit(".", 1)[-1] and line.event != "recap" and host in (None, line.host)
        ]

    @property
    def failures(self) -> dict[str, str]:
        """Host to message of the last failed task. If it only refers to the closing lines, the message before it."""
        messages: dict[str, str] = {}
        before: dict[str, str] = {}
        for line in self.results:
            if line.event == "failed":
                text = str(line.result["msg"])
                messages[line.host] = before.get(line.host, text) if text.endswith("See below.") else text
            elif line.result.get("msg"):
                before[line.host] = str(line.result["msg"])
        return messages

    def runs(self, host: str | None = None) -> list[TaskResult]:
        """Results of job_rerun on *host*, or on all hosts, in order. Of a run in several tasks, only that of the last task that made a pass."""
        runs: list[TaskResult] = []
        for line in self.of("job_rerun", host):
            if "passes" in line.result or line.event != "ok":
                last = next(
                    (run for run in runs if run.host == line.host and run.result.get("run_id") == line.result.get("run_id", "")), None
                )
                if last is not None and last.result.get("run_id"):
                    runs.remove(last)
                runs.append(line)
        return runs

    def succeeded(self) -> Outcome:
        """Assert that the exit status is 0. Returns itself."""
        return self.ended(0)

    def ended(self, rc: int) -> Outcome:
        """Assert that the exit status is *rc*, otherwise show everything. Returns itself."""
        if self.rc != rc:
            raise AssertionError(f"{' '.join(self.command)} ended with {self.rc}, not {rc}\n{self.stdout}\n--- stderr\n{self.stderr}")
        return self


class Running:
    """A started process. Its output goes to files, so it never blocks on a reader."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, directory: Path, stdin: bytes = b"") -> None:
        self.command = tuple(command)
        self._directory = Path(tempfile.mkdtemp(prefix="run-", dir=directory))
        self._capture = self._directory / "results"
        (self._directory / "stdin").write_bytes(stdin)
        with (
            (self._directory / "stdin").open("rb") if stdin else open(os.devnull, "rb") as source,
            (self._directory / "stdout").open("wb") as stdout,
            (self._directory / "stderr").open("wb") as stderr,
        ):
            # A new session has no terminal for questions, and all its processes can be signalled together.
            self.process = subprocess.Popen(
                self.command,
                env={**env, "CAPTURE_FILE": str(self._capture)},
                cwd=cwd,
                stdin=source,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    def text(self, stream: str = "stdout") -> str:
        """What the process has written to *stream* (stdout or stderr) so far."""
        return (self._directory / stream).read_text(encoding="utf-8", errors="replace")

    def send(self, number: int) -> None:
        """Send a signal to the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def wait(self, timeout: float = TIMEOUT) -> Outcome:
        """Wait for the end of the process.

        :raises AssertionError: it did not end within *timeout* seconds, and was killed; with its output.
        """
        try:
            rc = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.process.wait()
            shown = f"{self.text()}\n--- stderr\n{self.text('stderr')}"
            raise AssertionError(f"{' '.join(self.command)} did not end within {timeout:.0f} s\n{shown}") from None
        lines = self._capture.read_text(encoding="utf-8").splitlines() if self._capture.exists() else []
        results = tuple(TaskResult(**json.loads(line)) for line in lines)
        return Outcome(self.command, rc, self.text(), self.text("stderr"), results)


@dataclasses.dataclass(frozen=True)
class Ansible:
    """Runs Ansible's programs.

    :param directory: directory of the test, with home, temporary and all other files.
    :param collections: collections path; by default that of the checkout.
    :param environment: variables to add, for example credentials.
    :param bin_directory: directory of the programs; by default that of the running Python.
    """

    directory: Path
    collections: Path = TREE
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bin_directory: Path = Path(sys.executable).parent

    def variables(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a process. Only PATH is inherited."""
        for name in ("home", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        # instead of the machine's settings and inventory
        settings, hosts = self.directory / "ansible.cfg", self.directory / "no-hosts"
        if not settings.exists():
            settings.write_text(SETTINGS, encoding="utf-8")
        hosts.touch()
        return {
            "PATH": f"{self.bin_directory}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.directory / "home"),
            "TMPDIR": str(next(path for path in (self.directory / "tmp", *self.directory.parents) if len(str(path)) <= LONGEST_TMPDIR)),
            "LC_ALL": "C.UTF-8",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": "160",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(SUPPORT / "start"),
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_INVENTORY": str(hosts),
            "ANSIBLE_HOME": str(self.directory / "home" / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "tmp" / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.directory / "tmp" / "remote"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_NOCOWS": "true",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "capture",
            **self.environment,
            **(env or {}),
        }

    def start(self, program: str, *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Running:
        """Start *program* ("ansible-playbook", ...) and return at once."""
        command = [str(self.bin_directory / program), *map(str, arguments)]
        return Running(command, self.variables(env), cwd or self.directory, self.directory)

    def run(
        self,
        program: str,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = TIMEOUT,
    ) -> Outcome:
        """Run *program* to its end."""
        return self.start(program, *arguments, env=env, cwd=cwd).wait(timeout)

    def playbook(
        self,
        *arguments: str | Path,
        variables: Mapping[str, t.Any] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = TIMEOUT,
    ) -> Outcome:
        """Run ``ansible-playbook`` with *arguments*; *variables* become extra variables."""
        extra = ["-e", json.dumps(variables)] if variables else []
        return self.run("ansible-playbook", *extra, *arguments, env=env, cwd=cwd, timeout=timeout)

    def written_playbook(
        self,
        plays: Sequence[Mapping[str, t.Any]],
        *arguments: str | Path,
        variables: Mapping[str, t.Any] | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Outcome:
        """Run a playbook given as data. It is written as JSON, which is also YAML."""
        descriptor, name = tempfile.mkstemp(prefix="playbook-", suffix=".yml", dir=self.directory)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(list(plays), stream, ensure_ascii=False, indent=1)
        return self.playbook(*arguments, name, variables=variables, env=env, timeout=timeout)


def run_module(
    name: str,
    options: Mapping[str, t.Any],
    *,
    check: bool = False,
    diff: bool = False,
    env: Mapping[str, str] | None = None,
    home: Path | None = None,
    python: str | Path = sys.executable,
    timeout: float = TIMEOUT,
) -> dict[str, t.Any]:
    """Run module *name* ("job_rerun") in a separate process and return its result.

    :param home: home directory, with the journal unless `journal` is set; by default an empty one.
    :param python: another interpreter, with another ansible-core.
    :raises AssertionError: it did not print exactly one JSON object, or its exit status is wrong, or there is a traceback.
    """
    outcome = module_process(name, options, check=check, diff=diff, env=env, home=home, python=python, timeout=timeout)
    try:
        answer = json.loads(outcome.stdout)
    except ValueError:
        raise AssertionError(f"{name} ended with {outcome.rc} and no JSON\n{outcome.stdout}\n--- stderr\n{outcome.stderr}") from None
    if outcome.rc != (1 if answer.get("failed") else 0) or "Traceback" in outcome.stderr:
        raise AssertionError(f"{name} ended with {outcome.rc}\n{outcome.stdout}\n--- stderr\n{outcome.stderr}")
    return t.cast("dict[str, t.Any]", answer)


def module_process(
    name: str,
    options: Mapping[str, t.Any],
    *,
    check: bool = False,
    diff: bool = False,
    env: Mapping[str, str] | None = None,
    home: Path | None = None,
    python: str | Path = sys.executable,
    timeout: float = TIMEOUT,
) -> Outcome:
    """Like :func:`run_module`, but return the outcome of the process."""
    arguments = {
        **options,
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_module_name": f"dataarts.factory.{name}",
        "_ansible_keep_remote_files": False,
        "_ansible_verbosity": 0,
        "_ansible_debug": False,
        "_ansible_no_log": False,
        "_ansible_version": "2.16.0",
    }
    with tempfile.TemporaryDirectory(prefix="module-", ignore_cleanup_errors=True) as scratch:
        ansible = Ansible(Path(scratch), environment=env or {})
        variables = {**ansible.variables(), "PYTHONPATH": str(TREE)}
        if home is not None:
            variables["HOME"] = str(home)
        command = [str(python), str(SUPPORT / "module_process.py"), name]
        stdin = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        return Running(command, variables, Path(scratch), Path(scratch), stdin).wait(timeout)
