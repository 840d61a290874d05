# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data model: accounts, users, workspaces, jobs, instances and their runs. All times are epoch ms."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field

#: Statuses in which an instance can be rerun: successful, failed or cancelled [H-67][OTC-UMN-I].
RERUNNABLE = frozenset({"success", "fail", "manual-stop"})
#: Statuses of an instance in progress.
ACTIVE = frozenset({"waiting", "running", "waiting-confirm"})
#: Roles that may operate job instances [OTC-UMN-I].
OPERATORS = frozenset({"admin", "operator"})


def _plan_time(instance: Instance) -> int:
    return instance.plan_time


@dataclass(frozen=True)
class Fate:
    """How one run goes: its final *status* (``hang``: it never ends) and its length in emulated *seconds*.

    ``node`` is the index of the node at which it fails (None: the job's ``fail_node``), ``retries`` the number of automatic retries of that node.
    """

    status: str = "success"
    seconds: float = 3.0
    error: str = ""
    node: int | None = None
    retries: int = 0


@dataclass
class Run:
    """One run of an instance.

    ``from_node`` is the index of the node at which it starts. ``read`` says which data it started with: for each instance that it depends
    on, the number of the run that had made the data, or None. ``resumed`` is the time at which it went on after a hang. Waiting runs start
    in the order of ``rank``, or of their plan times if it is None.
    """

    number: int
    requested: int
    from_node: int = 0
    start: int | None = None
    end: int | None = None
    status: str = "hidden"
    fate: Fate = field(default_factory=Fate)
    request_id: str = ""
    group: str = ""
    cancelled: bool = False
    read: list[tuple[Instance, int | None]] = field(default_factory=list, repr=False)
    stopping: bool = False
    rank: int | None = None
    resumed: int | None = None


@dataclass
class Node:
    """One node of a job."""

    name: str
    type: str = "DLISQL"


@dataclass
class Instance:
    """One job instance.

    ``fates`` are those of the next runs; the last one repeats. ``stopped_by`` is ``person``, or ``policy`` if the instance was cancelled
    because an upstream instance had failed; lists do not show the difference. An instance in running-exception goes on after ``recovers``
    emulated seconds, unless that is None. Lists do not show the instance before ``visible_from``.
    """

    job: Job
    instance_id: int
    plan_time: int
    status: str
    submit_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    instance_type: int = 0
    version: int = 1
    force_success: bool = False
    ignore_success: bool = False
    error: str = ""
    fates: deque[Fate] = field(default_factory=deque)
    runs: list[Run] = field(default_factory=list)
    current: Run | None = None
    queued: list[Run] = field(default_factory=list)
    old_ids: list[int] = field(default_factory=list)
    parents: list[int] | None = None
    stays_waiting: bool = False
    stopped_by: str = ""
    recovers: float | None = None
    visible_from: int = 0

    def next_fate(self) -> Fate:
        """Take the fate of the run that starts now."""
        if len(self.fates) > 1:
            return self.fates.popleft()
        return self.fates[0]

    @property
    def succeeded(self) -> bool:
        """Whether downstream instances may run: it has succeeded, or its success was forced or its failure ignored."""
        return self.status == "success" or self.force_success or self.ignore_success

    @property
    def failed(self) -> bool:
        """Whether it has failed and is not being rerun."""
        return self.status == "fail" and self.current is None

    def data_at(self, moment_ms: int) -> int | None:
        """Number of the last run that had succeeded by *moment_ms*, whose data is there; or None."""
        ended = [run for run in self.runs if run.status == "success" and run.end is not None and run.end <= moment_ms]
        return max(ended, key=lambda run: (run.end or 0, run.number)).number if ended else None


