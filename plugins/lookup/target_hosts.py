# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup ``dataarts.factory.target_hosts``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: target_hosts
short_description: Hosts pattern of a play that must not end without a host
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
requirements:
  - python >= 3.10, which every supported ansible-core needs anyway
description:
  - A play without hosts is skipped, and C(ansible-playbook) exits with status 0. After a typo in the path of the inventory, or with a limit
    that excludes every host, a scheduled rerun would do nothing and nobody would notice. The playbooks of this collection use this lookup for their
    C(hosts); it fails in that case.
  - Returns the pattern if a host of the inventory matches it within C(--limit), and if each part of the pattern and of the limit matches a host. Ansible
    itself only warns about a name that matches no host, and works on the others.
  - Without C(--limit), it returns V(localhost) if no host matches. The role P(dataarts.factory.rerun#role) then says what is missing.
  - With O(part) it returns names of hosts, selected by the result that an earlier play stored in a variable of each, as the role
    P(dataarts.factory.rerun#role) does in C(dataarts_rerun_result).
options:
  _terms:
    description: The pattern.
    type: str
    required: true
  part:
    description:
      - V(watch) returns the hosts whose reruns have not ended, or that still have reruns to send.
      - V(missed) returns the hosts that did not reach the goal. If a name or a pattern in C(dataarts_jobs) matches no job in any of the
        workspaces that share it, the first of these workspaces is one of them.
      - V(close) returns the hosts of V(missed) and the first of the other hosts, so that the play that sums up has a host, and continues
        after hosts that failed.
      - V(unready) returns the hosts that M(dataarts.factory.account_doctor), registered as C(dataarts_checkup), did not find ready.
      - V(names) returns the names of all hosts.
      - V(missing), V(missing_after), V(made_after) and V(paused) use the C(dataarts_missing_result) that the role sets in a repair. V(missing)
        returns all hosts to repair if instances are to be made in any of them, otherwise none. V(missing_after) returns the hosts in which instances
        are still to be made after the reruns, V(made_after) those in which that was done. V(paused) returns the hosts in which jobs may be paused
        until the repair ends.
    type: str
    choices: [all, watch, missed, close, unready, names, missing, missing_after, made_after, paused]
    default: all
  reads:
    description:
      - Variables that the play reads, without C(dataarts_), for a play in which no module checks them. If a variable looks like a typo of one of
        these, the lookup fails. In C(hosts) of a play, it sees the extra variables and those of the play; in a task, also those of the host.
    type: list
    elements: str
seealso:
  - plugin: ansible.builtin.inventory_hostnames
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Rerun failed job instances
  hosts: "{{ lookup('dataarts.factory.target_hosts', dataarts_hosts | default('all')) }}"
  gather_facts: false
  roles:
    - role: dataarts.factory.rerun
"""

RETURN = r"""
_raw:
  description: The pattern, or V(localhost). With O(part), the selected hosts by name, or by a pattern for a name that Ansible would read as one.
    The list may be empty.
  type: list
  elements: str
"""

import re
import typing as t

from ansible import context
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars

from ..module_utils._common.text import printable
from ..module_utils._config.raw_values import as_lines, problem
from ..module_utils._planner.repair import left_to_make, made_late
from ..plugin_utils._inventory.matching import limit_problem, matching
from ..plugin_utils._inventory.names import host_pattern
from ..plugin_utils._report.summary import unmatched_patterns
from ..plugin_utils._role.typos import cut_value, typos
from ..plugin_utils._task.registered import goes_on, outcome, reached_goal
from ..plugin_utils._task.repair_results import missing_of, not_repaired, pauses_jobs, with_missing
from ..plugin_utils._task.variables import said

_LOCALHOST = "localhost"
_STEP = re.compile(r"[1-9][0-9]{0,8}|[1-9][0-9]?%|100%")


class LookupModule(LookupBase):
    """The lookup, as ansible-core finds it."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """The pattern in *terms*, or localhost if it matches no host; with option ``part``, the hosts of that part.

        :raises AnsibleLookupError: no host matches both pattern and limit, a part of either matches nothing, or a variable is not valid.
        """
        variables = variables or {}
        self.set_options(var_options=variables, direct=kwargs)
        self._check_template(variables.get("dataarts_hosts"))
        pattern, part = self._checked((terms or ["all"])[0]), self.get_option("part")
        # Without hostvars, the play is only listed or syntax-checked, and there are no results.
        if part == "all" or variables.get("hostvars") is None:
            self._check_command_line(variables)
            self._check_serial(variables.get("dataarts_serial"))
            self._check_names(self.get_option("reads"), variables)
            return [] if part in ("missed", "unready") else [self._pattern(pattern, variables)]
        hosts = self._of_part(part, self._matching(pattern, variables) or [_LOCALHOST], variables["hostvars"])
        return hosts if part == "names" else [*map(host_pattern, hosts)]

    def _pattern(self, pattern: t.Any, variables: dict[str, t.Any]) -> t.Any:
        limit = variables.get("ansible_limit")
        if self._matching(pattern, variables):
            groups = variables.get("groups", {})
            wrong = limit_problem(self._loader, groups, limit) or limit_problem(self._loader, groups, pattern, "dataarts_hosts")
            if wrong:
                raise AnsibleLookupError(f"Nothing was done: {wrong}")
            return pattern
        if limit is None or limit == _LOCALHOST:
            return _LOCALHOST
        shown = printable(pattern if isinstance(pattern, str) else ",".join(pattern), 200)
        raise AnsibleLookupError(
            f"Nothing was rerun: no host of the inventory matches both {shown} and the limit {limit}. Correct -i, --limit or dataarts_hosts; "
            "if the inventory could not be read, a warning above says why."
        )

    @staticmethod
    def _check_command_line(variables: dict[str, t.Any]) -> None:
        """Check the command line. :raises AnsibleLookupError: it skips tasks without which the play would succeed whatever the reruns' results."""
        left_out = ["--skip-tags always"] if "always" in (variables.get("ansible_skip_tags") or ()) else []
        left_out += ["--start-at-task"] if context.CLIARGS.get("start_at_task") else []
        if left_out:
            raise AnsibleLookupError(
                f"Nothing was done: {left_out[0]} leaves out tasks that say what became of the reruns. Start the playbook without it."
            )
        cut = cut_value(context.CLIARGS.get("extra_vars") or ())
        if cut:
            raise AnsibleLookupError(f"Nothing was done: {cut}")

    def _check_names(self, reads: list[str] | None, variables: dict[str, t.Any]) -> None:
        """Check the variables. :raises AnsibleLookupError: one is probably a typo of one that the play *reads*."""
        if not reads:
            return
        refused, warned = typos(variables, load_extra_vars(self._loader), read=reads, reader="playbook")
        for sentence in warned:
            Display().warning(sentence)
        if refused:
            raise AnsibleLookupError(" ".join(["Nothing was done:", *refused]))

    def _check_template(self, hosts: t.Any) -> None:
        """Check the template in ``dataarts_hosts``: with an undefined name in it, ``default('all')`` in the playbooks would select every workspace.

        :raises AnsibleLookupError: *hosts*, the variable's raw value, cannot be evaluated.
        """
        try:
            self._templar.template(hosts)
        except AnsibleError as error:
            cause = printable(str(error), 1000).rstrip(".")
            raise AnsibleLookupError(
                f"Nothing was done: dataarts_hosts cannot be evaluated for a whole play: {cause}. Write the pattern itself, or leave it out for all "
                "workspaces."
            ) from None

    def _check_serial(self, serial: t.Any) -> None:
        """Check ``dataarts_serial``, because Ansible would fail with an unexpected exception.

        :raises AnsibleLookupError: *serial* is not valid for a play.
        """
        serial = self._templar.template(serial)
        if serial is None or serial == "":
            return
        steps = serial if isinstance(serial, (list, tuple)) else [serial]
        if not steps or not all(not isinstance(step, (bool, float)) and _STEP.fullmatch(str(step)) for step in steps):
            raise AnsibleLookupError(
                "dataarts_serial must be a number of workspaces of 1 or more, a share such as 20%, or a list of these."
            )

    @staticmethod
    def _checked(pattern: t.Any) -> t.Any:
        """*pattern*: a text, or a list, which may be JSON. :raises AnsibleLookupError: it is neither, or blank, which must not select all."""
        if not said(pattern) or pattern == []:
            raise AnsibleLookupError(
                "dataarts_hosts is blank: leave it out for all workspaces of the inventory, or set it to the workspaces that you mean."
            )
        wrong = problem("dataarts_hosts", pattern, {"type": "list", "elements": "str"})
        if wrong is not None:
            raise AnsibleLookupError(wrong)
        if isinstance(pattern, str):
            return as_lines(pattern) if pattern.lstrip().startswith('["') else pattern.strip()
        return list(pattern)

    @staticmethod
    def _of_part(part: str, hosts: list[str], hostvars: t.Any) -> list[str]:
        if part == "names":
            return hosts
        # Raw values, because they hold data of the service, which must not be evaluated as templates.
        of_hosts = {host: hostvars.raw_get(host) if host in hostvars else {} for host in hosts}
        if part == "unready":
            return [host for host, variables in of_hosts.items() if (variables.get("dataarts_checkup") or {}).get("ready") is not True]
        if part == "made_after":
            return [host for host in hosts if made_late(missing_of(of_hosts[host]))]
        if part == "paused":
            return [host for host in hosts if pauses_jobs(of_hosts[host])]
        if part in ("missing", "missing_after"):
            due = [host for host in hosts if left_to_make(missing_of(of_hosts[host]), late=part == "missing_after")]
            refused = [host for host in hosts if not_repaired(missing_of(of_hosts[host]))]
            return due if part == "missing_after" or not due else [host for host in hosts if host not in refused]
        if part == "watch":
            return [host for host, variables in of_hosts.items() if goes_on(variables)]
        known = {host: with_missing(outcome(variables), missing_of(variables)) for host, variables in of_hosts.items()}
        judged = {[*(host for host in hosts if host in entry.hosts), *hosts][0] for entry in unmatched_patterns(known)}
        missed = [host for host, result in known.items() if not reached_goal(result) or host in judged]
        good = [host for host in known if host not in missed]
        return missed + good[:1] if part == "close" else missed

    def _matching(self, pattern: t.Any, variables: dict[str, t.Any]) -> list[str]:
        """Names of the hosts that match *pattern* within the limit, in the order of the inventory."""
        return matching(self._loader, variables.get("groups", {}), pattern, variables.get("ansible_limit"))
