# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rerun request: its options, and its JSON for v2 [H-RET] and v1 [H-67].

Options use v2's words; only this file translates them into v1's.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import parse_point, window
from .instance import InstanceKey

#: v2's word -> v1's [H-67][H-RET].
LOCATIONS = {"errorNode": "error_node", "firstNode": "first_node", "specifiedNode": "specified_node"}
VERSIONS = {"original_version": "original_version", "current_version": "latest_version"}
MAX_CONCURRENT = 128

#: Options of the second mode only.
_RELATED_OPTIONS = ("begin_time", "end_time", "jobs", "concurrent")
_BOTH_MODES = "Set task_retrys to rerun selected instances of the job, or begin_time, end_time and jobs to rerun it with its upstream and downstream jobs"


@dataclass(frozen=True)
class RetryOptions:
    """How an instance is rerun, in v2's words. :meth:`from_options` makes it from options and checks them."""

    retry_location: str = "errorNode"
    retry_task_version: str = "original_version"
    node_name: str | None = None
    ignore_obs_monitor: bool = True

    @classmethod
    def from_options(cls, params: t.Mapping[str, t.Any]) -> RetryOptions:
        """Read ``retry_location``, ``retry_task_version``, ``node_name`` and ``ignore_obs_monitor``; missing or None means the default.

        The argument spec has already checked words and types.

        :raises OptionError: ``specifiedNode`` without ``node_name``, or the reverse.
        """
        names = ("retry_location", "retry_task_version", "node_name", "ignore_obs_monitor")
        options = cls(**{name: params[name] for name in names if params.get(name) is not None})
        location, node_name = options.retry_location, options.node_name
        if node_name is not None and not node_name.strip():
            raise OptionError("node_name is empty. Set it to the name of the node to start at, or leave it out.")
        if location == "specifiedNode" and node_name is None:
            raise OptionError(
                "retry_location is specifiedNode, which starts at the node in node_name, and node_name is missing. "
                "Set node_name, or use retry_location errorNode or firstNode."
            )
        if location != "specifiedNode" and node_name is not None:
            raise OptionError(
                f"node_name has no effect with retry_location {location}. Set retry_location to specifiedNode to start at that node, or leave node_name out."
            )
        return options

    def from_first_node(self) -> RetryOptions:
        """The same options for an instance that has to run as a whole because none of its nodes failed."""
        return replace(self, retry_location="firstNode", node_name=None)


class RelatedJobs(t.NamedTuple):
    """The jobs and plan times that the second mode reruns in addition to the job itself. Made and checked by :meth:`from_options`.

    :param begin_time: first plan time, epoch ms.
    :param end_time: last plan time, epoch ms.
    :param jobs: (job name, workspace id) of each upstream or downstream job; workspaces may differ.
    :param concurrent: how many run at once, 1 to 128.
    """

    begin_time: int
    end_time: int
    jobs: tuple[tuple[str, str], ...]
    concurrent: int = 1

    @classmethod
    def from_options(cls, params: t.Mapping[str, t.Any]) -> RelatedJobs | None:
        """The second mode as described by the options, or None if they describe the first (``task_retrys``).

        :raises OptionError: both modes or neither; a value of the second mode is missing or out of range; ``specifiedNode``.
        """
        if wanted_mode(params) == "selected":
            return None
        missing = [name for name in ("begin_time", "end_time", "jobs") if not params.get(name)]
        if missing == ["jobs"] and params["jobs"] is not None:
            raise OptionError(f"jobs is an empty list, which names no job. {_BOTH_MODES}.")
        if missing:
            raise OptionError(f"{' and '.join(missing)} must be set to rerun a job with its upstream and downstream jobs. {_BOTH_MODES}.")
        if params.get("retry_location") == "specifiedNode":
            raise OptionError(
                "retry_location specifiedNode works for selected instances (task_retrys) only, not for a job with its upstream and downstream jobs. "
                "Use errorNode or firstNode."
            )
        span = window(
            parse_point(params["begin_time"], option="begin_time"),
            parse_point(params["end_time"], option="end_time"),
            options=("begin_time", "end_time"),
        )
        return cls(span.begin, span.end, _jobs(params["jobs"]), _concurrent(params.get("concurrent")))


