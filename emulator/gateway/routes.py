# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All APIs of the service: host, method, path, and what the gateway checks first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True)
class Route:
    """One API.

    :param host: ``v2`` (also the management centre), ``v1``, ``iam`` or ``obs``.
    :param path: segments in braces match any single raw segment.
    :param workspace: ``required``, ``default`` (falls back to the default workspace) or ``no``.
    :param writes: whether it changes jobs or their instances.
    :param switches: switches that must all be on for the API to be published.
    :param signed: whether the gateway checks credentials.
    """

    name: str
    host: str
    method: str
    path: str
    workspace: str = "no"
    writes: bool = False
    switches: tuple[str, ...] = ()
    signed: bool = True

    def match(self, host: str, method: str, raw_path: str) -> dict[str, str] | None:
        """The decoded path parameters, or None if the request is for another API."""
        if host != self.host or method != self.method:
            return None
        patterns, segments = self.path.split("/"), raw_path.split("/")
        if len(patterns) != len(segments):
            return None
        params: dict[str, str] = {}
        for pattern, segment in zip(patterns, segments, strict=True):
            if pattern.startswith("{"):
                if not segment:
                    return None
                params[pattern[1:-1]] = unquote(segment)
            elif pattern != segment:
                return None
        return params


_JOBS2 = "/v2/{project_id}/factory/jobs"
_SUPPLEMENT = "/v2/{project_id}/factory/supplement-data"
_JOBS1 = "/v1/{project_id}/jobs"


def _v1(name: str, method: str, path: str, *, writes: bool = False) -> Route:
    return Route(name, "v1", method, path, "default", writes, ("v1_open",))


def _v2(name: str, method: str, path: str, *, writes: bool = False, switch: str | None = None) -> Route:
    return Route(name, "v2", method, path, "required", writes, ("v2_open", switch) if switch else ("v2_open",))


ROUTES: tuple[Route, ...] = (
    _v2("v2_list", "GET", _JOBS2 + "/{job_name}/instances/detail", switch="v2_list_open"),
    _v2("v2_retry", "POST", _JOBS2 + "/{job_name}/instances/retry", writes=True, switch="v2_retry_open"),
    _v2("v2_jobs", "GET", _JOBS2),
    _v2("v2_depend_jobs", "GET", _JOBS2 + "/{job_name}/depend", switch="depend_open"),
    _v2("v2_depend_instances", "GET", "/v2/{project_id}/factory/instances/{instance_id}/depend-instances", switch="depend_open"),
    Route("baselines", "v2", "GET", "/v2/{project_id}/factory/aiops/{instance_id}/baseline", switches=("v2_open", "baselines_open")),
    Route(
        "baseline_instances",
        "v2",
        "GET",
        "/v2/{project_id}/factory/aiops/{instance_id}/baselineinstance",
        switches=("v2_open", "baselines_open"),
    ),
    _v2("supplements", "GET", _SUPPLEMENT),
    _v2("supplement", "POST", _SUPPLEMENT, writes=True),
    _v2("supplement_stop", "POST", _SUPPLEMENT + "/{instance_name}/stop", writes=True),
    _v2("overview", "GET", "/v2/{project_id}/factory/monitor/task-statistics-overview"),
    _v2("completion", "GET", "/v2/{project_id}/factory/monitor/task-completion-data"),
    _v1("v1_list", "GET", _JOBS1 + "/instances/detail"),
    _v1("v1_jobs", "GET", _JOBS1),
    _v1("v1_job", "GET", _JOBS1 + "/{job_name}"),
    _v1("v1_instance", "GET", _JOBS1 + "/{job_name}/instances/{instance_id}"),
    _v1("v1_restart", "POST", _JOBS1 + "/{job_name}/instances/{instance_id}/restart", writes=True),
    _v1("v1_stop", "POST", _JOBS1 + "/{job_name}/instances/{instance_id}/stop", writes=True),
    _v1("v1_start_job", "POST", _JOBS1 + "/{job_name}/start", writes=True),
    _v1("v1_stop_job", "POST", _JOBS1 + "/{job_name}/stop", writes=True),
    _v1("v1_run", "POST", _JOBS1 + "/{job_name}/run-immediate", writes=True),
    Route("workspaces", "v2", "GET", "/v1/{project_id}/workspaces/{instance_id}"),
    Route("studios", "v2", "GET", "/v1/{project_id}/instances"),
    Route("tokens", "iam", "POST", "/v3/auth/tokens", signed=False),
    Route("projects", "iam", "GET", "/v3/projects"),
    Route("security_tokens", "iam", "POST", "/v3.0/OS-CREDENTIAL/securitytokens"),
    Route("machine_token", "iam", "PUT", "/meta-data/latest/api/token", signed=False),
    Route("obs_object", "obs", "GET", "/{bucket}/{instance_id}/{name}", signed=False),
    Route("machine_keys", "iam", "GET", "/openstack/latest/securitykey", signed=False),
)

#: Names of groups of routes, for faults.
GROUPS: dict[str, frozenset[str]] = {
    "*": frozenset(route.name for route in ROUTES),
    "retry": frozenset({"v2_retry", "v1_restart"}),
    "list": frozenset({"v2_list", "v1_list"}),
    "jobs": frozenset({"v2_jobs", "v1_jobs"}),
    "depend": frozenset({"v2_depend_jobs", "v2_depend_instances"}),
    "write": frozenset(route.name for route in ROUTES if route.writes),
    "read": frozenset(route.name for route in ROUTES if route.method == "GET"),
    "iam": frozenset(route.name for route in ROUTES if route.host == "iam"),
}


def find(host: str, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and its decoded path parameters, or None."""
    for route in ROUTES:
        params = route.match(host, method, raw_path)
        if params is not None:
            return route, params
    return None


def named(name: str) -> frozenset[str]:
    """The routes that a fault's ``route`` stands for.

    :raises ValueError: for a name that is neither a route nor a group.
    """
    if name in GROUPS:
        return GROUPS[name]
    if name not in GROUPS["*"]:
        raise ValueError(f"no such route: {name}; there are {', '.join(sorted(GROUPS['*'] | set(GROUPS)))}")
    return frozenset({name})
