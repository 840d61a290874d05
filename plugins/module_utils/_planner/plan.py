# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan: every decision of a pass, and the requests that follow from them. The steps of ``pipeline.py`` turn one plan into the next."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._models.decision import Action, Decision


class Batch(t.NamedTuple):
    """One request: instances of one job, oldest plan time first; all of them selected, or all from downstream."""

    job_name: str
    decisions: tuple[Decision, ...]

    @property
    def workspace_id(self) -> str:
        """The workspace of its job."""
        return self.decisions[0].instance.key.workspace_id

    @property
    def downstream(self) -> bool:
        """Whether its instances joined the plan because of what they depend on."""
        return self.decisions[0].downstream is not None


@dataclass(frozen=True)
class Plan:
    """What a pass sends, and why.

    :param decisions: one for each selected instance, and each that this run sent and that is no longer listed.
    :param batches: the requests in the order in which to send them; empty if the plan is refused.
    :param refused: why nothing may be sent, or None.
    :param plan_id: the id of the plan before any limit, see ``plan_id.py``.
    :param plan_record: what the plan is made of.
    """

    decisions: tuple[Decision, ...]
    batches: tuple[Batch, ...] = ()
    refused: str | None = None
    plan_id: str = ""
    plan_record: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[Decision, ...]:
        """What is to be stopped, one request each, before anything is rerun; nothing if the plan is refused."""
        return () if self.refused is not None else tuple(decision for decision in self.decisions if decision.action is Action.STOP)