@dataclass
class Job:
    """One job of a workspace.

    ``depends_on`` has the (workspace id, job name) of each upstream job. ``depend_fail_policy`` is what happens to an instance when an
    upstream instance has failed: it keeps waiting (``suspend``), is cancelled (``cancel``), or runs on the existing data (``continue``).
    ``patch_fails`` are the plan times whose PatchData instances fail. The schedule goes from ``cron_start`` to ``cron_end``, ISO 8601 ("":
    no end). ``once`` are the fates of runs that are started by hand; without one, a run succeeds.
    """

    workspace: Workspace
    name: str
    job_id: int
    submit_time: int
    nodes: list[Node] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    depends_on: list[tuple[str, str]] = field(default_factory=list)
    job_type: str = "BATCH"
    schedule: str = "CRON"
    cron: str = "0 0 * * * ?"
    cron_zone: str = "GMT+8"
    cron_start: str = "2024-01-01T00:00:00+08"
    cron_end: str = ""
    status: str = "SCHEDULING"
    self_dependent: bool = False
    depend_fail_policy: str = "suspend"
    confirm: bool = False
    starting_status: str = "pending"
    owner: str = ""
    path: str = "/"
    priority: int = 0
    version: int = 1
    run_seconds: float = 3.0
    wait_seconds: float = 0.0
    fail_node: int = -1
    patch_fails: list[int] = field(default_factory=list)
    once: deque[Fate] = field(default_factory=deque)
    _planned: list[Instance] = field(default_factory=list, repr=False)

    def failing(self, fate: Fate) -> int:
        """Index of the node at which a run with that fate fails."""
        return (self.fail_node if fate.node is None else fate.node) % max(1, len(self.nodes))

    def planned(self, begin: int, end: int) -> list[Instance]:
        """Its instances with a plan time in [*begin*, *end*], oldest first. Sorted again only when instances were added: plan times do not change."""
        if len(self._planned) != len(self.instances):
            self._planned = sorted(self.instances, key=_plan_time)
        return self._planned[bisect_left(self._planned, begin, key=_plan_time) : bisect_right(self._planned, end, key=_plan_time)]


@dataclass
class Baseline:
    """One baseline: *jobs* must have ended by *sla_time* every day [SDK].

    :ivar sla_time: the committed time of today's instance.
    """

    baseline_id: str
    name: str
    jobs: list[str]
    sla_time: int
    priority: int = 1
    enable: bool = True


@dataclass
class Supplement:
    """One PatchData run: instances of a job and of jobs that depend on it, for the plan times of a span.

    :ivar begin: start of the span; *end* is its end.
    :ivar body: the request.
    :ivar stopped: whether it was stopped by a request. A failure that stops the rest does not set it.
    """

    name: str
    begin: int
    end: int
    submitted: int
    user: str
    body: dict[str, object]
    jobs: list[Job] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    stopped: bool = False
    group: str = ""


@dataclass
class Workspace:
    """One workspace; ``kind`` is 0 private, 1 default, 2 public [H-WS]."""

    workspace_id: str
    name: str
    project_id: str
    studio_id: str
    kind: int = 0
    description: str = ""
    owner: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    baselines: list[Baseline] = field(default_factory=list)
    supplements: list[Supplement] = field(default_factory=list)


@dataclass
class Studio:
    """One DataArts Studio instance, which holds workspaces; ``status`` 2 is active [SDK]."""

    studio_id: str
    name: str
    project_id: str
    region: str
    status: int = 2


@dataclass
class Project:
    """One project of an account. Its name is that of a region, optionally with a suffix."""

    project_id: str
    name: str
    account: Account


@dataclass
class User:
    """An IAM user. ``roles`` maps workspace ids to roles; ``role`` is the role in all other workspaces (``none``: no access)."""

    name: str
    account: Account
    user_id: str
    password: str = ""
    access_key: str = ""
    secret_key: str = ""
    role: str = "operator"
    roles: dict[str, str] = field(default_factory=dict)

    def role_in(self, workspace_id: str) -> str:
        """The user's role in that workspace."""
        return self.roles.get(workspace_id, self.role)


@dataclass
class Agency:
    """An agency: users of *trusted_domain* may act for the account with *role*."""

    name: str
    account: Account
    trusted_domain: str
    role: str = "operator"


@dataclass
class Account:
    """One account (domain)."""

    domain: str
    domain_id: str
    region: str
    projects: list[Project] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    agencies: list[Agency] = field(default_factory=list)
    studios: list[Studio] = field(default_factory=list)
    workspaces: list[Workspace] = field(default_factory=list)
