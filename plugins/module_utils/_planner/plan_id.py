# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan id: identifies a plan that somebody approves, and tells whether the current plan is still the same.

Pure. A plan id is short enough to read out: ``40-9f86d081884c-2c26b46b-mjh3k2v9`` is the number of instances, a digest of the instances, a digest of
the options, and the plan's ``since``. The ``since`` ties a plan to the failures of that moment: an instance that fails later fails after it, in
whichever play the id is used. The id alone shows which part of a plan changed; with the record that check mode returned, the change itself.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from .._common.errors import OptionError
from .._common.grouping import grouped_by
from .._common.text import counted, printable
from .._common.times import FIRST_MS, LAST_MS, to_iso
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance

#: Most instances in a record, which travels through statistics and artifacts. The record of a larger plan has only the options.
RECORDED = 2000
_MARK = 8  # characters of a record for each instance
_BEGIN = "i"  # prefix that keeps the record a string for YAML readers such as AWX
_NAMED = 10  # jobs named in a text of changes
_TIMES = 4  # plan times named for each job
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def plan_members(decisions: t.Iterable[Decision]) -> list[JobInstance]:
    """The instances that a run means to rerun: those due, those held back for a while, and those it has sent already.

    So the plan of a run is the same in its first pass, in a later one, and after a restart.

    :param decisions: from :func:`decide`, before an order or a limit changed them.
    """
    return [
        decision.instance
        for decision in decisions
        if decision.action in (Action.RETRY, Action.STOP, Action.SETTLING) or decision.attempt is not None or decision.stop is not None
    ]


def plan_digest(instances: t.Iterable[JobInstance], options: t.Mapping[str, t.Any], since: int, possible: str = "") -> str:
    """The id of the plan to rerun *instances* with *options*, in any order.

    :param instances: from :func:`plan_members`.
    :param options: the options that an approval covers; JSON values without secrets.
    :param since: of the run, epoch ms.
    :param possible: instances that it may rerun in addition, see :func:`possible_of`.
    """
    keys = sorted((instance.key for instance in instances), key=_identity)
    members = json.dumps(list(map(_identity, keys))) + possible
    chosen = json.dumps(options, sort_keys=True, default=str)
    return f"{len(keys)}-{_digest(members)[:12]}-{_digest(chosen)[:8]}-{_base36(since)}"


def approved_since(plan_id: str) -> int:
    """The ``since`` in *plan_id*, epoch ms.

    :raises OptionError: *plan_id* is not a plan id.
    """
    parts = plan_id.strip().split("-")
    since = int(parts[3], 36) if len(parts) == 4 and parts[3].isascii() and parts[3].isalnum() and len(parts[3]) <= 9 else 0
    if not (FIRST_MS <= since <= LAST_MS and parts[0].isdecimal() and parts[0].isascii()):
        raise OptionError(f"plan_id is '{printable(plan_id, 60)}', which is not a plan id. Use the plan_id that check mode returned.")
    return since


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def plan_record(
    instances: t.Iterable[JobInstance], options: t.Mapping[str, t.Any], possible: t.Iterable[JobInstance] = ()
) -> dict[str, t.Any]:
    """The contents of a plan, to be passed back with its id: ``options``, and ``instances`` as digests that can only be compared.

    It contains no text of the service.

    :param instances: as for :func:`plan_digest`, *options* too.
    :param possible: instances of which it shows only later whether they are rerun; field ``possible`` if there are any.
    """
    keys, maybe = sorted((instance.key for instance in instances), key=_identity), sorted({_mark(instance.key) for instance in possible})
    record = {"options": dict(options), "instances": "".join((_BEGIN, *map(_mark, keys))) if len(keys) <= RECORDED else ""}
    return {**record, "possible": "".join((_BEGIN, *maybe))} if maybe else record


def possible_of(record: t.Any) -> str:
    """The instances in *record* that may be rerun, or "". The approval covers them, and the id binds them."""
    text = record.get("possible") if isinstance(record, t.Mapping) else None
    return text if isinstance(text, str) else ""


def possible_number(record: t.Any) -> int:
    """How many instances a plan reruns only if they turn out to need it."""
    return len(_split(possible_of(record)))


