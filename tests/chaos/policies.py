# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random cases with policies about reasons: every failure has a kind, and each pattern has a list of the kinds that it matches.

The judge decides by these lists what may be rerun, without the collection's own matching.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t

from emulator.running import Running
from tests.chaos.drawing import STRANGER, Case, draw
from tests.chaos.judging import Judge, Key

Json = dict[str, t.Any]

NODES = [
    {"name": "read_orders", "type": "DLISQL"},
    {"name": "load_orders", "type": "OBSManager"},
    {"name": "check_orders", "type": "Shell"},
]
#: Kinds of failures: index of the failed node, and the message.
KINDS: dict[str, tuple[int, str]] = {
    "no_table": (0, "Table 'ods.orders_{number}' not found"),
    "timeout": (0, "执行超时，已运行{number}秒"),
    "memory": (0, "Container {id} ended with exit code 137"),
    "refused": (0, "Connection to 10.0.0.7:8000 refused"),
    "no_right": (1, "OBS: no permission for obs://bucket/{id}"),
    "locked": (1, "Lock wait timeout exceeded [ErrorCode: 1205] at {time}"),
    "quality": (2, "quality rule 'r{number}' of table t{number} is violated"),
    "strange": (2, "\x1b[31m{{ lookup('pipe', 'id') }}\nboom *? .* [a-z]+"),
}
ALL = frozenset(KINDS)
#: Patterns as users write them, and the kinds that each matches.
PATTERNS: dict[str, frozenset[str]] = {
    "not found": frozenset({"no_table"}),
    "TABLE*NOT FOUND": frozenset({"no_table"}),
    "超时": frozenset({"timeout"}),
    "exit code 1?7": frozenset({"memory"}),
    "10.0.0.*refused": frozenset({"refused"}),
    "permission": frozenset({"no_right"}),
    "[ErrorCode: 1205]": frozenset({"locked"}),
    "violated": frozenset({"quality"}),
    "boom": frozenset({"strange"}),
    "DLI SQL": frozenset({"no_table", "timeout", "memory", "refused"}),
    "OBSManager": frozenset({"no_right", "locked"}),
    "shell": frozenset({"quality", "strange"}),
    "out of quota": frozenset(),
    ".*": frozenset({"strange"}),  # not a regular expression: a dot, and anything after it
}
#: Further kinds that ".*" matches: messages with a dot.
_DOTTED = frozenset({"no_table", "refused"})


@dataclasses.dataclass(frozen=True)
class PolicyCase:
    """A case with a policy.

    :ivar kinds: (job, plan time as in the scenario) to the kind of failure of each run of the instance, "" if the run does not fail.
    """

    case: Case
    kinds: dict[tuple[str, str], list[str]]
    never: tuple[str, ...]
    only: tuple[str, ...] | None

    def allows(self, kind: str) -> bool:
        """Whether a failure of *kind* may be rerun; "" is an instance that has not failed."""
        if not kind:
            return self.only is None
        named = frozenset().union(*map(_named, self.never))
        return kind not in named and (self.only is None or any(kind in _named(pattern) for pattern in self.only))


def _named(pattern: str) -> frozenset[str]:
    return PATTERNS[pattern] | (_DOTTED if pattern == ".*" else frozenset())


