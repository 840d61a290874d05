# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of the report's texts: none is missing in either language, and none is anywhere else."""

from __future__ import annotations

import html
import inspect
import itertools
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._output.downstream import EFFECT_WORDS, UNSURE
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide, decide_missing
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data, go_on, next_steps, plain, words
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.headline import headline
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.counts import COUNTS, STANDINGS, policy_remedy
from tests.support.table import failing
from tests.unit.building import at, attempt, instance, policy

ASSETS = Path(words.__file__).resolve().parent / "assets"
CATALOGUE = words.catalogue()
SCRIPT, PAGE = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.js", "page.html"))
KEYED = {f"{section}: {key}": texts for section in ("page", "headline") for key, texts in CATALOGUE[section].items()}
ALL = {**KEYED, **{english: [english, chinese] for english, chinese in CATALOGUE["messages"]}}
#: The same in both languages: words of the product and of the options.
ALIKE = {"page: utc", "page: fact-playbook", "page: fact-since"}
GAP = re.compile(r"\{(\w+)\}")
#: Gaps of English messages for one form or the other, which Chinese does not have.
NUMBERED = {"s", "t", "are"}


def test_a_text_is_there_in_both_languages_with_the_same_gaps() -> None:
    assert len(ALL) > 1000
    assert failing(ALL, check_text) == {}


def check_text(key: str) -> None:
    english, chinese = ALL[key]
    assert english
    assert chinese
    assert re.search(r"[\u4e00-\u9fff\uff00-\uffef。]", chinese) or key in ALIKE or not re.search("[A-Za-z]", GAP.sub("", english))
    assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", english)
    assert "|" not in chinese, "Chinese has one form"
    forms = english.split("|")
    assert len(forms) in (1, 2)
    for form in forms:
        assert set(GAP.findall(form)) - NUMBERED == set(GAP.findall(chinese))


def test_what_the_page_says_is_in_the_catalogue_and_the_catalogue_in_the_page() -> None:
    said = set(re.findall(r'(?:say|sayNodes|numbers|words)\("([\w-]+)"', SCRIPT)) | set(re.findall(r'data-say(?:-label)?="([\w-]+)"', PAGE))
    said |= set(re.findall(r'"([\w-]+)"', re.search(r"const COLUMNS = \[(.*?)\]", SCRIPT)[1]))  # type: ignore[index]
    said |= {f"copy-{what}{end}" for what in ("command", "variables") for end in ("", "-for")}
    # Standings of instances, steps and workspaces, and names of counts.
    tables = re.search(r"const STANDINGS = .*?const CALLED = ", SCRIPT, re.DOTALL)[0]  # type: ignore[index]
    stands = set(re.findall(r"(\w+): \[", tables)) - {"refused", "workspace", "no_result"}
    said |= stands | {"not_worked_on", "failed", "rerun", "adopted"}
    said |= {"night"} | {f"night-{step}" for step in plain._STEPS}
    assert set(STANDINGS) <= stands
    assert said - set(CATALOGUE["page"]) == set()
    # One of two texts, chosen by a condition.
    assert set(CATALOGUE["page"]) - said == set(re.findall(r'[?:] "([\w-]+)"', SCRIPT)) & set(CATALOGUE["page"]) - said


def test_no_text_stands_in_the_script_itself() -> None:
    code = re.sub(r"^\s*//.*$|/\*.*?\*/", "", SCRIPT, flags=re.MULTILINE | re.DOTALL)
    literals = re.findall(r'"([^"\n]*)"', code)
    classes = {"sheet group", "sheet fine", "sheet none", "number zero", "use strict", "full end", "mark end"}
    assert [text for text in literals if re.search(r"[a-z]{3,} [a-z]{2,}", text) and text not in classes] == []


def test_what_stands_in_the_page_before_its_script_ran_is_the_english_text() -> None:
    said = re.findall(r'data-say="([\w-]+)"[^>]*>([^<]*)<', PAGE)
    labels = re.findall(r'data-say-label="([\w-]+)" aria-label="([^"]*)"', PAGE)
    assert (len(said), len(labels)) == (PAGE.count('data-say="'), PAGE.count('data-say-label="'))
    for key, text in said:
        assert text == html.escape(CATALOGUE["page"][key][0]), key
    for key, text in labels:
        assert text == CATALOGUE["page"][key][0], key


def chinese(text: str) -> str:
    """A message as the terminal and the page show it."""
    return words.translated("zh", text)


#: What stays English within a translation: statuses, options and the service's own words, which the tests below use.
STATUSES = [
    "fail",
    "success",
    "pause",
    "freeze",
    "waiting",
    "running",
    "forceSuccess",
    "ignoreSuccess",
    "unknown",
    "statuses",
    "since",
    "attempts",
    "jobs",
    "play",
]
LEFT = re.compile(
    r"DLF\.30137 job instance does not exist|daily_sales 2|Manual retry|--[a-z-]+|[A-Za-z]+(?:[-_][a-z_]+)+|\d{4}-\S+?Z|"
    rf"\b(?:{'|'.join(STATUSES)})\b"
)


def untranslated(text: str) -> bool:
    return re.search("[A-Za-z]{2,}", LEFT.sub("", chinese(text))) is not None


