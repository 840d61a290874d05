# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standings: the decisions of a plan, updated while its requests are sent."""

from __future__ import annotations

from .._models.attempt import Outcome
from .._models.decision import Decision
from .._models.instance import InstanceKey
from .._planner.outcomes import unsent
from .._planner.plan import Plan
from .sender import RerunExchange


class Standings:
    """The decisions of the newest plan, with the outcomes of those that were sent.

    :ivar after: instance -> its decision after the request.
    """

    def __init__(self, *, check_mode: bool, plan_only: bool) -> None:
        self._check_mode, self._plan_only = check_mode, plan_only
        self.after: dict[InstanceKey, Decision] = {}
        self._current: tuple[Plan, list[Decision]] | None = None
        self._standing: tuple[Plan, list[Decision]] | None = None

    def clear(self) -> None:
        """Forget all outcomes, for a new snapshot."""
        self.after.clear()
        self._current = self._standing = None

    def take(self, exchange: RerunExchange) -> None:
        """Add the outcome of one request."""
        self.after.update((before.instance.key, after) for before, after in zip(exchange.before, exchange.after))
        self._current = self._standing = None

    def current(self, plan: Plan) -> list[Decision]:
        """The decisions of *plan* with the outcomes so far; the same list object until the next outcome."""
        if self._current is None or self._current[0] is not plan:
            self._current = (plan, [self.after.get(decision.instance.key, decision) for decision in plan.decisions])
        return self._current[1]

    def standing(self, plan: Plan) -> list[Decision]:
        """The decisions of *plan* as they are reported, see :func:`unsent`."""
        if self._standing is None or self._standing[0] is not plan:
            standing = [
                self.after.get(decision.instance.key) or unsent(decision, check_mode=self._check_mode, plan_only=self._plan_only)
                for decision in plan.decisions
            ]
            self._standing = (plan, standing)
        return self._standing[1]

    def changed(self, plan: Plan) -> bool:
        """Whether anything was, or may have been, rerun or stopped; in check mode, whether anything would be."""
        if self._check_mode:
            return plan.refused is None and any(decision.asks_rerun or decision.asks_stop for decision in self.standing(plan))
        stops = {decision.instance.key for decision in plan.stops}
        made = [after.stop if key in stops else after.attempt for key, after in self.after.items()]
        outcomes = {attempt.outcome for attempt in made if attempt is not None}
        return not outcomes.isdisjoint((Outcome.ACCEPTED, Outcome.UNKNOWN))
