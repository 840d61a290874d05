# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What :meth:`Decision.turned` keeps, and what it drops with the request that is not sent."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from tests.unit.building import attempt, instance

#: Actions that ask for an attempt; turning them drops that attempt.
ASKS = {Action.RETRY: 1}


@pytest.mark.parametrize("after", Action)
@pytest.mark.parametrize("before", Action)
def test_an_attempt_counts_once_it_is_made(before: Action, after: Action) -> None:
    decision = Decision(instance(), before, "before", attempts=3)
    assert decision.turned(after, "after").attempts == 3 - ASKS.get(before, 0)
    assert decision.turned(after, "after", attempts=7).attempts == 7


@pytest.mark.parametrize("after", Action)
def test_how_a_request_is_sent_goes_with_it(after: Action) -> None:
    made = attempt()
    request: dict[str, t.Any] = {"superseded": made, "alone": True, "by_id": True, "then_rerun": True}
    decision = Decision(instance(), Action.RETRY, "before", due_ms=1, attempts=1, attempt=made, queued=2, **request)
    turned = decision.turned(after, "after")
    assert (turned.action, turned.reason, turned.due_ms) == (after, "after", None)
    assert [getattr(turned, name) for name in request] == [None, False, False, False]
    assert (turned.attempt, turned.queued) == (made, 2)
    assert decision.turned(after, "after", due_ms=9, by_id=True).due_ms == 9
    assert decision.turned(after, "after", by_id=True).by_id
