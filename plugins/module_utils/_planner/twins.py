# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twins: instances of one job that share plan time and submit time, such as a normal one and a PatchData one.

Pure. A v2 request names instances by these times, so it cannot tell twins apart; v1 restarts an instance by its instance_id. Where that is
possible, each twin is rerun by itself. Otherwise, twins that are all due go into one request that names them once, and each is followed by
itself. A due twin next to one that is not due or not selected is left alone: the service might rerun the other, which may have succeeded.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._common.grouping import grouped_by
from .._models.attempt import Attempt, Comparison, Outcome, compare
from .._models.decision import Action, Decision


def tell_twins_apart(decisions: t.Sequence[Decision], *, by_id: bool) -> t.Iterator[Decision]:
    """*decisions* in their order; a decision about a twin is changed where a request could not mean that twin alone.

    :param by_id: whether single instances can be rerun by instance_id.
    """
    groups = grouped_by((decision for decision in decisions if decision.instance.key.twin), lambda decision: decision.instance.key.shared)
    for decision in decisions:
        key = decision.instance.key
        if key.twin and decision.unshown and any(map(_was_rerun, groups[key.shared])):
            yield _other_twin_rerun(decision)
        elif not key.twin or decision.action is not Action.RETRY:
            yield decision
        elif by_id:
            yield replace(decision, alone=True, by_id=True)
        elif len(groups[key.shared]) > 1 and all(twin.action is Action.RETRY for twin in groups[key.shared]):
            yield decision
        else:
            statuses = {twin.instance.status_text for twin in groups[key.shared] if twin is not decision}
            others = ", ".join(sorted(statuses)) or "not selected"
            reason = (
                f"{decision.reason}; another instance of the job has the same plan_time and submit_time ({others}), and a v2 request cannot tell "
                "them apart; set api_version to v1 or rerun it in the console"
            )
            yield decision.turned(Action.BLOCKED, reason)


def twins_to_rerun(decisions: t.Iterable[Decision]) -> bool:
    """Whether a rerun of twins is planned."""
    return any(decision.instance.key.twin and decision.asks_rerun for decision in decisions)


def _was_rerun(decision: Decision) -> bool:
    """Whether this is the twin that a shared request reran."""
    attempt = decision.attempt
    return attempt is not None and compare(decision.instance, attempt) is Comparison.CHANGED


def _other_twin_rerun(decision: Decision) -> Decision:
    """Decision for a twin that the service did not rerun, although it accepted a request for both."""
    assumed = replace(t.cast(Attempt, decision.attempt), outcome=Outcome.UNKNOWN, conflict_in_batch=True)
    reason = (
        "the service accepted a request that named this instance and its twin by the same plan_time and submit_time, and reran the other one; "
        "set api_version to v1 or rerun it in the console"
    )
    return decision.turned(Action.UNKNOWN, reason, attempt=assumed)
