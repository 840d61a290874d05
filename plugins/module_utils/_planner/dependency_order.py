# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependency order: how dependencies between instances change the decisions about them.

Pure. With ``order: upstream_first``, an instance is retried when what it depends on is done, waits for what is still to come, is skipped behind what
failed again in this run, and is blocked behind a failure that is not part of the run. With any order, a rerun that waits in the service for
something that will never come is blocked.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass

from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import to_iso
from .._models.decision import Action, Decision, Upstream
from .._models.instance import InstanceKey, JobInstance, Status
from .graph import reachable
from .identity import listed_key

Depends = t.Mapping[InstanceKey, t.FrozenSet[InstanceKey]]

_ENDED = {
    Action.FAILED_AGAIN: "failed again",
    Action.REJECTED: "was rejected by the service",
    Action.BLOCKED: "needs a person",
    Action.NOT_RERUNNABLE: "cannot be rerun",
    Action.UNKNOWN: "ended in an unknown way",
    Action.STOPPED: "was stopped",
    Action.SKIPPED: "failed and is not rerun",
}
_NEEDS_A_PERSON = frozenset({Status.PAUSE, Status.WAITING_CONFIRM, Status.RUNNING_EXCEPTION, Status.UNKNOWN})
#: Reason for leaving a dependant that depends on itself to a person.
IN_A_CIRCLE = "it is in a circle of dependencies, or behind one, so that no order brings all of them up to date; rerun them by hand"
_NAMED = 6  # instances of a circle named in a message


@dataclass(frozen=True)
class Beyond:
    """Knowledge about instances that are not selected.

    :param others: as last read.
    :param since: starts at or after this time belong to this run, epoch ms.
    :param expected: whether an instance not started since is about to be rerun by the same play in another workspace.
    :param again: whether an instance that failed since may be rerun once more there.
    :param workspace_id: the workspace of the run.
    :param unseen: whether an instance is selected but its job could not be listed this time.
    :param names: workspace id -> name, as far as the service returned it.
    :param order: the option, for people.
    :param first_starts: the start of each when this run first read it. A later start happened during the run, whatever clock stamps it.
    """

    others: t.Mapping[InstanceKey, JobInstance] = dataclasses.field(default_factory=dict)
    since: int = 0
    expected: t.Callable[[JobInstance], bool] | None = None
    unseen: t.Callable[[JobInstance], bool] | None = None
    again: t.Callable[[JobInstance], bool] | None = None
    workspace_id: str = ""
    names: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    first_starts: t.Mapping[InstanceKey, int | None] = dataclasses.field(default_factory=dict)
    order: str = "upstream_first"

    def open(self, key: InstanceKey) -> bool:
        """Whether dependants have to wait for it, so that another pass is useful."""
        other = self.others.get(key)
        gate = None if other is None else self.gate(other)
        return gate is not None and not gate.broken

    def gate(self, other: JobInstance) -> _Gate | None:
        """The obstacle that *other* is for its dependants, or None."""
        name = named(other)
        if self.unseen is not None and self.unseen(other):
            return _Gate(other, f"{name}, which could not be listed", broken=True, outside=True)
        if other.status.in_progress:
            return _Gate(other, f"{name}, which is in progress")
        first = self.first_starts.get(other.key, other.start_time)
        started = other.start_time is not None and (other.start_time >= self.since or first is None or other.start_time > first)
        if not started and self.expected is not None and self.expected(other):
            return _Gate(other, f"{name} in workspace {printable(other.key.workspace_id, 100)}, which is to be rerun there")
        if other.by_hand or other.status.succeeded:
            return None
        if other.status is Status.FAIL and started and self.again is not None and self.again(other):
            return _Gate(other, f"{name} in workspace {printable(other.key.workspace_id, 100)}, which failed and may be rerun there again")
        if other.status is Status.FAIL and started:
            return _Gate(other, f"{name}, which failed again", broken=True)
        if other.status is Status.FAIL:
            where = f" in workspace {printable(other.key.workspace_id, 100)}"
            why = "is not selected" if other.key.workspace_id in ("", self.workspace_id) else "is not rerun there at the same time"
            return _Gate(other, f"{name}{where}, which failed and {why}", broken=True, outside=True)
        if other.status in _NEEDS_A_PERSON:
            return _Gate(other, f"{name}, which needs a person", broken=True, outside=True)
        return None