def reasons() -> t.Iterator[str]:
    """Reasons of decisions about every status, with and without an attempt, within and after its settle window, under several policies."""
    for status, run, kind in itertools.product(
        Status, [(-3600, -3000), (20, 30), (None, None)], (InstanceType.NORMAL, InstanceType.MANUAL)
    ):
        seen = instance(status, *run, instance_type=kind)
        for rules in (
            policy(),
            policy(attempts=2, attempt_delay_ms=600_000),
            policy(hold_off_until=at(900)),
            policy(statuses=frozenset(Status)),
        ):
            yield decide(seen, rules, at(40), None).reason
            for outcome, batch, now in itertools.product(Outcome, (1, 2), (40, 4000)):
                earlier = attempt(outcome.value, before=instance(), batch=batch, message="DLF.30137 job instance does not exist")
                yield decide(seen, rules, at(now), earlier).reason
                yield decide_missing(earlier, rules, at(now)).reason


def test_every_reason_of_a_decision_has_a_translation() -> None:
    assert sorted({chinese(reason) for reason in set(reasons()) if untranslated(reason)}) == []


def test_every_next_step_and_effect_has_a_translation() -> None:
    texts = [*next_steps._TEXTS.values(), data._NO_RESULT, UNSURE]
    texts += [f"2 {word}: daily_sales 2" for pair in EFFECT_WORDS.values() for word in pair]
    texts += [policy_remedy([{"policy": {"option": "only_reasons"}}]) + " " + next_steps._TEXTS["blocked"]]
    texts += re.findall(r'"((?:To|When)[^"]+:)"', "".join(inspect.getsource(part) for part in (go_on._run, go_on._once_more)))
    assert len(texts) > len(next_steps._TEXTS) + 12
    assert [chinese(text) for text in texts if untranslated(text)] == []
    reruns = "rerun 3 times before: 2026-11-23T02:00:00Z by jane on ctl-1 for INC-4711; 2026-11-22T07:00:00Z by joe on ctl-1 (outcome unknown); and 1 more"
    wanted = "此前重跑过 3 次：2026-11-23T02:00:00Z，jane（ctl-1），事由 INC-4711；2026-11-22T07:00:00Z，joe（ctl-1，结果未知）；另有 1 次"
    assert chinese(reruns) == wanted


COUNTED = dict.fromkeys((*COUNTS, "selected"), 0)


def judged(state: str, instances: t.Sequence[dict[str, t.Any]] = (), *, blind: bool = False, **counts: int) -> dict[str, t.Any]:
    return {
        "state": state,
        "instances": list(instances),
        "counts": {**COUNTED, **counts},
        "refused": False,
        "blind": blind,
        "succeeded": state in ("succeeded", "planned", "in_progress"),
    }


BROKEN = {"standing": "failed_again", "broken": True}
HEADLINES: list[tuple[list[dict[str, t.Any]], bool, str, str]] = [
    ([judged("succeeded", succeeded=3)], False, "All 3 instances succeeded", "全部 3 个实例运行成功"),
    ([judged("succeeded", succeeded=1)], False, "The instance succeeded", "1 个实例运行成功"),
    ([judged("succeeded")], False, "Nothing to rerun", "没有需要重跑的实例"),
    ([judged("broken", [BROKEN], succeeded=3)], False, "1 of 4 instances is still broken", "4 个实例中还有 1 个未恢复"),
    (
        [judged("broken", [BROKEN, BROKEN], succeeded=3, running=2), judged("no_result")],
        False,
        "2 of 7 instances are still broken, 2 in progress; 1 workspace could not be worked on",
        "7 个实例中还有 2 个未恢复，2 个正在进行；1 个工作空间未能处理",
    ),
    ([judged("in_progress", waiting=1)], False, "1 of 1 instance is still in progress", "1 个实例中还有 1 个正在进行"),
    (
        [judged("broken", blind=True, running=2)],
        False,
        "2 of 2 instances are still in progress, as far as is known: 2 could no longer be read",
        "2 个实例中还有 2 个正在进行（仅就已知情况而言：另有 2 个无法再读取）",
    ),
    (
        [judged("no_result"), judged("succeeded", succeeded=2)],
        False,
        "1 workspace could not be worked on; elsewhere all 2 instances succeeded",
        "1 个工作空间未能处理；其他工作空间：全部 2 个实例运行成功",
    ),
    ([judged("broken"), judged("succeeded")], False, "1 of 2 workspaces did not succeed", "2 个工作空间中有 1 个未成功"),
    ([judged("planned", to_rerun=16)], True, "16 instances would be rerun in 1 workspace", "1 个工作空间中将重跑 16 个实例"),
    ([judged("no_result"), judged("planned")], True, "1 workspace could not be worked on", "1 个工作空间未能处理"),
    (
        [{**judged("planned", to_rerun=1), "refused": True}],
        True,
        "1 workspace refused",
        "1 个工作空间被拒绝执行",
    ),
]


@pytest.mark.parametrize(("workspaces", "check_mode", "english", "in_chinese"), HEADLINES)
def test_the_headline_says_the_same_in_both(workspaces: t.Any, check_mode: bool, english: str, in_chinese: str) -> None:
    totals = {name: sum(workspace["counts"].get(name, 0) for workspace in workspaces) for name in COUNTED}
    report = {"workspaces": workspaces, "totals": totals | ({} if check_mode else {"to_rerun": 0}), "check_mode": check_mode}
    assert headline(report) == english
    assert headline(report, "zh") == in_chinese
    assert chinese(english) == in_chinese, "the same where only the text is there, as of the steps of a night"
