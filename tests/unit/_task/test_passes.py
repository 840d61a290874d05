# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes of one task: their combined state, when the next is due, and the lines for people."""

from __future__ import annotations

import json
import re
import shlex
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import rerun_spec
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import is_broken, standing
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, Line, width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import translated
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import console, counts, passes, registered, verdict
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.passes import Passes
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.verdict import TaskRun
from tests.unit.building import FAIL, attempt, instance

SINCE = 1_795_402_800_000  # 2026-11-23T03:00:00Z
PLANNED = SINCE - 3_600_000


def entry(number: int, action: str, status: str = "fail", **more: t.Any) -> dict[str, t.Any]:
    """An instance as the module returns it, with its standing."""
    record = attempt() if more.get("rerun") else None
    attempts = more.get("attempts") or int(action == "done" and more.get("status_before") != "success")  # it had failed in this run
    made = Decision(instance(Status(status)), Action(action), "because", attempts=attempts, attempt=record)
    return {
        "standing": more.pop("standing", standing(made, FAIL)),
        "broken": is_broken(made, FAIL),
        "adopted": more.pop("adopted", False),
        "workspace_id": "w1",
        "job_name": more.pop("job_name", "daily_sales"),
        "job_id": "7",
        "plan_time": PLANNED + number * 1000,
        "submit_time": 5,
        "instance_id": more.pop("instance_id", str(number)),
        "status": status,
        "action": action,
        "reason": f"because {number}",
        "status_before": more.pop("status_before", "fail"),
        "attempts": more.pop("attempts", 0),
        "request_id": more.pop("request_id", None),
        "rerun": more.pop("rerun", False),
        **more,
    }


def texts(lines: t.Iterable[Line]) -> list[str]:
    """The texts of *lines*, row by row."""
    return [row for line in lines for row in line.text.splitlines()]


