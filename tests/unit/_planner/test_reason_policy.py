# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failures may be rerun by their reasons: the table, the patterns, and the decisions."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import AttemptKind
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision, LeftOut
from ansible_collections.dataarts.factory.plugins.module_utils._models.downstream import Effect
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import CUT, MAX_MESSAGE, InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.reason import Reason
from ansible_collections.dataarts.factory.plugins.module_utils._planner.hung import StopPolicy, decide_with_stops
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reason_policy import (
    NEVER,
    ONLY,
    ReasonPattern,
    ReasonPolicy,
    leave_out,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reasons import normalised
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import SINCE, at, attempt, instance, policy


def reason(message: str | None, *types: str, read: bool = True) -> Reason:
    return Reason(message, "load" if types else None, types, 0, None, read, normalised(message))


TABLE = reason("Table 'ods.orders_20261129' not found", "DLI SQL")
RIGHTS = reason("OBS: no permission for obs://bucket/7", "OBS Manager")
JOINED = reason("AM Container exited with exitCode: 143", "MRSSpark")
CHINESE = reason("执行超时，已运行3600秒", "DWSSQL")
TWO_NODES = reason("boom", "Shell", "CDM Job")
UNREAD = reason("OBS: no permission for obs://bucket/7", read=False)
ASSUMED = dataclasses.replace(UNREAD, node="load", node_types=("OBS Manager",))
WITHOUT_TEXT = reason(None, "DLI SQL")
WITHOUT_TYPE = reason("boom")
NOTHING = Reason()
COLOURED = reason("\x1b[31mno \x1b[1mpermission\x1b[0m for\r\n  obs://bucket/\u200b7", "OBS Manager")
FULL_WIDTH = reason("ＯＢＳ：权限不足（错误码：１０４５）", "ＯＢＳ　Manager")
LONG = reason("x" * MAX_MESSAGE + CUT, "DLI SQL")
#: Reasons of a node, of the list, and as completed by explained()
SEVERAL = dataclasses.replace(
    reason("exit code 1", "Shell"), others=("OBS: no permission for obs://bucket/7", "OBS: no permission for …", "boom" + CUT)
)
WHOLE = dataclasses.replace(SEVERAL, others=SEVERAL.others[:2])
UNKNOWN_TO_NEVER = LeftOut(NEVER, None, read=False)
NOT_NAMED = LeftOut(ONLY, None, read=True)
NOT_READ = LeftOut(ONLY, None, read=False)


def never(pattern: str) -> LeftOut:
    return LeftOut(NEVER, pattern, read=True)


#: Reason of the failure (None: not failed), never_rerun_reasons, rerun_only_reasons; what leaves it out.
CASES: list[tuple[Reason | None, list[str], list[str] | None, LeftOut | None]] = [
    # No policy
    (TABLE, [], None, None),
    (NOTHING, [], None, None),
    (None, [], None, None),
    # never: in the message
    (RIGHTS, ["permission"], None, never("permission")),
    (RIGHTS, ["PERMISSION"], None, never("PERMISSION")),
    (RIGHTS, ["no permission for obs://bucket/7"], None, never("no permission for obs://bucket/7")),
    (RIGHTS, ["obs:*bucket"], None, never("obs:*bucket")),
    (RIGHTS, ["obs://bucket/?"], None, never("obs://bucket/?")),
    (RIGHTS, ["  no   permission "], None, never("no   permission")),
    (TABLE, ["permission"], None, None),
    (TABLE, ["not*table"], None, None),
    (TABLE, ["[a-z]"], None, None),
    (TABLE, ["ods.*found"], None, never("ods.*found")),
    (TABLE, ["'ods.orders_20261130'"], None, None),
    (CHINESE, ["超时"], None, never("超时")),
    (CHINESE, ["超时*秒"], None, never("超时*秒")),
    (CHINESE, ["内存"], None, None),
    # never: in the reason as the plan shows it
    (TABLE, ["Table … not found"], None, never("Table … not found")),
    (CHINESE, ["."], None, None),
    (CHINESE, ["执行超时，已运行…秒"], None, never("执行超时，已运行…秒")),
    (JOINED, ["exitCode: 143"], None, never("exitCode: 143")),
    (JOINED, ["exitCode: 137"], None, None),
    # never: the type of a node, in either form
    (TABLE, ["DLI SQL"], None, never("DLI SQL")),
    (TABLE, ["DLISQL"], None, never("DLISQL")),
    (TABLE, ["dli*"], None, never("dli*")),
    (JOINED, ["MRS Spark"], None, never("MRS Spark")),
    (JOINED, ["mrsspark"], None, never("mrsspark")),
    (JOINED, ["MRS*Spark"], None, never("MRS*Spark")),
    (TABLE, ["Spark"], None, None),
    (TWO_NODES, ["CDM"], None, never("CDM")),
    (TWO_NODES, ["Shell"], None, never("Shell")),
    # never: several patterns, the first that matches is named
    (RIGHTS, ["timeout", "bucket", "permission"], None, never("bucket")),
    (RIGHTS, ["timeout", "memory"], None, None),
    # never: unknown reasons are held back, unless a known part matches
    (UNREAD, ["permission"], None, never("permission")),
    (UNREAD, ["timeout"], None, UNKNOWN_TO_NEVER),
    (ASSUMED, ["timeout"], None, UNKNOWN_TO_NEVER),
    (ASSUMED, ["OBS Manager"], None, UNKNOWN_TO_NEVER),
    (WITHOUT_TEXT, ["timeout"], None, UNKNOWN_TO_NEVER),
    (WITHOUT_TEXT, ["DLI SQL"], None, never("DLI SQL")),
    (WITHOUT_TYPE, ["timeout"], None, UNKNOWN_TO_NEVER),
    (NOTHING, ["timeout"], None, UNKNOWN_TO_NEVER),
    (None, ["timeout"], None, None),
    # never: colours, blanks, case and width of characters do not matter, on either side
    (COLOURED, ["no permission for obs://bucket/7"], None, never("no permission for obs://bucket/7")),
    (COLOURED, ["\u200bＮＯ　permission"], None, never("\u200bＮＯ　permission")),
    (COLOURED, ["31m"], None, None),
    (FULL_WIDTH, ["OBS:权限不足(错误码:1045)"], None, never("OBS:权限不足(错误码:1045)")),
    (FULL_WIDTH, ["权限？足"], None, never("权限？足")),
    (FULL_WIDTH, ["OBSManager"], None, never("OBSManager")),
    (FULL_WIDTH, ["1046"], None, None),
    (reason("Straße gesperrt", "Shell"), ["STRASSE"], None, never("STRASSE")),
    (reason("acce\u0300s refuse\u0301", "Shell"), ["accès refusé"], None, never("accès refusé")),
    # never: a number within a name counts, although groups leave it out
    (reason("Table order_2026 not found", "Shell"), ["order_2026"], None, never("order_2026")),
    (reason("Table order_2027 not found", "Shell"), ["order_2026"], None, None),
    # never: regular expression characters are literal
    (reason("f(x)[1]+{2}^$|\\d.", "Shell"), ["(x)[1]+{2}^$|\\d."], None, never("(x)[1]+{2}^$|\\d.")),
    (reason("fx11", "Shell"), ["f(x)"], None, None),
    (reason("a7", "Shell"), ["\\d"], None, None),
    # never: all messages about the failure count, and a cut message is not fully known
    (SEVERAL, ["no permission for obs"], None, never("no permission for obs")),
    (SEVERAL, ["no permission for …"], None, never("no permission for …")),
    (WHOLE, ["timeout"], None, None),
    (SEVERAL, ["timeout"], None, UNKNOWN_TO_NEVER),
    (LONG, ["timeout"], None, UNKNOWN_TO_NEVER),
    (LONG, ["DLI SQL"], None, never("DLI SQL")),
    (LONG, [], ["timeout"], NOT_READ),
    (LONG, [], ["xxx"], None),
    # only
    (RIGHTS, [], ["permission"], None),
    (RIGHTS, [], ["timeout", "permission"], None),
    (RIGHTS, [], ["OBS Manager"], None),
    (RIGHTS, [], ["timeout"], NOT_NAMED),
    (UNREAD, [], ["permission"], None),
    (UNREAD, [], ["timeout"], NOT_READ),
    (WITHOUT_TEXT, [], ["timeout"], NOT_READ),
    (WITHOUT_TEXT, [], ["DLI SQL"], None),
    (WITHOUT_TYPE, [], ["boom"], None),
    (NOTHING, [], ["timeout"], NOT_READ),
    (None, [], ["timeout"], NOT_NAMED),
    # both: never takes precedence
    (RIGHTS, ["permission"], ["OBS"], never("permission")),
    (RIGHTS, ["timeout"], ["OBS"], None),
    (RIGHTS, ["timeout"], ["memory"], NOT_NAMED),
    (UNREAD, ["timeout"], ["permission"], UNKNOWN_TO_NEVER),
    (None, ["timeout"], ["permission"], NOT_NAMED),
]


@pytest.mark.parametrize(("why", "never_names", "only_names", "expected"), CASES)
def test_what_a_policy_leaves_out(
    why: Reason | None, never_names: list[str], only_names: list[str] | None, expected: LeftOut | None
) -> None:
    given_policy = ReasonPolicy.of({NEVER: never_names, ONLY: only_names})
    assert given_policy.left_out(why) == expected
    assert given_policy.needs_reasons is bool(never_names or only_names)


@pytest.mark.parametrize("pattern", ["", "  ", "*", "**", "? *", "＊", "？　＊", "\u200b", "\x1b[31m*"])
@pytest.mark.parametrize("option", [NEVER, ONLY])
def test_a_pattern_that_matches_everything_is_refused(option: str, pattern: str) -> None:
    with pytest.raises(OptionError, match=f"^{option} contains a pattern that matches every reason"):
        ReasonPolicy.of({NEVER: [], ONLY: None, option: ["fine", pattern]})


def test_an_empty_list_lifts_no_guard_and_lets_nothing_pass_by_accident() -> None:
    assert not ReasonPolicy.of({NEVER: [], ONLY: None}).needs_reasons
    assert not ReasonPolicy.of({NEVER: None, ONLY: None}).needs_reasons
    with pytest.raises(OptionError, match="rerun_only_reasons is an empty list, so nothing could ever be rerun"):
        ReasonPolicy.of({NEVER: None, ONLY: []})


@given(st.text(alphabet="ab*? .", min_size=1, max_size=8), st.text(alphabet="abAB .c", max_size=10))
@settings(max_examples=200)
def test_a_pattern_is_found_where_its_regular_expression_is(source: t.Any, text: t.Any) -> None:
    if not source.strip("*? "):
        return
    words = " ".join(source.split())
    regex = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in words)
    assert ReasonPattern(source, NEVER).matches(text) is (re.search(regex, " ".join(text.split()), re.IGNORECASE | re.DOTALL) is not None)


