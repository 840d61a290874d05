# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killable processes that start fast: they are forked from a single-threaded server that has imported everything."""

from __future__ import annotations

import json
import multiprocessing
import time
import typing as t
from multiprocessing.process import BaseProcess
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.action.supplement_missing import _carried
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import rerun_spec, supplement_missing_spec
from ansible_collections.dataarts.factory.plugins.module_utils._planner.repair import left_to_make, made_late
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import passes, registered, repair_results
from tests.support.logic import call

Json = dict[str, t.Any]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.chaos.children"])


def started(work: t.Callable[[Json, str], None], options: Json, answer: Path) -> BaseProcess:
    """Start a process that calls *work*, which writes its result to the file *answer*."""
    answer.unlink(missing_ok=True)
    process = _CONTEXT.Process(target=work, args=(options, str(answer)))
    process.start()
    return process


def result_of(answer: Path) -> Json | None:
    """Result of a process, or None if it was killed before it wrote one."""
    return t.cast("Json", json.loads(answer.read_text(encoding="utf-8"))) if answer.exists() else None


def rerun(options: Json, answer: str) -> None:
    """Make all passes of a job_rerun task, as its action plugin does."""
    run = _reruns(options, {})
    _leave({"finished": run.ended and run.error is None, "error": run.error, "problems": list(run.problems)}, answer)


def repair(options: Json, answer: str) -> None:
    """Run the steps of playbook repair in one workspace.

    :param options: options of job_rerun and of supplement_missing.
    """
    own = {name: value for name, value in options.items() if name in supplement_missing_spec()}
    kept: Json = {"inventory_hostname": "sales"}

    def stage(name: str) -> None:
        snapshots = {}
        if name != "find":
            known = _carried(kept, repair_results.still_broken([kept]) if name == "after_reruns" else None)
            snapshots = {known["workspace_id"]: known}
        kept[repair_results.MISSING] = call("supplement_missing", {**own, "stage": name, "snapshots": snapshots})

    def reruns() -> None:
        repaired = repair_results.repair_of(kept, [kept])
        run = _reruns({name: value for name, value in options.items() if name in rerun_spec()}, repaired)
        error = run.error or {}
        kept[registered.RESULT] = {**run.base, "succeeded": run.ended and not error, "instances": list(run.instances.values()), **error}

    stage("find")
    if left_to_make(repair_results.missing_of(kept)):
        stage("before_reruns")
    reruns()
    if left_to_make(repair_results.missing_of(kept), late=True):
        stage("after_reruns")
    if made_late(repair_results.missing_of(kept)):
        reruns()
    if repair_results.pauses_jobs(kept):
        stage("end")
    result = repair_results.with_missing(kept[registered.RESULT], repair_results.missing_of(kept))
    texts = {name: result.get(name) for name in ("msg", "error", "problems")}
    _leave({"finished": registered.reached_goal(result), **texts, "open_pauses": result["journal_history"]["open_pauses"]}, answer)


def _reruns(options: Json, repaired: Json) -> passes.Passes:
    """Make the passes of a job_rerun task.

    :param repaired: what the surrounding repair makes; empty without one.
    """
    run = passes.Passes(run_id=f"run-{time.time_ns()}", repair=repaired)
    timing, began = passes.Timing.of(options), time.monotonic()
    while True:
        run = run.after(call("job_rerun", passes.next_args(options, run)))
        elapsed = time.monotonic() - began
        seconds = 0.0 if run.planned else passes.seconds_to_next_pass(run, timing, elapsed, elapsed)
        if seconds is None:
            break
        time.sleep(seconds)
    if passes.restores(options, run):
        run = run.restored(call("job_rerun", passes.restore_args(options, run)))
    return run


def run_job(options: Json, answer: str) -> None:
    """Run a job_run task."""
    _leave(call("job_run", options), answer)


def _leave(result: Json, answer: str) -> None:
    path = Path(answer)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, default=str), encoding="utf-8")
    part.replace(path)
