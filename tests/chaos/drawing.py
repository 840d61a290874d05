# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random cases from seeds: a workload, settings of the service's switches, faults, and options of job_rerun.

Excluded is what the collection makes no promise for: a service that does the opposite of its answer, and a rerun that takes effect or shows
later than ``settle_time`` after its answer was lost.
"""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass, field

from emulator.gateway.routes import ROUTES, named
from tests.support.scenarios import ACCESS_KEY, SECRET_KEY, USER_NAME, USER_PASSWORD, small_night

Json = dict[str, t.Any]

#: Names that could break a URL, a shell, a template or a terminal, all of which the service allows somewhere.
NAMES = (
    "daily_sales",
    "hourly_stock",
    "weekly_report",
    "每日销售",
    "a b",
    "50%_off",
    "x%2Fy",
    "q?x=1&y=2",
    "#hash",
    "{{ 7 * 7 }}",
    "semi;colon",
    "plus+sign",
    "quo'te\"s",
    "Überschuss",
    "dots..dots",
    "-dash",
    "settlement_report",
)
#: Another user, who reruns by hand.
STRANGER, STRANGER_KEY, STRANGER_SECRET = "stranger", "AKSTRANGER0000000001", "stranger-secret-key-0123456789abcdef01234567"
SPEED = 60.0
#: Read timeout in seconds; longer than an answer takes on a loaded machine.
READ_TIMEOUT = 3.0

#: Faults of reads, with weights.
READ_FAULTS: tuple[tuple[int, Json], ...] = (
    (4, {"kind": "status", "status": 500}),
    (3, {"kind": "status", "status": 502}),
    (4, {"kind": "status", "status": 503}),
    (3, {"kind": "gateway_timeout"}),
    (4, {"kind": "throttle"}),
    (2, {"kind": "throttle", "retry_after": 0}),
    (4, {"kind": "drop", "when": "before_reading"}),
    (4, {"kind": "drop", "when": "before_effect"}),
    (4, {"kind": "drop", "when": "mid_body"}),
    (4, {"kind": "truncated"}),
    (4, {"kind": "malformed"}),
    (2, {"kind": "malformed", "text": "<html><body>Bad gateway</body></html>"}),
    # Not "[]", a valid answer that says that there are no dependencies.
    (2, {"kind": "malformed", "text": "[[]]"}),
    (2, {"kind": "malformed", "text": '{"total": "many", "instances": {}}'}),
    (3, {"kind": "not_utf8"}),
    (3, {"kind": "empty"}),
    (3, {"kind": "error_body"}),
    (1, {"kind": "oversized", "bytes": 6 * 1024 * 1024, "times": 4}),
    (3, {"kind": "latency", "seconds": 0.05}),
    (1, {"kind": "slow_body", "seconds": 0.001, "times": 2}),
    (1, {"kind": "slow_headers", "seconds": 0.001, "times": 2}),
)
#: Faults of writes, with weights. ``when`` says whether the write takes effect.
WRITE_FAULTS: tuple[tuple[int, Json], ...] = (
    *((3, {"kind": "status", "status": status, "when": when}) for status in (500, 502, 503) for when in ("before_effect", "after_effect")),
    (2, {"kind": "status", "status": 408, "when": "after_effect"}),
    (2, {"kind": "status", "status": 408, "when": "before_effect"}),
    (1, {"kind": "status", "status": 499, "when": "after_effect"}),
    (4, {"kind": "gateway_timeout", "when": "after_effect"}),
    (4, {"kind": "gateway_timeout", "when": "before_effect"}),
    (4, {"kind": "throttle"}),
    (1, {"kind": "throttle", "retry_after": 0}),
    (5, {"kind": "drop", "when": "before_reading"}),
    (5, {"kind": "drop", "when": "before_effect"}),
    (6, {"kind": "drop", "when": "after_effect"}),
    (4, {"kind": "drop", "when": "mid_body"}),
    (4, {"kind": "truncated", "when": "after_effect"}),
    (3, {"kind": "truncated", "when": "before_effect"}),
    (4, {"kind": "malformed", "when": "after_effect"}),
    (3, {"kind": "malformed", "when": "before_effect"}),
    (2, {"kind": "malformed", "text": "<html>ok</html>", "when": "after_effect"}),
    (3, {"kind": "not_utf8", "when": "after_effect"}),
    (2, {"kind": "not_utf8", "when": "before_effect"}),
    (2, {"kind": "error_body", "code": "DLF.4242", "when": "before_effect"}),
    (2, {"kind": "error_body", "code": "DLF.4242", "when": "after_effect"}),
    (1, {"kind": "error_body", "code": "DLF.30111", "message": "cannot be rerun", "when": "before_effect"}),
    (1, {"kind": "status", "status": 400, "code": "DLF.30111", "message": "cannot be rerun", "when": "before_effect"}),
    (1, {"kind": "status", "status": 409, "code": "DLF.4711", "when": "before_effect"}),
    (2, {"kind": "redirect", "status": 302}),
    (1, {"kind": "redirect", "status": 303}),
    (1, {"kind": "oversized", "bytes": 6 * 1024 * 1024, "times": 4}),
    (3, {"kind": "latency", "seconds": 0.05, "when": "after_effect"}),
    (2, {"kind": "latency", "seconds": 0.05, "when": "before_effect"}),
)
#: Faults that end a whole play, drawn twice at most.
ENDING_FAULTS: tuple[Json, ...] = (
    {"kind": "expired_token"},
    {"kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission", "when": "before_effect"},
    {"kind": "redirect", "status": 301},
    {"kind": "redirect", "status": 307},
    {"kind": "hang", "seconds": READ_TIMEOUT + 0.5, "when": "after_effect"},
    {"kind": "hang", "seconds": READ_TIMEOUT + 0.5, "when": "before_effect"},
)
#: The host refuses connections for a moment after this answer, so that the next request is never sent.
OUTAGE: Json = {"kind": "outage", "seconds": 0.2}
#: Settings of switches to draw from, each independently.
SWITCHES: dict[str, tuple[t.Any, ...]] = {
    "offset_unit": ("page", "record"),
    "offset_beyond": ("empty", "first_page"),
    "list_order": ("newest", "oldest", "random"),
    "window_compares": ("plan_time", "plan_time", "start_time"),
    "success_status": ("documented", 200, 204),
    "success_body": ("empty", "object"),
    "instance_id_after_rerun": ("same", "new"),
    "waiting_start_time": ("none", "old", "new"),
    "submit_time_of": ("job", "instance"),
    "code_spelling": ("documented", "old", "new"),
    "gateway_prefix": ("APIGW", "APIG"),
    "no_permission_status": (403, 400),
    "batch_refusal": ("all", "partial", "partial_error"),
    "duplicate_keys": ("merge", "refuse", "twice"),
    "retry_of_active": ("refuse", "accept", "accept_hidden"),
    "status_spelling": ("hyphen", "short"),
    "v1_job_id": ("number", "text", "text_comma"),
    "request_id_header": (True, True, False),
    "flow_control": (False,) * 7 + (True,),
    "clock_skew_seconds": (0, 0, 0, 90, -70),
}
#: The same, with another random generator: differing clocks, and whether a rerun changes an instance's key.
CLOCKS: dict[str, tuple[t.Any, ...]] = {
    "scheduler_skew_seconds": (0, 0, 60, 20, -5, -60),
    "submit_time_after_rerun": ("same", "same", "new"),
}
#: Largest step of ``Date`` in seconds, and largest number of steps; together far below the 15 minutes that the gateway allows for a signature.
DATE_STEP, DATE_STEPS = 90, 3
_V2, _V1 = (frozenset(route.name for route in ROUTES if route.host == host) for host in ("v2", "v1"))


@dataclass(frozen=True)
class Case:
    """One case.

    :param scenario: scenario for the emulator.
    :param options: options of job_rerun, without the account.
    :param faults: faults to inject, in this order.
    :param given_since: whether the first play has option ``since``; if not, later plays get the since of the first one.
    :param selected: (job name, plan time as in the scenario) of each selected instance.
    :param hand: whether somebody reruns some instances by hand just before the first play.
    :param haste: how far the service's time advances between passes, as a factor of what the pass asked for.
    """

    seed: int
    scenario: Json
    options: Json
    faults: tuple[Json, ...]
    given_since: bool
    selected: frozenset[tuple[str, str]]
    hand: bool = False
    haste: float = 1.0
    switches: Json = field(default_factory=dict)

    @property
    def ordered(self) -> bool:
        """Whether downstream instances are rerun only after upstream ones."""
        return self.options.get("order") == "upstream_first"

    @property
    def chained(self) -> bool:
        """Whether the service shows which jobs depend on their previous cycle: only v1's job detail does."""
        return self.options["api_version"] != "v2" and bool(self.switches.get("v1_open", True))

    def jobs(self) -> dict[str, Json]:
        """Jobs of the scenario by name."""
        return {job["name"]: job for job in self.scenario["accounts"][0]["workspaces"][0]["jobs"]}


