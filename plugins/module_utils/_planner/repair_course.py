# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Course of a repair: what its next step has to do in a workspace, by what the steps before left. Pure.

``missing`` is always the result of module supplement_missing in the workspace, of whichever stage; what Ansible put in its place has no ``gaps``.
"""

from __future__ import annotations

import typing as t

from .._models.gap import MADE, TO_MAKE
from .._models.instance import JobName
from .repair import AFTER

Result = t.Mapping[str, t.Any]
#: Standings of instances that nothing is to be done about.
_WHOLE = ("succeeded", "already_done", "other")


def reruns_follow(missing: Result) -> bool:
    """Whether what failed is rerun. Not where nobody knows what is missing, it is not what was approved, or there is no order for it; that PatchData
    did not bring something to success keeps nothing from being rerun."""
    error = missing.get("error")
    kind = error.get("kind") if isinstance(error, t.Mapping) else None
    return "gaps" in missing and kind in (None, "incomplete")


def left_to_make(missing: Result, *, late: bool = False) -> bool:
    """Whether something is still to be made.

    :param late: whether only what is made after the reruns counts, once those have been; in check mode nothing is then.
    """
    if not reruns_follow(missing) or (late and missing.get("check_mode")):
        return False
    return any(gap.get("state") == TO_MAKE and (not late or gap.get("stage") == AFTER) for gap in missing["gaps"])


def made_late(missing: Result) -> bool:
    """Whether something was made after the reruns, so that what depends on it is due now."""
    if not reruns_follow(missing) or missing.get("check_mode"):
        return False
    return any(gap.get("state") == MADE and gap.get("stage") == AFTER for gap in missing["gaps"])


def broken_jobs(missing: Result, instances: t.Iterable[t.Mapping[str, t.Any]] | None) -> set[JobName]:
    """The jobs that are broken although what failed was rerun; also those of other workspaces that were rerun as dependants.

    :param instances: how they stand after the reruns; None if nothing is known of that: then all that had failed are.
    """
    here = str(missing.get("workspace_id"))
    if instances is None:
        return {(here, str(name)) for name in missing.get("failed_jobs") or ()}
    left = (instance for instance in instances if instance.get("standing") not in _WHOLE)
    return {(str(instance.get("workspace_id") or here), str(instance["job_name"])) for instance in left}
