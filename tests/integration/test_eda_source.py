# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source, poll by poll: which failures get an event, that none gets two, and what survives a restart."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import sqlite3
import subprocess
import sys
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.options import source_options
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.source import AccountWatch, EndedError, watch
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.workspace_watch import WorkspaceWatch
from tests.support.playbook import ROOT, TREE, Ansible
from tests.support.scenarios import FREE, SECRET_KEY, SUPPLY_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import account

from .test_missing import whole_hour
from .test_supplement_missing import sales

SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "failed_instances.py"
Event = dict[str, t.Any]


class Source:
    """A watch of one account in this process, which polls when the test says so."""

    def __init__(self, service: t.Any, folder: Path, places: t.Mapping[str, str] | None = None, **changes: t.Any) -> None:
        places = places or {"sales": WORKSPACE_ID}
        self.args = {
            **account(service),
            "workspaces": [{"workspace_id": workspace_id, "host": host} for host, workspace_id in places.items()],
            "journal": str(folder / "journal.db"),
            "max_retries": 0,
            "probe": False,
            **changes,
        }
        self.queue: asyncio.Queue[Event] = asyncio.Queue()
        options = source_options(self.args, service.now_ms())
        self.watch = AccountWatch(options.logins[0], options, {}, self.queue)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.watch.close()

    def poll(self) -> list[Event]:
        """Poll once. Returns the events."""
        asyncio.run(self.watch.poll())
        return self.taken()

    def taken(self) -> list[Event]:
        """Take all events from the queue."""
        events = []
        while not self.queue.empty():
            events.append(self.queue.get_nowait()["dataarts"])
        return events


def failed_jobs(events: list[Event]) -> list[str]:
    """Sorted job names of the failures."""
    return sorted(base64.b64decode(event["job_name_b64"]).decode() for event in events if event["kind"] == "failed")


def test_every_failure_is_told_once_and_a_new_one_at_the_next_poll(service: t.Any, tmp_path: Path) -> None:
    service.set(**V1)  # v2 has no error messages
    with Source(service, tmp_path) as source:
        assert failed_jobs(source.poll()) == ["daily_sales"] * 3 + ["hourly_stock"] * 2 + ["weekly_report"]
        assert source.poll() == []
        service.add("hourly_stock", {"plan_time": "-1m", "status": "fail", "error": "node load failed"}, workspace_id=WORKSPACE_ID)
        (event,) = source.poll()
        assert (event["job_name"], event["failed_again"], event["repeated"], event["host"]) == ("hourly_stock", False, False, "sales")
        assert base64.b64decode(event["error_message_b64"]) == base64.b64decode(event["reason_b64"]) == b"node load failed"
        assert (event["node"], base64.b64decode(event["node_b64"]), event["node_type"]) == ("publish", b"publish", "DLISQL")
        assert source.poll() == []


def test_what_was_never_made_is_told_once(service: t.Any, tmp_path: Path) -> None:
    """One event per workspace, which a source that starts later or shares the journal does not repeat. A stopped job is left out."""
    closed = {**sales(), "name": "closed", "status": "STOPPED"}
    service.reset(small_night(jobs=[sales(), closed], switches={**FREE, **V1}))
    args: dict[str, t.Any] = {"find_missing": True, "planned_after": str(whole_hour(11))}
    with Source(service, tmp_path, **args) as source:
        (event,) = source.poll()
        assert (event["kind"], event["host"], event["instances"], len(event["gaps"])) == ("missing", "sales", 3, 2)
        assert [base64.b64decode(name).decode() for name in event["job_names_b64"]] == ["sales"]
        assert event["planned_from"] == whole_hour(7)
        assert source.poll() == []
    with Source(service, tmp_path, **args) as again:
        assert again.poll() == []
    with Source(service, tmp_path / "other") as other:
        assert other.poll() == []


