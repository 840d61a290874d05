# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependency order: what dependencies between instances mean for what is decided about them.

Pure: decisions and dependencies go in, decisions come out. With ``order: upstream_first`` an instance is retried when what it depends on is
done; it waits for what is still to come; it is skipped behind what failed again in this run; and it is blocked behind what failed and is
not part of the run. With any order, a rerun that waits in the service for what will not come is blocked.
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
from .graph import reached
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
#: Why a dependant that depends on itself is left to a person.
IN_A_CIRCLE = "it is in a circle of dependencies, or behind one, so that no order brings all of them up to date; rerun them by hand"
_NAMED = 6  # instances of a cycle that a message names


@dataclass(frozen=True)
class Beyond:
    """What is known of instances that are not selected.

    :param others: as they were read.
    :param since: a start at or after it belongs to this run, epoch ms.
    :param expected: whether one that has not started since is about to be rerun by somebody else, the same play in another workspace.
    :param again: whether one that failed since may be about to be rerun there once more.
    :param workspace_id: the workspace of the run.
    :param unseen: whether it is selected, and only its job could not be listed this time.
    :param names: of workspaces, by id, as far as the service told them.
    :param order: the option, for people.
    :param first_starts: the start of each when this run first read it. A later one is a start of its time, whatever clock stamps it.
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
        """Whether what depends on it has to wait for it, so that it is worth another pass."""
        other = self.others.get(key)
        gate = None if other is None else self.gate(other)
        return gate is not None and not gate.broken

    def gate(self, other: JobInstance) -> _Gate | None:
        """What *other* means for those that depend on it."""
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
    """What stands in the way of those that depend on *instance*.

    :param text: it, for people.
    :param broken: whether it will never be out of the way.
    :param outside: with *broken*, that this run does not even try, so that a person has to.
    :param stage: in which stage of reruns it is, from 1.
    """

    instance: JobInstance
    text: str
    broken: bool = False
    outside: bool = False
    stage: int = 1


def order_upstream(
    decisions: t.Iterable[Decision], depends: Depends, beyond: Beyond | None = None, *, hold: bool = True, strict: bool | None = None
) -> list[Decision]:
    """*decisions* in the order given; every retry that is not due yet turned into wait, skipped or blocked, and every wait for what
    will not come into blocked.

    :param decisions: of every selected instance.
    :param depends: for an instance the instances it depends on, in this workspace or another.
    :param beyond: about those among them that are not selected; what depends on one that is not even there is only followed further up.
    :param hold: whether retries have to wait; otherwise only what already waits in the service is looked at.
    :param strict: whether to refuse circles of dependencies; as *hold* if None. Otherwise what joined the plan from downstream is blocked in them.
    :raises OptionError: if a retry stands in or behind a circle of dependencies.
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
    """*decision*, blocked if it is about a rerun of a dependant that depends on itself: it would be old again as soon as the circle is through."""
    if decision.downstream is None or decision.action is not Action.RETRY:
        return decision
    if decision.instance.key not in reached(depends, [decision.instance.key]):
        return decision
    return decision.turned(Action.BLOCKED, f"{decision.reason}; {IN_A_CIRCLE}")


def _left_behind(decision: Decision) -> Decision:
    """*decision* about a dependant, blocked: something above it is not up to date, and nothing that is waited for brings it there. Rerun on old data
    it would be old again, and be sent in every pass."""
    reason = f"{decision.reason}; {decision.upstream_outdated}, above it, is not up to date, and this run does not rerun it; fix that first"
    return decision.turned(Action.BLOCKED, reason)


def _renamed(depends: Depends, listed: t.Iterable[InstanceKey]) -> dict[InstanceKey, frozenset[InstanceKey]]:
    """*depends* under the keys that are listed now: what it was read from may be older, or newer, than the list. What depends on itself does not."""
    name = listed_key(listed)
    renamed: dict[InstanceKey, frozenset[InstanceKey]] = {}
    for key, above in depends.items():
        renamed[name(key)] = (renamed.get(name(key), frozenset()) | frozenset(map(name, above))) - {name(key)}
    return renamed


def waits_in_service(decision: Decision) -> bool:
    """Whether the service has the instance waiting, for a free place or for what it depends on."""
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
        return above  # name the cause, not the one that was skipped because of it
    if action is Action.SKIPPED and status is not Status.FAIL:
        return None
    text = f"{named(decision.instance)}, which {_ENDED.get(action, 'did not succeed')}"
    return _Gate(decision.instance, text, broken=True, outside=action is Action.SKIPPED)


def _nearest(gates: t.Mapping[InstanceKey, _Gate | None], keys: t.Iterable[InstanceKey]) -> _Gate | None:
    """The gate that decides: a broken one before one that will open, one of the last stage before the others, the oldest of each kind."""
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
    """Every instance that *starts* depend on, and they themselves, each after those it depends on; without recursion, chains are long.

    :param strict: the option of the order, for people, that no circle can have; "" where it does not matter.
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
                    done.add(upper)  # nothing is held back for it: whatever stands in the circle is looked at once
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
    """An instance for people: its job and plan time."""
    return f"job {printable(instance.job_name, 80)}, planned {to_iso(instance.key.plan_time)}"