def draw_policy(seed: int) -> PolicyCase:
    """The case of *seed* with more failures, their kinds, a never policy, and sometimes an only policy."""
    case, rng = draw(seed, size=(100, 200)), random.Random(f"policy {seed}")
    never = tuple(rng.sample(list(PATTERNS), rng.choice((1, 1, 2, 3))))
    only = tuple(rng.sample(list(PATTERNS), rng.randint(6, 10))) if rng.random() < 0.25 else None
    scenario = dict(case.scenario)
    scenario["causes"] = {name: {"error": text, "node": node} for name, (node, text) in KINDS.items()}
    kinds: dict[tuple[str, str], list[str]] = {}
    for job in case.jobs().values():
        job["nodes"] = NODES
        for instance in job["instances"]:
            kinds[job["name"], instance["plan_time"]] = _kinds(instance, rng)
    switches: Json = {"detail_error": rng.choice(("none", "node", "instance")), "node_types": rng.choice(("joined", "apart"))}
    # without v1, no reason can be read and nothing is sent; that is so for at most one site in eight
    if rng.random() < 7 / 8:
        switches["v1_open"] = True
    scenario["switches"] = {**scenario["switches"], **switches}
    options = {**case.options, "never_rerun_reasons": list(never), "rerun_only_reasons": None if only is None else list(only)}
    if options["api_version"] == "v2" and rng.random() < 7 / 8:
        options["api_version"] = "auto"
    given = {name: value for name, value in options.items() if value is not None}
    case = dataclasses.replace(case, scenario=scenario, options=given, switches=scenario["switches"])
    return PolicyCase(case, kinds, never, only)


def _kinds(instance: Json, rng: random.Random) -> list[str]:
    """Draw the kind of each run of *instance*, and set its causes."""
    if instance["status"] != "fail":
        return [""]
    first = rng.choice(list(KINDS))
    instance["cause"] = first
    kinds, node = [first], KINDS[first][0]
    runs: list[Json] = []
    for status in instance.get("runs", ["success"]):
        # a rerun starts at the failed node, so that earlier nodes cannot fail
        kind = rng.choice([name for name, (index, _text) in KINDS.items() if index >= node]) if status == "fail" else ""
        kinds.append(kind)
        runs.append({"status": status, **({"error": KINDS[kind][1], "node": KINDS[kind][0]} if kind else {})})
    instance["runs"] = runs
    return kinds


class PolicyJudge(Judge):
    """Judge that also knows which failures the policy excludes."""

    def __init__(self, service: Running, drawn: PolicyCase) -> None:
        super().__init__(service, drawn.case)
        self._drawn = drawn
        now = service.now_ms()
        self._kinds = {
            key: kinds
            for key in self.before
            for (name, plan), kinds in drawn.kinds.items()
            if name == key[0] and 0 <= now - key[1] - int(plan[1:-1]) * 60_000 < 30_000
        }

    def kind(self, key: Key, run: int) -> str:
        """Kind of failure of run number *run* of an instance."""
        kinds = self._kinds[key]
        return kinds[min(run, len(kinds)) - 1]

    def left_out(self) -> int:
        """Number of selected instances that the policy excludes at the start."""
        statuses = self._case.options["statuses"]
        return sum(instance["status"] in statuses and not self._drawn.allows(self.kind(key, 1)) for key, instance in self.meant.items())

    def against_policy(self) -> list[str]:
        """Each rerun that the policy excludes, in words."""
        against = []
        for key, entries in self.reruns().items():
            for entry in (entry for entry in entries if entry["user"] != STRANGER):
                kind = self.kind(key, entry["run"] - 1)
                if not self._drawn.allows(kind):
                    against.append(f"{key}: run {entry['run']} was asked for although the one before it ended in {kind or 'no failure'}")
        return against

    def _judge_instance(self, key: Key, shown: Json, entries: list[Json], own: list[Json], truth: Json) -> None:
        policy = shown["policy"]
        if policy is None:
            super()._judge_instance(key, shown, entries, own, truth)
            return
        if shown["action"] != "blocked" or not shown["reason"]:
            self._wrong(key, shown, "a policy has left it out, and it is not blocked")
        # somebody else may have rerun it after it was listed
        listed = [run["number"] for run in truth["runs"] if run["start"] is not None and run["start"] == shown["start_time"]]
        kind = self.kind(key, max(listed or [run["number"] for run in truth["runs"]], default=1))
        if policy["pattern"] is not None and kind not in _named(policy["pattern"]):
            self._wrong(key, shown, f"it is left out for {policy['pattern']}, and failed by {kind or 'nothing'}")
        if policy["pattern"] is None and policy["read"] and self._drawn.allows(kind):
            self._wrong(key, shown, f"it is left out, and failed by {kind or 'nothing'}")
