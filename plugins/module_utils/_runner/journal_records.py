# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journal queries for people: attempts of every kind, and open pauses."""

from __future__ import annotations

import heapq
import typing as t

from .._common.times import Window
from .._journal.journal import Journal
from .._journal.pauses import PauseBook, paused_workspaces
from .._journal.runs import RunBook, jobs_run
from .._models.attempt import Attempt, AttemptKind, Failure, Outcome
from .._models.job_run import KeyedRun
from .._models.selection import select
from .._output.journal_records import attempt_result, pause_result

ALWAYS = Window(0, 9_999_999_999_999)
#: Most attempts other than reruns in the result of a rerun.
_NOT_RERUNS = 50


class Query(t.NamedTuple):
    """Filters of a journal query. A filter that is None or empty, except an empty *workspace_ids*, lets everything through.

    :param made: when the attempt was sent; *planned*: the plan time of its instance.
    """

    project_id: str | None
    workspace_ids: t.Collection[str] | None
    jobs: t.Sequence[str]
    run_id: str | None = None
    outcomes: t.Collection[Outcome] | None = None
    kinds: t.Collection[AttemptKind] | None = None
    made: Window | None = None
    planned: Window | None = None

    def covers(self, project_id: str, workspace_id: str) -> bool:
        """Whether the filters let a workspace through."""
        return self.project_id in (None, "", project_id) and (self.workspace_ids is None or workspace_id in self.workspace_ids)

    def takes(self, attempt: Attempt) -> bool:
        """Whether a run by hand passes the filters that :meth:`Journal.history` applies to other attempts."""
        return (
            (self.made is None or attempt.sent_ms in self.made)
            and self.run_id in (None, attempt.run_id)
            and (self.outcomes is None or attempt.outcome in self.outcomes)
            and (self.kinds is None or attempt.kind in self.kinds)
        )


def not_reruns(journal: Journal, project_id: str, workspace_ids: t.Collection[str], since_ms: int) -> dict[str, t.Any]:
    """The newest ``attempts`` in some workspaces since *since_ms* that are not reruns, their ``total`` and the ``open_pauses``.

    The entries are as :func:`history_info` returns them.

    :raises JournalError: the journal cannot be used.
    """
    kinds = [kind for kind in AttemptKind if kind is not AttemptKind.RERUN]
    query = Query(project_id, workspace_ids, ["*"], kinds=kinds, made=Window(since_ms, ALWAYS.end))
    attempts = attempts_of(journal, query)
    newest = [attempt_result(attempt) for attempt in attempts[:_NOT_RERUNS]]
    return {"attempts": newest, "total": len(attempts), "open_pauses": open_pauses_of(journal, query)}


def attempts_of(journal: Journal, query: Query) -> list[Attempt]:
    """The attempts that match *query*, newest first."""
    attempts = journal.history(
        workspace_ids=query.workspace_ids,
        jobs=query.jobs,
        plan_times=query.planned,
        run_id=query.run_id,
        made_after=None if query.made is None else query.made.begin,
        made_before=None if query.made is None else query.made.end,
        outcomes=query.outcomes,
        kinds=query.kinds,
        limit=None,
    )
    runs = [attempt for attempt in _runs(journal, query) if query.takes(attempt)] if query.planned is None else []
    # By the journal's clock, which all attempts share; the attempts from history() keep the order in which they were made.
    return list(heapq.merge(attempts, sorted(runs, key=_age), key=_age))


def _age(attempt: Attempt) -> tuple[int, int]:
    return -attempt.journal_ms, -attempt.sent_ms


def _runs(journal: Journal, query: Query) -> t.Iterator[Attempt]:
    """The runs by hand of the jobs in *query*, as attempts; the newest for each key."""
    named = select(query.jobs, Window(0, 0)).names
    for project_id, workspace_id, job_name in jobs_run(journal):
        if query.covers(project_id, workspace_id) and named(job_name):
            runs, _now = RunBook(journal, project_id, workspace_id, job_name).read()
            yield from (_attempt(workspace_id, keyed) for keyed in runs)


def _attempt(workspace_id: str, run: KeyedRun) -> Attempt:
    failure = Failure(workspace_id, f"run:{run.run_key}", 0, 0, run.instance_id or None, "", None, None)
    return Attempt(
        *(failure, run.job_name, run.run_id, 0, 1, 1, run.sent_ms, run.last_ms, run.journal_ms, run.outcome, run.request_id, run.message),
        controller=run.controller,
        user=run.user,
        purpose=run.purpose,
        kind=AttemptKind.RUN,
    )


def open_pauses_of(journal: Journal, query: Query) -> list[dict[str, t.Any]]:
    """The pauses that are open now, whenever they began: a job that nobody resumes is never scheduled again."""
    named = select(query.jobs, Window(0, 0)).names
    paused = []
    for project_id, workspace_id in paused_workspaces(journal):
        if query.covers(project_id, workspace_id):
            pauses = PauseBook(journal, project_id, workspace_id).read()
            of_jobs = sorted(pauses.by_job.items())
            paused += [pause_result(workspace_id, pause, pauses.journal_ms) for job_name, pause in of_jobs if named(job_name)]
    return paused