def test_where_the_schedules_cannot_be_read_failures_are_still_told(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(v1_open=False, **V2)
    with Source(service, tmp_path, find_missing=True) as source:
        assert len(failed_jobs(source.poll())) == 6
    assert "Failed to look for missing instances" in caplog.text


def test_a_failure_is_told_also_where_nobody_says_why(service: t.Any, tmp_path: Path) -> None:
    service.inject({"route": "v1_instance", "times": None, "kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission"})
    with Source(service, tmp_path, max_retries=0) as source:
        events = source.poll()
    assert len(failed_jobs(events)) == 6
    assert {(event["node"], event["node_b64"]) for event in events} == {(None, "")}


@pytest.mark.parametrize(
    "switches", [{}, {"instance_id_after_rerun": "new"}, {"submit_time_after_rerun": "new"}, {"scheduler_skew_seconds": -3600}]
)
def test_an_instance_that_runs_is_told_when_it_fails_and_again_when_it_fails_again(service: t.Any, tmp_path: Path, switches: t.Any) -> None:
    """Even if a rerun changes its key, or the scheduler's clock is set back in between."""
    service.reset(small_night(switches=FREE, speed=1, jobs=[{"name": "daily_sales"}]))
    with Source(service, tmp_path) as source:
        assert source.poll() == []
        service.add("daily_sales", {"plan_time": "-1m", "status": "running", "runs": ["fail"]}, workspace_id=WORKSPACE_ID)
        assert source.poll() == []
        service.advance(10)
        (first,) = source.poll()
        assert not first["failed_again"]
        service.set(**switches)
        rerun(service, tmp_path)
        service.advance(40)
        (second,) = source.poll()
        assert second["failed_again"]
        assert second["id"] != first["id"]
        assert source.poll() == []


@pytest.mark.parametrize(("purpose", "in_clear"), [("INC-4711 disk full", "INC-4711 disk full"), ("{{ 4711 }}", None), (None, None)])
def test_what_the_last_rerun_was_for_is_told_with_the_next_failure(
    service: t.Any, tmp_path: Path, purpose: str | None, in_clear: str | None
) -> None:
    service.reset(
        small_night(
            switches=FREE, speed=1, jobs=[{"name": "daily_sales", "runs": ["fail"], "instances": [{"plan_time": "-1h", "status": "fail"}]}]
        )
    )
    journal = str(tmp_path / "shared.db")
    with Source(service, tmp_path, journal=journal) as source:
        (first,) = source.poll()
        rerun(service, tmp_path, journal=journal, purpose=purpose)
        service.advance(40)
        (second,) = source.poll()
    assert (first["purpose"], first["purpose_b64"], second["failed_again"]) == (None, "", True)
    assert (second["purpose"], base64.b64decode(second["purpose_b64"]).decode()) == (in_clear, purpose or "")


def chain() -> list[dict[str, t.Any]]:
    """A failed job, two that wait for it, one of which has a name like a template, and one that waits for one of these."""
    names = [("load", []), ("{{ report }}", ["load"]), ("bill", ["load"]), ("mail", ["bill"])]
    jobs: list[dict[str, t.Any]] = [
        {"name": name, "depends_on": above, "instances": [{"plan_time": "-1h", "status": "waiting"}]} for name, above in names
    ]
    jobs[0]["instances"][0]["status"] = "fail"
    return jobs


def test_what_depends_on_a_failure_is_told_where_it_is_asked_for(service: t.Any, tmp_path: Path) -> None:
    service.reset(small_night(switches=FREE, jobs=chain()))
    with Source(service, tmp_path) as source:
        (silent,) = source.poll()
    assert (silent["dependants"], silent["dependants_total"]) == (None, None)
    assert service.requests("depend") == []
    with Source(service, tmp_path, journal=str(tmp_path / "other"), dependants=1) as source:
        (event,) = source.poll()
    assert event["dependants_total"] == 2
    assert [(below["job_name"], base64.b64decode(below["job_name_b64"]).decode()) for below in event["dependants"]] == [
        ("bill", "bill"),
        (None, "{{ report }}"),
    ]
    assert {(below["workspace_id"], below["status"], below["plan_time"]) for below in event["dependants"]} == {
        (WORKSPACE_ID, "waiting", event["plan_time"])
    }
    assert event["id"] == silent["id"]


def test_dependants_are_read_of_so_many_failures_and_no_more(service: t.Any, tmp_path: Path) -> None:
    service.reset(small_night(switches=FREE, jobs=[{"name": "daily_sales", "failed": 5}]))
    with Source(service, tmp_path, dependants=3) as source:
        events = source.poll()
    assert [event["dependants_total"] for event in events] == [0, 0, 0, None, None]


def test_a_site_that_does_not_show_dependants_is_asked_once_and_no_event_is_lost(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.reset(small_night(switches={**FREE, "depend_open": False}, jobs=[{"name": "daily_sales", "failed": 2}]))
    with Source(service, tmp_path, dependants=20) as source:
        assert [event["dependants"] for event in source.poll()] == [None, None]
        service.add("daily_sales", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        assert [event["dependants"] for event in source.poll()] == [None]
    assert sum("depend-instances" in request["path"] for request in service.requests()) == 1
    assert sum("Dependants could not be read" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("status", ["manual-stop", "fail"])
def test_a_run_that_was_stopped_is_told_as_such(service: t.Any, tmp_path: Path, status: str) -> None:
    """Only the stopped run: if a later run fails, that is an ordinary failure."""
    hung = {"plan_time": "-1h", "status": "running-exception", "runs": ["fail"]}
    service.reset(small_night(switches={**FREE, "stopped_status": status}, jobs=[{"name": "daily_sales", "instances": [hung]}]))
    journal = str(tmp_path / "shared.db")
    with Source(service, tmp_path, journal=journal, statuses=["fail", "manual-stop"]) as source:
        assert source.poll() == []
        asked = service.now_ms()
        rerun(service, tmp_path, journal=journal, running_exception="stop_and_rerun")
        (stopped,) = source.poll()
        rerun(service, tmp_path, journal=journal, running_exception="stop_and_rerun")
        service.advance(60)
        (again,) = source.poll()
    assert (stopped["status"], stopped["stopped"], again["stopped"]) == (status, True, False)
    assert asked - 2000 <= stopped["stopped_at"] <= service.now_ms()
    assert (again["stopped_at"], again["failed_again"], again["status"]) == (None, True, "fail")


@pytest.mark.parametrize("number", [-1, 101])
def test_a_number_of_dependants_that_cannot_be_is_refused(service: t.Any, tmp_path: Path, number: int) -> None:
    with pytest.raises(OptionError, match=f"dependants is {number}. Set it to"):
        Source(service, tmp_path, dependants=number)


def rerun(service: t.Any, tmp_path: Path, **options: t.Any) -> None:
    """Rerun all failed instances."""
    from tests.support.logic import call
    from tests.support.workspace import options as options_for

    assert call("job_rerun", options_for(service, **{"journal": str(tmp_path / "reruns"), "wait": False, **options}))["changed"]


def test_one_read_of_the_whole_workspace_per_poll(service: t.Any, tmp_path: Path) -> None:
    service.set(**V1, clock_skew_seconds=0)
    with Source(service, tmp_path) as source:
        for dummy in range(5):
            source.poll()
    lists, details = service.requests("v1_list"), service.requests("v1_instance")
    assert (len(lists), len(details), len(service.requests())) == (5, 3, 8)  # the reason is read once, for one instance of each job
    assert all("status=fail" in request["query"] for request in service.requests("v1_list"))


def test_where_nothing_failed_only_the_statistics_are_asked(service: t.Any, tmp_path: Path) -> None:
    switches = {**FREE, **V1, "v2_open": True, "clock_skew_seconds": 0}
    service.reset(small_night(switches=switches, jobs=[{"name": "quiet", "succeeded": 5}]))
    with Source(service, tmp_path, probe=True) as source:
        assert source.poll() == []
        assert [request["route"] for request in service.requests()] == ["overview"]
        service.add("quiet", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        assert failed_jobs(source.poll()) == ["quiet"]
        assert [request["route"] for request in service.requests()] == ["overview", "overview", "v1_list", "v1_instance"]


def test_a_site_without_statistics_is_not_asked_twice(service: t.Any, tmp_path: Path) -> None:
    service.set(**V1, v2_open=False)
    with Source(service, tmp_path, probe=True) as source:
        assert len(source.poll()) == 6
        source.poll()
    assert [request["route"] for request in service.requests()].count("overview") == 1


def test_too_many_workspaces_for_one_call_a_second_are_not_probed(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path, probe=True, poll_interval=1) as source:
        source.poll()
    assert service.requests("overview") == []


def test_only_jobs_statuses_and_times_that_are_meant(service: t.Any, tmp_path: Path) -> None:
    service.add("hourly_stock", {"plan_time": "-1m", "status": "running-exception"}, workspace_id=WORKSPACE_ID)
    with Source(service, tmp_path / "a", jobs=["hourly_*"], statuses=["running-exception"]) as source:
        assert [event["status"] for event in source.poll()] == ["running-exception"]
    with Source(service, tmp_path / "b", planned_after="-90m") as source:
        assert failed_jobs(source.poll()) == ["daily_sales", "hourly_stock", "weekly_report"]


def test_a_job_that_does_not_exist_is_said_once_and_is_not_an_outage(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(**V2, clock_skew_seconds=0)  # v1 lists an unknown job as one without instances
    with Source(service, tmp_path, jobs=["daily_salse", "hourly_stock"]) as source:
        assert failed_jobs(source.poll()) == ["hourly_stock"] * 2
        assert source.poll() == []
    assert caplog.messages == [f"Job daily_salse does not exist in workspace {WORKSPACE_ID}."]


@pytest.mark.parametrize("switches", [V1, V2])
def test_a_name_that_names_no_job_is_said_once_at_the_start(service: t.Any, tmp_path: Path, caplog: t.Any, switches: t.Any) -> None:
    """v1 lists an unknown job as one without instances, as does every walk over a workspace."""
    service.set(**{"v1_open": False, "v2_open": False, "clock_skew_seconds": 0, **switches})
    with Source(service, tmp_path, jobs=["daily_salse", "hourly_*", "wekly_*"]) as source:
        for dummy in range(3):
            source.poll()
    where = f"No job of workspace {WORKSPACE_ID} matches"
    assert caplog.messages == [f"{where} {name}, which is in jobs." for name in ("daily_salse", "wekly_*")]
    assert len(service.requests("v1_jobs")) <= 2


def test_names_that_cannot_be_checked_keep_nobody_from_watching(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(**V1, clock_skew_seconds=0)
    service.inject({"route": "jobs", "kind": "status", "status": 403, "times": 10})
    with Source(service, tmp_path, jobs=["hourly_*"]) as source:
        assert failed_jobs(source.poll()) == ["hourly_stock"] * 2
        assert source.poll() == []
    assert [text[:62] for text in caplog.messages] == [f"The names in jobs could not be checked in workspace {WORKSPACE_ID}"[:62]]


# Restarts


#: Seconds after which an unconfirmed event is delivered again: repeat_within, two polls, a minute, and a few seconds for clocks.
DEADLINE = 300 + 2 * 60 + 60 + 5


def test_what_the_first_poll_could_not_see_is_repeated_by_the_next(service: t.Any, tmp_path: Path) -> None:
    """The list of one job fails in the first poll after a restart."""
    service.set(**V2, clock_skew_seconds=0)
    jobs = ["daily_sales", "hourly_stock"]
    with Source(service, tmp_path, jobs=jobs) as source:
        assert len(source.poll()) == 5
    # the first poll reads twice, the second time by the service's clock; before that, it lists what may have started, job by job
    service.advance(DEADLINE)
    service.inject({"route": "list", "kind": "status", "status": 503, "times": 1, "skip": 4})
    with Source(service, tmp_path, jobs=jobs) as source:
        first = [event for event in source.poll() if event["kind"] == "failed"]
        second = [event for event in source.poll() if event["kind"] == "failed"]
        assert source.poll() == []
    assert 0 < len(first) < 5
    assert len({event["id"] for event in [*first, *second]}) == len(first) + len(second) == 5
    assert all(event["repeated"] for event in [*first, *second])


def test_a_clock_that_is_wrong_until_the_first_answer_confirms_and_forgets_nothing(service: t.Any, tmp_path: Path) -> None:
    """The source starts on a machine with a wrong clock, and the statistics, which it reads first, say that nothing failed."""
    service.reset(small_night(switches={**FREE, **V1, "v2_open": True}, jobs=[{"name": "quiet", "failed": 1}]))
    with Source(service, tmp_path) as source:
        assert len(source.poll()) == 1
    rerun(service, tmp_path)
    service.advance(30)
    with Source(service, tmp_path, probe=True) as source:
        source.watch._session.client.clock._wall = lambda: time.time() + 10 * 86_400
        assert source.poll() == []
        assert service.requests("overview")
        (delivery,) = source.watch._watches[0].deliveries.newest.values()
        assert not delivery.confirmed


def test_a_restart_repeats_what_nobody_may_have_acted_on_and_nothing_else(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path) as source:
        before = source.poll()
    rerun(service, tmp_path)
    service.advance(30)  # all but weekly_report succeed; it fails again
    with Source(service, tmp_path) as source:
        (again,) = source.poll()
        assert (again["job_name"], again["failed_again"], again["repeated"]) == ("weekly_report", True, False)
        assert source.poll() == []
    service.advance(DEADLINE)
    with Source(service, tmp_path) as source:
        (repeated,) = source.poll()
        assert (repeated["id"], repeated["repeated"]) == (again["id"], True)
        service.advance(301)
        assert source.poll() == []
    service.advance(DEADLINE)
    with Source(service, tmp_path) as source:
        assert source.poll() == [], "put five minutes before the source ended"
    assert len({event["id"] for event in [*before, again]}) == 7


def test_sources_that_share_a_journal_put_no_failure_twice(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path) as first, Source(service, tmp_path) as second:
        events = [*first.poll(), *second.poll()]
        assert len({event["id"] for event in events}) == len(events) == 6
        for dummy in range(2):
            service.add("hourly_stock", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
            both = [*second.poll(), *first.poll()]
            assert failed_jobs(both) == ["hourly_stock"]
        service.advance(301)
        assert first.poll() == second.poll() == []
        service.advance(DEADLINE)
        assert second.poll() == first.poll() == [], "confirmed by the one that is alive"


def test_another_source_takes_over_what_one_that_ended_may_have_lost(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path) as source:
        first = source.poll()
    with Source(service, tmp_path) as second:
        assert second.poll() == []
    service.advance(DEADLINE)
    with Source(service, tmp_path) as second, Source(service, tmp_path) as third:
        repeated = [*second.poll(), *third.poll()]
    assert sorted(event["id"] for event in repeated) == sorted(event["id"] for event in first)
    assert all(event["repeated"] for event in repeated)


def test_repeat_within_nought_repeats_nothing(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path, repeat_within=0) as source:
        assert len(source.poll()) == 6
    service.advance(DEADLINE)
    with Source(service, tmp_path, repeat_within=0) as source:
        assert source.poll() == []


@pytest.mark.parametrize("size", [1, 3])
def test_what_was_not_taken_when_the_source_ended_is_put_again(service: t.Any, tmp_path: Path, size: int) -> None:
    """The source is cancelled while the next event waits for a queue of *size* events. (ansible-rulebook's queue has size 1.)"""

    async def cancelled(source: Source) -> None:
        task = asyncio.create_task(source.watch.poll())
        while source.queue.qsize() < size or len(source.watch._watches[0].deliveries.newest) <= size:
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with Source(service, tmp_path, repeat_within=0) as source:
        source.queue = source.watch._queue = asyncio.Queue(size)
        asyncio.run(cancelled(source))
        first = source.taken()
    with Source(service, tmp_path, repeat_within=0) as source:
        second = source.poll()
    service.advance(DEADLINE)
    with Source(service, tmp_path, repeat_within=0) as source:
        (last,) = source.poll()
    assert last["repeated"]
    assert len(first) == size
    assert len({event["id"] for event in [*first, *second, last]}) == len(first) + len(second) + 1 == 6


def test_whoever_cancels_it_waits_until_what_was_claimed_is_written(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    """A cancelled task does not end its thread: the journal must not be closed and reopened by a successor while the thread writes to it."""
    service.set(clock_skew_seconds=0)

    async def main() -> None:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        task = asyncio.create_task(watch(queue, source.args))
        taken.append(await queue.get())
        with contextlib.closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None, timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")  # the next write has to wait
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(task), 0.2)
            task.cancel()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(task), 0.2)
            assert not task.done()
            other.execute("ROLLBACK")
        with contextlib.suppress(asyncio.CancelledError):
            await task
        while not queue.empty():
            taken.append(queue.get_nowait())
        with Source(service, tmp_path, repeat_within=0) as successor:
            await successor.watch.poll()
            later.extend(successor.taken())

    taken: list[Event] = []
    later: list[Event] = []
    source = Source(service, tmp_path, repeat_within=0)
    asyncio.run(main())
    ids = {event["dataarts"]["id"] for event in taken} | {event["id"] for event in later}
    assert len(ids) == 6
    assert len(taken) + len(later) == 6
    assert [text for text in caplog.messages if "Set the clock" not in text] == []


def test_with_feedback_an_event_counts_once_the_engine_has_it(service: t.Any, tmp_path: Path) -> None:
    async def main() -> None:
        feedback: asyncio.Queue[t.Any] = asyncio.Queue(1)
        source.watch._feedback = feedback
        task = asyncio.create_task(source.watch.poll())
        for dummy in range(6):
            await feedback.put(await source.queue.get())
        await task

    with Source(service, tmp_path) as source:
        asyncio.run(main())
    service.advance(DEADLINE)
    with Source(service, tmp_path) as source:
        assert source.poll() == []


# Problems


def test_an_outage_is_told_once_and_its_end_once_and_nothing_is_lost(service: t.Any, tmp_path: Path) -> None:
    with Source(service, tmp_path) as source:
        source.poll()
        service.inject({"route": "list", "kind": "status", "status": 503, "times": 4})
        service.add("daily_sales", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        events = [event for dummy in range(6) for event in source.poll()]
    assert [event["kind"] for event in events] == ["outage", "failed", "restored"]
    assert "Service Unavailable" in base64.b64decode(events[0]["message_b64"]).decode()
    assert events[0]["since"] == events[2]["since"]


def test_one_workspace_in_trouble_does_not_keep_the_others_from_being_seen(service: t.Any, tmp_path: Path) -> None:
    jobs = {"jobs": [{"name": "stock", "failed": 1}]}
    service.reset(
        small_night(switches=FREE, workspaces=[{"id": WORKSPACE_ID, "name": "a", **jobs}, {"id": SUPPLY_ID, "name": "b", **jobs}])
    )
    service.inject({"route": "list", "kind": "status", "status": 503, "times": 1})
    with Source(service, tmp_path, {"sales": WORKSPACE_ID, "supply": SUPPLY_ID}) as source:
        events = source.poll()
        assert [(event["kind"], event.get("host")) for event in events] == [("failed", "supply"), ("outage", None)]
        assert WORKSPACE_ID in base64.b64decode(events[1]["message_b64"]).decode()
        assert [(event["kind"], event.get("host")) for event in source.poll()] == [("failed", "sales"), ("restored", None)]


def test_a_workspace_that_stays_in_trouble_rests_and_the_others_are_seen_at_every_poll(service: t.Any, tmp_path: Path) -> None:
    jobs = {"jobs": [{"name": "stock", "failed": 1}]}
    workspaces = [{"id": workspace_id, "name": workspace_id[:1], **jobs} for workspace_id in (WORKSPACE_ID, SUPPLY_ID)]
    service.reset(small_night(switches={**FREE, **V1, "clock_skew_seconds": 0}, workspaces=workspaces))
    for skipped in (0, 1):  # the first workspace in the first two polls
        service.inject({"route": "list", "kind": "status", "status": 503, "times": 1, "skip": skipped})
    with Source(service, tmp_path, {"sales": WORKSPACE_ID, "supply": SUPPLY_ID}) as source:
        for dummy in range(6):
            source.poll()
            assert source.watch.misses == 0, "the next poll is not put off"
    assert [request["status"] for request in service.requests("v1_list")] == [503, 200, 503, 200, 200, 200, 200, 200]
    service.inject({"route": "list", "kind": "status", "status": 503, "times": 6})
    with Source(service, tmp_path / "alone") as source:
        for dummy in range(6):
            source.poll()
        assert source.watch.misses == 6


def test_a_workspace_that_is_gone_ends_only_a_source_that_has_no_other(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    """One of two workspaces is deleted: that is reported, and the other is still watched, including its outages."""
    service.set(**V1)
    places = {"gone": "00000000000000000000000000000bad", "sales": WORKSPACE_ID}
    with Source(service, tmp_path, places) as source:
        events = source.poll()
        assert [event["kind"] for event in events] == ["failed"] * 6 + ["outage"]
        assert places["gone"] in base64.b64decode(events[-1]["message_b64"]).decode()
        service.add("daily_sales", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        assert failed_jobs(source.poll()) == ["daily_sales"]
        service.inject({"route": "list", "kind": "status", "status": 503, "times": 1, "skip": 0})
        messages = [(event["kind"], base64.b64decode(event["message_b64"]).decode()) for dummy in range(2) for event in source.poll()]
        assert [kind for kind, dummy in messages] == ["outage", "restored"]
        assert messages[0][1].startswith(f"Failed to read workspace {WORKSPACE_ID}: ")
        assert messages[1][1] == f"Workspace {WORKSPACE_ID} can be read again."
    with Source(service, tmp_path, {"gone": places["gone"]}) as source, pytest.raises(EndedError) as caught:
        source.poll()
    assert str(caught.value).startswith(f"Stopped watching workspace {places['gone']}: ")


def test_what_the_client_warns_of_is_in_the_log_once(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(**V1, clock_skew_seconds=120)
    with Source(service, tmp_path) as source:
        for dummy in range(3):
            source.poll()
    (line,) = caplog.messages
    assert "Set the clock (NTP)" in line


def test_it_needs_no_thread_of_the_loop(service: t.Any, tmp_path: Path) -> None:
    """The loop's executor has few threads (cores plus four): if hanging accounts or other code use them all, watching must go on."""
    free = threading.Event()

    async def main() -> Event:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Event]()
        with ThreadPoolExecutor(1) as pool:
            loop.set_default_executor(pool)
            hanging = loop.run_in_executor(None, free.wait)
            task = asyncio.create_task(watch(queue, source.args))
            try:
                return await asyncio.wait_for(queue.get(), 60)
            finally:
                free.set()
                task.cancel()
                await asyncio.gather(task, hanging, return_exceptions=True)

    source = Source(service, tmp_path)
    assert asyncio.run(main())["dataarts"]["kind"] == "failed"


def test_a_wrong_credential_ends_it_with_one_line(service: t.Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = Source(service, tmp_path, secret_key="sk-wrong-0123456789")
    queue: asyncio.Queue[Event] = asyncio.Queue()
    with caplog.at_level(logging.INFO):
        asyncio.run(asyncio.wait_for(watch(queue, source.args), 60))
    (line,) = [record for record in caplog.records if record.name == "dataarts.factory.failed_instances"]
    assert line.exc_info is None
    assert line.getMessage().startswith(f"Stopped watching workspace {WORKSPACE_ID}: APIG")
    assert ".0301 " in line.getMessage()
    assert "Check the credentials" in line.getMessage()
    assert "sk-wrong" not in caplog.text
    event = queue.get_nowait()
    assert event["dataarts"]["kind"] == "ended"
    assert event["meta"]["hosts"] == ["sales"]
    assert queue.empty()
    with pytest.raises(EndedError), source:
        source.poll()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poll_interval": 0}, "poll_interval is 0"),
        ({"secret_key": None}, "access_key without secret_key"),
        ({"endpoint": "http://dayu.example.com"}, "http"),
        ({"workspaces": [{"workspace_id": 12}]}, "workspace_id must be text, not a number"),
        ({"journal": "mysql://db.example.com/journal"}, "journal is a URI of kind mysql"),
    ],
)
def test_what_cannot_work_ends_it_with_one_line(service: t.Any, tmp_path: Path, caplog: t.Any, changes: t.Any, words: t.Any) -> None:
    args = {name: value for name, value in {**Source(service, tmp_path).args, **changes}.items() if value is not None}
    asyncio.run(asyncio.wait_for(watch(asyncio.Queue(), args), 60))
    (line,) = [record for record in caplog.records if record.name == "dataarts.factory.failed_instances"]
    assert words in line.getMessage()
    assert line.exc_info is None
    assert SECRET_KEY not in caplog.text


def test_a_damaged_journal_is_set_aside_and_counts_as_new(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(clock_skew_seconds=0)
    with Source(service, tmp_path) as source:
        assert len(source.poll()) == 6
    (tmp_path / "journal.db").write_text("not a database\n" * 100)
    with Source(service, tmp_path) as source:
        assert len(source.poll()) == 6
        assert source.poll() == []
    (line,) = caplog.messages
    assert "set aside" in line


def test_a_journal_that_cannot_be_written_is_an_outage(service: t.Any, tmp_path: Path, caplog: t.Any) -> None:
    service.set(clock_skew_seconds=0)
    (tmp_path / "file").touch()
    with Source(service, tmp_path, journal=str(tmp_path / "file" / "journal.db")) as source:
        (event,) = source.poll()
        assert source.poll() == []
        assert event["kind"] == "outage"
        assert str(tmp_path / "file") in base64.b64decode(event["message_b64"]).decode()
        (tmp_path / "file").unlink()
        assert [event["kind"] for event in source.poll()] == ["failed"] * 6 + ["restored"]


def test_whatever_ends_it_is_the_last_event(service: t.Any, tmp_path: Path, caplog: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect must cause an event, because nobody reads the log at night."""

    def broken(self: t.Any, failure: t.Any) -> t.NoReturn:
        raise RuntimeError("secret")

    source = Source(service, tmp_path)
    monkeypatch.setattr(WorkspaceWatch, "claim", broken)
    queue: asyncio.Queue[Event] = asyncio.Queue()
    asyncio.run(asyncio.wait_for(watch(queue, source.args), 60))
    (line,) = [record for record in caplog.records if record.name == "dataarts.factory.failed_instances"]
    assert "unexpected RuntimeError in" in line.getMessage()
    assert "secret" not in line.getMessage()
    assert line.exc_info is None
    event = queue.get_nowait()
    assert (event["dataarts"]["kind"], event["meta"]["hosts"]) == ("ended", ["sales"])
    assert base64.b64decode(event["dataarts"]["message_b64"]).decode() == line.getMessage()
    assert queue.empty()


def test_loaded_by_its_path_it_finds_the_collection_and_lets_the_loop_go_on(service: t.Any, tmp_path: Path) -> None:
    """As in ansible-rulebook: runpy, nothing on the path, one process. The event loop keeps running while the service is slow."""
    program = """
import asyncio, json, runpy, sys, time

async def main():
    source, args = runpy.run_path(sys.argv[1])["main"], json.loads(sys.argv[2])
    queue, ticks = asyncio.Queue(1), 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking, task = asyncio.create_task(tick()), asyncio.create_task(source(queue, args))
    names = [(await queue.get())["dataarts"]["job_name"] for dummy in range(6)]
    print(json.dumps({"names": sorted(names), "ticks": ticks}), flush=True)
    task.cancel(), ticking.cancel()

asyncio.run(main())
"""
    service.inject({"route": "list", "kind": "latency", "seconds": 1.0, "times": 1})
    args = Source(service, tmp_path / "state").args
    env = Ansible(tmp_path, collections=TREE).variables()
    command = [sys.executable, "-c", program, str(SOURCE), json.dumps(args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["names"] == ["daily_sales"] * 3 + ["hourly_stock"] * 2 + ["weekly_report"]
    assert printed["ticks"] > 5
