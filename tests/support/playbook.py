# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible processes for tests: isolated from the person's home, settings, credentials, proxies and terminal.

``Ansible(directory)`` runs ``ansible-playbook`` and its siblings, :func:`run_module` one module as its own process.
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
#: Where `ansible_collections/dataarts/factory` is the checkout: as `ansible-test` wants it, or through the link that `make` creates.
TREE = ROOT.parents[2] if ROOT.parts[-3:] == ("ansible_collections", "dataarts", "factory") else ROOT / ".cache" / "tree"
SUPPORT = Path(__file__).resolve().parent
#: ansible-core 2.21 puts a socket into TMPDIR; its path may have 107 characters, of which Python takes 32.
LONGEST_TMPDIR = 75
#: By default a play that waits looks a thousand times a second whether a task has ended: a twentieth of a processor (measured), and many wait at once.
SETTINGS = "[defaults]\ninternal_poll_interval = 0.01\n"
#: Seconds after which a process counts as hanging. Generous: the machine may be small and busy.
TIMEOUT = 240.0


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """One result as Ansible's callbacks see it.

    `event` is ok, failed, ignored, skipped, unreachable or recap (then `result` counts ok, changed, failures, ...).
    """

    event: str
    host: str
    task: str
    action: str
    result: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a process left behind."""

    command: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str
    results: tuple[TaskResult, ...] = ()

    @property
    def output(self) -> str:
        """Everything a person would have seen."""
        return self.stdout + self.stderr

    def recap(self, host: str) -> dict[str, int]:
        """The counts of *host*: ok, changed, failures, unreachable, skipped, rescued, ignored."""
        return next(line.result for line in self.results if line.event == "recap" and line.host == host)

    def of(self, action: str, host: str | None = None) -> list[TaskResult]:
        """Results of the module *action* (last part of its name is enough), of *host* or of all hosts, in order."""
        return [
            line
            for line in self.results
            if line.action.rsplit(".", 1)[-1] == action.rsplit(".", 1)[-1] and line.event != "recap" and host in (None, line.host)
        ]

    @property
    def failures(self) -> dict[str, str]:
        """Host -> message of the last task that failed there; where that points to the closing lines, the message that they show."""
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
        """Results of job_rerun in order, of *host* or of all: a run in several tasks counts once, as its last task that made a pass tells it."""
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
        """Itself if the process ended with 0; otherwise an AssertionError that shows everything."""
        return self.ended(0)

    def ended(self, rc: int) -> Outcome:
        """Itself if the process ended with *rc*; otherwise an AssertionError that shows everything."""
        if self.rc != rc:
            raise AssertionError(f"{' '.join(self.command)} ended with {self.rc}, not {rc}\n{self.stdout}\n--- stderr\n{self.stderr}")
        return self


class Running:
    """A process that has been started; its output goes to files, so nothing blocks on a reader."""

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
            # A session of its own: no terminal to ask on, and all its children can be ended together.
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
        """What the process has written to *stream* so far."""
        return (self._directory / stream).read_text(encoding="utf-8", errors="replace")

    def send(self, number: int) -> None:
        """Send the signal *number* to the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def wait(self, timeout: float = TIMEOUT) -> Outcome:
        """The outcome, once the process has ended. After *timeout* seconds it is killed and shown in an AssertionError."""
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
    """Ansible's programs, with everything they write below *directory* and the collection from *collections*.

    :param directory: a directory of the test's own; it is home, temporary directory and place of Ansible's files.
    :param collections: a collections path; the default is the link to the checkout.
    :param environment: variables to add, for example credentials.
    :param bin_directory: where the programs are; the default is next to the running Python.
    """

    directory: Path
    collections: Path = TREE
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bin_directory: Path = Path(sys.executable).parent

    def variables(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a process: nothing is inherited but the search path."""
        for name in ("home", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        # Files of the test's own instead of the machine's settings and inventory.
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
        """Run a playbook given as data: JSON is YAML."""
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
    """Run the module *name* ("job_rerun") as a process of its own and return its result.

    :param home: the module's home directory (its journal stands there unless `journal` is set); by default an empty one.
    :param python: another interpreter, with another ansible-core.
    :raises AssertionError: if it did not answer with exactly one JSON object, for instance because of a traceback.
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
    """Like :func:`run_module`, with everything the process left behind instead of its result."""
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
