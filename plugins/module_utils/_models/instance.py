# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job instances, jobs and workspaces, independent of the API generation that listed them."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, replace

from .._common.times import to_iso
from .slotted import slotted

#: Identifies an instance even among twins, see :attr:`JobInstance.full_key`.
FullKey = t.Tuple["InstanceKey", str]
#: A job: workspace id and name.
JobName = t.Tuple[str, str]

#: Longest name that is taken from an answer. Names are kept unchanged because they go back into URLs.
MAX_NAME = 1000
#: Error messages: characters kept, characters shown in results, and the mark at the end of one that was cut.
MAX_MESSAGE, SHOWN_MESSAGE, CUT = 2000, 500, " […]"


class Status(enum.Enum):
    """Status of a job instance [H-208][SDK]; the values are the service's v2 words.

    :meth:`parse` reads older forms too, and turns an undocumented word into :attr:`UNKNOWN`.
    """

    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    FAIL = "fail"
    RUNNING_EXCEPTION = "running-exception"
    PAUSE = "pause"
    MANUAL_STOP = "manual-stop"
    SKIP_BY_DEPEND = "skip-by-depend"
    FREEZE = "freeze"
    WAITING_CONFIRM = "waiting-confirm"
    FORCE_SUCCESS = "forceSuccess"  # v1 only; v2 has success with force_success=true [KES]
    IGNORE_SUCCESS = "ignoreSuccess"
    UNKNOWN = "unknown"

    @classmethod
    def parse(cls, word: str) -> Status:
        """The status that *word* names; "manual" and "skip" are words of an older SDK [KES]."""
        return _STATUSES.get(word.strip().lower(), cls.UNKNOWN)

    @property
    def succeeded(self) -> bool:
        """Whether nothing is left to do: success, also if forced or if the failure was ignored."""
        return self in (Status.SUCCESS, Status.FORCE_SUCCESS, Status.IGNORE_SUCCESS)

    @property
    def in_progress(self) -> bool:
        """Whether the service will carry on with the instance by itself: waiting or running."""
        return self in (Status.WAITING, Status.RUNNING)


_STATUSES = {status.value.lower(): status for status in Status} | {
    "manual": Status.MANUAL_STOP,
    "skip": Status.SKIP_BY_DEPEND,
    "waiting_confirm": Status.WAITING_CONFIRM,
}


class InstanceType(enum.Enum):
    """Type of a job instance [H-208]; the values are the options' words, :attr:`number` is the service's number."""

    NORMAL = "normal"
    MANUAL = "manual"
    PATCH_DATA = "patch_data"
    SUB_JOB = "sub_job"
    ONCE = "once"

    @property
    def number(self) -> int:
        """0 normal, 2 manual, 5 PatchData, 6 sub-job, 7 once."""
        return _NUMBERS[self.value]

    @classmethod
    def parse(cls, number: int | None) -> InstanceType | None:
        """The type with that number, or None for an undocumented number."""
        return _TYPES.get(number)


_NUMBERS = {"normal": 0, "manual": 2, "patch_data": 5, "sub_job": 6, "once": 7}
_TYPES: dict[int | None, InstanceType] = {instance_type.number: instance_type for instance_type in InstanceType}


class InstanceKey(t.NamedTuple):
    """Identity of an instance. It has no instance_id, because whether a rerun keeps that is not documented.

    :param workspace_id: id of the workspace.
    :param job_id: id of the job, a number as text.
    :param plan_time: epoch ms.
    :param submit_time: epoch ms.
    :param twin: the instance_id if several instances share all of the above, or "".
    """

    workspace_id: str
    job_id: str
    plan_time: int
    submit_time: int
    twin: str = ""

    @property
    def shared(self) -> InstanceKey:
        """The key without *twin*, as a v2 request names an instance."""
        return InstanceKey(self.workspace_id, self.job_id, self.plan_time, self.submit_time) if self.twin else self


