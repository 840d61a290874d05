# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action rerun_summary: sum up what a play did in all its workspaces, and show what is left to do.

It is not a filter, because a template that reads the results of all hosts would first evaluate every text of every instance in them.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ..module_utils._common.text import printable
from ..module_utils._config.argument_spec import rerun_summary_spec
from ..plugin_utils._common.tables import Line, lines_of, wrapped
from ..plugin_utils._report import host_results
from ..plugin_utils._report import summary as _summary
from ..plugin_utils._report.closing import summary_lines
from ..plugin_utils._report.go_on import go_on_lines
from ..plugin_utils._report.publication import folder_of, place_of, publish
from ..plugin_utils._report.started import started_command
from ..plugin_utils._report.words import first_names, in_language, say, translated
from ..plugin_utils._task.interruption import close_all
from ..plugin_utils._task.loops import items_left, workspaces_left
from ..plugin_utils._task.screen import brief, failed_with, show

#: Variable that is set if the verdicts on all hosts precede this task.
_JUDGED = "__dataarts_judged"
#: Most items of a loop that a line names.
_NAMED = 3


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.rerun_summary``. It only writes and uploads the report."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Count, write the report's files, and show the closing lines, the last of which is the command to go on.

        :param task_vars: variables of the task's host, with those of all hosts in ``hostvars``.
        :returns: the documented result; ``failed`` with a message if a name or pattern matches no job anywhere, or the report could not be written.
        """
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        dummy, options = self.validate_argument_spec(argument_spec=rerun_summary_spec())
        named, language = options["hosts"], options["language"]
        hosts = host_results.hosts_so_far(task_vars) if named is None else [str(host) for host in named]
        results, ids = host_results.results_of(hosts, task_vars, options["variable"]), host_results.workspace_ids_of(hosts, task_vars)
        command = started_command(task_vars, self._loader)
        folder = folder_of(options)
        report = host_results.report_of(results, ids, command, task_vars, check_mode=bool(self._task.check_mode), folder=folder)
        goes_on = workspaces_left(self._task, self._templar, task_vars)
        unmatched = [] if goes_on else [entry.text for entry in host_results.patterns_without_job(task_vars, named, options["variable"])]
        not_begun = [
            *_later_lines(task_vars if named is None else {}, hosts, language),
            *self._loop_lines(task_vars, language, failed=bool(unmatched) or not report["succeeded"]),
        ]
        summed_up = summary_lines(report, verbose=self._display.verbosity > 0, language=language)
        lines = [*_jobs_lines(unmatched, results, language), *summed_up, *not_begun]
        passed = self._passed(task_vars, "dataarts_report")
        published = publish(report, results, _texts(lines), passed, folder, place_of(options), command.plan_files)
        lines += [
            *go_on_lines(
                report, command, str(folder / host_results.PLANS) if folder and published.paths else "", language, more=bool(not_begun)
            ),
            *map(Line, published.lines(language)),
        ]
        show(self._display, lines)
        close_all()
        # If a verdict has already failed for a pattern, this does not, so that the command to go on is the last thing shown.
        failures = [*([] if task_vars.get(_JUDGED) else unmatched), *([published.failure] if published.failure else [])]
        if failures:
            # Without what was shown already: Ansible prints a failed result whole, and ignores its statistics.
            return failed_with(" ".join(translated(language, text) for text in failures), paths=published.paths, report_url=published.url)
        result = {"changed": False, "summary": _summary.summarize(results), "plans": _summary.plans(results), "lines": _texts(lines)}
        result.update(paths=published.paths, report_url=published.url)
        if options["publish"]:
            result["ansible_stats"] = _stats(result, self._passed(task_vars, "dataarts_plans"), published.handed_on)
        warnings = [*_summary.shared_workspaces(ids), *([published.warning] if published.warning else [])]
        return brief({**result, "warnings": in_language(language, warnings)} if warnings else result, self._display)

    def _passed(self, task_vars: dict[str, t.Any], name: str) -> t.Any:
        """Variable *name* from an earlier step; None if it is omitted, as dataarts_plans in the playbooks of events, or cannot be evaluated.

        The rerun has reported the latter.
        """
        try:
            return self._templar.template(task_vars.get(name))
        except AnsibleError:
            return None

    def _loop_lines(self, task_vars: dict[str, t.Any], language: str, *, failed: bool) -> list[Line]:
        """Line about the items of a loop over the role that are not begun, if the verdict before this task *failed* and so ended the loop."""
        fails = self._passed(task_vars, "dataarts_fail_on_broken")
        if not failed or not task_vars.get(_JUDGED) or not boolean(True if fails is None else fails, strict=False):
            return []
        left = [printable(item, 100) for item in items_left(self._task, self._templar, task_vars)]
        text = say(
            language,
            "Not started, because a failure ended the loop: {names}. To go on with them, set dataarts_fail_on_broken to false.",
            names=first_names(language, left, _NAMED),
        )
        return [Line("\n".join(wrapped(text)), "bad")] if left else []


def _jobs_lines(unmatched: list[str], results: t.Mapping[str, _summary.Result], language: str) -> list[Line]:
    """Lines about names and patterns of jobs that match nowhere, *unmatched*, or only in some of the workspaces."""
    return [
        *(line for text in unmatched for line in lines_of(translated(language, text), "bad")),
        *lines_of(_summary.jobs_of_some(results, language)),
    ]


def _later_lines(task_vars: dict[str, t.Any], hosts: list[str], language: str) -> list[Line]:
    """Line that workspaces of later batches are not among *hosts*: if a whole batch fails, Ansible does not begin the next."""
    later = len(task_vars.get("ansible_play_hosts_all") or hosts) - len(hosts)
    text = say(language, "{n} workspace of later batches not begun yet.|{n} workspaces of later batches not begun yet.", later)
    return [Line(text)] if later > 0 else []


def _texts(lines: t.Iterable[Line]) -> list[str]:
    """The *lines* as printed, one text per line."""
    return [text for line in lines for text in line.text.splitlines()]


def _stats(result: t.Mapping[str, t.Any], passed: t.Any, handed_on: str) -> dict[str, t.Any]:
    """Plans and summary as statistics of the play, which an AWX job keeps as artifacts.

    A workspace that could not be read now keeps its *passed* plan, so that a later step can still be bound to it.
    """
    plans = {**(passed if isinstance(passed, t.Mapping) else {}), **result["plans"]}
    summary = {**result["summary"], "text": _summary.statistics_text(result["lines"]), "report_url": result["report_url"]}
    report = {"dataarts_report": handed_on} if handed_on else {}
    return {"data": {"dataarts_plans": plans, "dataarts_summary": summary, **report}, "per_host": False, "aggregate": True}