def passed(*instances: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    finished = not any(Action(instance["action"]).open for instance in instances)
    return {
        "changed": any(instance["rerun"] for instance in instances),
        "instances": list(instances),
        "statuses": ["fail"],
        "since": SINCE,
        "planned_after": 1,
        "planned_before": 2,
        "finished": finished,
        "due_in": None,
        "plan": ["Workspace w1: 1 of 1 instances to rerun"],
        "problems": [],
        "requests": {"GET": 2, "POST": 1},
        **more,
    }


def failure(kind: str, msg: str = "Failed to list the instances of workspace w1", **more: t.Any) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": msg, "error": {"kind": kind}, "requests": {"GET": 1}, **more}


def run_of(*results: dict[str, t.Any]) -> Passes:
    run = Passes()
    for result in results:
        run = run.after(result)
    return run


def place(**more: t.Any) -> TaskRun:
    return TaskRun(**{"host": "sales", "workspace_id": "w1", "elapsed": 65.0, **more})


TIMING = passes.Timing(wait=True, wait_timeout=60.0, poll_interval=5.0)


class TestMerging:
    def test_an_instance_is_one_whatever_its_instance_id_becomes(self) -> None:
        run = run_of(
            passed(entry(1, "retry", rerun=True, attempts=1, request_id="r1", instance_id="100", start_time_before=5)),
            passed(entry(1, "done", "success", status_before="waiting", attempts=1, instance_id="200", start_time_before=9)),
        )
        (merged,) = run.instances.values()
        assert merged["start_time_before"] == 5
        assert (merged["instance_id"], merged["status"], merged["status_before"], merged["action"]) == ("200", "success", "fail", "done")
        assert (merged["rerun"], merged["attempts"], merged["request_id"], merged["request_ids"]) == (True, 1, "r1", ["r1"])
        assert merged["actions"] == ["retry", "done"]
        assert merged["adopted"] is False

    @pytest.mark.parametrize(
        ("changes", "others"),
        [
            ({"instance_id": "200"}, []),
            ({"submit_time": 9}, []),
            ({"instance_id": "200", "submit_time": 9}, []),
            ({"submit_time": 9}, [{"submit_time": 6, "instance_id": "50"}]),  # another instance of the job keeps its own
            ({"submit_time": 9}, [{"plan_time": PLANNED, "instance_id": "50"}]),
        ],
    )
    def test_an_instance_is_followed_whatever_a_rerun_changes(self, changes: dict[str, t.Any], others: list[dict[str, t.Any]]) -> None:
        first = entry(1, "retry", rerun=True, attempts=1, request_id="r1", start_time_before=5)
        beside = [{**entry(1, "wait", "running"), **other} for other in others]
        last = {**entry(1, "done", "success", status_before="success", start_time_before=9), **changes}
        run = run_of(passed(first, *beside), passed(*beside, last))
        assert len(run.instances) == 1 + len(others)
        (merged,) = [seen for seen in run.instances.values() if passes.identity(seen) == passes.identity(last)]
        assert (merged["status_before"], merged["start_time_before"], merged["request_ids"]) == ("fail", 5, ["r1"])
        assert merged["actions"] == ["retry", "done"]
        assert all(seen["actions"] == ["wait"] for seen in run.instances.values() if seen is not merged)

    #: Instances of the passes before, of this one, as plan time, submit_time, instance_id; which follows which.
    FOLLOWED = [
        ("", "", ""),
        ("1-5-a", "1-5-a", ""),
        ("1-5-a", "1-5-b", "1-5-b<1-5-a"),
        ("1-5-a", "1-9-a", "1-9-a<1-5-a"),
        ("1-5-a", "1-9-b", "1-9-b<1-5-a"),
        ("1-5-a", "2-9-b", ""),  # another plan time
        ("1-5-a", "1-5-a 1-9-b", ""),  # the old one is still listed, so the other is new
        ("1-5-a 1-5-b", "1-5-b 1-5-c", "1-5-c<1-5-a"),  # twins
        ("1-5-a 1-5-b", "1-9-a 1-9-b", "1-9-a<1-5-a 1-9-b<1-5-b"),
        ("1-5-a 2-5-b", "1-9-a 2-9-b", "1-9-a<1-5-a 2-9-b<2-5-b"),
        ("1-5-a", "", ""),  # not listed this time
        ("1-5-a", "1-9-b 1-9-c", "1-9-b<1-5-a"),
    ]

    @pytest.mark.parametrize(("known", "listed", "expected"), FOLLOWED)
    def test_which_instance_of_the_passes_before_it_is(self, known: str, listed: str, expected: str) -> None:
        def names(text: str) -> list[passes.Identity]:
            return [("w1", "7", int(plan), int(submit), name) for plan, submit, name in (word.split("-") for word in text.split())]

        pairs = [word.split("<") for word in expected.split()]
        assert passes.followed(names(known), names(listed)) == {names(new)[0]: names(old)[0] for new, old in pairs}

    def test_every_post_of_an_instance_is_kept(self) -> None:
        run = run_of(
            passed(entry(1, "retry", rerun=True, attempts=1, request_id="r1")),
            passed(entry(1, "wait", "running", request_id="r1", attempts=1)),
            passed(entry(1, "wait", "running", request_id="r1", attempts=1)),
            passed(entry(1, "retry", rerun=True, attempts=2, request_id="r2")),
            passed(entry(1, "failed_again", attempts=2, request_id="r2")),
        )
        (merged,) = run.instances.values()
        assert merged["request_ids"] == ["r1", "r2"]
        assert merged["actions"] == ["retry", "wait", "retry", "failed_again"]
        assert merged["attempts"] == 2

    def test_what_a_later_pass_does_not_report_stays_as_it_was(self) -> None:
        run = run_of(passed(entry(1, "done", "success"), entry(2, "wait", "running")), passed(entry(2, "done", "success")))
        assert [instance["action"] for instance in run.instances.values()] == ["done", "done"]

    def test_a_dependant_that_others_brought_up_to_date_is_none_of_the_run_s(self) -> None:
        """It seemed to run on old data because its own run began between two lists; the next pass no longer reruns it."""
        below = [entry(number, "wait", "running", downstream="stale") for number in (2, 3)]
        below.append(entry(4, "retry", "success", downstream="stale", standing="to_rerun", status_before="success"))
        rerun = entry(5, "wait", "running", downstream="stale", rerun=True, attempts=1)
        first, second = passed(entry(1, "wait", "running"), *below, rerun), passed(entry(1, "done", "success"), below[1])
        assert [instance["instance_id"] for instance in run_of(first, second).instances.values()] == ["1", "3", "5"]
        assert len(run_of(first, failure("server")).instances) == 5, "a pass that failed shows nothing"

    def test_which_patterns_match_is_known_until_a_later_pass_asks_again(self) -> None:
        patterns = [{"pattern": "daily_*", "matches": True, "suggestion": ""}]
        first, second, last = passed(job_patterns=patterns), passed(), passed(job_patterns=[])
        assert [run_of(*results).base.get("job_patterns") for results in ((second,), (first, second), (first, second, last))] == [
            None,
            patterns,
            [],
        ]

    def test_counts_and_notes_add_up(self) -> None:
        run = run_of(
            passed(entry(1, "retry", rerun=True), problems=["a"], warnings=["skew"], requests={"GET": 2, "POST": 1}),
            passed(entry(1, "done", "success"), problems=["a", "b"], warnings=["skew"], requests={"GET": 1}, plan=["another"]),
        )
        assert run.problems == ("a", "b")
        assert run.notes["warnings"] == ("skew",)
        assert run.requests == {"GET": 3, "POST": 1}
        assert run.plan == ("Workspace w1: 1 of 1 instances to rerun",)
        assert run.changed

    def test_the_plan_is_that_of_the_first_pass_that_sends(self) -> None:
        held_off = passed(entry(1, "settling"), plan=["nothing to rerun yet"])
        run = run_of(
            held_off,
            passed(entry(1, "retry", rerun=True), plan=["1 to rerun"]),
            passed(entry(1, "done", "success", rerun=True), plan=["nothing"]),
        )
        assert run.plan == ("1 to rerun",)
        assert run_of(held_off).plan == ("nothing to rerun yet",)

    def test_later_passes_list_what_the_first_one_listed(self) -> None:
        args = {"workspace_id": "w1", "planned_after": "-24h"}
        assert passes.next_args(args, Passes(run_id="r")) == {**args, "pass_state": {"run_id": "r", "plan_only": True, "fleet": False}}
        state = {"run_id": "r", "since": SINCE, "planned_after": 1, "planned_before": 2, "planned": 1, "dependencies": {"keys": []}}
        later = passes.next_args(args, run_of(passed(entry(1, "wait", "running"), pass_state=state)))
        assert later == {**args, "pass_state": {**state, "plan_only": False, "fleet": False}}

    def test_what_was_only_planned_is_sent_at_once_unless_a_pass_failed(self) -> None:
        planned = passed(entry(1, "retry"), pass_state={"planned": 1})
        assert run_of(planned).planned
        assert not run_of(planned, passed(entry(1, "retry", rerun=True), pass_state={"planned": 0})).planned
        assert not run_of(planned, failure("unreachable")).planned
        assert not run_of(failure("option")).planned

    def test_a_rerun_that_appears_between_planning_and_sending_is_not_numbersas_ours(self) -> None:
        run = run_of(passed(entry(1, "retry"), pass_state={"planned": 1}), passed(entry(1, "wait", "running", rerun=True, adopted=True)))
        assert (counts.count(run)["rerun"], counts.count(run)["adopted"]) == (0, 1)
        run = run_of(passed(entry(1, "retry"), pass_state={"planned": 1}), passed(entry(1, "retry", rerun=True)))
        assert (counts.count(run)["rerun"], counts.count(run)["adopted"]) == (1, 0)

    def test_the_final_result_carries_everything_once(self) -> None:
        run = run_of(
            passed(entry(1, "retry", rerun=True)),
            passed(entry(1, "done", "success"), entry(2, "skipped", "freeze"), warnings=["skew"], summary={"already_done": 3}),
        )
        result = counts.final_result(run, failed=False, msg="text", timed_out=False, elapsed=1.234)
        assert {name: result[name] for name in ("failed", "succeeded", "changed", "msg", "finished", "passes", "elapsed", "warnings")} == {
            "failed": False,
            "succeeded": True,
            "changed": True,
            "msg": "text",
            "finished": True,
            "passes": 2,
            "elapsed": 1.2,
            "warnings": ["skew"],
        }
        words = {"actions": {"done": 4, "skipped": 1}, "statuses": {"success": 4, "freeze": 1}}
        assert result["summary"] == {"total": 5, "already_done": 3, "rerun": 1, **words}
        assert "due_in" not in result

    def test_a_failed_result_has_an_error_to_ask_for(self) -> None:
        run = run_of(passed(entry(1, "wait", "running"), exception="of a module that failed in good order"))
        result = counts.final_result(run, failed=True, msg="text", timed_out=True, elapsed=1)
        assert result["error"] == {
            "kind": "incomplete",
            "message": "text",
            "status": None,
            "code": None,
            "request_id": None,
            "method": "",
            "path": "",
            "hint": "",
        }
        run = run_of(failure("credentials", exception="of a module that failed in good order"))
        result = counts.final_result(run, failed=True, msg="text", timed_out=False, elapsed=1)
        assert result["error"] == {"kind": "credentials"}
        assert "exception" not in result


class TestHeldBack:
    def test_what_is_held_back_is_not_sent_yet_and_what_was_sent_is_in_progress(self) -> None:
        run = run_of(passed(entry(1, "settling", standing="to_rerun"), entry(2, "settling", attempts=1)))
        assert [instance["plan_time"] - PLANNED for instance in run.unsent] == [1000]
        assert [instance["plan_time"] - PLANNED for instance in run.moving] == [2000]
        failed, msg = verdict.verdict(run, place(timed_out=True))
        assert failed
        assert "1 still in progress after 1m 05s" in msg
        assert "1 not sent yet after 1m 05s" in msg


class TestFailingPasses:
    @pytest.mark.parametrize("kind", ["unreachable", "credentials", "option", "throttled"])
    def test_the_first_pass_is_not_repeated(self, kind: t.Any) -> None:
        run = run_of(failure(kind))
        assert run.ended
        assert verdict.verdict(run, place()) == (True, "Failed to list the instances of workspace w1")

    def test_a_first_pass_that_breaks_off_tells_what_it_had_sent_and_how_to_go_on(self) -> None:
        rerun_now = entry(1, "retry", rerun=True, attempts=1, request_id="r1")
        run = run_of(failure("no_permission", "Forbidden.", instances=[rerun_now, entry(2, "wait")], since=SINCE, changed=True))
        assert run.ended
        failed, msg = verdict.verdict(run, place())
        assert failed
        assert msg == (
            "Forbidden. Before that, 1 instance of 1 job was rerun; run again with since=2026-11-23T03:00:00+00:00 to go on: nothing is sent twice."
        )
        assert counts.final_result(run, failed=True, msg=msg, timed_out=False, elapsed=1)["recap"]["rerun"] == 1

    @pytest.mark.parametrize("kind", sorted(passes.TEMPORARY))
    def test_a_temporary_reason_is_ridden_out_and_reported(self, kind: t.Any) -> None:
        run = run_of(passed(entry(1, "wait", "running")), failure(kind))
        assert not run.ended
        assert run.problems == ("Listed again after: Failed to list the instances of workspace w1",)
        run = run.after(passed(entry(1, "done", "success")))
        assert run.ended
        assert run.failed_passes == 0
        assert verdict.verdict(run, place())[0] is False

    def test_what_a_failed_pass_had_claimed_is_handed_on(self) -> None:
        """So that the next pass notices if the journal has lost it."""
        first = {**passed(entry(1, "wait", "running")), "pass_state": {"run_id": "r", "own": [1, "r", 5]}}
        run = run_of(first, failure("throttled", pass_state={"run_id": "r", "own": [7, "r", 9], "planned": True}))
        assert passes.next_args({}, run)["pass_state"] == {"run_id": "r", "own": [7, "r", 9], "plan_only": False, "fleet": False}
        run = run.after(failure("throttled"))
        assert passes.next_args({}, run)["pass_state"]["own"] == [7, "r", 9]

    @pytest.mark.parametrize("kind", ["credentials", "no_permission", "clock", "tls", "state", "internal"])
    def test_any_other_reason_ends_the_run_with_what_was_reached(self, kind: t.Any) -> None:
        run = run_of(passed(entry(1, "wait", "running"), entry(2, "done", "success")), failure(kind))
        assert run.ended
        failed, msg = verdict.verdict(run, place())
        assert failed
        assert msg.startswith("Failed to watch 2 instances of workspace w1 to the end: Failed to list")
        assert "1 succeeded, 1 running. " in msg
        assert "since=2026-11-23T03:00:00+00:00" in msg
        assert len(counts.final_result(run, failed=True, msg=msg, timed_out=False, elapsed=1)["instances"]) == 2

    def test_nobody_is_told_that_something_goes_on_where_nothing_was_sent(self) -> None:
        run = run_of(passed(entry(1, "settling"), entry(2, "done", "success")), failure("no_permission", instances=[entry(1, "wait")]))
        assert verdict.verdict(run, place()) == (True, "Failed to list the instances of workspace w1")

    @pytest.mark.parametrize(
        ("result", "kind"),
        [
            ({"failed": True, "msg": "value of order must be one of: parallel, upstream_first, got: backwards"}, "option"),
            ({"failed": True, "msg": "MODULE FAILURE: see stdout", "module_stdout": "", "rc": 1}, "internal"),
            ({"failed": True, "exception": "(traceback unavailable)"}, "internal"),
        ],
    )
    def test_a_failure_without_a_kind_is_not_one_of_the_instances(self, result: dict[str, t.Any], kind: str) -> None:
        """Otherwise a playbook that tolerates failed instances would succeed although nothing was checked."""
        assert counts.final_result(run_of(result), failed=True, msg="text", timed_out=False, elapsed=1)["error"]["kind"] == kind

    def test_what_was_not_sent_is_not_said_to_wait(self) -> None:
        """The run is over, so it will not be sent."""
        moving, queued = entry(2, "wait", "running", rerun=True), entry(1, "wait")
        run = run_of(passed(entry(1, "settling"), moving), failure("no_permission", instances=[queued, moving]))
        assert (counts.count(run)["waiting"], counts.count(run)["to_rerun"]) == (0, 1), "as the module says"
        assert "1 running, 1 to rerun" in console.progress_text(counts.count(run)), "as long as it goes on"
        result = counts.final_result(run, failed=True, msg="text", timed_out=False, elapsed=1)
        assert [instance["standing"] for instance in result["instances"]] == ["to_rerun", "running"]
        assert [result["recap"][name] for name in ("waiting", "running", "to_rerun", "broken")] == [0, 1, 1, 1]
        assert result["recap_by_job"]["daily_sales"]["to_rerun"] == 1
        checked = Passes(check=True).after(passed(queued, failed=True))
        assert counts.final_result(checked, failed=True, msg="text", timed_out=False, elapsed=1)["recap"]["broken"] == 0

    def test_what_another_run_had_left_paused_counts_as_a_change_whichever_pass_started_it(self) -> None:
        resumed: dict[str, t.Any] = {
            "changed": True,
            "resumed_jobs": ["daily_sales"],
            "warnings": ["Started again what another run had paused: daily_sales."],
        }
        failed = run_of(passed(entry(1, "done")), failure("no_permission", instances=[entry(1, "done")]))
        for run in (run_of(passed(entry(1, "done"), **resumed)), failed.restored({"restored": True, **resumed})):
            assert (counts.changed(run), run.notes["warnings"]) == (True, ("Started again what another run had paused: daily_sales.",))

    def test_nobody_has_to_note_when_it_began(self) -> None:
        assert texts(console.resume_lines(SINCE + 999, None)) == ["If this is interrupted, use since=2026-11-23T03:00:00.999+00:00"]
        assert texts(console.resume_lines(SINCE + 999, None, interrupted=True)) == ["Go on with since=2026-11-23T03:00:00.999+00:00"]
        role = Command(inventories=("/srv/hosts.yml",))
        assert texts(console.resume_lines(SINCE + 999, role)) == [
            "If this is interrupted, use -e dataarts_since=2026-11-23T03:00:00.999+00:00"
        ]
        assert texts(console.resume_lines(SINCE + 999, role, interrupted=True)) == [
            "Go on with (nothing is sent twice):",
            "  ansible-playbook dataarts.factory.rerun -i /srv/hosts.yml \\",
            "    -e dataarts_since=2026-11-23T03:00:00.999+00:00",
        ]

    @pytest.mark.parametrize(
        ("command", "names"),
        [
            (Command(), []),
            (Command(beginning=False), ["planned_after"]),
            (Command(selection={"dataarts_planned_before": "-1h"}), ["planned_before"]),
            (Command(beginning=False, approved=True), []),
        ],
    )
    def test_who_interrupts_a_play_goes_on_with_the_window_that_all_workspaces_have(self, command: Command, names: list[str]) -> None:
        scope = {"planned_after": SINCE - 2000, "planned_before": SINCE}
        text = " ".join(texts(console.resume_lines(SINCE, command, interrupted=True, scope=scope)))
        assert re.findall(r"dataarts_(planned_\w+)=", text) == names

    def test_with_the_role_it_is_the_variable_that_is_named(self) -> None:
        """A variable called since would be ignored, and all failures would be rerun again."""
        run = run_of(passed(entry(1, "wait", "running"), entry(2, "blocked")))
        failed, msg = verdict.verdict(run, place(timed_out=True, prefix="dataarts_"))
        assert failed
        assert msg.count("run again with dataarts_since=2026-11-23T03:00:00+00:00 to see the end") == 2

    def test_a_difference_names_the_workspace(self) -> None:
        headers = console.headed("sales", {"before": "a", "after": "b", "before_header": "status before", "after_header": "status after"})
        assert (headers["before_header"], headers["after_header"]) == ("sales: status before", "sales: status after")

    @pytest.mark.parametrize("kind", ["credentials", "invalid"])
    def test_why_a_run_ended_is_said_once(self, kind: t.Any) -> None:
        """Ansible shows the message of a failed task, and the role ends with lines about all workspaces."""
        run = run_of(failure(kind))
        assert verdict.closing_lines(run, place(), "the reason") == []
        assert verdict.closing_lines(run_of(passed(entry(1, "done", "success"))), place(prefix="dataarts_"), "the end") == []

    def test_a_first_pass_that_had_sent_something_is_watched_on(self) -> None:
        rerun_now = entry(1, "retry", rerun=True)
        run = run_of(
            failure(
                "unreachable",
                instances=[rerun_now, entry(2, "wait")],
                since=SINCE,
                pass_state={"since": SINCE},
                changed=True,
                plan=["2 to rerun"],
            )
        )
        assert not run.ended
        assert run.plan == ("2 to rerun",)
        assert passes.next_args({}, run)["pass_state"] == {"since": SINCE, "plan_only": False, "fleet": False}
        run = run.after(failure("credentials"))
        assert run.ended
        assert verdict.verdict(run, place())[1].startswith("Failed to watch 2 instances of workspace w1 to the end: ")

    def test_a_first_pass_that_sent_nothing_says_only_why(self) -> None:
        run = run_of(failure("no_permission", instances=[entry(1, "wait")], since=SINCE))
        assert verdict.verdict(run, place()) == (True, "Failed to list the instances of workspace w1")

    def test_it_gives_up_after_many_in_a_row(self) -> None:
        run = run_of(passed(entry(1, "wait", "running")), *[failure("server")] * (passes.MAX_FAILED_PASSES - 1))
        assert not run.ended
        assert run.after(failure("server")).ended

    def test_what_a_failed_pass_found_out_is_kept(self) -> None:
        run = run_of(passed(entry(1, "retry"), entry(2, "wait")), failure("server", instances=[entry(1, "settling", rerun=True)]))
        assert [instance["action"] for instance in run.instances.values()] == ["settling", "wait"]

    def test_an_end_that_is_not_reached_yet_is_not_a_failed_pass(self) -> None:
        run = run_of(passed(entry(1, "wait", "running"), failed=True, error={"kind": "incomplete"}))
        assert run.error is None
        assert not run.ended


class TestWhatOneTaskLeavesToTheNext:
    """Ansible copies and scans every value of a result several times, and only the second task needs the instances of the first."""

    def test_is_found_as_it_was(self) -> None:
        run = run_of(passed(entry(1, "wait", "running", rerun=True), entry(2, "retry"), pass_state={"run_id": "r"}, finished=False))
        result = counts.final_result(run, failed=False, msg="sent", timed_out=False, elapsed=1, left=True)
        left = registered.for_next_task(result)
        assert not [value for value in left.values() if value == result["instances"]]
        assert registered.goes_on({registered.FIRST_PART: left})
        assert registered.outcome({registered.FIRST_PART: left}) == result
        failure = {"failed": True, "msg": "no such variable"}
        refused = registered.outcome({registered.FIRST_PART: left, registered.RESULT: failure})
        assert (refused["instances"], refused["msg"], refused["succeeded"]) == (result["instances"], "no such variable", False)

    def test_is_not_what_counts_once_the_next_has_gone_on(self) -> None:
        left = {"run_id": "r", "succeeded": False, "pass_state": {}, registered.AS_TEXT: "[]"}
        ended = {"run_id": "r", "succeeded": True, "instances": []}
        assert registered.outcome({registered.FIRST_PART: left, registered.RESULT: ended}) == ended
        assert not registered.goes_on({registered.FIRST_PART: left, registered.RESULT: ended})
        assert not registered.goes_on({})

    @pytest.mark.parametrize(
        ("first", "second", "result", "left_out"),
        [
            ("no task", "no task", {}, False),
            ("a condition", "a condition", {}, True),
            ("a condition", "no task", {}, True),
            ("a condition", "ended", "ended", False),  # its own part both sends and watches
            ("sent", "a condition", "sent", False),
            ("no task", "ended", "ended", False),
        ],
    )
    def test_a_condition_leaves_out_a_host_and_takes_no_result(self, first: str, second: str, result: t.Any, left_out: bool) -> None:
        """Ansible registers skipped tasks, too."""
        results: dict[str, t.Any] = {
            "a condition": {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"},
            "sent": {"run_id": "r", "succeeded": False, "pass_state": {}, "instances": []},
            "ended": {"run_id": "r", "succeeded": True, "instances": []},
        }
        variables = {registered.FIRST_PART: results.get(first), registered.RESULT: results.get(second)}
        variables = {name: value for name, value in variables.items() if value is not None}
        assert registered.outcome(variables) == (results[result] if result else {})
        assert registered.left_out(variables) is left_out


class TestSeveralWorkspaces:
    """Several workspaces of one host, whose variable holds the newest result and those of the others."""

    SALES: t.ClassVar = {"workspace_id": "sales", "since": 1, "pass_state": {"run_id": "a"}, "msg": "sent"}
    SUPPLY: t.ClassVar = {"workspace_id": "supply", "since": 2, "msg": "over", "others": {"sales": SALES}}
    FAILURE: t.ClassVar = {"failed": True, "msg": "cannot be evaluated", "error": {"kind": "refused"}}

    def test_one_is_watched_as_the_run_that_sent_it(self) -> None:
        assert registered.others(self.SALES, "supply") == {"others": {"sales": self.SALES}}
        assert registered.before_of(self.SUPPLY, "sales") == self.SALES
        assert registered.before_of(self.SUPPLY, "supply") == {"workspace_id": "supply", "since": 2, "msg": "over"}
        assert registered.before_of(self.SUPPLY, "stock") is None
        assert registered.before_of(None, "stock") is None
        assert registered.before_of(self.FAILURE, "stock") == self.FAILURE, "it was refused before it could say for which"

    def test_as_long_as_one_is_open_there_is_something_to_go_on_with(self) -> None:
        assert registered.left(self.SUPPLY)
        assert registered.left(self.SALES)
        assert not registered.left({**self.SUPPLY, "others": {}})

    @pytest.mark.parametrize("known", ["sales", ""])
    def test_a_watch_that_is_refused_keeps_what_was_sent(self, known: str) -> None:
        kept = registered.refused(self.SALES, known, self.FAILURE, watch=True)
        assert kept == {**self.SALES, **self.FAILURE, "succeeded": False}
        assert Passes.resumed(Passes(), kept) is not None, "a later one goes on"

    def test_a_refusal_of_one_keeps_the_others(self) -> None:
        failed = {**self.FAILURE, "succeeded": False}
        others = {"others": {"sales": self.SALES}}
        assert registered.refused(self.SALES, "supply", self.FAILURE, watch=False) == {**failed, "workspace_id": "supply", **others}
        assert registered.refused(self.SALES, "", self.FAILURE, watch=False) == {**failed, **others}
        assert registered.before_of({**failed, **others}, "sales") == self.SALES
        assert registered.refused(self.SUPPLY, "sales", self.FAILURE, watch=True)["since"] == 1


class TestSentHere:
    """Reruns of this task, of an earlier one with the same since, and of others."""

    @pytest.mark.parametrize(
        ("seen", "expected"),
        [
            ([entry(1, "retry", rerun=True), entry(1, "done", "success", rerun=True)], {"rerun": 1, "adopted": 0, "succeeded": 1}),
            ([entry(1, "settling"), entry(1, "wait", "running", rerun=True)], {"rerun": 1, "adopted": 0, "running": 1}),
            (
                [entry(1, "done", "success", status_before="fail", rerun=True, adopted=True)],
                {"rerun": 0, "adopted": 1, "succeeded": 1},
            ),
            (
                [entry(1, "settling", rerun=True, adopted=True), entry(1, "done", "success", rerun=True, adopted=True)],
                {"rerun": 0, "adopted": 1, "succeeded": 1},
            ),
            # An attempt other than the adopted one is this task's: the newest attempt decides whose rerun it is.
            (
                [entry(1, "failed_again", rerun=True, adopted=True), entry(1, "wait", "running", rerun=True)],
                {"rerun": 1, "adopted": 0, "running": 1},
            ),
            # An instance that was seen in progress was not already done, even if this task did not send it.
            (
                [entry(1, "wait", "running"), entry(1, "done", "success", standing="already_done")],
                {"rerun": 0, "adopted": 0, "succeeded": 1},
            ),
            ([entry(1, "retry")], {"rerun": 0, "to_rerun": 1, "waiting": 0}),
            ([entry(1, "wait", "running"), entry(1, "done", "success")], {"rerun": 0, "adopted": 0, "succeeded": 1}),
            ([entry(1, "done", "success", status_before="success")], {"rerun": 0, "adopted": 0, "succeeded": 0}),
        ],
    )
    def test_count(self, seen: t.Any, expected: t.Any) -> None:
        numbers = counts.count(run_of(*map(passed, seen)))
        assert {name: numbers[name] for name in expected} == expected

    def test_in_check_mode_another_attempt_is_to_be_rerun_and_the_one_before_was_an_earlier_tasks(self) -> None:
        run = Passes(check=True).after(passed(entry(1, "retry", rerun=True, attempts=1, standing="to_rerun")))
        result = counts.final_result(run, failed=False, msg="", timed_out=False, elapsed=0)
        assert result["instances"][0]["standing"] == "to_rerun"
        expected = {"failed": 1, "to_rerun": 1, "adopted": 1}
        assert {name: number for name, number in result["recap"].items() if number} == expected == result["recap_by_job"]["daily_sales"]


#: What became of the only instance of a task whose pass said that something may have changed -> whether anything has.
CHANGES: dict[str, tuple[dict[str, t.Any], bool]] = {
    "accepted": (entry(1, "done", "success", rerun=True, attempts=1), True),
    "accepted, and failed again": (entry(1, "failed_again", rerun=True, attempts=1), True),
    "refused": (entry(1, "rejected", attempts=1), False),
    "whether it took effect is unknown": (entry(1, "unknown", attempts=1), True),
    "the answer is not read back yet": (entry(1, "settling", attempts=1), True),
    "whose rerun it was is unknown": (entry(1, "done", "success", rerun=None, attempts=1), True),
    "another run's": (entry(1, "done", "success", rerun=True, adopted=True, attempts=1), False),
    "not sent": (entry(1, "wait"), False),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_was_refused_changes_nothing(case: str) -> None:
    instance, expected = CHANGES[case]
    run = run_of(passed(instance, changed=True))
    assert counts.final_result(run, failed=False, msg="", timed_out=False, elapsed=1.0)["changed"] is expected
    nothing_sent = run_of(passed(instance, changed=False))
    assert counts.changed(nothing_sent) is False


def test_a_task_that_knows_of_no_instance_changed_what_its_passes_say() -> None:
    assert counts.changed(run_of(failure("server", changed=True))) is True


class TestPause:
    @pytest.mark.parametrize(
        ("instances", "due_in", "elapsed", "expected"),
        [
            ([entry(1, "done", "success")], None, 0, None),
            ([entry(1, "wait", "running")], None, 0, 5.0),
            ([entry(1, "wait", "running")], 40, 0, 40.0),
            ([entry(1, "wait", "running")], 2, 0, 2.0),
            ([entry(1, "wait", "running")], 0, 0, passes.MIN_PAUSE),
            ([entry(1, "retry")], 40, 0, 40.0),
            ([entry(1, "retry")], 40, 30, 30.0),
            ([entry(1, "wait", "running")], None, 58, 2.0),
            ([entry(1, "wait", "running")], None, 60, None),
            ([entry(1, "wait", "running")], None, 61, None),
        ],
    )
    def test_when_the_next_pass_is_due(self, instances: t.Any, due_in: t.Any, elapsed: t.Any, expected: t.Any) -> None:
        assert passes.seconds_to_next_pass(run_of(passed(*instances, due_in=due_in)), TIMING, elapsed, elapsed) == expected

    def test_a_last_pass_follows_one_that_went_beyond_the_time(self) -> None:
        assert passes.seconds_to_next_pass(run_of(passed(entry(1, "retry", rerun=True))), TIMING, 59, 61) == passes.MIN_PAUSE
        assert passes.seconds_to_next_pass(run_of(passed(entry(1, "retry", rerun=True))), passes.Timing(True, 0, 5), 0, 1) is None

    def test_a_plan_that_is_refused_ends_once_nothing_is_in_progress(self) -> None:
        limit = {"failed": True, "finished": False, "error": {"kind": "limit"}, "msg": "Refused to rerun 1 instances: max_instances is 0"}
        assert passes.seconds_to_next_pass(run_of(passed(entry(1, "wait"), **limit)), TIMING, 0, 0) is None
        assert passes.seconds_to_next_pass(run_of(passed(entry(1, "wait"), entry(2, "wait", "running"), **limit)), TIMING, 0, 0) == 5.0

    def test_failed_passes_are_spaced_out(self) -> None:
        run = run_of(passed(entry(1, "wait", "running")))
        pauses = []
        for _number in range(5):
            run = run.after(failure("unreachable"))
            pauses.append(passes.seconds_to_next_pass(run, passes.Timing(True, 3600, 5), 0, 0))
        assert pauses == [5, 10, 20, 40, 60]

    @pytest.mark.parametrize(
        ("args", "expected"),
        [
            ({}, passes.Timing()),
            ({"wait": False, "wait_timeout": 60, "poll_interval": 5, "jobs": ["*"]}, passes.Timing(False, 60.0, 5.0)),
            ({"wait": True, "wait_timeout": 0, "poll_interval": None}, passes.Timing(True, 0.0, 10.0)),
        ],
    )
    def test_options_are_read(self, args: t.Any, expected: t.Any) -> None:
        assert passes.Timing.of(args) == expected

    def test_the_defaults_are_the_module_s(self) -> None:
        spec = rerun_spec()
        assert passes.Timing() == passes.Timing(*(spec[name]["default"] for name in ("wait", "wait_timeout", "poll_interval")))


class TestConsole:
    @pytest.mark.parametrize(
        ("numbers", "words"),
        [((2, 2), ""), ((2, 1), "1 ")],
    )
    def test_what_may_not_be_sent_yet_is_one_row_and_the_reason_one_for_all(self, numbers: tuple[int, int], words: str) -> None:
        """Although the times differ between workspaces."""
        due, number = numbers
        entries = [entry(index, "settling", standing="to_rerun") for index in range(due)]
        why = "the journal is younger than since (2026-11-23T03:00:00Z), so a rerun sent from elsewhere may not show yet"
        line = f"  held back until 2026-11-23T03:00:26.500Z, then rerun: {number} instance{'s' * (number > 1)}; {why}"
        run = run_of(passed(*entries, plan=["Workspace w1: nothing to rerun yet", line, "  other"]))
        assert texts(console.plan_on_console("sales", run)) == [f"sales  2 of 2 to rerun, {words}held back until 03:00:26  daily_sales 2"]
        assert texts(console.held_back_lines(run)) == [
            "Held back: the journal is younger than since, so a rerun sent from elsewhere may",
            "  not show yet.",
        ]
        assert any("2026-11-23 03:00:26" in row for row in texts(console.plan_on_console("sales", run, verbose=True)))

    @pytest.mark.parametrize(
        ("result", "shown_below", "expected"),
        [
            ({"error": {"kind": "limit"}, "recap": {"rerun": 0, "to_rerun": 2}}, True, "Refused. See below."),
            ({"error": {"kind": "limit"}, "recap": {"rerun": 0, "to_rerun": 2}}, False, "Why."),
            ({"error": {"kind": "option"}}, True, "Nothing was rerun. See below."),
            ({"error": {"kind": "credentials"}, "recap": {}}, True, "Nothing was rerun. See below."),
            ({"error": {"kind": "credentials"}, "changed": True, "recap": {}}, True, "Why."),
            ({"error": {"kind": "option"}}, False, "Why."),
        ],
    )
    def test_a_verdict_says_nothing_that_the_closing_lines_say(self, result: t.Any, shown_below: bool, expected: str) -> None:
        assert verdict.verdict_text(result, "Why.", shown_below=shown_below) == expected

    def test_progress_names_rare_things_only_where_they_happened(self) -> None:
        run = run_of(
            passed(
                entry(1, "done", "success"),
                entry(2, "wait", "running"),
                entry(3, "settling"),
                entry(4, "failed_again"),
                entry(5, "skipped", "freeze"),
            )
        )
        line = console.progress_line("sales", run, 65)
        assert line == ("sales  1 succeeded, 1 running, 1 waiting, 1 failed again, 1m 05s  daily_sales", "")
        run = run.after(passed(entry(6, "blocked", "waiting-confirm"), entry(7, "unknown")))
        assert console.progress_text(counts.count(run)).endswith("1 failed again, 1 waiting for a person, 1 of unknown outcome")
        assert console.progress_text(counts.count(run_of(passed()))) == "0 succeeded"

    def test_progress_says_what_is_held_back_and_until_when(self) -> None:
        """None of it was sent, so it is not waiting in the service."""
        kept_back = "  held back until 2026-11-23T02:01:30Z, then rerun: 2 instances; the journal is younger than since"
        run = run_of(passed(entry(1, "wait"), plan=[kept_back])).after(passed(entry(1, "wait"), entry(2, "wait"), plan=[kept_back]))
        assert re.fullmatch(r"sales  2 to rerun, held back until \d\d:\d1:30, 5s", console.progress_line("sales", run, 5).text)
        later = run.after(passed(entry(1, "wait", "running", rerun=True), entry(2, "wait", "waiting", rerun=True)))
        assert console.progress_line("sales", later, 9).text == "sales  1 running, 1 waiting, 9s"

    def test_numbers_of_a_workspace_that_cannot_be_read_are_those_of_their_moment(self) -> None:
        run = run_of(passed(entry(1, "wait", "running"), entry(2, "done", "success")), failure("unreachable"))
        line = console.progress_line("sales", run, 95, SINCE + 5_250)
        assert line == ("sales  no answer since 03:00:05; at that time 1 succeeded, 1 running, 1m 35s", "bad")

    @pytest.mark.parametrize(
        ("results", "more", "expected"),
        [
            (
                [passed()],
                {},
                (
                    False,
                    "Nothing to rerun in workspace w1: no instance matches; check jobs, planned_after, planned_before and instance_types.",
                ),
            ),
            ([passed(entry(1, "done", "success", status_before="success"))], {}, (False, "Nothing to rerun in workspace w1.")),
            ([passed(summary={"already_done": 4})], {}, (False, "Nothing to rerun in workspace w1.")),
            ([passed(entry(1, "skipped", "freeze"))], {}, (False, "Nothing to rerun in workspace w1.")),
            ([passed(entry(1, "not_rerunnable", "running-exception"))], {}, (False, "Nothing to rerun in workspace w1.")),
            (
                [passed(entry(1, "retry"), entry(2, "retry", job_name="b"))],
                {"check_mode": True},
                (False, "Would rerun 2 instances of 2 jobs in workspace w1."),
            ),
            (
                [passed(entry(1, "done", "success", status_before="success"))],
                {"check_mode": True},
                (False, "Nothing to rerun in workspace w1."),
            ),
            (
                [passed(entry(1, "retry", rerun=True)), passed(entry(1, "done", "success"))],
                {},
                (False, "Reran 1 instance of 1 job in workspace w1: all succeeded, 1m 05s."),
            ),
            (
                [passed(entry(1, "retry", rerun=True), finished=True)],
                {"wait": False},
                (False, "Reran 1 instance of 1 job in workspace w1; 1 is in progress, not waited for."),
            ),
            (
                [
                    passed(
                        entry(1, "retry"),
                        finished=False,
                        failed=True,
                        error={"kind": "limit"},
                        msg="Refused to rerun 1 instances: max_instances is 0",
                    )
                ],
                {},
                (True, "Refused to rerun 1 instances: max_instances is 0"),
            ),
            (
                [passed(entry(1, "done", "success", status_before="fail", rerun=True, adopted=True))],
                {},
                (
                    False,
                    "Nothing to rerun in workspace w1 (1 had been rerun before, since 2026-11-23 03:00 +00:00): all succeeded, 1m 05s.",
                ),
            ),
            (
                [passed(failed=True, error={"kind": "incomplete"}, msg="Failed: job x does not exist", problems=["job x does not exist"])],
                {},
                (True, "Failed: job x does not exist"),
            ),
            (
                [passed(failed=True, error={"kind": "incomplete"}, msg="Failed: job x does not exist")],
                {"check_mode": True},
                (True, "Failed: job x does not exist"),
            ),
        ],
    )
    def test_verdict(self, results: t.Any, more: t.Any, expected: t.Any) -> None:
        assert verdict.verdict(run_of(*results), place(**more)) == expected

    @pytest.mark.parametrize(
        ("action", "words", "next_step"),
        [
            ("failed_again", "1 failed again (daily_sales planned 2026-11-23 02:00:01 +00:00)", "run again without since"),
            ("rejected", "1 rejected by the service (", "The service says: because 1. Correct that"),
            ("not_rerunnable", "1 not rerunnable (", "Handle them in the console"),
            ("blocked", "1 waiting for a person (", "run again with since=2026-11-23T03:00:00+00:00"),
            ("unknown", "1 of unknown outcome (", "See what became of the unknown ones with: ansible sales"),
        ],
    )
    def test_each_way_to_miss_the_goal_has_its_next_step(self, action: t.Any, words: t.Any, next_step: t.Any) -> None:
        run = run_of(passed(entry(2, "retry", rerun=True), entry(1, action)), passed(entry(2, "done", "success"), entry(1, action)))
        failed, msg = verdict.verdict(run, place(lookup="ansible sales -m x"))
        assert failed
        assert msg.startswith("Failed to bring 1 of 2 instances of workspace w1 to success: " + words)
        assert next_step in msg

    @pytest.mark.parametrize("when", ["", " at 2026-11-23T01:00:00Z"])
    def test_what_the_service_said_is_told_once(self, when: str) -> None:
        rejected = {
            **entry(1, "rejected"),
            "reason": f"the service rejected it{when}: DLF.30137 job instance does not exist (request id a)",
        }
        msg = verdict.verdict(run_of(passed(rejected)), place())[1]
        assert "The service says: DLF.30137 job instance does not exist (request id a). Correct that" in msg
        assert "服务返回：DLF.30137 job instance does not exist（请求 ID a）。请修正" in translated("zh", msg)

    def test_what_missed_the_goal_is_the_module_s_word(self) -> None:
        both = passed(entry(1, "not_rerunnable", "fail"), entry(2, "not_rerunnable", "manual-stop"))
        assert [len(instances) for instances in counts.broken(run_of(both)).values() if instances] == [1]
        assert (counts.count(run_of(both))["not_rerunnable"], counts.count(run_of(both))["broken"]) == (2, 1)

    def test_a_timeout_names_what_is_left_running(self) -> None:
        run = run_of(passed(*(entry(number, "wait", "running", rerun=True) for number in range(5))))
        failed, msg = verdict.verdict(run, place(timed_out=True))
        assert failed
        assert "5 still in progress after 1m 05s (daily_sales planned 2026-11-23 02:00, " in msg
        assert "and 2 more)" in msg
        assert "raise wait_timeout" in msg
        assert len(verdict.closing_lines(run, place(timed_out=True), msg)) == 5

    def test_a_timeout_says_where_what_is_open_stands_and_not_what_it_was_before(self) -> None:
        standings = [
            entry(0, "retry", rerun=True, attempts=1),
            entry(1, "settling", rerun=True, attempts=1),
            entry(2, "settling"),
            entry(3, "wait", rerun=True, attempts=1),
            entry(4, "wait", "running", rerun=True, attempts=1),
        ]
        lines = verdict.closing_lines(run_of(passed(*standings)), place(timed_out=True), "text")
        assert [line.text.split(":")[1].strip() for line in lines] == ["sent", "sent", "waiting", "waiting", "running"]

    @pytest.mark.parametrize(("status", "timed_out", "late"), [("fail", True, True), ("success", False, False)])
    def test_why_something_may_be_late_is_told_if_it_is(self, status: str, timed_out: bool, late: bool) -> None:
        why = "The service accepted reruns of job daily_sales that it does not show."
        last = entry(1, "wait" if timed_out else "done", status, rerun=True)
        other = entry(2, "failed_again", rerun=True)
        _failed, msg = verdict.verdict(run_of(passed(last, other, problems=[why])), place(timed_out=timed_out))
        assert (why in msg) is late
        queued = run_of(passed(entry(1, "wait"), problems=["Instances wait for job load in workspace w2."]))
        assert verdict.verdict(queued, place(timed_out=True))[1].endswith("Instances wait for job load in workspace w2.")

    def test_a_job_that_will_not_succeed_without_a_person_is_named_while_others_are_watched(self) -> None:
        blocked = entry(2, "blocked", "waiting-confirm", job_name="weekly_report")
        run = run_of(passed(entry(1, "wait", "running"), blocked, entry(3, "skipped", "freeze")))
        assert console.progress_line("sales ", run, 5).text == "sales   1 running, 1 waiting for a person, 5s  weekly_report"
        many = run.after(passed(*(entry(number, "failed_again", job_name=f"job_{number}") for number in range(10, 99))))
        assert console.progress_line("sales ", many, 5).text.splitlines() == [
            "sales   1 running, 89 failed again, 1 waiting for a person, 5s",
            "        job_10, job_11, job_12, job_13, job_14, job_15, job_16, job_17, 82 more",
        ]

    def test_a_timeout_tells_what_was_not_sent_apart(self) -> None:
        run = run_of(passed(entry(1, "wait", "running", rerun=True), entry(2, "wait")))
        failed, msg = verdict.verdict(run, place(timed_out=True))
        assert failed
        assert "1 still in progress after 1m 05s (daily_sales planned 2026-11-23 02:00:01); 1 not sent yet after 1m 05s (" in msg

    def test_closing_lines_show_reasons_and_stop_somewhere(self) -> None:
        run = run_of(
            passed(*(entry(number, "failed_again", error_message="node \x1b[31mload") for number in range(verdict.MOST_LINES + 3)))
        )
        lines = verdict.closing_lines(run, place(), "text")
        assert lines[0] == ("sales: failed again: daily_sales planned 2026-11-23 02:00 +00:00: because 0\n    (node \\x1b[31mload)", "bad")
        assert lines[-1].text == "sales:   and 3 more"
        assert "\x1b" not in "".join(texts(lines))

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("action", ["stop", "stop_and_rerun"])
    def test_what_is_stopped_is_told_to_its_end(self, action: str, language: str) -> None:
        run = Passes(language=language).after(passed(*(entry(number, "wait", "running", rerun=True) for number in range(9))))
        rows = texts([console.timeout_line("sales_and_supply  ", run, passes.Timing(timeout_action=action))])
        assert "…" not in "".join(rows)
        assert max(map(width, rows)) <= COLUMNS

    def test_the_look_up_command_holds_no_secret_and_survives_a_shell(self) -> None:
        args = {
            "workspace_id": "w1",
            "region": "cn-north-4",
            "access_key": "AK1",
            "secret_key": "hidden",
            "planned_after": "-24h",
            "endpoint": "",
        }
        started = Command("/srv/night.yml", ("inv dir",), ("--ask-vault-pass",), ("--tags", "rerun"), settings="/srv/ansible.cfg")
        words = shlex.split(verdict.lookup_command("sales[1]", started, args, ["it's", "a"]))
        assert words[:6] == ["env", "ANSIBLE_CONFIG=/srv/ansible.cfg", "ansible", r"~^sales\U0000005b1\U0000005d$", "-i", "inv dir"]
        assert words[6:-1] == ["--ask-vault-pass", "-m", "dataarts.factory.job_instance_info", "-a"]
        assert json.loads(words[-1]) == {
            "workspace_id": "w1",
            "jobs": ["a", "it's"],
            "short": True,
            "region": "cn-north-4",
            "planned_after": "-24h",
            "access_key": "{{ dataarts_access_key }}",
            "secret_key": "{{ dataarts_secret_key }}",
        }

    def test_nothing_in_the_look_up_command_is_evaluated_but_its_own_references(self) -> None:
        template = "{{ lookup('pipe', 'id') }}"
        words = shlex.split(
            verdict.lookup_command("sales", Command(), {"workspace_id": template, "project_id": template}, [template, "a[1]"])
        )
        assert json.loads(words[-1]) == {
            "workspace_id": "{{ dataarts_workspace_id }}",
            "project_id": "{{ dataarts_project_id }}",
            "jobs": ["?? lookup('pipe', 'id') ??", "a[[]1]"],
            "short": True,
        }


def test_the_message_of_a_module_that_was_killed_is_one_line() -> None:
    assert (
        passes.message_of({"msg": "MODULE FAILURE\nSee stdout/stderr for the exact error"})
        == "MODULE FAILURE See stdout/stderr for the exact error"
    )
    assert passes.message_of({}).startswith("the module ended unexpectedly: ")


def test_jobs_of_one_name_in_two_workspaces_are_counted_each() -> None:
    own = {"job_name": "mart", "workspace_id": "a", "downstream": None}
    below = [{**own, "workspace_id": where, "downstream": "stale"} for where in ("a", "b", "b")]
    other = {"job_name": "feed", "workspace_id": "b", "downstream": "stale"}
    groups = counts.by_job_name([own, *below, other])
    assert {name: len(group) for name, group in groups.items()} == {"mart": 2, "mart (workspace b)": 2, "feed": 1}


def lost(instances: str = "3 instances", request_id: str = "", more: int = 0) -> str:
    """A refusal as :class:`Refusals` says it."""
    cause = f"HTTP 504 Gateway Timeout{f' (request id {request_id})' if request_id else ''}"
    cause += f", and {more} more request{'s' if more > 1 else ''} with the same answer" if more else ""
    return (
        f"The rerun of {instances} of job daily_sales was not confirmed: {cause}. Its outcome is read back before anything is sent again."
    )


NO_ID = "The rerun of 2 instances of job a had no effect: HTTP 403 Forbidden. Check the proxy. It may refuse."
NO_ID_TWICE = NO_ID.replace("Forbidden", "Forbidden, and 1 more request with the same answer")
THROTTLED = "The rerun of 2 instances of job a had no effect: APIGW.0308 throttled (request id a){more}. Try again."


@pytest.mark.parametrize(
    ("of_passes", "kept"),
    [
        ([[lost(request_id="a")], [lost("1 instance", "b")]], [lost(request_id="a", more=1)]),
        ([[lost()], [lost()], [lost()]], [lost(more=2)]),
        ([[lost(request_id="a", more=4)], [lost(request_id="b", more=2)], [lost(request_id="c")]], [lost(request_id="a", more=8)]),
        ([[lost(), "Nothing was sent yet."], ["Nothing was sent yet."]], [lost(), "Nothing was sent yet."]),
        ([["Job a does not exist."], ["Job b does not exist."]], ["Job a does not exist.", "Job b does not exist."]),
        ([[THROTTLED.format(more="")]] * 2, [THROTTLED.format(more=", and 1 more request with the same answer")]),
        ([[NO_ID]] * 2, [f"{NO_ID} 1 more request had the same answer."]),
        ([[NO_ID]] * 4, [f"{NO_ID} 3 more requests had the same answer."]),
        ([[NO_ID_TWICE], [NO_ID], [NO_ID_TWICE]], [f"{NO_ID} 4 more requests had the same answer."]),
    ],
)
def test_equal_refusals_of_several_passes_are_one_problem_with_a_count(of_passes: list[list[str]], kept: list[str]) -> None:
    run = Passes()
    for problems in of_passes:
        run = run.after({"instances": [], "problems": problems})
    assert list(run.problems) == kept
    assert {passes.problem_key(problem) for problems in of_passes for problem in problems} == set(map(passes.problem_key, kept))
