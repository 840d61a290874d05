# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that goes on after a run: the one that started it, with other variables. Pure.

It works from any directory and contains no secret.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from dataclasses import dataclass, field, replace

from ...module_utils._config.argument_spec import MODULES
from .._awx.launch_inputs import PREFIX
from .._inventory.names import host_pattern

#: What the name of a playbook has in it that reruns a job and its related jobs.
RELATED = "rerun_related"
#: A text that needs no quotes in a shell and in ``-e name=value``.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./~-]+")


#: The variable that holds approved plans.
PLANS_VARIABLE = "dataarts_plans"
#: Stands for the value of a variable that a command must not or cannot show.
AS_BEFORE = "<as before>"


@dataclass(frozen=True)
class Command:
    """How a run was started, as far as it may be shown; paths are absolute.

    :param playbook: name or path of the playbook.
    :param inventories: sources of the inventory.
    :param vault: words of the command line that say where passwords of vaults come from.
    :param tasks: words that say which tasks of somebody's own playbook are run, and *options* those that say how hosts are reached.
    :param files: files of variables of the command line (``-e @file``), and *plan_files* those of them that say what was approved, each with the names
        of its other variables.
    :param variables: its other extra variables that are options of the role and not secret.
    :param selection: those of its extra variables that say which instances are meant: jobs and window. The window also where a file says it, as a relative
        one is another one later.
    :param beginning: whether a variable, which may be another one for each workspace, says where the window begins.
    :param approved: whether the run was held to approved plans (``dataarts_plans``), and *plans* those plans if no file brings them.
    :param plan: the variables that say what was approved by its id alone, without a window.
    :param left_out: names of its other extra variables: secrets, templates, and what is not an option of the role. They stand in a command with a value
        that is refused, so that it cannot be taken for the whole: without them it could rerun more.
    :param limit: the pattern that the run was limited to, or None.
    :param settings: Ansible's settings, where they were found because of the directory in which the run was started.
    :param awx: whether AWX started it: extra variables for the job template are shown instead of a command then.
    :param only_checked: whether ``dataarts_check_only`` kept it from sending anything; a command that sends says otherwise.
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
        """Whether the run was one of a job and its related jobs, which its own variables say: it has neither a selection nor a window."""
        return RELATED in self.playbook

    def line(self, limit: str | None, variables: t.Mapping[str, t.Any], *, check: bool = False) -> str:
        """The command for the hosts *limit* (None: all) with *variables* instead of, or in addition to, its own; what is None stays as it was.
        Approved plans do not bind it: it has a window and a ``since`` of its own. What their files say in addition has to be filled in again.

        With AWX: the extra variables as JSON.
        """
        if self.awx:
            return json.dumps({**self.variables, **self._sends(check), **_set(variables)}, ensure_ascii=False)
        return shlex.join(self.unbound().words(limit, variables, check=check))

    def unbound(self) -> Command:
        """The same without the plans that were approved, and without the files that they came from."""
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
        """The same as the words of a command line; approved plans stay.

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
        """The words of the command that runs *module* of the collection with *options* on *host*, reached as in this one, with those of its variables that
        are options of that module."""
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
