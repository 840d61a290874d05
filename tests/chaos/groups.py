# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases played by several controllers at once that share only a journal, with kills, pauses and restarts of the database."""

from __future__ import annotations

import copy
import dataclasses
import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from emulator.running import Running
from tests.chaos.controllers import Controller, Controllers
from tests.chaos.drawing import SPEED, Case, Json, draw
from tests.chaos.judging import Judge, Judgement, unlisted
from tests.chaos.plays import Figures
from tests.chaos.processes import KilledError, draw_moment
from tests.support.workspace import options as options_for

#: Plays of one member with faults.
PLAYS = 6
#: Real seconds: duration of a rerun, longest time until it shows, and option settle_time.
RUN_SECONDS, VISIBLE_AFTER, SETTLE_TIME = 0.5, 3.0, 4
#: Option settle_time where the journal loses claims, seconds. It counts from the failover, and a request whose claim was lost may leave a little
#: later, by seconds on a machine as busy as one that runs these tests.
SETTLE_TIME_WITHOUT_CLAIMS = 9
#: Length of a pause in seconds; longer than a list may be acted on.
PAUSE_SECONDS = (65.0, 75.0)
_POLL_SECONDS = 0.01
#: What a result cannot know about a rerun whose claim is lost.
_OF_LOST_CLAIMS = re.compile(r"\): (rerun is false|attempts is 0), and the journal has 1; ")


def group_case(seed: int, size: tuple[int, int] = (15, 30)) -> Case:
    """A case for several controllers: one attempt, and no faults that end a play.

    Without option ``since``, each controller has its own since, and an instance that failed again before another controller started would
    be a new failure for that one. So every rerun succeeds then.
    """
    case = draw(3_000_000 + seed, size=size)
    rng = random.Random(f"group {seed}")
    visible_after = rng.choice((0.0, rng.uniform(0, VISIBLE_AFTER), rng.uniform(0, VISIBLE_AFTER)))
    switches = {**case.switches, "flow_control": False, "rerun_visible_after": visible_after * SPEED}
    scenario = copy.deepcopy(case.scenario)
    scenario |= {"run_seconds": RUN_SECONDS * SPEED, "switches": {**scenario["switches"], **switches}}
    if not case.given_since:
        for job in scenario["accounts"][0]["workspaces"][0]["jobs"]:
            for instance in job["instances"]:
                if "runs" in instance:
                    instance["runs"] = ["success"]
    options = {**case.options, "attempts": 1, "wait": True, "wait_timeout": 120, "settle_time": SETTLE_TIME, "max_retries": 3}
    options.pop("max_parallel", None)
    faults = tuple(fault for fault in case.faults if "rate" in fault)
    return dataclasses.replace(case, scenario=scenario, options=options, faults=faults, hand=False, switches=switches)


