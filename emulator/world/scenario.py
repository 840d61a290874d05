# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build a :class:`~emulator.world.world.World` from a scenario, YAML or a dict. README.md describes the format."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from emulator.world.causes import failed_by
from emulator.world.generated import instance_shorthands, stable_hex
from emulator.world.model import Account, Agency, Baseline, Fate, Instance, Job, Node, Project, Run, Studio, User, Workspace
from emulator.world.times import moment_of, seconds_of
from emulator.world.world import World

Data = dict[str, t.Any]
#: Keys of a job that are copied to its attributes.
_PLAIN = "job_type schedule cron cron_zone cron_start cron_end patch_fails "
_PLAIN += "status self_dependent depend_fail_policy confirm path priority version fail_node starting_status"


def read(source: Data | Path | str) -> Data:
    """The scenario as a dict: *source* itself, or the content of the YAML file at that path."""
    if isinstance(source, dict):
        return source
    data = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
    if not isinstance(data, dict) or "accounts" not in data:
        raise ValueError("a scenario is a mapping with accounts")
    return data


def load(data: Data, now_ms: int) -> World:
    """The world that *data* describes at *now_ms*.

    :raises ValueError: something is invalid; the text says what and where.
    """
    return _Reader(data, now_ms).world()


def instances(data: t.Iterable[Data], job: Job, world: World, now_ms: int) -> list[Instance]:
    """New instances of *job* at *now_ms*, from their descriptions in the scenario format."""
    reader = _Reader({}, now_ms)
    reader.built = world
    return [reader.instance(job, described) for described in data]


