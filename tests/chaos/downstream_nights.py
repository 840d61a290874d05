# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random nights whose jobs depend on each other across workspaces, and the true effects of reruns on downstream instances.

The truth comes from the emulator's own state, not from lists: it knows which data each run read, and who stopped an instance.
"""

from __future__ import annotations

import itertools
import random
import typing as t
from dataclasses import dataclass

from tests.support.scenarios import SUPPLY_ID, WORKSPACE_ID, small_night

#: Workspace, job and plan time.
Name = tuple[str, str, int]
FINANCE_ID = "3d9f1b5c7a2e4d60b8c1f0a7e6d5c4b3"
WORKSPACES = {WORKSPACE_ID: "sales", SUPPLY_ID: "supply", FINANCE_ID: "finance"}
#: Duration of a run in seconds. Tests advance the clock by more than that between passes.
RUN_SECONDS = 600
_STATUSES = ("fail", "success", "success", "success", "success", "cancelled", "stopped", "forced", "waiting", "waiting")
_SWITCHES: dict[str, tuple[t.Any, ...]] = {
    "cancelled_times": ("end", "none", "both"),
    "submit_time_after_rerun": ("same", "new"),
    "instance_id_after_rerun": ("same", "new"),
    "rerun_waits_for_upstream": (True, False),
    "scheduler_skew_seconds": (0, 0, -30, 30),
    "status_spelling": ("hyphen", "short"),
}


@dataclass
class DrawnNight:
    """A night.

    :param depth: option ``downstream_depth``.
    """

    scenario: dict[str, t.Any]
    depth: int


def draw_night(seed: int) -> DrawnNight:
    """The night of *seed*: two to seven layers of jobs in three workspaces, with one to three cycles each. Some have circular dependencies."""
    rng = random.Random(seed)
    depth = rng.choice((1, 2, 3, 4, 5, 6, 50))
    layers = [[f"job_{layer}_{number}" for number in range(rng.randint(1, 2))] for layer in range(rng.randint(2, 7))]
    places = {name: rng.choice(list(WORKSPACES)) for layer in layers for name in layer}
    places[layers[0][0]] = WORKSPACE_ID
    above: dict[str, list[str]] = {name: [] for name in places}
    for number, layer in enumerate(layers[1:], 1):
        for name in layer:
            above[name] = [rng.choice(layers[number - 1])]
            if rng.random() < 0.3:
                above[name].append(
                    rng.choice([other for lower in layers[:number] for other in lower if other not in above[name]] or above[name])
                )
    if rng.random() < 0.25 and len(layers) > 2:
        first, last = rng.randint(1, len(layers) - 2), len(layers) - 1
        above[rng.choice(layers[first])].append(rng.choice(layers[rng.randint(first + 1, last)]))
    hours = list(range(rng.randint(1, 3), 0, -1))
    jobs: dict[str, list[dict[str, t.Any]]] = {workspace_id: [] for workspace_id in WORKSPACES}
    for name, workspace_id in places.items():
        top = name in layers[0]
        jobs[workspace_id].append(
            {
                "name": name,
                "depends_on": [{"workspace": places[other], "job": other} for other in dict.fromkeys(above[name])],
                "depend_fail_policy": rng.choice(("suspend", "cancel", "continue")),
                "self_dependent": rng.random() < 0.15,
                "wait_seconds": 300,
                "instances": [_instance(rng, hour, top=top and workspace_id == WORKSPACE_ID) for hour in hours],
            }
        )
    workspaces = [{"id": key, "name": name, "jobs": jobs[key]} for key, name in WORKSPACES.items()]
    switches = {"flow_control": False, "v1_open": True, "v2_open": True, "v2_list_open": True, "v2_retry_open": True, "depend_open": True}
    switches.update({name: rng.choice(settings) for name, settings in _SWITCHES.items()})
    return DrawnNight(small_night(workspaces=workspaces, switches=switches, speed=1, run_seconds=RUN_SECONDS), depth)


def _instance(rng: random.Random, hour: int, *, top: bool) -> dict[str, t.Any]:
    word = rng.choice(("fail", "fail", "success")) if top else rng.choice(_STATUSES)
    started = rng.randint(0, 50)  # minutes after its plan time
    drawn: dict[str, t.Any] = {"plan_time": f"-{hour}h", "runs": [rng.choice(("success",) * 6 + ("fail",))]}
    if word == "cancelled":
        return {**drawn, "status": "manual-stop", "cancelled": True, "start_time": f"-{hour * 60 - started}m"}
    if word == "stopped":
        return {**drawn, "status": "manual-stop", "start_time": f"-{hour * 60 - started}m"}
    if word == "forced":
        return {**drawn, "status": "fail", "force_success": True, "start_time": f"-{hour * 60 - started}m"}
    if word == "waiting":
        return {**drawn, "status": "waiting"}
    return {**drawn, "status": word, "start_time": f"-{hour * 60 - started}m"}


class Truth:
    """The emulator's knowledge at one moment.

    :param state: state of the emulator.
    :param rerun: instances that were rerun because they had failed.
    :param pending: instances that will be rerun because they have failed.
    :param depth: levels of downstream instances to consider.
    """

    def __init__(self, state: t.Mapping[str, t.Any], rerun: t.Collection[Name], pending: t.Collection[Name], depth: int) -> None:
        self.instances: dict[Name, t.Any] = {
            (workspace_id, job, instance["plan_time"]): instance
            for workspace_id, jobs in state["workspaces"].items()
            for job, instances in jobs.items()
            for instance in instances
        }
        self.above = {name: {_name(above) for above in instance["reads"]} - {name} for name, instance in self.instances.items()}
        self.roots, self.pending = {*rerun, *pending}, set(pending)
        self.below = self._closure(self.roots, depth)
        # reruns in progress have not made their data yet, like pending ones
        self.pending |= {name for name in rerun if self.instances[name]["status"] in ("waiting", "running")}
        renewed = {name for name in rerun if name not in self.pending and self.succeeded(name)}
        within = {*self.below, *self.roots}
        self.reached = self._closure({*renewed, *self.pending}, len(within), within) | renewed | self.pending
        self.again = {name for name in renewed if name in self._closure(self.roots - {name}, depth)}
        self.outdated = self._outdated({*self.below, *self.again})

    def succeeded(self, name: Name) -> bool:
        """Whether it succeeded without being forced."""
        instance = self.instances[name]
        return instance["status"] == "success" and not instance["forced"]

    def effects(self) -> dict[Name, str]:
        """Effect of the reruns on each downstream instance that they affect."""
        effects = {}
        for name in {*self.below, *self.again}:
            instance, outdated = self.instances[name], name in self.outdated
            if name in self.again and not outdated:
                continue
            effect = None
            if instance["status"] in ("waiting", "running"):
                effect = "waits"
            elif instance["status"] == "manual-stop" and not instance["forced"]:
                effect = "cancelled" if instance["stopped_by"] == "policy" else "by_hand"
            elif outdated and (instance["forced"] or instance["status"] == "success"):
                effect = "by_hand" if instance["forced"] else "stale"
            if effect:
                effects[name] = effect
        return effects

    def curable(self) -> set[Name]:
        """Stale and cancelled instances whose upstream instances are all up to date, or are by reruns. Circular dependencies cannot be cured."""
        effects = self.effects()
        cured: set[Name] = set()
        wanted = {name for name, effect in effects.items() if effect in ("stale", "cancelled") and name not in self._ancestors(name)}
        while True:
            more = {name for name in wanted - cured if all(self._ready(above, cured) for above in self.above[name])}
            if not more:
                return cured
            cured |= more

    def behind_a_failure(self, name: Name) -> bool:
        """Whether any upstream instance, directly or not, failed or is outdated and cannot be cured."""
        cured = self.curable()
        return any(
            (self.instances[above]["status"] == "fail" and not self.instances[above]["forced"])
            or (above in self.outdated and above not in cured)
            for above in self._ancestors(name)
        )

    def needless(self, names: t.Iterable[Name]) -> set[Name]:
        """Those of *names* with a run that read the same data as the successful run right before it."""
        return {name for name in names if self._same_data([run for run in self.instances[name]["runs"] if run["start"] is not None])}

    @staticmethod
    def _same_data(began: t.Sequence[t.Any]) -> bool:
        return any(before["status"] == "success" and before["read"] == after["read"] for before, after in itertools.pairwise(began))

    def _ancestors(self, name: Name) -> set[Name]:
        """All upstream instances; also itself, if it is in a circular dependency."""
        seen: set[Name] = set()
        left = [name]
        while left:
            more = self.above[left.pop()] - seen
            seen |= more
            left += more
        return seen

    def _ready(self, name: Name, cured: t.Container[Name]) -> bool:
        if name in cured:
            return True
        instance = self.instances[name]
        ready: bool = instance["status"] == "success" or instance["forced"]
        return ready and name not in self.outdated

    def _closure(self, starts: t.Collection[Name], depth: int, within: t.Container[Name] | None = None) -> set[Name]:
        seen, level = set(starts), set(starts)
        for _number in range(depth):
            level = {
                name for name, above in self.above.items() if above & level and name not in seen and (within is None or name in within)
            }
            seen |= level
        return seen - set(starts)

    def _outdated(self, within: t.Collection[Name]) -> set[Name]:
        outdated: set[Name] = set()
        while True:
            more = {name for name in within if name not in outdated and self._is_outdated(name, outdated)}
            if not more:
                return outdated
            outdated |= more

    def _is_outdated(self, name: Name, outdated: t.Container[Name]) -> bool:
        reached = [above for above in self.above[name] if above in self.reached]
        in_progress = self.instances[name]["status"] in ("waiting", "running")
        return bool(reached) and (
            (not self.succeeded(name) and not in_progress) or any(self._news(above, name, outdated) for above in reached)
        )

    def _news(self, above: Name, name: Name, outdated: t.Container[Name]) -> bool:
        """Whether *above* has, or will have, data that the last run of *name* did not read."""
        if above in self.pending or above in outdated or self.instances[above]["status"] in ("waiting", "running"):
            return True
        if not self.succeeded(above):
            return False
        began = [run for run in self.instances[name]["runs"] if run["start"] is not None]
        read = {_name(entry[:3]): entry[3] for entry in began[-1]["read"]} if began else {}
        ended = [run for run in self.instances[above]["runs"] if run["status"] == "success" and run["end"] is not None]
        return bool(read.get(above) != max(ended, key=lambda run: t.cast(int, run["end"]))["number"])


def _name(entry: t.Sequence[t.Any]) -> Name:
    return str(entry[0]), str(entry[1]), int(entry[2])
