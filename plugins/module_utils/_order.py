# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: reruns in the order of dependencies, ``order: upstream_first``.

Pure: decisions and dependencies go in, decisions come out. An instance is retried when what it depends on is done; it waits for what is
still to come; it is skipped behind what will not succeed in this run.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass

from ansible_collections.dataarts.factory.plugins.module_utils._errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._model import InstanceKey, Status
from ansible_collections.dataarts.factory.plugins.module_utils._reconcile import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._text import printable
from ansible_collections.dataarts.factory.plugins.module_utils._times import to_iso

Depends = t.Mapping[InstanceKey, t.FrozenSet[InstanceKey]]

_ENDED = {
    Action.FAILED_AGAIN: "failed again",
    Action.REFUSED: "was refused by the service",
    Action.BLOCKED: "needs a person",
    Action.NOT_RERUNNABLE: "cannot be rerun",
    Action.UNKNOWN: "ended in a way that cannot be told",
    Action.SKIPPED: "failed and is not rerun",
}
_NAMED = 6  # instances of a cycle that a message names


@dataclass(frozen=True)
class _Gate:
    """What an instance means for those that depend on it: the decision in their way, and whether it will ever be out of it."""

    by: Decision
    broken: bool


def order_upstream(decisions: t.Iterable[Decision], depends: Depends) -> list[Decision]:
    """*decisions* in the order given, with every retry whose time has not come turned into wait or skipped.

    :param decisions: of every selected instance.
    :param depends: for an instance the instances it depends on, in this workspace or another. Those that are not selected have no
        decision and are only followed further up; an instance that depends on itself does not.
    :raises OptionError: if a retry stands in or behind a circle of dependencies.
    """
    every = list(decisions)
    by_key = {one.instance.key: one for one in every}
    gates: dict[InstanceKey, _Gate | None] = {}
    for key in _upstream_first((one.instance.key for one in every if one.action is Action.RETRY), by_key, depends):
        decision, gate = by_key.get(key), _nearest(gates, depends.get(key, frozenset()) - {key})
        if decision is not None and decision.action is Action.RETRY:
            decision = by_key[key] = decision if gate is None else _behind(decision, gate)
        gates[key] = gate if decision is None else _gate(decision, gate)
    return [by_key[one.instance.key] for one in every]


def _gate(decision: Decision, above: _Gate | None) -> _Gate | None:
    if decision.action.open:
        return _Gate(decision, broken=False)
    if decision.action is Action.DONE:
        return None
    if decision.action is Action.SKIPPED and above is not None and above.broken:
        return above  # name the cause, not the one that was skipped because of it
    if decision.action is Action.SKIPPED and decision.instance.status is not Status.FAIL:
        return None
    return _Gate(decision, broken=True)


def _nearest(gates: t.Mapping[InstanceKey, _Gate | None], keys: t.Iterable[InstanceKey]) -> _Gate | None:
    """The gate that decides: a broken one before one that will open, the oldest of each kind."""
    found = [gate for gate in map(gates.get, sorted(keys)) if gate is not None]
    return min(found, key=lambda gate: (not gate.broken, gate.by.instance.key.plan_time, gate.by.instance.key), default=None)


def _behind(decision: Decision, gate: _Gate) -> Decision:
    name = _name(gate.by)
    if gate.broken:
        reason = f"depends on {name}, which {_ENDED.get(gate.by.action, 'did not succeed')} (order: upstream_first)"
        action = Action.SKIPPED
    else:
        reason, action = f"waits for {name}, on which it depends (order: upstream_first)", Action.WAIT
    return dataclasses.replace(decision, action=action, reason=reason, attempt=decision.attempt - 1, alone=False)


def _upstream_first(starts: t.Iterable[InstanceKey], by_key: t.Mapping[InstanceKey, Decision], depends: Depends) -> list[InstanceKey]:
    """Every instance that *starts* depend on, and they themselves, each after those it depends on; without recursion, chains are long."""
    order: list[InstanceKey] = []
    done: set[InstanceKey] = set()
    path: dict[InstanceKey, t.Iterator[InstanceKey]] = {}
    for start in starts:
        if start in done:
            continue
        path[start] = iter(sorted(depends.get(start, ())))
        while path:
            key = next(reversed(path))
            upper = next((one for one in path[key] if one != key and one not in done), None)
            if upper is None:
                del path[key]
                done.add(key)
                order.append(key)
            elif upper in path:
                raise _circle(list(path)[list(path).index(upper) :], by_key)
            else:
                path[upper] = iter(sorted(depends.get(upper, ())))
    return order


def _circle(keys: t.Sequence[InstanceKey], by_key: t.Mapping[InstanceKey, Decision]) -> OptionError:
    named = [_name(by_key[key]) if key in by_key else f"job {printable(key.job_id, 40)}, planned {to_iso(key.plan_time)}" for key in keys]
    shown = [*named[:_NAMED], "…"] if len(named) > _NAMED else named
    return OptionError(
        f"order: upstream_first cannot order {len(keys)} instances that depend on each other in a circle: {' -> '.join([*shown, named[0]])}. "
        "Nothing was sent. Rerun them with order: parallel, or select fewer jobs."
    )


def _name(decision: Decision) -> str:
    return f"job {printable(decision.instance.job_name, 80)}, planned {to_iso(decision.instance.key.plan_time)}"