def draw(seed: int, *, size: tuple[int, int] = (30, 90), faults: bool = True) -> Case:
    """The case of *seed*, always the same.

    :param size: least and most failed instances.
    """
    rng = random.Random(seed)
    settle = rng.choice((1, 1, 2))
    switches = {name: rng.choice(values) for name, values in SWITCHES.items()}
    switches["rerun_visible_after"] = rng.choice((0, 0, rng.uniform(1, 0.7 * settle * SPEED)))
    api = rng.choice(("auto", "auto", "auto", "v2", "v1", "no_v2", "no_v2_retry", "no_v1"))
    if api.startswith("no_"):
        switches.update({"no_v2": {"v2_open": False}, "no_v2_retry": {"v2_retry_open": False}, "no_v1": {"v1_open": False}}[api])
    clocks = random.Random(f"clocks {seed}")
    switches |= {name: clocks.choice(values) for name, values in CLOCKS.items()}
    switches["starting_seconds"] = clocks.choice((0, 0, 0, clocks.uniform(1, 30)))
    hand = faults and switches["retry_of_active"] == "refuse" and rng.random() < 0.3
    jobs = list(_jobs(rng, rng.randint(*size)))
    options, selected = _selection(rng, jobs)
    options |= {
        "api_version": "auto" if api.startswith("no_") else api,
        "batch_size": rng.choice((1, 2, 3, 5, 10, 100, 100)),
        "max_parallel": rng.choice((None, None, None, 6, 15)) if not switches["flow_control"] else None,
        "attempts": rng.choice((1, 1, 1, 2, 3)),
        "attempt_delay": rng.choice((0, 0, 1)),
        "wait": rng.random() < 0.85,
        "poll_interval": 1,
        "settle_time": settle,
        "max_retries": rng.choice((1, 2, 4)),
        "read_timeout": READ_TIMEOUT,
    }
    users = [
        {"name": USER_NAME, "password": USER_PASSWORD, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY},
        {"name": STRANGER, "password": "stranger-password", "access_key": STRANGER_KEY, "secret_key": STRANGER_SECRET},
    ]
    run_seconds = rng.choice((3, 20, 90))
    chance = random.Random(f"order {seed}")  # another generator, so that earlier seeds stay the same
    if api not in ("v1", "no_v2") and chance.random() < 0.4:  # those have no API for dependencies
        _depend(chance, jobs)
        options["order"] = "upstream_first"
        # only our own order keeps a rerun from starting
        switches["rerun_waits_for_upstream"] = False
        run_seconds = min(run_seconds, 20)
    scenario = small_night(jobs=jobs, users=users, switches=switches, speed=SPEED, run_seconds=run_seconds)
    return Case(
        seed,
        scenario,
        {name: value for name, value in options.items() if value is not None},
        # outages have another generator, so that earlier seeds stay the same
        (*_faults(rng), *_outages(random.Random(f"outage {seed}")), *_date_steps(clocks, hand)) if faults else (),
        rng.random() < 0.7,
        frozenset(selected),
        hand,
        rng.choice((0.1, 0.3, 0.7, 1.0, 1.0, 1.3)),
        switches=switches,
    )


