# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start jobs as AWX does: ansible-runner with a private data folder, filled as AWX fills it.

The environment is rendered from the credential type's own definition, extra variables are written as ``!unsafe``, the inventory is a
script, and the project is the folder ``examples/awx``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import time
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from tests.awx import definitions, rules
from tests.support.playbook import ROOT, TIMEOUT, TREE

_CHILD = Path(__file__).with_name("runner_child.py")
#: Variables that AWX adds to every job.
_META = {"awx_job_id": 7, "tower_job_id": 7, "awx_job_launch_type": "workflow", "awx_user_name": "lin"}
#: Longest wait for an expected event, seconds. A loaded machine must not fail a test.
_PATIENCE = 180.0


class _Unsafe(yaml.SafeDumper):
    """A dumper that writes every string, keys included, with the tag ``!unsafe``."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def extra_vars_file(launched: Mapping[str, t.Any], template: Mapping[str, t.Any]) -> str:
    """The text of the file of extra variables. Values of the job template are trusted; all others get the tag ``!unsafe``."""
    variables = {**_META, **template, **launched}
    return "".join(
        yaml.dump({name: value}, Dumper=yaml.SafeDumper if template.get(name) == value else _Unsafe, default_flow_style=False)
        for name, value in variables.items()
    )


@dataclasses.dataclass
class Job:
    """A job that was started.

    :param folder: its private data folder.
    :param process: ``runner_child.py``.
    """

    folder: Path
    process: subprocess.Popen[bytes]

    def events(self) -> list[dict[str, t.Any]]:
        """The events so far, in their order."""
        path = self.folder / "events"
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait until *happened* returns true. :raises AssertionError: the job ends, or _PATIENCE is over, before that."""
        deadline = time.monotonic() + _PATIENCE
        while not happened():
            assert self.process.poll() is None, self.stdout()
            assert time.monotonic() < deadline, self.stdout()
            time.sleep(0.05)

    def cancel(self) -> Job:
        """Cancel the job as the button of AWX does, and wait for its end."""
        (self.folder / "cancel").touch()
        return self.wait()

    def kill(self) -> None:
        """Kill the job with all its processes and delete its folder, as if its container were lost with the node."""
        for pid in (*_descendants(self.process.pid), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(exist_ok=True)  # Launcher.start numbers folders by how many exist

    def wait(self) -> Job:
        """Wait for the end of the job. :raises AssertionError: it ended without reporting a status."""
        self.process.wait(TIMEOUT)
        assert (self.folder / "end").exists(), (self.folder / "child.log").read_text(encoding="utf-8")
        return self

    @property
    def status(self) -> str:
        """``successful``, ``failed`` or ``canceled``."""
        return str(json.loads((self.folder / "end").read_text(encoding="utf-8"))["status"])

    def succeeded(self) -> Job:
        """Return self. :raises AssertionError: the job did not succeed."""
        assert self.status == "successful", self.stdout()
        return self

    def failed(self) -> Job:
        """Return self. :raises AssertionError: the job did not fail."""
        assert self.status == "failed", self.stdout()
        return self

    def stdout(self) -> str:
        """What AWX shows as the job's output."""
        return "\n".join(event["stdout"] for event in self.events() if event.get("stdout"))

    def artifacts(self) -> dict[str, t.Any]:
        """The job's artifacts, which AWX passes to the following steps of a workflow."""
        artifacts = [event["event_data"].get("artifact_data", {}) for event in self.events() if event["event"] == "playbook_on_stats"]
        return t.cast("dict[str, t.Any]", artifacts[-1]) if artifacts else {}

    def messages(self) -> list[str]:
        """The messages of failed tasks and loop items."""
        return [
            str(event["event_data"]["res"]["msg"])
            for event in self.events()
            if event["event"] in ("runner_on_failed", "runner_item_on_failed") and "msg" in event["event_data"].get("res", {})
        ]


def _descendants(pid: int) -> list[int]:
    """Stop *pid* and all its descendants, so that they start no more processes, and return the descendants, parents first.

    Descendants in sessions of their own are included.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except (FileNotFoundError, ProcessLookupError):
        children = []
    return [process for child in children for process in (child, *_descendants(child))]


@dataclasses.dataclass(frozen=True)
class Launcher:
    """Starts jobs as AWX would.

    :param python: the Python of the environment with ansible-core and ansible-runner.
    :param directory: the test's folder; each job gets a folder in it.
    :param hosts: host -> its variables in the inventory of AWX.
    :param credential: fields of the credential; None if none is attached.
    :param attached: fields of the credentials that all accounts share, by kind: ``journal`` or ``report``.
    """

    python: Path
    directory: Path
    hosts: Mapping[str, Mapping[str, t.Any]]
    credential: Mapping[str, t.Any] | None
    attached: Mapping[str, Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    #: Passwords of a vault credential: prompt -> password.
    passwords: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def start(
        self,
        playbook: str,
        launched: Mapping[str, t.Any] | None = None,
        template: Mapping[str, t.Any] | None = None,
        check: bool = False,
    ) -> Job:
        """Start a job.

        :param launched: answers of the survey, and artifacts of earlier steps.
        :param template: variables of the job template itself.
        """
        folder = self.directory / f"awx_{len(list(self.directory.glob('awx_*'))) + 1}"
        for name in ("env", "inventory", "home"):
            (folder / name).mkdir(parents=True)
        shutil.copytree(ROOT / "examples" / "awx", folder / "project")
        self._write_inventory(folder / "inventory" / "hosts")
        (folder / "env" / "extravars").write_text(extra_vars_file(launched or {}, template or {}), encoding="utf-8")
        (folder / "env" / "passwords").write_text(json.dumps(self.passwords), encoding="utf-8")
        (folder / "env" / "envvars").write_text(json.dumps(self._environment(folder)), encoding="utf-8")
        line = " ".join([*(["--check --diff"] if check else []), *(["--ask-vault-pass"] if self.passwords else [])])
        command = [str(self.python), str(_CHILD), str(folder), playbook, line]
        with (folder / "child.log").open("wb") as log:
            # ansible-runner itself needs no more than the programs next to its Python.
            path = f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
            process = subprocess.Popen(
                command,
                env={"PATH": path, "HOME": str(folder / "home"), "LC_ALL": "C.UTF-8", "TERM": "dumb"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return Job(folder, process)

    def run(
        self,
        playbook: str,
        launched: Mapping[str, t.Any] | None = None,
        template: Mapping[str, t.Any] | None = None,
        check: bool = False,
    ) -> Job:
        """Run a job to its end."""
        return self.start(playbook, launched, template, check).wait()

    def _environment(self, folder: Path) -> dict[str, str]:
        injected = {} if self.credential is None else rules.rendered(definitions.injectors(), self.credential, definitions.inputs())
        for kind, fields in self.attached.items():
            injected |= rules.rendered(definitions.injectors(f"{kind}_"), fields, definitions.inputs(f"{kind}_"))
        return {
            **injected,
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_FORCE_COLOR": "False",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "JOB_ID": "7",
            "HOME": str(folder / "home"),
        }

    def _write_inventory(self, path: Path) -> None:
        data = {"_meta": {"hostvars": self.hosts}, "all": {"hosts": list(self.hosts)}}
        path.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(data)!r})\n", encoding="utf-8")
        path.chmod(0o700)
