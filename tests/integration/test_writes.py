# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of write in a process that sleeps between its claim and its request: a change in that time prevents the request.

The process does not really sleep: its stopwatch and the clocks of the service and the journal jump, and meanwhile something happens.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import resource
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.supplement_data import SupplementDataApi
from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._common import stopwatch as stopwatch_file
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client, Guard
from ansible_collections.dataarts.factory.plugins.module_utils._journal.database import Database
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import Phase
from tests.support.journaled import before_change
from tests.support.logic import Result, call
from tests.support.scenarios import FREE, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

Json = dict[str, t.Any]
JOBS: list[Json] = [
    {"name": "failed", "instances": [{"id": 1, "plan_time": "-2h", "status": "fail"}]},
    {"name": "hangs", "run_seconds": 360_000, "instances": [{"id": 2, "plan_time": "-1h", "status": "running"}]},
    {"name": "exception", "run_seconds": 360_000, "instances": [{"id": 3, "plan_time": "-1h", "status": "running-exception"}]},
    {"name": "planned", "status": "SCHEDULING", "run_seconds": 3600, "cron": "0 0 3 * * ?", "instances": []},
    {"name": "by_hand", "schedule": "MANUAL", "succeeded": 1, "every": "10m"},
]
PATCH: Json = {
    "name": "week",
    "job_name": "planned",
    "start_date": "2026-11-01 +08:00",
    "end_date": "2026-11-02 +08:00",
    "poll_interval": 1,
}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of write.

    :param options: options of its module.
    :param before: options of an earlier call of the module, None for no call.
    :param other: different options of another controller's call, which takes over the claim meanwhile.
    :param accepted: writes that the service has accepted after that.
    """

    module: str
    options: Json
    accepted: list[str]
    before: Json | None = None
    other: Json = dataclasses.field(default_factory=dict)


RERUN = Kind("job_rerun", {"jobs": ["failed"], "poll_interval": 1, "since": None}, ["retry"])
RERUN_HUNG = Kind("job_rerun", {"jobs": ["exception"], "poll_interval": 1, "running_exception": "stop_and_rerun"}, [])
RETRY = Kind("job_instance_retry", {"job_name": "failed"}, ["retry"])
STOP = Kind("job_instance_stop", {"job_name": "hangs", "instance_ids": ["2"], "wait": False}, ["stop"])
START_PATCH = Kind("supplement_data", {**PATCH, "wait": False}, ["patch_data"])
STOP_PATCH = Kind("supplement_data", {**PATCH, "state": "stopped"}, ["patch_data_stop"], before={"state": "present", "wait": False})
# A claimed key is never sent again.
RUN = Kind("job_run", {"job_name": "by_hand", "run_key": "night", "wait": False}, [])
# The other call ends the pause, so that nobody would resume the job: a new decision with a new claim is needed.
PAUSE = Kind("job_schedule", {"jobs": ["planned"], "state": "paused"}, ["stop_schedule"], other={"state": "resumed"})
# Somebody has stopped the job for good.
RESUME = Kind("job_schedule", {"jobs": ["planned"], "state": "resumed"}, [], before={"state": "paused"}, other={"state": "stopped"})
# A job that is no longer paused is not resumed.
RESUME_ALL = dataclasses.replace(RESUME, options={"jobs": ["plan*"], "state": "resumed"}, other={"jobs": ["planned"], "state": "stopped"})
CLAIMED = {"rerun": RERUN, "stop": STOP, "patch data": START_PATCH, "run": RUN, "pause": PAUSE, "resume": RESUME}


class Night:
    """A controller whose request is delayed once, and another one without a delay.

    :ivar asked: number of times that a request was about to be sent.
    """

    def __init__(self, service: t.Any, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service, self.asked = service, 0
        self._monkeypatch = monkeypatch
        self.directory, self._journal = directory, str(directory / "journal.db")
        self._ahead = 0.0
        self._happens: Callable[[], object] | None = None
        clock, guarded = stopwatch_file._clock, Client.guarded
        monkeypatch.setattr(stopwatch_file, "_clock", lambda: clock() + self._ahead)

        @contextlib.contextmanager
        def watched(client: Client, guard: Guard) -> Iterator[None]:
            with guarded(client, guard):
                self.asked += 1
                happens, self._happens = self._happens, None
                if happens is not None:
                    happens()
                yield

        monkeypatch.setattr(Client, "guarded", watched)

    def call(self, kind: Kind, **changes: t.Any) -> Result:
        given = {"journal": self._journal, "settle_time": 1, "read_timeout": 2, "max_retries": 1, **kind.options, **changes}
        return call(kind.module, options(self.service, **given))

    def begin(self, kind: Kind) -> int:
        """Make the earlier call. Returns the number of writes in the service's journal after it."""
        if kind.before is not None:
            assert not self.call(kind, **kind.before)["failed"]
        self.asked = 0
        return len(self.service.journal())

    def history(self, **options: t.Any) -> Result:
        return call("rerun_history_info", {"journal": self._journal, **options})

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds
        self.service.advance(seconds)

    def hold_back(self, happens: Callable[[], object]) -> None:
        """Call *happens* before the next request is sent."""
        self._happens = happens

    def after_list(self, owner: type, name: str, number: int, happens: Callable[[], object]) -> None:
        """Call *happens* after call *number* of method *name* of *owner*."""
        read, lists = getattr(owner, name), itertools.count(1)

        def listed(*args: t.Any) -> t.Any:
            answer = read(*args)
            if next(lists) == number:
                happens()
            return answer

        self._monkeypatch.setattr(owner, name, listed)

    def schedule(self) -> str:
        """Status of job planned."""
        return str(self.service.state()["schedules"][WORKSPACE_ID]["planned"])

    def accepted(self, before: int) -> list[str]:
        return [entry["kind"] for entry in self.service.journal()[before:]]


