# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipeline: the ordered steps from a snapshot to the requests of a pass.

Pure. Each step takes a plan and returns the next one; this list documents the order in which decisions change. Between :func:`assess` and
:func:`schedule`, ``_runner/start_node.py`` reads the nodes of due jobs, and ``_runner/dependencies.py`` the dependencies of due instances.

========================  ====================================================================================================
decide                    what to do about each instance, by the strategy's table: ``reconcile.py`` or ``explicit.py``
hung instances            ``running_exception`` and ``timeout_action``: what is stopped, and rerun after that, see ``hung.py``
downstream                ``downstream``: which dependants of reruns join the plan, see ``downstream.py``
reasons policy            ``never_rerun_reasons`` and ``rerun_only_reasons``: which failures are left to a person
daily limit               ``max_reruns_per_day``: reruns of an instance in a day, counted over all runs
twins                     instances that one request cannot tell apart
approval                  ``plan_id``: is this still the plan that was approved?
start node                ``node_name``: instances without such a node are not rerun, see ``start_node.py``
max_instances             refuses a plan that is too large, however its requests are spread over time
dependency order          ``order: upstream_first``: upstream instances come first
urgency                   ``order: deadline``: the chains with the least time left come first
limits                    ``max_parallel`` and ``max_parallel_per_job`` queue what there is no room for
quiet hours               ``not_between``: nothing is sent before they end
batches                   which instances go into one request
========================  ====================================================================================================
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._models.attempt import Attempt, Slot
from .._models.decision import Decision
from .._models.instance import InstanceKey
from .._models.reason import Reason
from .approval import approve
from .daily_limit import within_daily_limit
from .deadline import Urgency, by_urgency
from .dependency_order import Beyond, Depends, order_upstream
from .limits import Limits, batched, limit, refuse_over_limit
from .plan import Plan
from .quiet_hours import QuietSpan, hold_back
from .reason_policy import ReasonPolicy, leave_out
from .twins import tell_twins_apart


@dataclass(frozen=True)
class History:
    """The journal's knowledge about the instances of a snapshot.

    :param attempts: the newest attempt for each instance that has one.
    :param reruns: when the instances of a slot were rerun in the last 24 hours, epoch ms.
    :param set_aside_ms: when an unreadable journal was set aside in that time, epoch ms.
    :param effective: attempts for the instances of a slot that may have taken effect, oldest first.
    :param stops: every request to stop instances of a slot, oldest first.
    """

    attempts: t.Mapping[InstanceKey, Attempt]
    reruns: t.Mapping[Slot, t.Sequence[int]]
    set_aside_ms: int | None = None
    effective: t.Mapping[Slot, t.Sequence[Attempt]] = field(default_factory=dict)
    stops: t.Mapping[Slot, t.Sequence[Attempt]] = field(default_factory=dict)


class Order(t.NamedTuple):
    """Dependencies, and knowledge about unselected instances; see :func:`order_upstream`."""

    depends: Depends
    beyond: Beyond
    upstream_first: bool
    strict: bool | None = None


def assess(
    decisions: t.Iterable[Decision],
    history: History,
    options: t.Mapping[str, t.Any],
    since: int,
    *,
    by_id: bool,
    reasons: t.Mapping[tuple[InstanceKey, str], Reason] | None = None,
    possible: t.AbstractSet[InstanceKey] = frozenset(),
) -> Plan:
    """The plan as far as it follows from the instances themselves: reasons policy, daily limit, twins, approval.

    :param decisions: one for each instance, from the strategy's table.
    :param options: the module's.
    :param since: of the run, epoch ms.
    :param by_id: whether single instances can be rerun by instance_id.
    :param reasons: why instances failed, by full key, as far as known.
    :param possible: instances of which it shows only later whether they are rerun.
    """
    plan = Plan(tuple(leave_out(decisions, ReasonPolicy.of(options), reasons or {}, since)))
    plan = _daily_limit(plan, history, options["max_reruns_per_day"])
    plan = replace(plan, decisions=tuple(tell_twins_apart(plan.decisions, by_id=by_id)))
    return approve(plan, options, since, possible)


def schedule(plan: Plan, order: Order | None, limits: Limits, quiet_hours: QuietSpan | None = None, urgency: Urgency | None = None) -> Plan:
    """Add the requests to *plan*: dependency order, urgency, limits, quiet hours, batches."""
    plan = refuse_over_limit(plan, limits)
    if order is not None and plan.refused is None:  # a refused plan needs no order
        ordered = order_upstream(plan.decisions, order.depends, order.beyond, hold=order.upstream_first, strict=order.strict)
        plan = replace(plan, decisions=tuple(ordered))
    return batched(hold_back(limit(by_urgency(plan, urgency), limits), quiet_hours), limits.batch_size)


def _daily_limit(plan: Plan, history: History, most: int | None) -> Plan:
    if most is None:
        return plan
    return replace(
        plan,
        decisions=tuple(
            within_daily_limit(
                decision,
                history.attempts.get(decision.instance.key),
                history.reruns.get(Slot.of(decision.instance), ()),
                most,
                set_aside_ms=history.set_aside_ms,
            )
            for decision in plan.decisions
        ),
    )