def _jobs(rng: random.Random, failed: int) -> t.Iterator[Json]:
    count = rng.randint(1, 7)
    names = rng.sample(NAMES, count)
    cuts = sorted(rng.sample(range(1, failed), count - 1)) if count > 1 else []
    for name, share in zip(names, (b - a for a, b in zip((0, *cuts), (*cuts, failed), strict=True)), strict=True):
        minutes = rng.sample(range(10, 2800), share + 8)
        instances = [{"plan_time": f"-{minutes.pop(0)}m", "status": "fail", "runs": _fates(rng)} for dummy in range(share)]
        instances += [{"plan_time": f"-{minutes.pop(0)}m", "status": rng.choice(("success", "success", "manual-stop", "running"))}
                      for dummy in range(rng.randint(0, 4))]  # fmt: skip
        instances += [{"plan_time": f"-{minutes.pop(0)}m", "status": rng.choice(("pause", "running-exception", "skip-by-depend", "freeze"))}
                      for dummy in range(rng.choice((0, 0, 0, 1)))]  # fmt: skip
        job: Json = {"name": name, "instances": instances}
        special = rng.random()
        if special < 0.05:
            job["confirm"] = True
        elif special < 0.1:
            job["schedule"] = "MANUAL"
        elif special < 0.15:
            job["self_dependent"] = True
        yield job


