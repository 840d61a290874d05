# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rerun identity: find out from lists alone whether a rerun keeps an instance's submit time and id. Pure.

First it must be proved that an instance was rerun, by comparing it with the other instances of its job. These prove nothing: a late start (it
may have waited), a high id (it may have been created late), two instances with one plan time (the job may have been started anew). Proof is a
submit time after the plan time while all others, even one planned after that moment, share an earlier submit time.
"""

from __future__ import annotations

import typing as t

from .._common.grouping import grouped_by
from .._common.times import DAY_MS
from .._models.evidence import Entry

#: How many instances must share a submit time and have ids in the order of their plan times.
_ENOUGH = 3


def after_rerun(name: str, lists: t.Iterable[t.Sequence[Entry]]) -> tuple[str, str] | None:
    """Whether the attribute *name* (``submit_time``, ``instance_id``) is the ``same`` or ``new`` after a rerun, with the evidence.

    None if the lists show neither, or both.
    """
    by_setting: dict[str, str] = {}
    for entries in lists:
        fit = (entry for entry in entries if entry.instance_type == 0 and entry.submit_time is not None and entry.instance_id.isdecimal())
        jobs = grouped_by(fit, lambda entry: (entry.job_name, entry.job_id))
        for (job_name, _job_id), instances in jobs.items():
            setting, evidence = _late_submit(name, instances)
            if setting:
                by_setting.setdefault(setting, f"{evidence}, by job {job_name}")
    return next(iter(by_setting.items())) if len(by_setting) == 1 else None


def _late_submit(name: str, instances: t.Sequence[Entry]) -> tuple[str, str]:
    """Result from the one instance with a submit time after its plan time."""
    times = [t.cast(int, entry.submit_time) for entry in instances]
    shared = min(times, default=0)
    sharing = sorted((entry for entry in instances if entry.submit_time == shared), key=lambda entry: entry.plan_time)
    others = [entry for entry in instances if entry.submit_time != shared]
    if len(others) != 1 or len(sharing) < _ENOUGH or sharing[-1].plan_time - sharing[0].plan_time <= DAY_MS:
        return "", ""
    rerun = others[0]
    submitted = t.cast(int, rerun.submit_time)
    if not rerun.plan_time < submitted <= (rerun.start_time or 0) or sharing[-1].plan_time <= submitted:
        return "", ""
    if name == "submit_time":
        return "new", "one instance, unlike a later one, has a submit time after its plan time, so it was rerun"
    return _id_of(rerun, sharing)


def _id_of(rerun: Entry, sharing: t.Sequence[Entry]) -> tuple[str, str]:
    """Whether the id of *rerun* fits its plan time (same) or its rerun (new) among the ids of *sharing*, which is sorted by plan time."""
    ids = [int(entry.instance_id) for entry in sharing]
    own, submitted = int(rerun.instance_id), t.cast(int, rerun.submit_time)
    between = [int(entry.instance_id) for entry in sharing if rerun.plan_time < entry.plan_time <= submitted]
    if any(first >= second for first, second in zip(ids, ids[1:])) or not between:
        return "", ""
    older = [int(entry.instance_id) for entry in sharing if entry.plan_time <= rerun.plan_time]
    later = [int(entry.instance_id) for entry in sharing if entry.plan_time > submitted]
    if own < between[0] and all(number < own for number in older):
        return "same", "the id of an instance that was rerun is between the ids of those planned before and after it"
    if own > between[-1] and all(own < number for number in later):
        return "new", "the id of an instance that was rerun is between the ids of those planned before and after its rerun"
    return "", ""
