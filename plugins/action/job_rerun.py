# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeats the passes of module job_rerun until nothing is left to do, and shows how far they are.

The module reads, decides, sends and reports once; where it would run on this machine as this process does, its logic is called without
a process of its own. This waits between passes, prints the plan and a live progress line per workspace, and puts the passes together
into one result. Everything it decides or says is a pure function of ``plugin_utils``.
"""

from __future__ import annotations

import os
import time
import typing as t
import uuid

from ansible import constants
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean

from ..plugin_utils._common.lines import Line
from ..plugin_utils._report.started import started_command
from ..plugin_utils._role.options import ROLE
from ..plugin_utils._task import console, counts, inprocess, passes
from ..plugin_utils._task.module_action import ModuleAction
from ..plugin_utils._task.paths import from_start
from ..plugin_utils._task.screen import brief, show

_MODULE = "dataarts.factory.job_rerun"


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.job_rerun``."""

    _requires_connection = True

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """As many passes as it takes. The first one sends nothing, so that the plan is shown before anything is sent; where there is nothing
        to send it is as good as any.

        :returns: what the module documents, over all passes.
        """
        # From here on the task, a copy that this process has for itself, is one in check mode.
        self._task.check_mode = self._task.check_mode or boolean(self._task.args.get("check_only") or False, strict=False)
        if self._task.async_val:
            return self._in_background(task_vars)
        self._started = time.monotonic()
        self._play = os.getppid()
        run, timing = self._watch(task_vars)
        result = self._result(run, timing, task_vars)
        self._leave_if_alone()
        return result

    def _in_background(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """With ``async`` a process of its own makes one pass that waits for nothing; nobody is there to be shown progress."""
        args = from_start({**self._task.args, "wait": False}, self._connection.transport)
        result: dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args=args, task_vars=task_vars, wrap_async=True)
        return result

    def _watch(self, task_vars: dict[str, t.Any]) -> tuple[passes.Passes, passes.Timing]:
        run = passes.Passes(
            wanted=passes.statuses_of_task(self._task.args),
            check=bool(self._task.check_mode),
            fleet=bool(_prefix(task_vars)),
            run_id=uuid.uuid4().hex,
        )
        timing = passes.Timing()
        planning: float | None = None
        progress = _Progress(self._label(task_vars), self._say, verbose=self._display.verbosity > 0)
        while True:
            began = self._elapsed()
            run = run.after(self._pass(run, task_vars))
            if run.passes == 1 and run.error is None:
                timing = passes.Timing.of(self._task.args)
            progress.news(run)
            if self._task.check_mode:
                return run, timing
            if run.passes == 1 and timing.wait and self._first_without_since(run, task_vars):
                command = started_command(task_vars, self._loader) if _prefix(task_vars) else None
                for line in console.resume_lines(run, command):
                    self._say(line)
            if run.planned:
                continue
            planning = began if planning is None else planning  # what is waited for begins with the first pass that sends
            seconds = passes.seconds_to_next_pass(run, timing, began - planning, self._elapsed() - planning)
            if seconds is None:
                return run, timing
            until = self._elapsed() + seconds
            while seconds > 0:
                progress.show(run, self._elapsed())
                time.sleep(min(seconds, passes.HEARTBEAT))
                seconds = until - self._elapsed()

    def _pass(self, run: passes.Passes, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """One run of the module. A host that cannot be reached any more, where modules run on another machine, ends no run that goes on."""
        self._leave_if_alone()
        args = from_start(passes.next_args(self._task.args, run), self._connection.transport)
        if self._in_process(task_vars):
            in_process = inprocess.run_pass(args, check_mode=bool(self._task.check_mode), diff_mode=bool(self._task.diff))
            if in_process is not None:
                return in_process
        try:
            result: dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args=args, task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            if not run.base:
                raise
            result = {"failed": True, "msg": str(error), "error": {"kind": "unreachable"}}
        return result

    def _in_process(self, task_vars: dict[str, t.Any]) -> bool:
        """Whether a pass needs no process of its own; see ``_task/inprocess.py``."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return inprocess.same_place(
            connection=self._connection.transport,
            become=self._connection.become is not None,
            interpreter=self._templar.template(task_vars.get("ansible_python_interpreter")),
            environment=environment,
            kept=bool(constants.DEFAULT_KEEP_REMOTE_FILES),
            delegated=bool(self._task.delegate_to),
        )

    def _result(self, run: passes.Passes, timing: passes.Timing, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        host, unknown = self._host(task_vars), {str(instance.get("job_name")) for instance in run.having({"unknown"})}
        args = passes.next_args(self._task.args, run)
        place = console.TaskRun(
            host=host,
            workspace_id=str(self._task.args.get("workspace_id")),
            check_mode=bool(self._task.check_mode),
            wait=timing.wait,
            timed_out=not run.ended and not self._task.check_mode,
            elapsed=self._elapsed(),
            lookup=console.lookup_command(host, _inventories(task_vars), args, unknown) if unknown else "",
            prefix=_prefix(task_vars),
        )
        failed, msg = console.verdict(run, place)
        # Also where the task fails: role and playbooks go on after it, and nobody would see why before their end.
        for line in console.closing_lines(run, place, msg):
            self._say(line)
        result = counts.final_result(run, failed=failed, msg=msg, timed_out=place.timed_out, elapsed=place.elapsed)
        result = {**result, "diff": console.headed(host, result["diff"])} if result.get("diff") else result
        return brief(result, self._display)

    def _first_without_since(self, run: passes.Passes, task_vars: dict[str, t.Any]) -> bool:
        """Whether people have to be told the ``since`` of this play: nobody gave one, and this is the first of its workspaces."""
        hosts = list(task_vars.get("ansible_play_hosts_all") or ())
        first = hosts[:1] in ([], [self._host(task_vars)])
        return first and not self._task.args.get("since") and run.error is None and (len(hosts) > 1 or not run.ended)

    def _leave_if_alone(self) -> None:
        """End this process if the play that it belongs to was killed, which leaves its workers. Nobody takes what it says or returns any more, and
        the pipe that nobody reads would hold it for ever once it is full. What was sent is in the record."""
        if os.getppid() != self._play:
            os._exit(1)

    def _say(self, line: Line) -> None:
        self._leave_if_alone()
        if not (self._task.no_log or self._play_context.no_log):
            show(self._display, [line])

    def _label(self, task_vars: dict[str, t.Any]) -> str:
        return console.label(self._host(task_vars), task_vars.get("ansible_play_hosts_all") or ())

    def _host(self, task_vars: dict[str, t.Any]) -> str:
        return str(task_vars.get("inventory_hostname", "localhost"))

    def _elapsed(self) -> float:
        return time.monotonic() - self._started


class _Progress:
    """What was said about one workspace already, so that nothing is said twice."""

    def __init__(self, name: str, say: t.Callable[[Line], None], *, verbose: bool) -> None:
        self._name = name
        self._say = say
        self._verbose = verbose
        self._read_ms = 0
        self._last = ""
        self._last_at = 0.0
        self._shown_problems: set[str] = set()
        self._plan: tuple[str, ...] = ()

    def news(self, run: passes.Passes) -> None:
        """Print the plan, if it is another than the one printed before, and the problems that are new."""
        self._read_ms = self._read_ms if run.failed_passes else int(time.time() * 1000)
        if run.plan != self._plan:
            self._plan = run.plan
            for line in console.plan_on_console(self._name, run, verbose=self._verbose):
                self._say(line)
        for problem in run.problems:
            if problem not in self._shown_problems:
                self._shown_problems.add(problem)
                self._say(console.problem_line(self._name, problem))

    def show(self, run: passes.Passes, elapsed: float) -> None:
        """Print the progress *elapsed* seconds into the task, if it says something new or nothing was said for a while."""
        text = f"{console.progress_text(counts.count(run))}, {bool(run.failed_passes)}"
        if text != self._last or elapsed - self._last_at >= passes.HEARTBEAT:
            self._say(console.progress_line(self._name, run, elapsed, self._read_ms))
            self._last, self._last_at = text, elapsed


def _inventories(task_vars: dict[str, t.Any]) -> list[str]:
    return [str(source) for source in task_vars.get("ansible_inventory_sources") or ()]


def _prefix(task_vars: dict[str, t.Any]) -> str:
    """What stands before the name of an option where people set it: the role takes variables, and one called since would be ignored."""
    return "dataarts_" if task_vars.get("ansible_role_name") == ROLE else ""