def test_no_pattern_takes_long() -> None:
    began = time.process_time()
    ReasonPattern("*a" * 200 + "b", NEVER).matches("a" * 5000)
    assert time.process_time() - began < 1


class TestDecisions:
    NEVER_RIGHTS = ReasonPolicy.of({NEVER: ["permission"], ONLY: None})
    SEEN = instance(number=1)

    def left(self, decision: Decision, why: Reason | None, rule: ReasonPolicy | None = None, since: int = 0) -> Decision:
        reasons = {} if why is None else {decision.instance.full_key: why}
        (after,) = leave_out([decision], rule or self.NEVER_RIGHTS, reasons, since)
        return after

    def test_one_that_is_due_is_left_to_a_person_with_the_pattern(self) -> None:
        due = decide(self.SEEN, policy(), at(40), None)
        after = self.left(due, RIGHTS)
        assert (after.action, after.attempts, after.left_out) == (Action.BLOCKED, 0, never("permission"))
        assert after.reason.endswith("; never_rerun_reasons names its reason (OBS: no permission for …): permission")
        assert self.left(due, TABLE) == due

    def test_one_whose_reason_is_missing_is_held_back(self) -> None:
        after = self.left(decide(self.SEEN, policy(), at(40), None), None)
        assert (after.action, after.left_out) == (Action.BLOCKED, UNKNOWN_TO_NEVER)
        assert after.reason.endswith("not all of its reason could be read, so never_rerun_reasons holds it back")

    def test_one_that_waits_for_the_hold_off_is_left_out_at_once(self) -> None:
        """Otherwise the approved plan would differ from the one after the hold-off."""
        held_off = decide(self.SEEN, policy(hold_off_until=at(60)), at(40), None)
        assert held_off.action is Action.SETTLING
        after = self.left(held_off, RIGHTS)
        assert (after.action, after.due_ms) == (Action.BLOCKED, None)
        assert self.left(held_off, TABLE) == held_off

    def test_what_was_sent_is_followed_to_its_end(self) -> None:
        asked = attempt("unknown", 5, before=self.SEEN)
        settling = decide(self.SEEN, policy(), at(40), asked)
        assert settling.action is Action.SETTLING
        assert self.left(settling, RIGHTS) == settling

    def test_a_further_attempt_is_left_out_by_the_new_reason(self) -> None:
        again = instance(Status.FAIL, 10, 20, number=1)
        due = decide(again, policy(attempts=2), at(40), attempt("accepted", 5, before=self.SEEN))
        assert (due.action, due.attempts) == (Action.RETRY, 2)
        after = self.left(due, RIGHTS)
        assert (after.action, after.attempts, after.attempt) == (Action.BLOCKED, 1, due.attempt)

    @pytest.mark.parametrize("outcome", ["accepted", "unknown"])
    def test_what_failed_after_it_was_stopped_and_rerun_is_judged_by_its_new_reason(self, outcome: str) -> None:
        """The stopped run passed the policy before the stop; no later run has."""
        hung = instance(Status.RUNNING_EXCEPTION, instance_id="7")
        stop = attempt(outcome, 5, before=hung, kind=AttemptKind.STOP_AND_RERUN, attempt_id=1)
        left = instance(Status.FAIL, end=8, instance_id="7")
        rerun = attempt("accepted", 100, before=left, attempt_id=2)
        wanted = StopPolicy(running_exception="stop_and_rerun", run_id="run-1")
        owed = decide_with_stops(left, policy(), wanted, at(90), None, [], [stop])
        assert (owed.action, self.left(owed, NOTHING, since=SINCE)) == (Action.RETRY, owed)
        again = instance(Status.FAIL, 110, 120, instance_id="7")
        due = decide_with_stops(again, policy(attempts=2), wanted, at(200), rerun, [rerun], [stop])
        assert due.action is Action.RETRY
        assert self.left(due, RIGHTS, since=SINCE).left_out == never("permission")
        assert self.left(due, NOTHING, since=SINCE).left_out == UNKNOWN_TO_NEVER

    def test_what_has_not_failed_has_no_reason(self) -> None:
        stopped = decide(instance(Status.MANUAL_STOP), policy(statuses=frozenset({Status.MANUAL_STOP})), at(40), None)
        assert self.left(stopped, RIGHTS) == stopped
        after = self.left(stopped, None, ReasonPolicy.of({NEVER: None, ONLY: ["permission"]}))
        assert (after.action, after.left_out) == (Action.BLOCKED, NOT_NAMED)

    @pytest.mark.parametrize(("effect", "status"), [(Effect.STALE, Status.SUCCESS), (Effect.CANCELLED, Status.MANUAL_STOP)])
    def test_what_joins_from_downstream_is_judged_only_if_it_has_failed(self, effect: Effect, status: Status) -> None:
        """The rerun above it has passed; if left to a person, it would stay outdated because of that rerun."""
        only = ReasonPolicy.of({NEVER: ["permission"], ONLY: ["timeout"]})
        joined = dataclasses.replace(decide(instance(status), policy(statuses=frozenset({status})), at(40), None), downstream=effect)
        assert (joined.action, self.left(joined, None, only)) == (Action.RETRY, joined)
        failed = dataclasses.replace(decide(self.SEEN, policy(), at(40), None), downstream=effect)
        assert self.left(failed, TABLE, only).left_out == NOT_NAMED

    @pytest.mark.parametrize(
        "seen", [instance(Status.RUNNING), instance(Status.SUCCESS), instance(Status.PAUSE), instance(instance_type=InstanceType.MANUAL)]
    )
    def test_nothing_else_is_changed(self, seen: t.Any) -> None:
        decision = decide(seen, policy(), at(40), None)
        assert self.left(decision, RIGHTS) == decision

    def test_without_a_policy_no_reason_is_needed(self) -> None:
        due = decide(self.SEEN, policy(), at(40), None)
        assert self.left(due, None, ReasonPolicy()) == due