def wanted_mode(params: t.Mapping[str, t.Any]) -> str:
    """The mode of the retry endpoint that the options ask for: ``selected`` or ``related``.

    :raises OptionError: both or neither; an empty ``task_retrys``.
    """
    related = [name for name in _RELATED_OPTIONS if params.get(name) is not None]
    if params.get("task_retrys") is None:
        if not related:
            raise OptionError(f"Nothing says what to rerun. {_BOTH_MODES}.")
        return "related"
    if related:
        raise OptionError(f"task_retrys and {', '.join(related)} belong to different modes of the rerun. {_BOTH_MODES}, not both.")
    if not params["task_retrys"]:
        raise OptionError(f"task_retrys is an empty list, which names no instance. {_BOTH_MODES}.")
    return "selected"


def selected_keys(params: t.Mapping[str, t.Any], workspace_id: str) -> tuple[InstanceKey, ...]:
    """The instances in ``task_retrys``, each once, in their order.

    :raises OptionError: a job_id is not a positive number, or a time is not a point in time.
    """
    keys = []
    for number, entry in enumerate(params.get("task_retrys") or (), 1):
        where = f"task_retrys entry {number}"
        if not isinstance(entry, dict) or any(entry.get(name) is None for name in ("job_id", "plan_time", "submit_time")):
            raise OptionError(
                f"{where} is incomplete. Set job_id, plan_time and submit_time as dataarts.factory.job_instance_info returns them."
            )
        job_id = str(entry["job_id"]).strip()
        if isinstance(entry["job_id"], bool) or not (job_id.isascii() and job_id.isdigit() and 0 < int(job_id[:20]) < 2**63):
            raise OptionError(
                f"job_id of {where} is '{printable(job_id, 40)}', which is not the number of a job. Take it from dataarts.factory.job_instance_info."
            )
        plan_time = parse_point(entry["plan_time"], option=f"plan_time of {where}")
        submit_time = parse_point(entry["submit_time"], option=f"submit_time of {where}")
        keys.append(InstanceKey(workspace_id, str(int(job_id)), plan_time, submit_time))
    return tuple(dict.fromkeys(keys))


def body_v2(options: RetryOptions, keys: t.Iterable[InstanceKey]) -> dict[str, t.Any]:
    """The body of a v2 rerun of selected instances, like the first example of the page [H-RET]; duplicates are sent once."""
    entries = [
        {"job_id": int(key.job_id), "plan_time": key.plan_time, "submit_time": key.submit_time}
        for key in dict.fromkeys(key.shared for key in keys)
    ]
    return {**_how_v2(options), "task_retrys": entries}


def body_v2_related(options: RetryOptions, related: RelatedJobs) -> dict[str, t.Any]:
    """The body of a v2 rerun of a job with its upstream and downstream jobs, like the second example of the page [H-RET]."""
    return {
        **_how_v2(options),
        "begin_time": related.begin_time,
        "end_time": related.end_time,
        "jobs": [{"job_name": name, "workspace_id": workspace_id} for name, workspace_id in related.jobs],
        "concurrent": related.concurrent,
    }


def body_v1(options: RetryOptions) -> dict[str, t.Any]:
    """The body of a v1 restart. Every field is sent: the default of retry_location differs between the page's languages [H-67]."""
    body: dict[str, t.Any] = {"retry_location": LOCATIONS[options.retry_location]}
    if options.node_name is not None:
        body["node_name"] = options.node_name
    return {**body, "job_param_version": VERSIONS[options.retry_task_version], "ignore_obs_monitor": options.ignore_obs_monitor}


def _how_v2(options: RetryOptions) -> dict[str, t.Any]:
    body: dict[str, t.Any] = {"retry_location": options.retry_location}
    if options.node_name is not None:
        body["node_name"] = options.node_name
    return {**body, "retry_task_version": options.retry_task_version, "ignore_obs_monitor": options.ignore_obs_monitor}


def _jobs(entries: t.Any) -> tuple[tuple[str, str], ...]:
    """(job name, workspace id) of each entry of ``jobs``, each once."""
    jobs = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        pair = (entry.get("job_name"), entry.get("workspace_id")) if isinstance(entry, dict) else (None, None)
        if not all(isinstance(name, str) and name.strip() for name in pair):
            raise OptionError(f"jobs entry {number} is incomplete. Set job_name and workspace_id of an upstream or downstream job.")
        jobs.append(t.cast("tuple[str, str]", pair))
    return tuple(dict.fromkeys(jobs))


def _concurrent(value: t.Any) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_CONCURRENT:
        raise OptionError(f"concurrent is {printable(value, 40)}. Use a whole number from 1 to {MAX_CONCURRENT}.")
    return value