def _depend(rng: random.Random, jobs: list[Json]) -> None:
    """Add dependencies without circles, and some on a job's previous cycle."""
    above: list[str] = []
    for job in rng.sample(jobs, len(jobs)):
        job["depends_on"] = rng.sample(above, min(len(above), rng.choice((0, 1, 1, 2, 3))))
        above.append(job["name"])
        if "schedule" not in job and rng.random() < 0.2:
            job["self_dependent"] = True


def _fates(rng: random.Random) -> list[str]:
    return rng.choice((["success"],) * 12 + (["fail"], ["fail", "success"], ["fail", "fail", "success"], ["manual-stop"]))


def _selection(rng: random.Random, jobs: list[Json]) -> tuple[Json, set[tuple[str, str]]]:
    names = [job["name"] for job in jobs]
    meant = names if len(names) == 1 or rng.random() < 0.6 else rng.sample(names, rng.randint(1, len(names) - 1))
    begin, end = 3000, 0
    if rng.random() < 0.2:
        begin, end = rng.choice(((2000, 0), (3000, 300), (2500, 60)))
    # no instances near the edges of the window, which is relative and moves between plays
    edges = [begin, *([end] if end else [])]
    for job in jobs:
        job["instances"] = [instance for instance in job["instances"] if min(abs(_age(instance) - edge) for edge in edges) > 20]
    options: Json = {
        "jobs": ["*"] if len(meant) == len(names) and rng.random() < 0.5 else list(meant),
        "planned_after": f"-{begin}m",
        "statuses": ["fail"] if rng.random() < 0.75 else ["fail", "manual-stop"],
    }
    if end:
        options["planned_before"] = f"-{end}m"
    selected = {
        (job["name"], instance["plan_time"])
        for job in jobs
        if job["name"] in meant
        for instance in job["instances"]
        if end < _age(instance) < begin
    }
    return options, selected


def _age(instance: Json) -> int:
    """Minutes since its plan time."""
    return int(instance["plan_time"][1:-1])


def _faults(rng: random.Random) -> t.Iterator[Json]:
    for fault in rng.sample(ENDING_FAULTS, rng.choice((0, 0, 1, 2))):
        yield {**fault, "route": rng.choice(("write", "write", "list")), "times": 1, "skip": rng.randint(0, 25)}
    # faults fire independently, so that several small rates add up
    for route, table, rate in (("read", READ_FAULTS, rng.uniform(0.2, 0.4)), ("write", WRITE_FAULTS, rng.uniform(0.25, 0.65))):
        kinds = rng.choices([fault for dummy, fault in table], [weight for weight, dummy in table], k=6)
        for fault in kinds:
            yield {**fault, "route": route, "rate": rate / len(kinds), "seed": rng.getrandbits(32)}


def _outages(rng: random.Random) -> t.Iterator[Json]:
    for route in ("list", "write"):
        if rng.random() < 0.4:
            yield {**OUTAGE, "route": route, "rate": rng.uniform(0.02, 0.1), "times": 4, "seed": rng.getrandbits(32)}


def _date_steps(rng: random.Random, hand: bool) -> t.Iterator[Json]:
    """Steps of ``Date``. None with reruns by hand, where the judge compares times to see whose rerun was first."""
    for dummy in range(0 if hand else rng.choice((0, 0, 1, DATE_STEPS))):
        step = rng.uniform(-DATE_STEP, DATE_STEP)
        yield {"kind": "date", "route": rng.choice(("list", "write")), "times": 1, "skip": rng.randint(0, 20), "date_step_seconds": step}


def is_write(route: str | None) -> bool:
    """Whether *route* of the emulator is a write."""
    return route in named("write")
