# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: a plan that someone approves, and whether what is about to be done is still that plan.

Pure. A plan id is short enough to be read out: ``40-9f86d081884c-2c26b46b``, the number of instances, a digest of which they are and one of
the options; so it tells by itself which half of the plan changed.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.dataarts.factory.plugins.module_utils._errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._model import JobInstance
from ansible_collections.dataarts.factory.plugins.module_utils._reconcile import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._text import printable


def plan_members(decisions: t.Iterable[Decision]) -> list[JobInstance]:
    """The instances that a run means to rerun: those due, those held back for a while, and those it has sent already.

    So the plan of a run is the same in its first pass, in a later one, and after it was killed and started again.

    :param decisions: as :func:`decide` gave them, before an order or a limit changed them.
    """
    return [one.instance for one in decisions if one.action is Action.RETRY or one.sent is not None or one.action is Action.SETTLING]


def plan_digest(instances: t.Iterable[JobInstance], options: t.Mapping[str, t.Any]) -> str:
    """The id of the plan to rerun *instances* with *options*; the order of neither matters.

    :param instances: what :func:`plan_members` gives.
    :param options: what an approval is about: where to start, attempts, limits; JSON values, no secrets, and nothing that another run of
        the same plan has differently, as ``since``.
    """
    keys = sorted({instance.key for instance in instances})
    members = json.dumps([[key.workspace_id, key.job_id, key.plan_time, key.submit_time] for key in keys])
    chosen = json.dumps(options, sort_keys=True, default=str)
    return f"{len(keys)}-{_digest(members)[:12]}-{_digest(chosen)[:8]}"


def plan_changes(approved: str, instances: t.Sequence[JobInstance], options: t.Mapping[str, t.Any]) -> str | None:
    """What is different now from the plan with the id *approved*, as one text for the user, or None if nothing is.

    :param instances: the members of the plan as it is now.
    :raises OptionError: if *approved* is no plan id.
    """
    parts = approved.strip().split("-")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[0].isascii()):
        raise OptionError(f"plan_id is '{printable(approved, 60)}', which is no plan id. Give the plan_id that check mode returned.")
    now = plan_digest(instances, options)
    if now == approved.strip():
        return None
    count, members, chosen = now.split("-")
    changes = []
    if (count, members) != (parts[0], parts[1]):
        others = ", not all the same" if count == parts[0] else ""
        changes.append(f"the approved plan had {parts[0]} instances, now there are {count}{others}")
    if chosen != parts[2]:
        changes.append("the options are not those of the approved plan")
    return (
        f"Refused to rerun anything: the plan is no longer {printable(approved.strip(), 60)} but {now}: {'; '.join(changes)}. "
        "Nothing was sent. Run check mode again and approve the plan_id it returns."
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
