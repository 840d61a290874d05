# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that go on after a run: the one that started it, with other variables. Pure. They work from any directory and hold no secret."""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from dataclasses import dataclass, field, replace

from ...module_utils._config.argument_spec import MODULES
from .._awx.launch_inputs import PREFIX
from .._inventory.names import host_pattern

#: Part of the name of the playbook that reruns a job with its related jobs.
RELATED = "rerun_related"
#: Text that needs no quotes in a shell and in ``-e name=value``.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./~-]+")


#: Variable that holds approved plans.
PLANS_VARIABLE = "dataarts_plans"
#: Placeholder for the value of a variable that a command must not or cannot show.
AS_BEFORE = "<as before>"


@dataclass(frozen=True)
class Command:
    """How a run was started, without secrets; paths are absolute.

    :param playbook: name or path of the playbook.
    :param inventories: inventory sources.
    :param vault: words of the command line that say where vault passwords come from.
    :param tasks: words that select tasks of a user's playbook.
    :param options: words that say how hosts are reached.
    :param files: files of variables on the command line (``-e @file``).
    :param plan_files: those of *files* that hold approved plans -> names of their other variables.
    :param variables: other extra variables that are options of the role and not secret.
    :param selection: extra variables that select instances: jobs and window. The window is included even if a file sets it, because a relative
        one would move.
    :param beginning: whether a variable, which may differ between workspaces, sets the start of the window.
    :param approved: whether the run was bound to approved plans (``dataarts_plans``).
    :param plans: these plans, if they do not come from a file.
    :param plan: variables of a plan that was approved by its id alone, without a window.
    :param left_out: names of all other extra variables: secrets, templates, and those that are not options of the role. A command contains them with
        a value that is refused, because without them it could rerun more.
    :param limit: the pattern of ``--limit``, or None.
    :param settings: path of ansible.cfg, if it was found in the directory in which the run was started.
    :param awx: whether AWX started it; then extra variables for the job template are shown instead of a command.
    :param only_checked: whether ``dataarts_check_only`` kept it from sending; a command that sends sets it to no.
    :param plan_required: whether nothing may be sent without an approved plan.
    """

    playbook: str = "dataarts.factory.rerun"
    inventories: tuple[str, ...] = ()
    vault: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    plan_files: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: t.Mapping[str, t.Any] = field(default_factory=dict)
    selection: t.Mapping[str, t.Any] = field(default_factory=dict)
    beginning: bool = True
    approved: bool = False
    plans: t.Mapping[str, t.Any] | None = None
    plan: t.Mapping[str, t.Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    limit: str | None = None
    settings: str = ""
    awx: bool = False
    only_checked: bool = False
    plan_required: bool = False

    @property
    def related(self) -> bool:
        """Whether the run reran a job with its related jobs, which has variables of its own instead of a selection and a window."""
        return RELATED in self.playbook

    def line(self, limit: str | None, variables: t.Mapping[str, t.Any], *, check: bool = False) -> str:
        """The command for the hosts *limit* (None: all), with *variables* overriding its own; those that are None stay as they were.

        It is not bound to approved plans, because it has its own window and ``since``. Other variables from their files have to be filled in again.
        With AWX, it is the extra variables as JSON.
        """
        if self.awx:
            return json.dumps({**self.variables, **self._sends(check), **_set(variables)}, ensure_ascii=False)
        return shlex.join(self.unbound().words(limit, variables, check=check))

    def unbound(self) -> Command:
        """The same command without the approved plans and their files."""
        others = {name for names in self.plan_files.values() for name in names}
        files = tuple(path for path in self.files if path not in self.plan_files)
        left_out = tuple(sorted({*self.left_out, *others} - {*self.variables, PLANS_VARIABLE}))
        return replace(self, files=files, plan_files={}, approved=False, plans=None, plan={}, left_out=left_out)

    def words(
        self,
        limit: str | None,
        variables: t.Mapping[str, t.Any],
        *,
        texts: t.Mapping[str, str] | None = None,
        file: str = "",
        check: bool = False,
    ) -> list[str]:
        """The words of the command line, parameters as for :meth:`line`; approved plans stay.

        :param texts: further variables, after the others.
        :param file: a file of further variables.
        """
        plans = {**self.plan, **({} if self.plans is None else {PLANS_VARIABLE: self.plans})}
        extra = {**self.variables, **self._sends(check), **plans, **_set(variables), **(texts or {})}
        plain = {name: value for name, value in extra.items() if isinstance(value, str) and _PLAIN.fullmatch(value)}
        extra = {name: value for name, value in extra.items() if name not in plain}
        words = ["env", f"ANSIBLE_CONFIG={self.settings}"] if self.settings else []
        words += ["ansible-playbook", self.playbook]
        words += [word for source in self.inventories for word in ("-i", source)]
        words += [*self.vault, *self.tasks, *self.options, *(("--limit", limit) if limit else ())]
        words += [word for path in (*self.files, *([file] if file else ())) for word in ("-e", f"@{path}")]
        words += ["-e", json.dumps(extra, ensure_ascii=False)] if extra else []
        words += [word for name, value in plain.items() for word in ("-e", f"{name}={value}")]
        words += [word for name in self.left_out if name not in {*extra, *plain} for word in ("-e", f"{name}={AS_BEFORE}")]
        return [*words, "--check"] if check else words

    def ad_hoc(self, host: str, module: str, options: t.Mapping[str, t.Any]) -> list[str]:
        """The words of an ad-hoc command that runs *module* of the collection with *options* on *host*.

        The host is reached as in this command. Variables that are options of the module are passed too.
        """
        spec = MODULES[module]()
        own = {name: value for name, value in self.variables.items() if name[len(PREFIX) :] in spec}
        left_out = tuple(name for name in self.left_out if name[len(PREFIX) :] in spec or not name.startswith(PREFIX))
        words = replace(self, playbook="", tasks=(), variables=own, left_out=left_out).unbound().words(None, {})
        at, arguments = words.index("ansible-playbook"), json.dumps(options, ensure_ascii=False, default=str)
        return [*words[:at], "ansible", host_pattern(host), *words[at + 2 :], "-m", f"dataarts.factory.{module}", "-a", arguments]

    def _sends(self, check: bool) -> dict[str, str]:
        return {"dataarts_check_only": "no"} if self.only_checked and not check else {}


def _set(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in variables.items() if value is not None}