@slotted
@dataclass(frozen=True)
class JobInstance:
    """One job instance as a list request describes it [SDK]. All times epoch ms; execute_time is a duration in ms."""

    key: InstanceKey
    job_name: str
    status: Status
    status_text: str
    instance_id: str | None = None
    instance_type: InstanceType | None = None
    start_time: int | None = None
    end_time: int | None = None
    execute_time: int | None = None
    version: int | None = None
    force_success: bool = False
    ignore_success: bool = False
    error_message: str | None = None
    instance_name: str | None = None

    @property
    def job(self) -> JobName:
        """Its job, by workspace and name."""
        return self.key.workspace_id, self.job_name

    @property
    def by_hand(self) -> bool:
        """Whether a person set it to success, which keeps the times of the failure."""
        return self.force_success or self.ignore_success

    @property
    def succeeded_by_itself(self) -> bool:
        """Whether it ran to success, not set by a person."""
        return self.status is Status.SUCCESS and not self.by_hand

    @property
    def full_key(self) -> tuple[InstanceKey, str]:
        """The key plus the instance_id ("" if the service listed none), which tells twins apart.

        Twins are instances with the same job_id, plan_time and submit_time, such as a normal one and a PatchData one. v2 reruns by the key, so its
        request cannot say which twin is meant; v1 reruns by instance_id.
        """
        return self.key, self.instance_id or ""

    def as_twin(self) -> JobInstance:
        """The same instance under a key that tells it from its twins."""
        return replace(self, key=self.key._replace(twin=self.instance_id or ""))

    def to_result(self) -> dict[str, t.Any]:
        """The instance as modules return it: ids as text, times as epoch ms, and ``*_iso`` with the same times in ISO 8601 UTC."""
        result: dict[str, t.Any] = {
            "workspace_id": self.key.workspace_id,
            "job_name": self.job_name,
            "job_id": self.key.job_id,
            "instance_id": self.instance_id,
            "instance_name": self.instance_name,
            "instance_type": self.instance_type.value if self.instance_type else None,
            "status": self.status_text,
            "plan_time": self.key.plan_time,
            "submit_time": self.key.submit_time,
            "start_time": self.start_time,
            "end_time": self.end_time,
            "execute_time": self.execute_time,
            "version": self.version,
            "force_success": self.force_success,
            "ignore_success": self.ignore_success,
            "error_message": None if self.error_message is None else self.error_message[:SHOWN_MESSAGE],
        }
        for name in ("plan_time", "submit_time", "start_time", "end_time"):
            value = result[name]
            result[f"{name}_iso"] = to_iso(value) if value is not None else None
        return result


@dataclass(frozen=True)
class Job:
    """One job of a workspace as a list request describes it [SDK].

    :param status: the service's word (SCHEDULING, STOPPED, PAUSED, ...).
    :param last_instance_status: status word of its newest instance, or None.
    """

    name: str
    job_id: str | None = None
    job_type: str | None = None
    status: str | None = None
    owner: str | None = None
    path: str | None = None
    last_instance_status: str | None = None
    last_instance_end_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    create_time: int | None = None
    last_update_time: int | None = None
    next_plan_time: int | None = None
    priority: int | None = None

    def to_result(self) -> dict[str, t.Any]:
        """The job as modules return it; times epoch ms."""
        return dict(vars(self))


class JobNodes(t.NamedTuple):
    """The nodes of a job in its newest submitted version, in the order of its definition [SDK][OTC].

    :param version: number of that version, or None if the service does not return it.
    """

    names: tuple[str, ...]
    version: int | None = None


@dataclass(frozen=True)
class Workspace:
    """One workspace of a DataArts Studio instance [H-WS]. ``kind`` is private, default or public."""

    workspace_id: str
    name: str
    studio_instance_id: str
    project_id: str | None = None
    kind: str | None = None
    enterprise_project_id: str | None = None
    owner: str | None = None
    description: str | None = None

    def to_result(self) -> dict[str, t.Any]:
        """The workspace as modules return it."""
        return dict(vars(self))


@dataclass(frozen=True)
class StudioInstance:
    """One DataArts Studio instance (a purchase that holds workspaces) [SDK].

    ``status``: 1 not yet effective, 2 active, 3 deleted, 4 frozen, 5 grace, 6 deleting.
    """

    studio_instance_id: str
    name: str | None = None
    region: str | None = None
    project_id: str | None = None
    status: int | None = None

    @property
    def usable(self) -> bool:
        """Whether its workspaces answer: active, or in the grace period."""
        return self.status in (None, 2, 5)


@dataclass(frozen=True)
class RelatedInstance:
    """An instance that another one depends on, or that depends on another one [H-DEP].

    :param average_ms: average duration of the job's runs, ms, or None.
    """

    instance: JobInstance
    workspace_name: str | None
    parent_instance_ids: tuple[str, ...] = ()
    average_ms: int | None = None

    def to_result(self) -> dict[str, t.Any]:
        """The instance's result plus ``workspace_name`` and ``parent_instance_ids``."""
        return {**self.instance.to_result(), "workspace_name": self.workspace_name, "parent_instance_ids": list(self.parent_instance_ids)}


@dataclass(frozen=True)
class RelatedJob:
    """A job that another one depends on (``relation`` parent) or that depends on another one (child) [SDK]."""

    job_name: str
    relation: str
    workspace_name: str | None = None
    path: str | None = None
    owner: str | None = None

    def to_result(self) -> dict[str, t.Any]:
        """The job as modules return it."""
        return dict(vars(self))