def plan_changes(
    approved: str,
    instances: t.Sequence[JobInstance],
    options: t.Mapping[str, t.Any],
    since: int,
    *,
    record: t.Any = None,
    others: t.Iterable[JobInstance] = (),
    followed: t.AbstractSet[InstanceKey] = frozenset(),
) -> str | None:
    """The differences from the plan with the id *approved*, as one text for the user, or None.

    :param instances: the members of the current plan.
    :param record: the approved plan's :func:`plan_record`, if it was passed back; anything else is ignored.
    :param others: the other listed instances, to name those that left the plan.
    :param followed: members for which nothing is sent now. If the record does not have one, another run has rerun it meanwhile: no difference.
    :raises OptionError: *approved* is not a plan id.
    """
    approved_since(approved)
    parts = approved.strip().split("-")
    possible = possible_of(record)
    open_marks, known = _split(possible), _marks(record, parts[0])
    theirs = {key for key in followed if known and _mark(key) not in known}
    instances = [instance for instance in instances if instance.key not in theirs and _mark(instance.key) not in open_marks]
    now = plan_digest(instances, options, since, possible)
    if now == approved.strip():
        return None
    count, members, chosen, begun = now.split("-")
    changes = []
    if (count, members) != (parts[0], parts[1]):
        now_there = f"now there {'is' if count == '1' else 'are'} {count}{_others(count, parts)}"
        text = f"the approved plan had {parts[0]} {'instance' if parts[0] == '1' else 'instances'}, {now_there}"
        changes.append("; ".join((text, *_difference(known, instances, others))))
    if chosen != parts[2]:
        changes.append(_changed_options(record, options) or "the options are not those of the approved plan")
    if begun != parts[3]:
        changes.append(f"it was approved for since {to_iso(approved_since(approved))}, and since is {to_iso(since)}")
    return (
        f"Refused to rerun anything: the plan is no longer {printable(approved.strip(), 60)} but {now}: {'; '.join(changes)}. "
        "Nothing was sent. Run check mode again and approve the plan_id it returns; in AWX launch the workflow again."
    )


def _others(count: str, parts: t.Sequence[str]) -> str:
    return ", not all the same" if count == parts[0] else ""


def _marks(record: t.Any, count: str) -> frozenset[str]:
    """The instances of a record; empty unless there are *count*."""
    text = record.get("instances") if isinstance(record, t.Mapping) else None
    if not isinstance(text, str) or str(len(text) // _MARK) != count:
        return frozenset()
    return _split(text)


def _split(marks: str) -> frozenset[str]:
    return frozenset(marks[begin : begin + _MARK] for begin in range(len(_BEGIN), len(marks), _MARK))


def _difference(before: frozenset[str], instances: t.Sequence[JobInstance], others: t.Iterable[JobInstance]) -> t.Iterator[str]:
    """Texts about added instances, and about missing ones with their current status."""
    if not before:
        return
    added = [instance for instance in instances if _mark(instance.key) not in before]
    if added:
        yield f"{counted(len(added), 'instance')} added ({_named(added)})"
    left = before - {_mark(instance.key) for instance in instances}
    gone = [instance for instance in others if _mark(instance.key) in left]
    for status in dict.fromkeys(instance.status_text for instance in gone):
        alike = [instance for instance in gone if instance.status_text == status]
        yield f"{counted(len(alike), 'instance')} gone, now {printable(status, 40)} ({_named(alike)})"
    if len(left) > len(gone):
        yield f"{counted(len(left) - len(gone), 'instance')} gone, and no longer selected"


def _named(instances: t.Iterable[JobInstance]) -> str:
    """Jobs with the plan times of their *instances*, most instances first."""
    jobs = sorted(grouped_by(instances, lambda instance: instance.job_name).items(), key=lambda pair: (-len(pair[1]), pair[0]))
    times = {name: sorted(instance.key.plan_time for instance in of_job) for name, of_job in jobs[:_NAMED]}
    shown = [f"{printable(name, 80)}{_planned(planned)}" for name, planned in times.items()]
    return ", ".join(shown) + (f" and {len(jobs) - _NAMED} more jobs" if len(jobs) > _NAMED else "")


def _planned(times: t.Sequence[int]) -> str:
    if len(times) > _TIMES:
        return f": {len(times)} planned {to_iso(times[0])} to {to_iso(times[-1])}"
    return f" planned {' and '.join(map(to_iso, times))}"


def _changed_options(record: t.Any, options: t.Mapping[str, t.Any]) -> str:
    before = record.get("options") if isinstance(record, t.Mapping) else None
    return changed_options(before, options) if isinstance(before, t.Mapping) else ""


def changed_options(before: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> str:
    """Which of *options* had another value *before*, as a text for people, or ""."""
    pairs = {name: (_shown(before.get(name)), _shown(value)) for name, value in options.items()}
    return ", ".join(f"{name} was {was} and is {now}" for name, (was, now) in pairs.items() if was != now)


def _shown(value: t.Any) -> str:
    return "not set" if value is None else printable(str(value), 80)


def _mark(key: InstanceKey) -> str:
    return _digest(json.dumps(_identity(key)))[:_MARK]


def _identity(key: InstanceKey) -> list[str | int]:
    """Identity of an instance in a plan. A rerun may change submit_time and instance_id, so it has neither; twins are equal and counted."""
    return [key.workspace_id, key.job_id, key.plan_time]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