class _Gate(t.NamedTuple):
    """An obstacle for the dependants of *instance*.

    :param text: the obstacle, for people.
    :param broken: whether it will never go away.
    :param outside: with *broken*, whether this run does not even try, so that a person has to.
    :param stage: its stage of reruns, from 1.
    """

    instance: JobInstance
    text: str
    broken: bool = False
    outside: bool = False
    stage: int = 1


def order_upstream(
    decisions: t.Iterable[Decision], depends: Depends, beyond: Beyond | None = None, *, hold: bool = True, strict: bool | None = None
) -> list[Decision]:
    """*decisions* in their order, changed by dependencies: a retry that is not due becomes wait, skipped or blocked; a wait for something that will never
    come becomes blocked.

    :param decisions: of every selected instance.
    :param depends: instance -> the instances it depends on, in this workspace or others.
    :param beyond: about those that are not selected. Instances not in it only lead further up.
    :param hold: whether retries have to wait; otherwise only instances that already wait in the service are considered.
    :param strict: whether to refuse circles of dependencies; None: like *hold*. Otherwise dependants that joined the plan are blocked in them.
    :raises OptionError: a retry is in or behind a circle of dependencies.
    """
    ordered, beyond = list(decisions), beyond or Beyond()
    before = {decision.instance.key: decision for decision in ordered}
    depends = _renamed(depends, before)
    strict = hold if strict is None else strict
    by_key = {key: decision if strict else _out_of_circles(decision, depends) for key, decision in before.items()}
    gates: dict[InstanceKey, _Gate | None] = {}
    starts = [key for key, decision in by_key.items() if (hold and decision.action is Action.RETRY) or waits_in_service(decision)]
    for key in _upstream_first(starts, by_key, depends, strict=beyond.order if strict else ""):
        decision, gate = by_key.get(key), _nearest(gates, depends.get(key, frozenset()))
        if decision is None:
            other = beyond.others.get(key)
            own = None if other is None else beyond.gate(other)
            gates[key] = own if own is not None and (gate is None or own.broken or not gate.broken) else gate
            continue
        if gate is not None and hold and decision.action is Action.RETRY:
            decision = by_key[key] = _behind(decision, gate, beyond)
        elif hold and decision.action is Action.RETRY and decision.upstream_outdated:
            decision = by_key[key] = _left_behind(decision)
        elif gate is not None and gate.broken and waits_in_service(decision):
            reason = f"its rerun waits in the service for {gate.text}; it goes on by itself when that has succeeded"
            decision = by_key[key] = decision.turned(Action.BLOCKED, reason)
        elif gate is not None and waits_in_service(decision) and _yet_to_send(by_key.get(gate.instance.key)):
            decision = by_key[key] = dataclasses.replace(decision, behind_unsent=True)
        held_back = decision.action in (Action.SKIPPED, Action.BLOCKED) and decision is not before[key]
        gates[key] = gate if held_back and gate is not None else _gate(decision, gate)
    return [by_key[decision.instance.key] for decision in ordered]


def _out_of_circles(decision: Decision, depends: Depends) -> Decision:
    """*decision*, blocked if it reruns a dependant that depends on itself: it would be outdated again once the circle has run."""
    if decision.downstream is None or decision.action is not Action.RETRY:
        return decision
    if decision.instance.key not in reachable(depends, [decision.instance.key]):
        return decision
    return decision.turned(Action.BLOCKED, f"{decision.reason}; {IN_A_CIRCLE}")


def _left_behind(decision: Decision) -> Decision:
    """*decision* about a dependant, blocked: something above it is outdated, and nothing this run waits for will change that.

    A rerun on old data would be outdated again, and be sent in every pass.
    """
    reason = f"{decision.reason}; {decision.upstream_outdated}, above it, is not up to date, and this run does not rerun it; fix that first"
    return decision.turned(Action.BLOCKED, reason)


def _renamed(depends: Depends, listed: t.Iterable[InstanceKey]) -> dict[InstanceKey, frozenset[InstanceKey]]:
    """*depends* under the keys that are listed now, because the list may be older or newer. Nodes that depend on themselves lose that edge."""
    name = listed_key(listed)
    renamed: dict[InstanceKey, frozenset[InstanceKey]] = {}
    for key, above in depends.items():
        renamed[name(key)] = (renamed.get(name(key), frozenset()) | frozenset(map(name, above))) - {name(key)}
    return renamed


