# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated service: its world, clock, scheduler, switches, journal and request log."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from emulator.control.journal import Journal, RequestLog
from emulator.faults.rules import Faults
from emulator.gateway.flow_control import FlowControl
from emulator.iam.tokens import Tokens
from emulator.switches import Switches
from emulator.world import scenario
from emulator.world.clock import Clock
from emulator.world.model import Instance
from emulator.world.scheduler import Scheduler
from emulator.world.world import World, submit_time_of


class Service:
    """Everything behind the gateway. Not thread-safe: use it only on the server's event loop.

    :param source: a scenario as a dict or the path of its YAML file.
    :param journal_path: file for the journal, see :class:`~emulator.control.journal.Journal`.
    :param like: settings of switches that override those of every scenario.
    """

    def __init__(
        self, source: dict[str, t.Any] | Path | str, journal_path: Path | None = None, like: t.Mapping[str, t.Any] | None = None
    ) -> None:
        self._source = source
        self._like = dict(like or {})
        self._journal_path = journal_path
        self.reset()

    def reset(self, source: dict[str, t.Any] | Path | str | None = None) -> None:
        """Start again from the scenario or another one: new clock, switches, instances, faults, tokens, journal and request log."""
        self._source = self._source if source is None else source
        data = scenario.read(self._source)
        switches = self.switches = Switches({**(data.get("switches") or {}), **self._like})
        clock = self.clock = Clock(float(data.get("speed", 1)))
        clock.skew = lambda: float(switches["clock_skew_seconds"])
        clock.scheduler_skew = lambda: float(switches["scheduler_skew_seconds"])
        clock.date_offset = lambda: float(switches["date_offset_seconds"])
        self.world: World = scenario.load(data, clock.now_ms())
        self.scheduler = Scheduler(self.world, clock, self.switches)
        self.scheduler.ended = self._stop_after_failure
        self.faults = Faults()
        for fault in data.get("faults", []):
            self.faults.add(fault)
        self.flow = FlowControl()
        self.tokens = Tokens()
        self.journal = Journal(self._journal_path)
        self.requests = RequestLog()

    def add(self, workspace_id: str, job_name: str, data: t.Iterable[dict[str, t.Any]]) -> list[int]:
        """Create instances of a job now, described as in a scenario. Returns their ids.

        :raises ValueError: there is no such job, or *data* is invalid.
        """
        job = self.world.job(workspace_id, job_name)
        if job is None:
            raise ValueError(f"no job {job_name} in workspace {workspace_id}")
        made = scenario.instances(data, job, self.world, self.clock.now_ms())
        job.instances.extend(made)
        for instance in made:
            self.scheduler.take_over(instance)
        return [instance.instance_id for instance in made]

    def _stop_after_failure(self, instance: Instance) -> None:
        """Stop the waiting instances of a PatchData run with ``is_stop_when_fail`` when one of its instances has failed."""
        if instance.instance_type != 5 or instance.succeeded:
            return
        for workspace in self.world.workspaces():
            for run in workspace.supplements:
                if run.body.get("is_stop_when_fail") and any(made is instance for made in run.instances):
                    self.scheduler.limit_group(run.group, 0)
                    for made in run.instances:
                        if made.current is not None and made.current.start is None:
                            self.scheduler.stop(made)

    def state(self) -> dict[str, t.Any]:
        """The service's own state, with the true status of every instance, which lists may not show."""
        self.scheduler.settle()
        workspaces: dict[str, t.Any] = {}
        for workspace in self.world.workspaces():
            jobs = workspaces.setdefault(workspace.workspace_id, {})
            for job in workspace.jobs.values():
                jobs[job.name] = []
        for instance in self.world.instances():
            workspaces[instance.job.workspace.workspace_id][instance.job.name].append(self._instance_state(instance))
        schedules = {
            workspace.workspace_id: {job.name: job.status for job in workspace.jobs.values()} for workspace in self.world.workspaces()
        }
        switches = self.switches.to_dict()
        return {
            "now": self.clock.now_ms(),
            "speed": self.clock.speed,
            "switches": switches,
            "workspaces": workspaces,
            "schedules": schedules,
        }

    def _instance_state(self, instance: Instance) -> dict[str, t.Any]:
        run = instance.current
        return {
            "job_id": instance.job.job_id,
            "instance_id": instance.instance_id,
            "plan_time": instance.plan_time,
            "submit_time": submit_time_of(instance, self.switches),
            "status": instance.status,
            "hidden": bool(run and run.status == "hidden"),
            "stopped_by": instance.stopped_by if instance.status == "manual-stop" else "",
            "forced": instance.force_success or instance.ignore_success,
            "reads": [_name(above) for above in self.world.data_of(instance)],
            "runs": [
                {
                    "number": past.number,
                    "status": past.status,
                    "requested": past.requested,
                    "start": past.start,
                    "end": past.end,
                    "resumed": past.resumed,
                    "request_id": past.request_id,
                    "read": [[*_name(above), number] for above, number in past.read],
                }
                for past in instance.runs
            ],
            "queued": len(instance.queued),
        }


def _name(instance: Instance) -> list[t.Any]:
    """Workspace, job and plan time, which identify an instance and which a rerun never changes."""
    return [instance.job.workspace.workspace_id, instance.job.name, instance.plan_time]


@dataclass
class Caller:
    """The authenticated user or agency of a request."""

    name: str
    domain: str
    role_in: t.Callable[[str], str]
    temporary: bool = False
    by_token: bool = False
    project_id: str | None = None


@dataclass
class Request:
    """One request to one route. The gateway fills in the caller, the workspace and ``extra``."""

    service: Service
    params: dict[str, str]
    query: dict[str, str]
    headers: t.Mapping[str, str]
    body: bytes
    request_id: str
    caller: Caller | None = None
    workspace_id: str = ""
    extra: dict[str, t.Any] = field(default_factory=dict)


@dataclass
class Answer:
    """An answer. *body* is sent as JSON, except str and bytes, which are sent as they are, and None, which is an empty body."""

    status: int = 200
    body: t.Any = None
    headers: dict[str, str] = field(default_factory=dict)
