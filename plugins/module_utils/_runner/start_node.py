# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start node: read the nodes of the jobs to rerun, if option ``node_name`` says at which node to start.

There is one read per job and run, in parallel. Only v1 names the nodes of a job; if it is not open, the check becomes a note and the service
decides.
"""

from __future__ import annotations

import typing as t

from .._api.workspace import WorkspaceApi
from .._common.concurrency import in_threads
from .._common.errors import ApiError
from .._common.text import counted, printable
from .._models.instance import JobNodes
from .._models.rerun_request import RetryOptions
from .._planner.plan import Plan
from .._planner.start_node import NodeCheck, due_jobs, start_at


class StartNode:
    """The check of ``node_name`` in the passes of a run.

    :param carried: what earlier passes have read, see :meth:`carried`.
    """

    def __init__(self, api: WorkspaceApi, options: RetryOptions, carried: t.Mapping[str, t.Any] | None = None) -> None:
        self._api = api
        self._options = options
        self._known = {str(name): _nodes_from(value) for name, value in (carried or {}).items()}
        self._unread: dict[str, list[str]] = {}  # why -> jobs

    def carried(self) -> dict[str, t.Any]:
        """What the next pass need not read again, as JSON."""
        return {name: None if nodes is None else [nodes.version, *nodes.names] for name, nodes in self._known.items()}

    def check(self, plan: Plan) -> NodeCheck:
        """*plan* without jobs that lack the node; *plan* itself without ``node_name``. A failed read becomes a note, not an error."""
        node = self._options.node_name
        if node is None:
            return NodeCheck(plan)
        names = [name for name in due_jobs(plan) if name not in self._known]
        for name, nodes in zip(names, in_threads(self._api.job_nodes, names)):
            self._known[name] = nodes if isinstance(nodes, JobNodes) else None
            if not isinstance(nodes, JobNodes):
                why = "only v1 of the API names nodes, and it is not used or not open here" if nodes is None else _why(nodes)
                self._unread.setdefault(why, []).append(name)
        checked = start_at(node, plan, self._known, original=self._options.retry_task_version == "original_version")
        return NodeCheck(checked.plan, checked.lacking, (*self._unread_notes(node), *checked.notes))

    def _unread_notes(self, node: str) -> t.Iterator[str]:
        for why, names in self._unread.items():
            of = f"job {printable(names[0], 100)} has" if len(names) == 1 else f"{counted(len(names), 'job')} have"
            yield f"Whether {of} a node '{printable(node, 100)}' could not be checked: {why}. The service decides once the rerun is sent."


def _why(error: ApiError) -> str:
    """The error's text without its request id, so that equal errors become one line."""
    return printable(f"{error.code} {error.message}" if error.code else error.message, 300).rstrip(".")


def _nodes_from(value: t.Any) -> JobNodes | None:
    if not isinstance(value, list) or not value:
        return None
    return JobNodes(tuple(map(str, value[1:])), value[0] if isinstance(value[0], int) else None)