def waits_in_service(decision: Decision) -> bool:
    """Whether the instance is waiting in the service, for a free place or for what it depends on."""
    return decision.action is Action.WAIT and decision.instance.status is Status.WAITING


def _yet_to_send(decision: Decision | None) -> bool:
    return decision is not None and (decision.action is Action.RETRY or decision.behind_unsent)


def _gate(decision: Decision, above: _Gate | None) -> _Gate | None:
    action, status = decision.action, decision.instance.status
    if action.open:
        return _Gate(decision.instance, named(decision.instance), stage=max(1, decision.queued))
    if action is Action.DONE:
        return None
    if action in (Action.SKIPPED, Action.BLOCKED) and above is not None and above.broken and status in (Status.FAIL, Status.WAITING):
        return above  # name the cause, not the instance that was skipped because of it
    if action is Action.SKIPPED and status is not Status.FAIL:
        return None
    text = f"{named(decision.instance)}, which {_ENDED.get(action, 'did not succeed')}"
    return _Gate(decision.instance, text, broken=True, outside=action is Action.SKIPPED)


def _nearest(gates: t.Mapping[InstanceKey, _Gate | None], keys: t.Iterable[InstanceKey]) -> _Gate | None:
    """The obstacle that decides: broken before temporary, then the last stage, then the oldest."""
    standing = [gate for gate in map(gates.get, sorted(keys)) if gate is not None]
    return min(standing, key=lambda gate: (not gate.broken, -gate.stage, gate.instance.key.plan_time, gate.instance.key), default=None)


def _behind(decision: Decision, gate: _Gate, beyond: Beyond) -> Decision:
    above = None
    if not gate.broken:
        workspace_id = gate.instance.key.workspace_id
        above = Upstream(gate.instance.job_name, workspace_id, beyond.names.get(workspace_id, ""))
        action, reason, stage = Action.WAIT, f"waits for {gate.text}, on which it depends (order: {beyond.order})", gate.stage + 1
    else:
        action, reason, stage = Action.SKIPPED, f"depends on {gate.text} (order: {beyond.order})", 0
        if gate.outside:
            action, reason = Action.BLOCKED, f"{reason}; select that too, or bring it to success first"
    return decision.turned(action, reason, queued=stage, waits_for=above)


def _upstream_first(
    starts: t.Iterable[InstanceKey], by_key: t.Mapping[InstanceKey, Decision], depends: Depends, *, strict: str
) -> list[InstanceKey]:
    """*starts* and all that they depend on, in dependency order. Iterative, because chains are long.

    :param strict: option value for the message that refuses a circle; "" to allow circles.
    """
    order: list[InstanceKey] = []
    done: set[InstanceKey] = set()
    path: dict[InstanceKey, t.Iterator[InstanceKey]] = {}
    for start in starts:
        if start in done:
            continue
        path[start] = iter(sorted(depends.get(start, ())))
        while path:
            key = next(reversed(path))
            upper = next((above for above in path[key] if above not in done), None)
            if upper is None:
                del path[key]
                done.add(key)
                order.append(key)
            elif upper in path:
                if not strict:
                    done.add(upper)  # nothing waits for it: every instance in the circle is visited once
                    continue
                raise _circle(list(path)[list(path).index(upper) :], by_key, strict)
            else:
                path[upper] = iter(sorted(depends.get(upper, ())))
    return order


def _circle(keys: t.Sequence[InstanceKey], by_key: t.Mapping[InstanceKey, Decision], order: str) -> OptionError:
    names = [
        named(by_key[key].instance) if key in by_key else f"job {printable(key.job_id, 40)}, planned {to_iso(key.plan_time)}"
        for key in keys
    ]
    shown = [*names[:_NAMED], "…"] if len(names) > _NAMED else names
    return OptionError(
        f"order: {order} cannot order {len(keys)} instances that depend on each other in a circle: {' -> '.join([*shown, names[0]])}. "
        "Nothing was sent. Rerun them with order: parallel, or select fewer jobs."
    )


def named(instance: JobInstance) -> str:
    """The job and plan time of an instance, for people."""
    return f"job {printable(instance.job_name, 80)}, planned {to_iso(instance.key.plan_time)}"
