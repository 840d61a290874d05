# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module job_rerun: repeat its passes until nothing is left to do, and show the progress.

The module lists, decides, sends and reports once; its logic is called in this process if it can be, see ``inprocess.py``. This action waits between
passes, prints the plan and progress lines, and merges the passes into one result, with pure functions of ``plugin_utils``.
"""

from __future__ import annotations

import contextlib
import os
import time
import typing as t
import uuid

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ..module_utils._common.text import printable
from ..module_utils._planner.downstream import joins
from ..module_utils._runner.ansible_module import ModuleRun, failure_result
from ..plugin_utils._common.tables import Line
from ..plugin_utils._report.closing import message_told
from ..plugin_utils._report.host_results import patterns_without_job
from ..plugin_utils._report.started import started_command
from ..plugin_utils._report.words import ENGLISH, say, translated
from ..plugin_utils._role.options import ROLE
from ..plugin_utils._task import console, counts, inprocess, passes, registered, repair_results, verdict
from ..plugin_utils._task.heartbeat import Heartbeat
from ..plugin_utils._task.interruption import Note, earliest, first_to_say
from ..plugin_utils._task.loops import workspaces_left
from ..plugin_utils._task.module_action import TRIED, ModuleAction
from ..plugin_utils._task.passes import Passes
from ..plugin_utils._task.paths import from_start
from ..plugin_utils._task.screen import brief, failed_with, read_by_program
from ..plugin_utils._task.variables import workspace_id_of


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.job_rerun``."""

    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the task, or its part of role rerun."""
        self._started, self._play, self._part = time.monotonic(), os.getppid(), registered.Part.of(self._task.args)
        if self._part.name == registered.VERDICT:
            return self._verdict(task_vars or {})
        self._before, self._working = self._left_before(task_vars or {}), False
        before = self._before
        watch = self._part.name == registered.WATCH
        try:
            result = super().run(tmp, task_vars)
        except AnsibleError as error:
            if not isinstance(before, t.Mapping) or (self._working and not watch):
                raise
            result, self._working = self.with_names(failure_result(printable(str(error), 4000), "refused"), task_vars or {}), False
        if self._working or not isinstance(before, t.Mapping):
            return result
        return registered.refused(before, self._workspace_id(task_vars or {}), result, watch=watch)

    def _left_before(self, task_vars: dict[str, t.Any]) -> t.Any:
        """The result of the previous part, which may be that of another workspace of the same host; None if there is none."""
        return (registered.outcome(task_vars, self._part.result) or None) if self._part.result else None

    def _workspace_id(self, task_vars: dict[str, t.Any]) -> str:
        """The workspace id of a task whose options could not be completed; "" if it is unknown."""
        asked = self._task.args.get("workspace_id") or task_vars.get("dataarts_workspace_id")
        try:
            return str(self._templar.template(asked) or "")
        except AnsibleError:
            return ""

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Make as many passes as it takes. The first one only plans, so that the plan is shown before anything is sent.

        :returns: the module's documented result, over all passes.
        """
        self._working = True
        # check_only makes the task, which is this process's own copy, a task in check mode.
        self._task.check_mode = self._task.check_mode or bool(self._task.args.get("check_only"))
        if self._task.async_val:
            return self._in_background(task_vars)
        self._doing: t.Callable[[], Line] = lambda: Line("")
        self._task.args = {**self._task.args, **self._others(task_vars)}
        tried: Passes | None = getattr(self._task, TRIED, None)
        run = (tried and tried.again()) or Passes(
            check=bool(self._task.check_mode),
            fleet=bool(_prefix(task_vars)),
            run_id=uuid.uuid4().hex,
            language=self.language(task_vars),
            repair=self._repair(task_vars),
        )
        before = self._before
        own = registered.before_of(before, str(self._task.args.get("workspace_id"))) if self._part.name == registered.WATCH else None
        if own is not None:
            resumed = Passes.resumed(run, own)
            if resumed is None:
                return {**own, **self._kept_of_others(before)}
            run = resumed
        self._run, self._go_on = run, ""
        with Heartbeat(self._say, self._waiting_line):
            timing = passes.Timing()
            with self._kept():
                timing = self._passes(task_vars)
            run = self._run
            if passes.restores(self._task.args, run) and (self._part.name != registered.SEND or run.ended):
                run = self._run = run.restored(self._run_once(passes.restore_args(self._task.args, run), run, task_vars))
        setattr(self._task, TRIED, run)
        result = {**self._result(run, timing, tried, task_vars), **self._kept_of_others(before)}
        self._leave_if_alone()
        if not registered.left(result):
            Note(self.host(task_vars)).close()
        return result

    def _waiting_line(self) -> Line:
        """The heartbeat's line; what is waited for changes during the task."""
        return self._doing()

    def _repair(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The repair that the task belongs to, see :func:`~.repair_results.repair_of`; {} if there is none."""
        if self._part.result != registered.RESULT or not repair_results.missing_of(task_vars):
            return {}
        hostvars = task_vars["hostvars"]
        return repair_results.repair_of(task_vars, [hostvars.raw_get(host) for host in hostvars])

    def _kept_of_others(self, before: t.Any) -> dict[str, t.Any]:
        """Results of the host's other workspaces, from earlier items of a loop in the same variable, so that its last item knows all of them."""
        if not self._part.name:
            return {}
        workspace_id = str(self._task.args.get("workspace_id"))
        return {"workspace_id": workspace_id, **registered.others(before, workspace_id)}

    def _verdict(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Fail with a short message if the goal was missed: Ansible shows a failed result whole, and it may hold thousands of instances."""
        missing = repair_results.missing_of(task_vars) if self._part.result == registered.RESULT else {}
        result = repair_results.with_missing(registered.outcome(task_vars, self._part.result), missing)
        reached, program = registered.reached_goal(result), read_by_program(self._task)
        language = ENGLISH if program else self.language(task_vars)
        msg = str(result.get("msg") or ("" if reached else "Failed: no task of this play left a result."))
        # With ansible-core 2.16, the failure of a task with run_once ends the play before the closing lines.
        whole = self._part.whole or program or bool(self._task.run_once)
        unmatched = self._unmatched(task_vars)
        if unmatched and (reached or not self._part.fail):
            text = (
                translated(language, " ".join(unmatched))
                if whole
                else say(language, "A name or a pattern in jobs matches no job. See below.")
            )
            return failed_with(text)
        if reached:
            return {"changed": False, "msg": msg}
        shown_below = message_told(result, check_mode=bool(self._task.check_mode))
        text = translated(language, msg) if whole else verdict.verdict_text(result, msg, shown_below=shown_below, language=language)
        if self._part.fail:
            return failed_with(text)
        self._say(verdict.verdict_line(self.host(task_vars), text, language))
        return {"changed": False, "msg": msg}

    def _unmatched(self, task_vars: dict[str, t.Any]) -> list[str]:
        """Messages about names and patterns that match no job in any workspace, if the verdict of this host must report them.

        Only one host reports each: the first of the batch that was asked for it, else the first of the batch.
        """
        if self._part.whole or workspaces_left(self._task, self._templar, task_vars):
            return []
        batch = list(task_vars.get("ansible_play_batch") or ())
        hosts = self._templar.template(task_vars.get("__dataarts_hosts"))
        unmatched = patterns_without_job(task_vars, hosts, self._part.result)
        return [
            entry.text for entry in unmatched if [*(host for host in batch if host in entry.hosts), *batch][:1] == [self.host(task_vars)]
        ]

    @contextlib.contextmanager
    def _kept(self) -> t.Iterator[None]:
        """Context manager: an unexpected error ends the passes but keeps their results; before the first result, it is raised."""
        try:
            yield
        except AnsibleError:
            raise
        except Exception as error:
            if not self._run.base:
                raise
            cause = f"{type(error).__name__} in the action of the task"
            self._run = self._run.after({"failed": True, "msg": f"Failed to go on: {cause}.", "error": {"kind": "internal"}})

    def cleanup(self, force: bool = False) -> None:
        """Remove the temporary folder. If the machine cannot be reached any more, the folder stays and the task keeps its result."""
        with contextlib.suppress(AnsibleError):
            super().cleanup(force=force)

    def _in_background(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """With ``async``, make one pass that does not wait, in a process of its own; no progress is shown."""
        alone = {"wait": False, "pass_state": {"run_id": uuid.uuid4().hex, "alone": True}}
        args = from_start({**self._task.args, **alone}, self._connection.transport)
        return self.execute(args, task_vars, in_background=True)

    def _passes(self, task_vars: dict[str, t.Any]) -> passes.Timing:
        """Make passes until the task's part is done; return the timing."""
        timing = passes.Timing.of(self._task.args) if self._run.base else passes.Timing()
        planning = 0.0 if self._run.base else None
        progress = _Progress(self.label(task_vars), self._say, self._run, verbose=self._display.verbosity > 0)
        began = 0.0

        def seen(result: dict[str, t.Any]) -> None:
            nonlocal timing, began
            first = not self._run.base
            run = self._run = self._run.after(result)
            if first and run.base and run.error is None:
                timing = passes.Timing.of(self._task.args)
            progress.news(run)
            self._note(run, progress, task_vars)
            if first and timing.wait and not self._task.check_mode and self._first_without_since(run, task_vars):
                command = started_command(task_vars, self._loader) if _prefix(task_vars) else None
                for line in console.resume_lines(earliest(run.since or 0), command, language=run.language):
                    self._say(line)
            if run.planned:  # the pass that sends begins now
                began = self._elapsed()

        while True:
            began = self._elapsed()
            seen(self._run_once(passes.next_args(self._task.args, self._run), self._run, task_vars, seen))
            run = self._run
            if self._task.check_mode and not run.failed_passes:
                return timing
            if run.planned:
                continue
            planning = began if planning is None else planning  # what is waited for begins with the first pass that sends
            seconds = self._seconds_to_next(run, timing, began - planning, self._elapsed() - planning)
            if seconds is None and self._part.name != registered.SEND and passes.acts_on_timeout(run, timing):
                self._say(console.timeout_line(self.label(task_vars), run, timing))
                (self._run, timing), planning = passes.after_timeout(run, timing), self._elapsed()
                continue
            if seconds is None:
                return timing
            self._pause(seconds, run, progress)

    def _seconds_to_next(self, run: Passes, timing: passes.Timing, began: float, elapsed: float) -> float | None:
        if self._part.name == registered.SEND and run.base:
            return passes.seconds_to_next_send(run, timing)
        return passes.seconds_to_next_pass(run, timing, began, elapsed)

    def _note(self, run: Passes, progress: _Progress, task_vars: dict[str, t.Any]) -> None:
        """Write the note for an interruption of the play; also if the workspace has ended, because its ``since`` may be the earliest."""
        if run.since is None or self._task.check_mode or self._task.no_log:
            return
        if not self._go_on:
            command = started_command(task_vars, self._loader) if _prefix(task_vars) else None
            lines = console.resume_lines(run.since, command, interrupted=True, scope=run.base, language=run.language)
            self._go_on = "\n".join(line.text for line in lines)
        standing = "" if run.ended else progress.line(run, self._elapsed()).text
        Note(self.host(task_vars)).write(run.since, standing, self._go_on, run.language)

    def _pause(self, seconds: float, run: Passes, progress: _Progress) -> None:
        """Show the progress and wait until the next pass is due."""
        until = time.monotonic() + seconds
        self._doing = lambda: progress.line(run, self._elapsed())
        progress.show(run, self._elapsed())
        while seconds > 0:
            self._leave_if_alone()
            time.sleep(min(seconds, 5.0))
            seconds = until - time.monotonic()

    def _run_once(
        self,
        options: dict[str, t.Any],
        run: Passes,
        task_vars: dict[str, t.Any],
        planned: t.Callable[[dict[str, t.Any]], None] | None = None,
    ) -> dict[str, t.Any]:
        """Run the module once. If modules run on another machine, one that cannot be reached is a failed pass, not the end of the run.

        :param planned: see :func:`.inprocess.run_here`.
        """
        self._leave_if_alone()
        began, label = time.monotonic(), self.label(task_vars)
        args = from_start(options, self._connection.transport)
        self._doing = lambda: console.doing_line(label, "", time.monotonic() - began, run.language)
        if self.runs_here(task_vars):
            in_process = inprocess.run_here(
                self.module, args, **self.modes, started=lambda module: self._attend(label, module, run.language), planned=planned
            )
            if in_process is not None:
                return in_process
        try:
            result = self.execute(args, task_vars)
        except AnsibleConnectionFailure as error:
            result = {"failed": True, "unreachable": True, "msg": str(error)}
        except AnsibleError as error:
            if not run.base:
                raise
            result = {"failed": True, "msg": str(error)}
        if passes.broke(result):
            if not result.get("unreachable"):
                self.cleanup()  # the folder holds the module's options, including secrets
            self._connection._shell.tmpdir = None  # it may be gone; the next pass makes another
        return result

    def _attend(self, label: str, module: ModuleRun, language: str) -> None:
        """From now on, the heartbeat shows what the pass in this process is doing."""
        began = time.monotonic()
        self._doing = lambda: console.doing_line(label, module.waiting_for, time.monotonic() - began, language)

    def _result(self, run: Passes, timing: passes.Timing, tried: Passes | None, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        host, unknown = self.host(task_vars), {str(instance.get("job_name")) for instance in run.having({"unknown"})}
        if run.error is not None and run.base is run.error and passes.host_unreachable(run.error):
            raise AnsibleConnectionFailure(passes.message_of(run.error))
        args = passes.next_args(self._task.args, run)
        left = self._part.name == registered.SEND and not run.ended and not self._task.check_mode
        place = verdict.TaskRun(
            host=host,
            workspace_id=str(self._task.args.get("workspace_id")),
            check_mode=bool(self._task.check_mode),
            wait=timing.wait and not left,
            timed_out=not run.ended and not left and not self._task.check_mode,
            elapsed=self._elapsed(),
            lookup=verdict.lookup_command(host, started_command(task_vars, self._loader), args, unknown) if unknown else "",
            prefix=_prefix(task_vars),
        )
        failed, msg = (False, verdict.sent_message(run, place)) if left else verdict.verdict(run, place)
        # In the role, results are shown at its end, except for a failure to send anything, which is shown at once.
        nothing = self._part.name == registered.SEND and passes.error_kind(run.base) != passes.INCOMPLETE
        early = failed and (run.error is not None or nothing)
        lines = verdict.closing_lines(run, place, msg) or (
            [verdict.early_line(self.label(task_vars), msg, place.workspace_id, run.language)] if early else []
        )
        # A further try of the task only shows news.
        for line in lines if tried is None or console.news_of(tried) != console.news_of(run) else ():
            self._say(line)
        result = counts.final_result(run, failed=failed, msg=msg, timed_out=place.timed_out, elapsed=place.elapsed, left=left)
        result = {**result, "diff": console.headed(host, result["diff"])} if result.get("diff") else result
        return brief(registered.for_next_task(result) if left else result, self._display)

    def _others(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Option ``other_workspaces`` as the role sets it: the workspaces that this one may wait for.

        While sending, these are all workspaces of the batch. While watching, they are those that are watched already or at the same time, or have
        nothing left to send. Any other would wait for a fork, and it would never get one if all forks waited for it.
        """
        of_role = task_vars.get("ansible_role_name") == ROLE and (
            self._task.args.get("order") in ("upstream_first", "deadline") or joins(str(self._task.args.get("downstream")))
        )
        if not of_role or self._task.args.get("other_workspaces"):
            return {}
        hosts, hostvars = list(task_vars.get("ansible_play_batch") or ()), task_vars["hostvars"]
        at_once = max(int(task_vars.get("ansible_forks") or 1), hosts.index(self.host(task_vars)))
        if self._part.name != registered.SEND:
            results = {host: registered.outcome(hostvars.raw_get(host), self._part.result) for host in hosts[at_once:]}
            hosts = hosts[:at_once] + [host for host, result in results.items() if registered.all_sent(result)]
        ids = [workspace_id_of(hostvars, host) for host in hosts]
        return {"other_workspaces": [workspace_id for workspace_id in ids if workspace_id]}

    def _first_without_since(self, run: Passes, task_vars: dict[str, t.Any]) -> bool:
        """Whether to show the ``since`` of this play: it was not set, and this is the first workspace with something to send or to wait for."""
        hosts = task_vars.get("ansible_play_hosts_all")
        return not self._task.args.get("since") and not run.ended and first_to_say(f"since of {hosts}")

    def _leave_if_alone(self) -> None:
        """End this worker process if its play was killed.

        Nobody reads its output and result any more, and once the pipe is full, it would hang for ever. The journal knows what was sent.
        """
        if os.getppid() != self._play:
            os._exit(1)

    def _say(self, line: Line) -> None:
        self._leave_if_alone()
        self.say(line)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started


class _Progress:
    """Lines about one workspace, each shown once.

    :param run: state that an earlier task has shown already.
    """

    def __init__(self, name: str, say: t.Callable[[Line], None], run: Passes, *, verbose: bool) -> None:
        self._name = name
        self._say = say
        self._verbose = verbose
        self._read_ms = int(time.time() * 1000)
        self._last = console.news_of(run)
        self._shown_problems = set(map(passes.problem_key, run.problems))
        self._plan = run.plan
        self._shown_plan = self._shown(run) if run.plan else []

    def news(self, run: Passes) -> None:
        """Print the plan if its lines have changed, and new problems."""
        self._read_ms = self._read_ms if run.failed_passes else int(time.time() * 1000)
        if run.plan != self._plan:
            self._plan = run.plan
            shown = self._shown(run)
            for line in shown[0] if shown[0] not in self._shown_plan else ():
                self._say(line)
            self._shown_plan = shown
            for line in () if self._verbose else console.held_back_lines(run):
                if first_to_say(line.text):
                    self._say(line)
        for problem in run.problems:
            key = passes.problem_key(problem)
            if key not in self._shown_problems:
                self._shown_problems.add(key)
                self._say(console.problem_line(self._name, problem, run.language))

    def _shown(self, run: Passes) -> list[list[Line]]:
        """The lines of the plan, with and without what is held back."""
        return [console.plan_on_console(self._name, run, verbose=self._verbose, hold_off=hold_off) for hold_off in (True, False)]

    def show(self, run: Passes, elapsed: float) -> None:
        """Print the progress *elapsed* seconds into the task, if it has changed."""
        news = console.news_of(run)
        if news != self._last:
            self._say(self.line(run, elapsed))
            self._last = news

    def line(self, run: Passes, elapsed: float) -> Line:
        """The progress line."""
        return console.progress_line(self._name, run, elapsed, self._read_ms)


def _prefix(task_vars: dict[str, t.Any]) -> str:
    """Prefix of option names in messages: ``dataarts_`` in the role, which reads variables; else ""."""
    return "dataarts_" if task_vars.get("ansible_role_name") == ROLE else ""
