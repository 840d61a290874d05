# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what a pass of job_rerun is asked for, and what one look at the workspace gave."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.errors import OptionError
from .._common.times import Window
from .._models.decision import Decision
from .._models.rerun_request import RetryOptions
from .._models.selection import Selection, select, wanted_statuses
from .._planner.limits import Limits, Plan
from .._planner.reconcile import Policy
from .reading import seconds_of, since_of, window_of


@dataclass(frozen=True)
class Wish:
    """The options of a pass, checked; all that does not depend on the service's time."""

    options: t.Mapping[str, t.Any]
    retry: RetryOptions
    limits: Limits
    wait: bool
    poll_interval: float

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any], now_ms: int) -> Wish:
        """Everything in *options* that can be refused before anything is sent.

        :param now_ms: about the service's time, epoch ms.
        :raises OptionError: naming the option, the cause and what to give instead.
        """
        limits = Limits(options["max_instances"], options["max_parallel"], options["batch_size"])
        if options["max_reruns_per_day"] is not None and options["max_reruns_per_day"] < 1:
            raise OptionError(f"max_reruns_per_day is {options['max_reruns_per_day']}. Give 1 or more, or leave it out for no limit.")
        seconds_of(options, "wait_timeout", 0)
        wish = cls(options, RetryOptions.from_options(options), limits, options["wait"], seconds_of(options, "poll_interval", 1))
        wish.selection(window_of(options, now_ms))
        wish.policy(since_of(options, now_ms) or now_ms, None)
        return wish

    def selection(self, window: Window) -> Selection:
        """Which instances are meant, of every status: one that has moved on still has to be brought to its end."""
        return select(self.options["jobs"], window, instance_types=self.options["instance_types"] or ())

    def policy(self, since: int, quiet_until: int | None) -> Policy:
        """What is to be reached; both times epoch ms."""
        return Policy(
            since=since,
            statuses=wanted_statuses(self.options["statuses"], option="statuses"),
            settle_ms=self.options["settle_time"] * 1000,
            attempts=self.options["attempts"],
            attempt_delay_ms=self.options["attempt_delay"] * 1000,
            quiet_until=quiet_until,
        )


@dataclass(frozen=True)
class View:
    """What one look at the workspace gave.

    :param asked_ms: the service's time when it was asked, epoch ms.
    :param nameless: names of jobs, given exactly, of which no instance was found.
    :param blind: whether a job could not be listed that this run has sent reruns for, so that their end cannot be seen.
    :param plan_id: the id of the plan, before any limit.
    :param plan_record: what the plan is made of, see ``_planner/plan_id.py``.
    """

    window: Window
    asked_ms: int
    policy: Policy
    plan: Plan
    nameless: tuple[str, ...] = ()
    blind: bool = False
    plan_id: str = ""
    plan_record: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Of every selected instance, and of those that were sent and are no longer listed."""
        return self.plan.decisions
