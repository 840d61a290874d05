# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that can be killed and cost little to start: forked from a server that has imported everything and has no other thread."""

from __future__ import annotations

import json
import multiprocessing
import time
import typing as t
from multiprocessing.process import BaseProcess
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.plugin_utils._task import passes
from tests.support.logic import call

Json = dict[str, t.Any]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.chaos.children"])


def started(work: t.Callable[[Json, str], None], options: Json, answer: Path) -> BaseProcess:
    """A process that does *work*, and leaves its result in the file *answer*."""
    answer.unlink(missing_ok=True)
    process = _CONTEXT.Process(target=work, args=(options, str(answer)))
    process.start()
    return process


def result_of(answer: Path) -> Json | None:
    """What a process has left; None if it was killed before."""
    return t.cast("Json", json.loads(answer.read_text(encoding="utf-8"))) if answer.exists() else None


def rerun(options: Json, answer: str) -> None:
    """A task of job_rerun, pass after pass as its action makes them."""
    run, timing, began = passes.Passes(run_id=f"run-{time.time_ns()}"), passes.Timing.of(options), time.monotonic()
    while True:
        run = run.after(call("job_rerun", passes.next_args(options, run)))
        elapsed = time.monotonic() - began
        seconds = 0.0 if run.planned else passes.seconds_to_next_pass(run, timing, elapsed, elapsed)
        if seconds is None:
            break
        time.sleep(seconds)
    if passes.restores(options, run):
        run = run.restored(call("job_rerun", passes.restore_args(options, run)))
    _leave({"finished": run.ended and run.error is None, "error": run.error, "problems": list(run.problems)}, answer)


def run_job(options: Json, answer: str) -> None:
    """A task of job_run."""
    _leave(call("job_run", options), answer)


def _leave(result: Json, answer: str) -> None:
    path = Path(answer)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, default=str), encoding="utf-8")
    part.replace(path)
