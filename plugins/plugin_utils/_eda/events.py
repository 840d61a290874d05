# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the event source. Pure.

ansible-rulebook passes the strings of an event to playbooks as templates, so text written by others is in base64 (``*_b64``). Job names are also
in clear text, for conditions of rules, but only if they cannot be a template.
"""

from __future__ import annotations

import base64
import typing as t
import uuid
from dataclasses import dataclass, field

from ...module_utils._common.text import printable
from ...module_utils._common.times import with_iso
from ...module_utils._models.gap import Gap
from ...module_utils._models.instance import JobInstance
from ...module_utils._models.reason import Reason
from .failures import NewFailure
from .options import Login, Place

Event = t.Dict[str, t.Any]

#: Longest error message in an event, characters.
_MESSAGE = 1000
#: Most dependants that an event names; ``dependants_total`` counts all.
_DEPENDANTS = 20
_NAMESPACE = uuid.UUID("5b0c3d0e-3f0a-4f57-9d3e-6f1d6a1f9a52")


@dataclass(frozen=True)
class FailureFacts:
    """Facts about a failure that the instance list does not show.

    :param reason: why it failed, if that could be read.
    :param purpose: ``purpose`` of its last rerun, or "".
    :param stopped_ms: when a stop of the failed instance was requested, according to the journal, epoch ms; None if none was.
    :param dependants: the instances that depend on it directly; None if they were not read.
    """

    reason: Reason = field(default_factory=Reason)
    purpose: str = ""
    stopped_ms: int | None = None
    dependants: tuple[JobInstance, ...] | None = None


def failed_event(failure: NewFailure, login: Login, place: Place, known: FailureFacts | None = None) -> Event:
    """Event ``failed``, about one instance. Ids are text; times are epoch ms, with ISO 8601 next to them."""
    known = known or FailureFacts()
    instance, why, purpose = failure.instance, known.reason, known.purpose
    return _event(
        failure.id,
        [place.host],
        {
            "kind": "failed",
            "id": failure.id,
            "account": clear(login.name),
            "workspace_id": place.workspace_id,
            "host": place.host,
            "job_id": instance.key.job_id,
            "job_name": clear(instance.job_name),
            "job_name_b64": encoded(instance.job_name),
            "instance_id": None if instance.instance_id is None else clear(instance.instance_id),
            "instance_type": instance.instance_type.value if instance.instance_type else None,
            "status": instance.status.value,
            **with_iso(plan_time=instance.key.plan_time, start_time=instance.start_time, end_time=instance.end_time),
            "submit_time": instance.key.submit_time,
            "error_message_b64": encoded(printable(why.message or instance.error_message or "", _MESSAGE)),
            "reason_b64": encoded(why.text),
            "node": None if why.node is None else clear(why.node),
            "node_b64": encoded(why.node or ""),
            "node_type": clear(why.node_types[0]) if why.node_types else None,
            "purpose": clear(purpose) if purpose else None,
            "purpose_b64": encoded(purpose),
            "failed_again": failure.failed_again,
            "repeated": failure.repeated,
            "stopped": known.stopped_ms is not None,
            **with_iso(stopped_at=known.stopped_ms),
            **_below(known.dependants),
        },
    )


def _below(dependants: t.Sequence[JobInstance] | None) -> dict[str, t.Any]:
    """The keys about dependants, which are ordered by plan time."""
    if dependants is None:
        return {"dependants": None, "dependants_total": None}
    first = sorted(dependants, key=lambda below: (below.key.plan_time, below.job_name, below.full_key))[:_DEPENDANTS]
    return {"dependants": [_dependant(below) for below in first], "dependants_total": len(dependants)}


def _dependant(instance: JobInstance) -> dict[str, t.Any]:
    return {
        "workspace_id": clear(instance.key.workspace_id),
        "job_id": clear(instance.key.job_id),
        "job_name": clear(instance.job_name),
        "job_name_b64": encoded(instance.job_name),
        "instance_id": None if instance.instance_id is None else clear(instance.instance_id),
        "status": instance.status.value,
        **with_iso(plan_time=instance.key.plan_time),
    }


def missing_event(gaps: t.Sequence[Gap], login: Login, place: Place) -> Event:
    """Event ``missing``, about instances of a workspace that were never made: their number, gaps and jobs. Times epoch ms.

    :param gaps: those that no event has reported yet; at least one.
    """
    names = sorted({gap.job_name for gap in gaps})
    first, gap_names = min(gap.times[0] for gap in gaps), sorted(gap.name for gap in gaps)
    details = {
        "kind": "missing",
        "account": clear(login.name),
        "workspace_id": place.workspace_id,
        "host": place.host,
        "instances": sum(gap.instances for gap in gaps),
        "gaps": gap_names,
        "job_names_b64": [encoded(name) for name in names],
        **with_iso(planned_from=first),
    }
    return _event("/".join(("missing", place.workspace_id, *gap_names)), [place.host], details)


def trouble_event(kind: str, login: Login, message: str, since_ms: int, places: t.Sequence[Place] | None = None) -> Event:
    """Event about the service: ``outage``, ``restored``, or ``ended``, which is the last event of the account.

    :param message: what happened, for people.
    :param since_ms: when the outage began, epoch ms.
    :param places: the workspaces concerned; None for all of the account.
    """
    details = {
        "kind": kind,
        "account": clear(login.name),
        **with_iso(since=since_ms),
        "message_b64": encoded(message),
    }
    hosts = [place.host for place in (login.places if places is None else places)]
    return _event("/".join((kind, login.name, str(since_ms), *hosts)), hosts, details)


def clear(text: str) -> str | None:
    """*text* if it cannot be a template and holds no control characters, else None."""
    return text if not set(text) & set("{}%#\n\r") and printable(text, len(text)) == text else None


def encoded(text: str) -> str:
    """*text* as base64 of UTF-8; characters that UTF-8 cannot encode become backslash escapes."""
    return base64.b64encode(text.encode("utf-8", "backslashreplace")).decode("ascii")


def _event(identity: str, hosts: list[str], details: dict[str, t.Any]) -> Event:
    # The same event always has the same uuid, so that an engine that persists events recognizes it.
    return {"dataarts": details, "meta": {"hosts": hosts, "uuid": str(uuid.uuid5(_NAMESPACE, identity))}}
