# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collection's rulebooks in a real ansible-rulebook, with an inventory, variables and a webhook."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.http_server import HttpServer
from tests.support.playbook import ROOT, Ansible, Running
from tests.support.scenarios import WORKSPACE_ID
from tests.support.workspace import account, inventory, variables

RULEBOOKS = ROOT / "extensions" / "eda" / "rulebooks"
#: The folder of ansible-rulebook and its own ansible-core. `make eda` sets EDA_BIN.
BIN = Path(os.environ.get("EDA_BIN") or ROOT / ".cache" / "environments" / "eda" / "bin")
#: Longest wait for an expected event, seconds. A loaded machine must not fail a test.
PATIENCE = 120.0
#: Replacements in the rulebooks that shorten how long they gather events and wait before a retry.
SHORTER = {"once_after: 1 minute": "once_after: 3 seconds", "delay: 30": "delay: 1"}

Json = dict[str, t.Any]


class Setup:
    """A controller on which rulebooks are started: its directory, inventory, journal and webhook.

    :param places: inventory host -> workspace id.
    :param changes: inventory variables, named without ``dataarts_``.
    """

    def __init__(
        self, directory: Path, service: t.Any, webhook: HttpServer, places: Mapping[str, str] | None = None, **changes: t.Any
    ) -> None:
        self.directory = directory
        self.service = service
        self.webhook = webhook
        self.places = dict(places or {"sales": WORKSPACE_ID})
        self.ansible = Ansible(directory, bin_directory=BIN)
        self.inventory = directory / "inventory"
        self.inventory.mkdir()
        shared = {
            "journal": str(directory / "reruns.db"),
            "settle_time": 2,
            "max_retries": 1,
            "webhook_url": f"{webhook.base}/hook",
            **changes,
        }
        hosts = {host: variables(service, workspace_id=workspace_id, **shared) for host, workspace_id in self.places.items()}
        (self.inventory / "hosts.yml").write_text(json.dumps(inventory(**hosts)), encoding="utf-8")

    def start(self, rulebook: str, source: Mapping[str, t.Any] | None = None, **more: t.Any) -> Running:
        """Start ansible-rulebook with a rulebook of the collection.

        :param rulebook: a file name without suffix, to start a copy with the waits of SHORTER; or a full name, to start the rulebook unchanged.
        :param source: options of the account to change.
        :param more: variables of the rulebook, named without ``dataarts_``; None leaves one unset.
        """
        places = [{"workspace_id": workspace_id, "host": host} for host, workspace_id in self.places.items()]
        watched = {**account(self.service, max_retries=0), "workspaces": places, **(source or {})}
        given = {"accounts": [watched], "poll_interval": 1, "journal": str(self.directory / "watch.db"), **more}
        watch = self.directory / "watch.yml"
        watch.write_text(json.dumps({f"dataarts_{name}": value for name, value in given.items() if value is not None}), encoding="utf-8")
        path = rulebook if "." in rulebook else str(self._shorter(rulebook))
        arguments = ("--rulebook", path, "-i", self.inventory, "--vars", watch)
        return self.ansible.start("ansible-rulebook", *arguments, env={"_JAVA_OPTIONS": "-Xrs", "PYTHONUNBUFFERED": "1"})

    def _shorter(self, rulebook: str) -> Path:
        text = (RULEBOOKS / f"{rulebook}.yml").read_text(encoding="utf-8")
        for long, short in SHORTER.items():
            assert long in text
            text = text.replace(long, short)
        path = self.directory / f"{rulebook}.yml"
        path.write_text(text, encoding="utf-8")
        return path

    def reruns(self) -> dict[tuple[str, int], int]:
        """(job name, plan time) -> the number of reruns that the emulator has accepted."""
        reruns: dict[tuple[str, int], int] = {}
        for entry in self.service.journal():
            for instance in entry["instances"]:
                key = instance["job_name"], instance["plan_time"]
                reruns[key] = reruns.get(key, 0) + 1
        return reruns

    def statuses(self) -> dict[tuple[str, int], str]:
        """(job name, plan time) -> the status in the emulator."""
        workspaces = self.service.state()["workspaces"].values()
        return {
            (name, instance["plan_time"]): instance["status"]
            for jobs in workspaces
            for name, several in jobs.items()
            for instance in several
        }

    def messages(self) -> list[Json]:
        """The messages that the webhook has received, oldest first."""
        return [json.loads(request.body) for request in self.webhook.seen]

    def events(self) -> int:
        """The number of events that the source has claimed in its journals, over all restarts."""
        return sum(map(_claims, self.directory.rglob("*.db")))


def _claims(path: Path) -> int:
    """The number of claimed events in the journal at *path*; 0 while its tables do not exist."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal, contextlib.suppress(sqlite3.OperationalError):
        claims = "SELECT count(*) FROM dataarts_note WHERE scope LIKE 'events %' AND key NOT LIKE '% confirmed'"
        return int(journal.execute(claims).fetchone()[0])
    return 0  # its tables do not exist yet


def wait_until(process: Running, what: str, condition: Callable[[], object]) -> None:
    """Wait until *condition* holds.

    :raises AssertionError: the process ends, or PATIENCE is over, before that. The message has the output of the process.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        ended = process.process.poll()
        if ended is not None or time.monotonic() > deadline:
            how = f"ansible-rulebook ended with {ended}" if ended is not None else f"after {PATIENCE:.0f} s"
            raise AssertionError(f"{how}, and still not: {what}\n{process.text()}\n--- stderr\n{process.text('stderr')}")
        time.sleep(0.1)


def end(process: Running) -> None:
    """Kill ansible-rulebook. Its playbooks run on in sessions of their own; see :func:`end_plays`."""
    process.send(signal.SIGKILL)
    process.process.wait()


def end_plays(directory: Path) -> None:
    """Kill every playbook that an ansible-rulebook with its files below *directory* has left running."""
    # The environment names *directory*; the arguments may name a folder that all tests share, see LONGEST_TMPDIR.
    for environment in Path("/proc").glob("[0-9]*/environ"):
        # A process may end while its files are read.
        with contextlib.suppress(OSError):
            if os.fsencode(directory) in environment.read_bytes():
                pid = int(environment.parent.name)
                if os.getpgid(pid) == pid:
                    os.killpg(pid, signal.SIGKILL)