@pytest.fixture
def night(emulated: t.Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    emulated.reset(small_night(switches={**FREE, **V1, **V2}, jobs=JOBS))
    return Night(emulated, tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", [*CLAIMED.values(), RESUME_ALL], ids=[*CLAIMED, "resume all"])
def test_nothing_leaves_once_another_controller_has_taken_the_claim_over(night: Night, kind: Kind) -> None:
    before = night.begin(kind)

    def meanwhile() -> None:
        night.sleep(30)
        night.call(kind, **kind.other)

    night.hold_back(meanwhile)
    result = night.call(kind)
    assert night.asked >= 1
    assert night.accepted(before) == kind.accepted
    history = night.history()
    assert "intended" not in {attempt["outcome"] for attempt in history["attempts"]}, "what did not leave is known not to have left"
    if kind.module == "job_schedule":
        assert (night.schedule(), result["failed"], result["changed"]) == ("STOPPED", False, kind is PAUSE)
        assert len(history["open_pauses"]) == (kind is PAUSE)


MISSING = Kind("supplement_missing", {"jobs": ["planned"], "planned_after": "-2d", "planned_before": "-1h", "settle_time": 1}, [])
PAUSES = Kind("job_rerun", {**RERUN.options, "pause_schedules": True}, [])
#: Unusable journals, and the words of the error.
UNUSABLE = {
    "full": ("journal.db", "disk I/O error. Nothing is sent without it. Check that file system"),
    "link": ("link.db", "it is a symbolic link, not a file. Set journal to the file itself"),
    "another's": ("notes.txt", "it is not named like one (.db, .sqlite, .sqlite3). Move it away"),
    "server": (
        "postgresql://reruns:s3cret@127.0.0.1:1/reruns",
        "Connection refused. Nothing is sent without it. Check journal and that the server runs",
    ),
}


@pytest.mark.parametrize(("where", "words"), UNUSABLE.values(), ids=list(UNUSABLE))
@pytest.mark.parametrize("kind", [*CLAIMED.values(), STOP_PATCH, MISSING, PAUSES], ids=[*CLAIMED, "stop patch data", "missing", "pauses"])
def test_nothing_leaves_without_a_journal_and_one_message_says_why(
    night: Night, tmp_path: Path, kind: Kind, where: str, words: str
) -> None:
    before, full = night.begin(kind), where == "journal.db"
    (tmp_path / "link.db").symlink_to("elsewhere.db")
    (tmp_path / "notes.txt").write_text("a list\n" * 500, encoding="utf-8")
    path = where if ":" in where else str(tmp_path / "full" / where if full else tmp_path / where)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192 if full else soft, hard))
    try:
        result = night.call(kind, journal=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    # a job that nobody has paused is not resumed, so without its pause in the journal there is nothing to claim
    if not (full and kind is RESUME):
        assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "journal"), result
        assert words in result["msg"]
    assert night.accepted(before) == []
    assert "s3cret" not in str(result)


