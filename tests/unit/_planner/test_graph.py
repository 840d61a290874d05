# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph walks."""

from __future__ import annotations

from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey
from ansible_collections.dataarts.factory.plugins.module_utils._planner.graph import distances, reachable, reversed_edges, topological_order
from tests.unit.building import WORKSPACE

A, B, C, D, E = (InstanceKey(WORKSPACE, name, 0, 0) for name in "abcde")
#: B depends on A, C on B and D, D on itself; nothing else depends on E and A.
PARENTS = {B: frozenset({A}), C: frozenset({B, D}), D: frozenset({D})}
BELOW = reversed_edges(PARENTS)


def test_what_depends_on_itself_alone_is_above_nothing() -> None:
    assert BELOW == {A: [B], B: [C], D: [C]}


def test_levels_are_counted_from_the_nearest_start() -> None:
    assert distances(BELOW, [A]) == {A: 0, B: 1, C: 2}
    assert distances(BELOW, [A], 1) == {A: 0, B: 1}
    assert distances(BELOW, [A, D]) == {A: 0, D: 0, B: 1, C: 1}
    assert distances(BELOW, [A], within={A, C}) == {A: 0}


def test_what_is_reached_is_not_where_it_began_unless_something_leads_there() -> None:
    assert reachable(BELOW, [A]) == {B, C}
    assert reachable(BELOW, [A, B]) == {B, C}
    assert reachable(BELOW, [E]) == set()
    assert reachable({A: [B], B: [A]}, [A]) == {A, B}


def test_an_order_begins_with_what_nothing_leads_to_and_leaves_out_circles() -> None:
    assert topological_order(BELOW) == ([A, D, B, C], [])
    assert topological_order({A: [B], B: [C], C: [B, D], E: [A]}) == ([E, A], [B, C, D])
    assert topological_order({}) == ([], [])
