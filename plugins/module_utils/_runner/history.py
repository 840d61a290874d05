# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module rerun_history_info: the attempts in the journal."""

from __future__ import annotations

import time
import typing as t
from collections import Counter

from .._common.errors import OptionError
from .._common.text import safe
from .._common.times import Window, parse_time, to_iso, window
from .._journal.journal import Journal
from .._models.attempt import Attempt, AttemptKind, Outcome
from .ansible_module import ModuleRun

_ALWAYS = Window(0, 9_999_999_999_999)


def history_info(run: ModuleRun) -> None:
    """``attempts``, newest first, with ``total`` and ``outcomes`` of all that match. Relative times count from this machine's clock."""
    options, limit = run.options, run.options["limit"]
    if limit < 0:
        raise OptionError(f"limit is {limit}. Use 0 or more.")
    made = _window(options, "made_after", "made_before")
    with Journal(
        options["journal"], password=options["journal_password"], project_id=options["project_id"] or "", read_only=True
    ) as journal:
        attempts = journal.history(
            workspace_ids=[options["workspace_id"]] if options["workspace_id"] else None,
            jobs=options["jobs"],
            plan_times=_window(options, "planned_after", "planned_before"),
            run_id=options["run_id"] or None,
            made_after=None if made is None else made.begin,
            made_before=None if made is None else made.end,
            outcomes=[Outcome(word) for word in options["outcomes"]] if options["outcomes"] else None,
            limit=None,
        )
        for text in journal.warnings:
            run.warn(text)
        counts = Counter(attempt.outcome for attempt in attempts)
        run.result.update(
            attempts=[attempt_result(attempt) for attempt in attempts[:limit]],
            total=len(attempts),
            outcomes={outcome.value: counts[outcome] for outcome in Outcome},
            journal=safe(journal.name),
        )


def attempt_result(attempt: Attempt) -> dict[str, t.Any]:
    """*attempt* as modules return it: times in epoch ms, next to them ``*_iso`` in ISO 8601 UTC."""
    failure = attempt.failure
    result: dict[str, t.Any] = {
        "workspace_id": failure.workspace_id,
        "job_name": attempt.job_name,
        "job_id": failure.job_id,
        "instance_id": failure.instance_id,
        "plan_time": failure.plan_time,
        "submit_time": failure.submit_time,
        "status_before": failure.status,
        "sent_time": attempt.sent_ms,
        "kind": attempt.kind.value,
        "outcome": attempt.outcome.value,
        "number": attempt.number,
        "batch": attempt.batch,
        "request_id": attempt.request_id,
        "message": attempt.message,
        "run_id": attempt.run_id,
        "since": attempt.since,
        "controller": attempt.controller,
        "user": attempt.user,
        "purpose": attempt.purpose,
        "plan_id": attempt.plan_id,
        "open": attempt.open,
    }
    if attempt.kind is AttemptKind.PATCH_DATA:  # its slot is a name, next to which stands the day that it begins with
        result.update(job_id=None, plan_time=failure.submit_time, submit_time=None, status_before=None)
        result["patch_data"] = failure.job_id.partition(":")[2]
    result.update({f"{name}_iso": to_iso(result[name]) for name in ("plan_time", "sent_time", "since")})
    return t.cast("dict[str, t.Any]", safe(result))


def _window(options: t.Mapping[str, t.Any], after: str, before: str) -> Window | None:
    """The window between two options, either of which may be left out; None without both."""
    if not options[after] and not options[before]:
        return None
    now = time.time_ns() // 1_000_000
    begin, end = (
        parse_time(options[name], now_ms=now, option=name) if options[name] else default
        for name, default in ((after, _ALWAYS.begin), (before, _ALWAYS.end))
    )
    return window(begin, end, options=(after, before))