def test_nothing_is_made_that_a_lost_journal_may_have_known_to_be_made(night: Night) -> None:
    assert night.call(RUN)["changed"]
    (night.directory / "journal.db").write_bytes(b"no longer a database" * 500)
    before = len(night.service.journal())
    assert "It was set aside, so start again" in night.call(MISSING, settle_time=15)["msg"]
    result = night.call(MISSING, settle_time=15)
    assert (result["failed"], result["error"]["kind"], night.accepted(before)) == (True, "incomplete", []), result
    assert "and PatchData that was sent before may not show yet" in result["msg"]
    night.sleep(70)
    night.call(MISSING, wait_timeout=0)
    assert night.accepted(before) == ["patch_data"]


@pytest.mark.parametrize("between", ["started", "unknown"])
def test_a_run_whose_claim_was_lost_before_it_left_frees_its_key(night: Night, between: str) -> None:
    """The other task considers it lost: it reports unknown, or finds an instance that somebody has started by hand, and follows that."""
    others: list[Result] = []

    def meanwhile() -> None:
        night.sleep(30)
        if between == "started":
            night.call(RUN, run_key="by hand", journal=str(night.directory / "another.db"))
        others.append(night.call(RUN))

    night.hold_back(meanwhile)
    result = night.call(RUN)
    assert (result["failed"], result["changed"], result["action"], result["error"]["kind"]) == (True, False, "none", "stale")
    assert "the request was not sent: another task took its claim over in the meantime" in result["msg"]
    assert others[0]["action"] == ("adopt" if between == "started" else "unknown")
    again = night.call(RUN)
    assert (again["failed"], again["action"]) == (False, "adopt" if between == "started" else "run")
    assert night.accepted(0) == ["run"]


