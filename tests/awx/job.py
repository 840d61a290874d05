# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job as AWX starts it: ansible-runner with a private data folder, and in it everything in the form that AWX uses.

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
#: What AWX adds to the variables of every job.
_META = {"awx_job_id": 7, "tower_job_id": 7, "awx_job_launch_type": "workflow", "awx_user_name": "lin"}
#: Until something happens that must happen; the machine may be busy.
_PATIENCE = 180.0


class _Unsafe(yaml.SafeDumper):
    """Marks every text as no template, also the keys."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def extra_vars_file(launched: Mapping[str, t.Any], template: Mapping[str, t.Any]) -> str:
    """The file of extra variables: what the job template states is trusted, everything else is not."""
    variables = {**_META, **template, **launched}
    return "".join(
        yaml.dump({name: value}, Dumper=yaml.SafeDumper if template.get(name) == value else _Unsafe, default_flow_style=False)
        for name, value in variables.items()
    )


@dataclasses.dataclass
class Job:
    """A job that was started.

    :param folder: its private data folder.
    """

    folder: Path
    process: subprocess.Popen[bytes]

    def events(self) -> list[dict[str, t.Any]]:
        """Events that have arrived, in their order."""
        path = self.folder / "events"
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something. :raises AssertionError: the job ends, or patience does, without it."""
        deadline = time.monotonic() + _PATIENCE
        while not happened():
            assert self.process.poll() is None, self.stdout()
            assert time.monotonic() < deadline, self.stdout()
            time.sleep(0.05)

    def cancel(self) -> Job:
        """Cancel it, as a click in AWX does, and wait for its end."""
        (self.folder / "cancel").touch()
        return self.wait()

    def kill(self) -> None:
        """End it and all that it started at once, with everything it wrote, as when the node of its container goes away."""
        for pid in (*_descendants(self.process.pid), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(exist_ok=True)  # its number is taken

    def wait(self) -> Job:
        """Wait for its end."""
        self.process.wait(TIMEOUT)
        assert (self.folder / "end").exists(), (self.folder / "child.log").read_text(encoding="utf-8")
        return self

    @property
    def status(self) -> str:
        """``successful``, ``failed`` or ``canceled``."""
        return str(json.loads((self.folder / "end").read_text(encoding="utf-8"))["status"])

    def succeeded(self) -> Job:
        """Itself. :raises AssertionError: it did not succeed."""
        assert self.status == "successful", self.stdout()
        return self

    def failed(self) -> Job:
        """Itself. :raises AssertionError: it did not fail."""
        assert self.status == "failed", self.stdout()
        return self

    def stdout(self) -> str:
        """What AWX shows as the job's output."""
        return "\n".join(event["stdout"] for event in self.events() if event.get("stdout"))

    def artifacts(self) -> dict[str, t.Any]:
        """What AWX keeps as the job's artifacts, and hands to the steps that follow."""
        artifacts = [event["event_data"].get("artifact_data", {}) for event in self.events() if event["event"] == "playbook_on_stats"]
        return t.cast("dict[str, t.Any]", artifacts[-1]) if artifacts else {}

    def messages(self) -> list[str]:
        """Messages of tasks that failed."""
        return [
            str(event["event_data"]["res"]["msg"])
            for event in self.events()
            if event["event"] in ("runner_on_failed", "runner_item_on_failed") and "msg" in event["event_data"].get("res", {})
        ]


def _descendants(pid: int) -> list[int]:
    """The processes below *pid*, also those in sessions of their own, parents first; stopped, so that none starts another meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except (FileNotFoundError, ProcessLookupError):
        children = []
    return [process for child in children for process in (child, *_descendants(child))]


@dataclasses.dataclass(frozen=True)
class Launcher:
    """Starts jobs.

    :param python: the Python of the environment with ansible-core and ansible-runner.
    :param directory: a folder of the test's own.
    :param hosts: variables by host, as the inventory in AWX has them.
    :param credential: fields of the credential; None if none is attached.
    :param attached: fields of the credentials that all accounts share, by kind: ``journal`` and ``report``.
    """

    python: Path
    directory: Path
    hosts: Mapping[str, Mapping[str, t.Any]]
    credential: Mapping[str, t.Any] | None
    attached: Mapping[str, Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    #: Passwords by what asks for them, of a vault credential.
    passwords: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def start(
        self,
        playbook: str,
        launched: Mapping[str, t.Any] | None = None,
        template: Mapping[str, t.Any] | None = None,
        check: bool = False,
    ) -> Job:
        """Start a job.

        :param launched: answers of the survey, and what earlier steps published.
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