@dataclasses.dataclass
class Trouble:
    """What will still happen to the members of a group, each at a random moment.

    :ivar kills: number of kills; another controller takes over after each.
    :ivar pauses: number of times that a process is suspended, for PAUSE_SECONDS.
    :ivar restarts: number of restarts of the database by *restart*, whose argument is ``fast`` or ``immediate``.
    :ivar loses: whether *restart* loses the newest records.
    """

    seed: int
    kills: int = 0
    pauses: int = 0
    restarts: int = 0
    restart: Callable[[str], None] | None = None
    loses: bool = False

    def __post_init__(self) -> None:
        self._rng = random.Random(f"trouble {self.seed}")
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Number of events that have not happened yet."""
        return self.kills + self.pauses + self.restarts

    def for_controller(self, controller: Controller, service: Running, play: Future[Json], figures: Figures) -> None:
        """Kill or pause *controller* during its *play*, if that is left. Returns when it is done, or when the play has ended."""
        for name in ("kills", "pauses"):
            if not self._take(name):
                continue
            if not self._moment(service, play.done):
                setattr(self, name, getattr(self, name) + 1)
            elif name == "kills":
                controller.kill()
                figures.add(kills=1)
            else:
                controller.stop()
                time.sleep(self._rng.uniform(*PAUSE_SECONDS))
                controller.wake()
                figures.add(pauses=1)
            return

    def for_database(self, service: Running, ended: Callable[[], bool], figures: Figures) -> None:
        """Restart the database as often as is left, until the group has ended."""
        while self.restarts and self.restart is not None and self._moment(service, ended):
            self.restart(self._rng.choice(("fast", "immediate")))
            self.restarts -= 1
            figures.add(db_restarts=1)

    def _take(self, name: str) -> bool:
        with self._lock:
            number = getattr(self, name)
            if number:
                setattr(self, name, number - 1)
            return bool(number)

    def _moment(self, service: Running, ended: Callable[[], bool]) -> bool:
        """Wait for a random moment. False if the play ended first."""
        come, requests, writes = draw_moment(self._rng), len(service.requests()), len(service.journal())
        while not come(service, requests, writes):
            if ended():
                return False
            time.sleep(_POLL_SECONDS)
        time.sleep(self._rng.choice((0, 0, 0.001, 0.005, 0.02)))
        return not ended()


class Group:
    """Plays *case* on several controllers at once.

    :param journal: options for the journal.
    """

    def __init__(self, service: Running, case: Case, controllers: Controllers, journal: Json, trouble: Trouble) -> None:
        self._service, self._case, self._controllers, self._trouble = service, case, controllers, trouble
        self._options = {**options_for(service), **case.options, **journal}
        self.figures = Figures()

    def play(self, members: int) -> Judgement:
        """Play on *members* controllers. Returns what was wrong."""
        service, case = self._service, self._case
        service.reset(case.scenario)
        judge = Judge(service, case)
        if case.given_since:
            self._options["since"] = str(service.now_ms() - random.Random(case.seed).choice((0, 5_000)))
        for fault in case.faults:
            service.inject(fault)
        ready = [controller.ready() for controller in self._controllers.take(members)]
        with ThreadPoolExecutor(members + 1) as pool:
            plays = [pool.submit(self._member, controller) for controller in ready]
            pool.submit(self._trouble.for_database, service, lambda: all(play.done() for play in plays), self.figures).result()
            ends = [play.result() for play in plays]
        service.clear_faults()
        ends = [end if _whole(end) else self._last(end) for end in ends]
        judge.twice()
        judge.order()
        for end in ends:
            if _whole(end):
                judge.reported(end["result"], journal_before=len(service.journal()), others=not case.given_since)
            else:
                judge.judgement.lost.append(f"without any fault a play did not come to its end: {end['error'] or end['base'].get('msg')}")
        self._count(judge)
        return judge.judgement

    def _member(self, controller: Controller) -> Json:
        """Play the same run on one controller after the other, until it ends without errors or :data:`PLAYS` are over."""
        options, end = self._options, Json()
        for dummy in range(PLAYS):
            try:
                end = self._play(controller, options)
            except KilledError:
                (controller,) = self._controllers.take(1)
                controller.ready()
                continue
            self._controllers.give_back(controller)
            if _whole(end):
                break
            options = self._again(end)
            (controller,) = self._controllers.take(1)
            controller.ready()
        else:
            self._controllers.give_back(controller)
        return end

    def _play(self, controller: Controller, options: Json) -> Json:
        with ThreadPoolExecutor(1) as pool:
            play = pool.submit(controller.play, options)
            self._trouble.for_controller(controller, self._service, play, self.figures)
            return play.result()

    def _last(self, end: Json) -> Json:
        """One more play, without faults."""
        (controller,) = self._controllers.take(1)
        try:
            return controller.ready().play({**self._again(end), "read_timeout": 60.0, "max_retries": 6})
        finally:
            self._controllers.give_back(controller)

    def _again(self, end: Json) -> Json:
        """Options for continuing the run of a play that ended so."""
        base = end.get("base") or {}
        return {**self._options, **{name: str(base[name]) for name in ("since", "planned_after", "planned_before") if base.get(name)}}

    def _count(self, judge: Judge) -> None:
        calls = [request for request in self._service.requests() if request["route"]]
        excused = excuse(judge.judgement) if self._trouble.loses else 0
        self.figures.add(
            reruns=sum(map(len, judge.reruns().values())),
            calls=len(calls),
            faulty=sum(1 for request in calls if request["fault"]),
            twice=len(judge.judgement.twice),
            lost=len(judge.judgement.lost),
            wrong=len(judge.judgement.wrong),
            excused=excused,
        )


def excuse(judgement: Judgement) -> int:
    """Leave out of *judgement* what a result cannot know where claims were lost; return how much that was."""
    before = len(judgement.wrong)
    judgement.wrong[:] = [text for text in judgement.wrong if not _OF_LOST_CLAIMS.search(text)]
    return before - len(judgement.wrong)


def _whole(end: Json) -> bool:
    """Whether a play ended without errors and listed all jobs."""
    return bool(end) and end["ended"] and end["error"] is None and not unlisted(end["result"])