@pytest.mark.parametrize("refusal", [400, 403])
def test_a_run_that_was_refused_after_another_task_took_it_for_lost_frees_its_key(
    night: Night, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    """The service's answer counts, even if another task has recorded unknown meanwhile."""
    night.service.inject({"route": "v1_run", "kind": "status", "status": refusal, "code": "DLF.30118", "message": "no", "times": 1})
    run_job = WorkspaceApi.run_job

    def slow(api: WorkspaceApi, *args: t.Any) -> t.Any:
        monkeypatch.setattr(WorkspaceApi, "run_job", run_job)
        try:
            return run_job(api, *args)
        finally:
            night.sleep(30)
            assert night.call(RUN)["action"] == "unknown"

    monkeypatch.setattr(WorkspaceApi, "run_job", slow)
    assert night.call(RUN)["action"] == "rejected"
    assert (night.call(RUN)["action"], night.accepted(0)) == ("run", ["run"])


@pytest.mark.parametrize("kind", [STOP, START_PATCH], ids=["stop", "patch data"])
def test_nothing_leaves_by_a_list_that_grew_old_until_it_is_listed_again(night: Night, kind: Kind) -> None:
    before = night.begin(kind)
    night.hold_back(lambda: night.sleep(70))
    result = night.call(kind)
    assert (night.asked, night.accepted(before)) == (2, kind.accepted), result
    assert (result["failed"], result["changed"]) == (False, True)


def test_no_patch_data_is_stopped_by_a_list_that_grew_old(night: Night) -> None:
    before = night.begin(STOP_PATCH)
    night.hold_back(lambda: night.sleep(70))
    result = night.call(STOP_PATCH)
    assert (night.asked, night.accepted(before), result["error"]["kind"]) == (1, [], "stale")
    assert (night.call(STOP_PATCH)["changed"], night.accepted(before)) == (True, STOP_PATCH.accepted)


def test_nothing_is_rerun_by_a_list_that_grew_old(night: Night) -> None:
    night.hold_back(lambda: night.sleep(70))
    result = night.call(RERUN)
    assert (night.asked, night.accepted(0), result["finished"]) == (1, [], False)
    assert night.call(RERUN, since=str(result["since"]))["instances"][0]["action"] == "retry"
    assert night.accepted(0) == RERUN.accepted


@pytest.mark.parametrize(("kind", "by_hand"), [(PAUSE, "stopped"), (RESUME, "started")], ids=["pause", "resume"])
def test_no_schedule_is_changed_that_somebody_has_changed_meanwhile(night: Night, tmp_path: Path, kind: Kind, by_hand: str) -> None:
    before = night.begin(kind)
    night.hold_back(lambda: night.call(kind, state=by_hand, journal=str(tmp_path / "another.db")))
    result = night.call(kind)
    assert (result["failed"], result["changed"]) == (False, False)
    assert len(night.accepted(before)) == 1, "that of the person"


@pytest.mark.parametrize("state", ["paused", "resumed", "started"])
def test_a_job_that_another_controller_pauses_between_list_and_journal_is_started_again(night: Night, state: str) -> None:
    """A list from before the pause and a journal from after it look as if somebody had started the job since, and the pause were over."""
    night.after_list(WorkspaceApi, "list_jobs", 1, lambda: night.call(PAUSE))
    assert not night.call(PAUSE, state=state)["failed"]
    assert not night.call(PAUSE, state="resumed")["failed"]
    assert night.schedule() == "SCHEDULING"


#: Requested state, whether the job is paused, before which change of its pause another controller sets which state, and the result: status
#: of the job, number of open pauses, and words of the reason.
CHANGED_MEANWHILE = {
    "pause": ("paused", False, ("change", Phase.PAUSED), "resumed", ("STOPPED", 1, "it was SCHEDULING")),
    "stop": ("stopped", True, ("close",), "resumed", ("STOPPED", 0, "it was SCHEDULING")),
    "start": ("started", True, ("close",), "paused", ("STOPPED", 1, "and another run has changed its pause since")),
    "resume": ("resumed", True, ("close",), "paused", ("STOPPED", 1, "and another run has changed its pause since")),
}


@pytest.mark.parametrize(("state", "paused", "change", "other", "end"), CHANGED_MEANWHILE.values(), ids=list(CHANGED_MEANWHILE))
def test_a_change_of_a_pause_that_the_journal_refuses_is_not_taken_for_made(
    night: Night, monkeypatch: pytest.MonkeyPatch, state: str, paused: bool, change: tuple[t.Any, ...], other: str, end: tuple[t.Any, ...]
) -> None:
    if paused:
        assert night.call(PAUSE)["changed"]

    def meanwhile() -> None:
        night.sleep(30)
        assert night.call(PAUSE, state=other)["changed"]

    before_change(monkeypatch, change[0], meanwhile, *change[1:])
    result = night.call(PAUSE, state=state)
    assert (result["failed"], result["changed"]) == (False, True), result
    status, pauses, words = end
    assert (night.schedule(), len(night.history()["open_pauses"])) == (status, pauses), result
    assert words in result["jobs"][0]["reason"]


@pytest.mark.parametrize("refused", [False, True], ids=["shown", "refused"])
def test_a_pause_that_another_controller_wants_too_is_kept_where_that_one_need_not_or_cannot_stop_the_job(
    night: Night, tmp_path: Path, refused: bool
) -> None:
    """The first has claimed the pause, and the second has listed the job before the first one's stop arrived."""

    def arrives() -> None:
        assert night.call(PAUSE, state="stopped", journal=str(tmp_path / "another.db"))["changed"]

    def second() -> None:
        if refused:
            night.service.inject(
                {"route": "v1_stop_job", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "times": 1}
            )
        else:
            night.hold_back(arrives)
        assert night.call(PAUSE)["failed"] is refused

    night.hold_back(second)
    assert not night.call(PAUSE)["failed"]
    assert night.schedule() == "STOPPED"
    night.sleep(30)
    assert night.call(PAUSE, state="resumed")["changed"]
    assert night.schedule() == "SCHEDULING"


def test_patch_data_is_not_sent_again_by_a_list_from_before_the_first_request_had_to_show(night: Night, tmp_path: Path) -> None:
    """That request is still delayed when the list is read; it arrives in time, and the list is not too old."""
    night.service.inject({"route": "write", "kind": "drop", "when": "before_effect", "times": 1})

    def arrives() -> None:
        assert night.call(START_PATCH, journal=str(tmp_path / "another.db"))["changed"]
        night.sleep(30)

    night.after_list(SupplementDataApi, "named", 2, arrives)
    result = night.call(START_PATCH)
    assert (night.asked, night.accepted(0)) == (2, START_PATCH.accepted), "the delayed one, and no other"
    assert (result["failed"], result["changed"], result["adopted"]) == (False, True, False)


def test_what_another_controller_has_stopped_first_was_not_changed_here(night: Night) -> None:
    before = night.begin(STOP_PATCH)
    others: list[Result] = []
    night.hold_back(lambda: others.append(night.call(STOP_PATCH)))
    result = night.call(STOP_PATCH)
    assert [(entry["failed"], entry["changed"], entry["patch_data"]["state"]) for entry in (*others, result)] == [
        (False, True, "stopped"),
        (False, False, "stopped"),
    ]
    assert night.accepted(before) == ["patch_data_stop"]


def test_the_history_has_everything_that_was_started_or_stopped(night: Night) -> None:
    schedules = [
        Kind("job_schedule", {"jobs": ["planned"], "state": state}, []) for state in ("paused", "resumed", "stopped", "started", "paused")
    ]
    made = [night.call(kind, purpose="INC-4711") for kind in (RERUN, STOP, START_PATCH, STOP_PATCH, RUN, *schedules)]
    assert not [result["msg"] for result in made if result["failed"]]
    history = night.history()
    attempts = history["attempts"][::-1]
    assert [(attempt["kind"], attempt["run_id"]) for attempt in attempts] == [
        (kind, result["run_id"])
        for kind, result in zip(
            ["rerun", "stop", "patch_data", "patch_data_stop", "run", "pause", "resume", "schedule_stop", "schedule_start", "pause"],
            made,
            strict=True,
        )
    ]
    assert {(attempt["outcome"], attempt["purpose"], attempt["user"] != "") for attempt in attempts} == {("accepted", "INC-4711", True)}
    assert len(attempts) == len(night.service.journal()), "the service has accepted nothing else"
    patch, run = attempts[2], attempts[4]
    assert (patch["patch_data"], patch["plan_time_iso"], patch["plan_time_end_iso"]) == (
        "week",
        "2026-10-31T16:00:00Z",
        "2026-11-02T15:59:59Z",
    )
    assert (attempts[3]["patch_data"], attempts[3]["job_name"], run["run_key"]) == ("week", "planned", "night")
    (pause,) = history["open_pauses"]
    assert (pause["job_name"], pause["made_by"], pause["phase"], pause["run_id"]) == ("planned", "task", "paused", made[-1]["run_id"])
    assert night.history(kinds=["run", "pause"])["total"] == 3
    assert night.history(jobs=["hangs"], made_before="-1h") | {"kinds": 0, "outcomes": 0} == {
        **night.history(jobs=["none"]),
        "kinds": 0,
        "outcomes": 0,
    }


@pytest.mark.parametrize(
    ("when", "outcomes"),
    [("before_effect", ["accepted", "unknown"]), ("after_effect", ["accepted"])],
)
def test_the_history_says_how_a_request_ended_whose_answer_was_lost(night: Night, when: str, outcomes: list[str]) -> None:
    night.service.inject({"route": "v1_stop_job", "kind": "drop", "when": when, "times": 1})
    assert night.call(PAUSE, max_retries=0)["changed"]
    assert [attempt["outcome"] for attempt in night.history()["attempts"]] == outcomes


def test_the_history_says_what_was_not_sent(night: Night, tmp_path: Path) -> None:
    night.hold_back(lambda: night.call(PAUSE, state="stopped", journal=str(tmp_path / "another.db")))
    assert not night.call(PAUSE)["changed"]
    assert [(attempt["kind"], attempt["outcome"]) for attempt in night.history()["attempts"]] == [("pause", "moved_on")]


def of_failed(night: Night) -> Json:
    """The option that selects the failed instance."""
    (failed,) = call("job_instance_info", options(night.service, jobs=["failed"]))["instances"]
    return {"task_retrys": [{name: failed[name] for name in ("job_id", "plan_time", "submit_time")}]}


@pytest.mark.parametrize("kind", [RERUN, RERUN_HUNG, RETRY, STOP, START_PATCH], ids=["rerun", "hung", "named", "stop", "patch data"])
def test_what_is_not_sent_because_each_list_of_it_is_old_does_not_count_as_done(
    night: Night, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    given = of_failed(night) if kind is RETRY else {}
    send, reads = Client.send, itertools.count(1)

    def slow(client: Client, *args: t.Any, **named: t.Any) -> t.Any:
        answer = send(client, *args, **named)
        night.sleep(70)
        assert next(reads) < 60, "it lists for ever"
        return answer

    monkeypatch.setattr(Client, "send", slow)
    result = night.call(kind, **given)
    assert (result["failed"], night.accepted(0)) == (kind.module != "job_rerun", []), "a rerun is listed again in the next pass"
    text = result["msg"] if result["failed"] else result["problems"][0]
    assert "list is older than 60 seconds; it is listed again first" in text or kind is STOP
    assert "Run it again" in text


@pytest.mark.parametrize("kind", CLAIMED.values(), ids=list(CLAIMED))
def test_nothing_leaves_while_the_journal_is_too_slow_to_say_that_the_claim_stands_and_nothing_asks_for_ever(
    night: Night, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    before, transact, asked = night.begin(kind), Database.transact, itertools.count(1)

    def slow(database: Database, work: t.Any, *, write: bool = False) -> t.Any:
        result = transact(database, work, write=write)
        if write:
            night.sleep(6)
            assert next(asked) < 60, "it asks for ever"
        return result

    monkeypatch.setattr(Database, "transact", slow)
    result = night.call(kind)
    assert (result["failed"], night.accepted(before)) == (True, []), result
    assert result["error"]["kind"] == "journal", "a later pass would only wait for it again, for as long as wait_timeout"
    assert "the journal took 5 seconds or more, 3 times, to confirm the claim" in result["msg"]
    assert "The request was not sent. Check the file system or the server of the journal" in result["msg"]


#: All kinds of writes, including those that the journal keeps only as information for people.
ALL = {
    **CLAIMED,
    "rerun of what hangs": RERUN_HUNG,
    "retry": RETRY,
    "stop of patch data": STOP_PATCH,
    "resume all": RESUME_ALL,
    "schedule started": Kind("job_schedule", {"jobs": ["failed"], "state": "started"}, []),
    "schedule stopped": Kind("job_schedule", {"jobs": ["planned"], "state": "stopped"}, []),
    "missing": Kind("supplement_missing", {"jobs": ["planned"], "planned_after": "-2d"}, []),
}


@pytest.mark.parametrize("what", ALL)
@pytest.mark.parametrize("place", ["below a file", "an unreachable server"])
def test_check_mode_fails_by_the_journal_that_the_write_would_need(night: Night, what: str, place: str) -> None:
    kind, file = ALL[what], night.directory / "file"
    before = night.begin(kind)
    file.write_text("", encoding="ascii")
    journals = {"below a file": str(file / "journal.db"), "an unreachable server": "postgresql://127.0.0.1:1/j"}
    given = {"settle_time": 1, **kind.options, **(of_failed(night) if kind is RETRY else {}), "journal": journals[place]}
    checked, done = (call(kind.module, options(night.service, **given), check=check) for check in (True, False))
    assert [result.get("error", {}).get("kind") for result in (done, checked)] == ["journal", "journal"]
    assert len(night.service.journal()) == before
