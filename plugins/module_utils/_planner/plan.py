# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan: the decisions of a pass and the requests that follow from them. The steps of ``pipeline.py`` turn one plan into the next."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._models.decision import Action, Decision


class Batch(t.NamedTuple):
    """One request: instances of one job, oldest plan time first; either all selected, or all from downstream."""

    job_name: str
    decisions: tuple[Decision, ...]

    @property
    def workspace_id(self) -> str:
        """The workspace of its job."""
        return self.decisions[0].instance.key.workspace_id

    @property
    def downstream(self) -> bool:
        """Whether its instances joined the plan as dependants of reruns."""
        return self.decisions[0].downstream is not None


@dataclass(frozen=True)
class Plan:
    """Plan of a pass: the requests and their reasons.

    :param decisions: one for each selected instance, and for each that this run has sent but that is no longer listed.
    :param batches: the requests in the order of sending; empty if the plan is refused.
    :param refused: why nothing may be sent, or None.
    :param plan_id: id of the plan before any limit, see ``plan_id.py``.
    :param plan_record: the contents that the id stands for.
    """

    decisions: tuple[Decision, ...]
    batches: tuple[Batch, ...] = ()
    refused: str | None = None
    plan_id: str = ""
    plan_record: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[Decision, ...]:
        """The instances to stop, one request each, before anything is rerun; empty if the plan is refused."""
        return () if self.refused is not None else tuple(decision for decision in self.decisions if decision.action is Action.STOP)
