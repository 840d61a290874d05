# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from the journal what people ask about: attempts of every kind, and the pauses that are open."""

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
#: Attempts that a rerun returns of what is not rerun.
_NOT_RERUNS = 50


def not_reruns(journal: Journal, project_id: str, workspace_ids: t.Iterable[str], since_ms: int) -> dict[str, t.Any]:
    """The newest ``attempts`` in some workspaces since *since_ms* that are not reruns, with the ``total``, and their ``open_pauses``, as
    :func:`history_info` has them.

    :raises JournalError: the journal cannot be used.
    """
    attempts: list[Attempt] = []
    paused: list[dict[str, t.Any]] = []
    for workspace_id in sorted(set(workspace_ids)):
        asked = {**dict.fromkeys(("run_id", "outcomes")), "project_id": project_id, "workspace_id": workspace_id, "jobs": ["*"]}
        asked["kinds"] = [kind.value for kind in AttemptKind if kind is not AttemptKind.RERUN]
        attempts = list(heapq.merge(attempts, attempts_of(journal, asked, Window(since_ms, ALWAYS.end), None), key=_age))
        paused += open_pauses_of(journal, asked)
    newest = [attempt_result(attempt) for attempt in attempts[:_NOT_RERUNS]]
    return {"attempts": newest, "total": len(attempts), "open_pauses": paused}


def attempts_of(journal: Journal, options: t.Mapping[str, t.Any], made: Window | None, planned: Window | None) -> list[Attempt]:
    """Those that pass the filters of *options*, made and planned in two windows, newest first."""
    attempts = journal.history(
        workspace_ids=[options["workspace_id"]] if options["workspace_id"] else None,
        jobs=options["jobs"],
        plan_times=planned,
        run_id=options["run_id"] or None,
        made_after=None if made is None else made.begin,
        made_before=None if made is None else made.end,
        outcomes=[Outcome(word) for word in options["outcomes"]] if options["outcomes"] else None,
        kinds=[AttemptKind(word) for word in options["kinds"]] if options["kinds"] else None,
        limit=None,
    )
    runs = [attempt for attempt in _runs(journal, options) if _wanted(attempt, options, made)] if planned is None else []
    # By the journal's clock, which is one for all; the attempts stay in the order in which they were made.
    return list(heapq.merge(attempts, sorted(runs, key=_age), key=_age))


def _age(attempt: Attempt) -> tuple[int, int]:
    return -attempt.journal_ms, -attempt.sent_ms


def _selected(options: t.Mapping[str, t.Any], project_id: str, workspace_id: str) -> bool:
    return options["project_id"] in (None, "", project_id) and options["workspace_id"] in (None, "", workspace_id)


def _runs(journal: Journal, options: t.Mapping[str, t.Any]) -> t.Iterator[Attempt]:
    """The runs by hand of the jobs that are meant, as attempts; the newest for each key."""
    named = select(options["jobs"], Window(0, 0)).names
    for project_id, workspace_id, job_name in jobs_run(journal):
        if _selected(options, project_id, workspace_id) and named(job_name):
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


def _wanted(attempt: Attempt, options: t.Mapping[str, t.Any], made: Window | None) -> bool:
    """Whether a run by hand passes the filters that the journal applies to the others."""
    return (
        (made is None or made.begin <= attempt.sent_ms <= made.end)
        and options["run_id"] in (None, "", attempt.run_id)
        and (not options["outcomes"] or attempt.outcome.value in options["outcomes"])
        and (not options["kinds"] or attempt.kind.value in options["kinds"])
    )


def open_pauses_of(journal: Journal, options: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The pauses that are open now, whenever they began: what nobody resumes is never scheduled again."""
    named = select(options["jobs"], Window(0, 0)).names
    paused = []
    for project_id, workspace_id in paused_workspaces(journal):
        if _selected(options, project_id, workspace_id):
            pauses = PauseBook(journal, project_id, workspace_id).read()
            of_jobs = sorted(pauses.by_job.items())
            paused += [pause_result(workspace_id, pause, pauses.journal_ms) for job_name, pause in of_jobs if named(job_name)]
    return paused