class _Reader:
    def __init__(self, data: Data, now_ms: int) -> None:
        self.data, self.now_ms = data, now_ms
        self.built = World(next_id=int(data.get("first_instance_id", 500_000)))
        self.next_job_id = int(data.get("first_job_id", 900_000))

    def world(self) -> World:
        _only(self.data, "scenario", "accounts causes speed run_seconds wait_seconds switches faults first_instance_id first_job_id")
        for account in self.data["accounts"]:
            self.built.accounts.append(self._account(account))
        return self.built

    def _account(self, data: Data) -> Account:
        _only(data, "account", "domain domain_id region project_id projects users agencies studios workspaces")
        account = Account(data["domain"], data.get("domain_id") or stable_hex("domain", data["domain"]), data.get("region", "cn-north-4"))
        projects = list(data.get("projects", []))
        if not projects:
            projects = [{"id": data.get("project_id") or stable_hex("project", account.domain), "name": account.region}]
        account.projects = [
            Project(project.get("id") or stable_hex("project", project["name"]), project["name"], account) for project in projects
        ]
        account.users = [self._user(account, user) for user in data.get("users", [])]
        account.agencies = [
            Agency(agency["name"], account, agency["trusted_domain"], agency.get("role", "operator")) for agency in data.get("agencies", [])
        ]
        account.studios = [self._studio(account, studio) for studio in data.get("studios", [{}])]
        for workspace in data.get("workspaces", []):
            account.workspaces.append(self._workspace(account, workspace))
        return account

    def _user(self, account: Account, data: Data) -> User:
        _only(data, "user", "name id password access_key secret_key role roles")
        return User(
            name=data["name"],
            account=account,
            user_id=data.get("id") or stable_hex("user", account.domain, data["name"]),
            password=data.get("password", ""),
            access_key=data.get("access_key", ""),
            secret_key=data.get("secret_key", ""),
            role=data.get("role", "operator"),
            roles=dict(data.get("roles", {})),
        )

    def _studio(self, account: Account, data: Data) -> Studio:
        _only(data, "studio", "id name project_id region status")
        project_id = data.get("project_id", account.projects[0].project_id)
        name = data.get("name", "dataarts")
        return Studio(
            data.get("id") or stable_hex("studio", project_id, name),
            name,
            project_id,
            data.get("region", account.region),
            data.get("status", 2),
        )

    def _workspace(self, account: Account, data: Data) -> Workspace:
        _only(data, "workspace", "id name project_id studio_id kind description owner jobs baselines")
        project_id = data.get("project_id", account.projects[0].project_id)
        studio = next((candidate for candidate in account.studios if candidate.project_id == project_id), account.studios[0])
        workspace = Workspace(
            workspace_id=data.get("id") or stable_hex("workspace", project_id, data["name"]),
            name=data["name"],
            project_id=project_id,
            studio_id=data.get("studio_id", studio.studio_id),
            kind=data.get("kind", 0),
            description=data.get("description", ""),
            owner=data.get("owner", account.users[0].name if account.users else ""),
        )
        for job in data.get("jobs", []):
            made = self._job(workspace, job)
            workspace.jobs[made.name] = made
        workspace.baselines = [self._baseline(workspace, baseline) for baseline in data.get("baselines", [])]
        return workspace

    def _baseline(self, workspace: Workspace, data: Data) -> Baseline:
        _only(data, "baseline", "id name jobs sla_time priority enable")
        unknown = set(data["jobs"]) - set(workspace.jobs)
        if unknown:
            raise ValueError(f"baseline {data['name']}: unknown job {', '.join(sorted(unknown))}")
        return Baseline(
            data.get("id") or stable_hex("baseline", workspace.workspace_id, data["name"]),
            data["name"],
            list(data["jobs"]),
            moment_of(data["sla_time"], self.now_ms),
            data.get("priority", 1),
            data.get("enable", True),
        )

    def _job(self, workspace: Workspace, data: Data) -> Job:
        _only(
            data,
            f"job {data.get('name')}",
            f"name id submit_time nodes depends_on owner run_seconds wait_seconds {_PLAIN} "
            "instances failed succeeded every first runs type error cause once",
        )
        self.next_job_id += 1
        job = Job(
            workspace=workspace,
            name=data["name"],
            job_id=data.get("id", self.next_job_id),
            submit_time=moment_of(data.get("submit_time", "-200d"), self.now_ms),
            nodes=[_node(node) for node in data.get("nodes", ["prepare", "transform", "publish"])],
            depends_on=[_upstream(workspace, upstream) for upstream in data.get("depends_on", [])],
            run_seconds=seconds_of(data.get("run_seconds", self.data.get("run_seconds", 3))),
            wait_seconds=seconds_of(data.get("wait_seconds", self.data.get("wait_seconds", 0))),
            owner=data.get("owner", workspace.owner),
        )
        for name in _PLAIN.split():
            if name in data:
                setattr(job, name, data[name])
        job.once.extend(_fate(job, fate) for fate in data.get("once", []))
        for instance in instance_shorthands(data, self.now_ms):
            job.instances.append(self.instance(job, instance))
        return job

    def instance(self, job: Job, data: Data) -> Instance:
        """The instance of *job* that *data* describes, with its history."""
        _only(
            data,
            f"instance of {job.name}",
            "id plan_time status submit_time start_time end_time type version force_success ignore_success error cause runs parents held started cancelled "
            "recovers",
        )
        plan = moment_of(data["plan_time"], self.now_ms)
        status = data.get("status", "fail")
        instance = Instance(
            job=job,
            instance_id=data.get("id") or self.built.new_id(),
            plan_time=plan,
            status=status,
            submit_time=moment_of(data["submit_time"], self.now_ms) if "submit_time" in data else None,
            instance_type=data.get("type", 2 if job.schedule == "MANUAL" else 0),
            version=data.get("version", job.version),
            force_success=data.get("force_success", False),
            ignore_success=data.get("ignore_success", False),
            parents=data.get("parents"),
            stays_waiting=data.get("held", False),
            stopped_by=("policy" if data.get("cancelled") else "person") if status == "manual-stop" else "",
            recovers=seconds_of(data["recovers"]) if "recovers" in data else None,
            error=data.get("error", "the node ended with exit code 1") if status == "fail" else "",
        )
        instance.fates.extend(_fate(job, fate) for fate in data.get("runs") or ["success"])
        self._history(instance, data)
        return instance

    def _history(self, instance: Instance, data: Data) -> None:
        """Set the run that the instance had before the scenario started: a finished one, one in progress, or none."""
        if instance.status in ("waiting", "waiting-confirm"):
            instance.current = Run(1, self.now_ms, status=instance.status, fate=instance.next_fate())
            instance.runs.append(instance.current)
            return
        if instance.status in ("freeze", "skip-by-depend", "skip"):
            return
        start = moment_of(data.get("start_time", instance.plan_time), self.now_ms)
        if data.get("cancelled"):
            # it never started; the scenario's `start_time` is the time of the cancellation, which the site may or may not show
            shown = (self.data.get("switches") or {}).get("cancelled_times", "end")
            instance.start_time, instance.end_time = start if shown == "both" else None, None if shown == "none" else start
            instance.runs.append(Run(1, start, end=start, status=instance.status))
            return
        if instance.status == "running":
            start = moment_of(data["start_time"], self.now_ms) if "start_time" in data else self.now_ms
            instance.current = Run(1, start, start=start, status="running", fate=instance.next_fate())
            instance.runs.append(instance.current)
            instance.start_time = start
            return
        end = moment_of(data["end_time"], self.now_ms) if "end_time" in data else start + int(instance.job.run_seconds * 1000)
        instance.start_time, instance.end_time = start, end
        outcome = Fate(instance.status, instance.job.run_seconds, instance.error)
        if instance.status == "fail" and "error" not in data:
            outcome = failed_by(self.data.get("causes", {}), instance, data.get("cause")) or outcome
            instance.error = outcome.error
        instance.runs.append(Run(1, start, start=start, end=end, status=instance.status, fate=outcome))


def _fate(job: Job, data: str | Data) -> Fate:
    if isinstance(data, str):
        data = {"status": data}
    _only(data, f"run of {job.name}", "status seconds error node retries")
    status = data.get("status", "success")
    error = data.get("error", "the node ended with exit code 1" if status == "fail" else "")
    return Fate(status, seconds_of(data.get("seconds", job.run_seconds)), error, data.get("node"), data.get("retries", 0))


def _node(data: str | Data) -> Node:
    return Node(data) if isinstance(data, str) else Node(data["name"], data.get("type", "DLISQL"))


def _upstream(workspace: Workspace, data: str | Data) -> tuple[str, str]:
    if isinstance(data, str):
        return workspace.workspace_id, data
    return data.get("workspace", workspace.workspace_id), data["job"]


def _only(data: Data, what: str, names: str) -> None:
    unknown = set(data) - set(names.split())
    if unknown:
        raise ValueError(f"{what}: unknown {', '.join(sorted(map(str, unknown)))}; there are {names}")
