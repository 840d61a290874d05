# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repetitions of the role, by a loop or in the play's roles: which are still to come. Ansible shows a task of the role only its own item."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

#: Kinds of ``with_…`` whose terms are the items themselves.
_PLAIN = (None, "list", "items")


def items_left(task: t.Any, templar: t.Any, variables: t.Mapping[str, t.Any]) -> list[t.Any]:
    """The items after the current one, of the innermost loop around *task*; [] if there is no loop or its items cannot be known.

    :param task: of ansible-core.
    :param templar: evaluates the loop.
    :param variables: of the task.
    """
    parent = looping(task)
    name = _variable(parent)
    if parent is None or name not in variables or getattr(parent, "loop_with", None) not in _PLAIN:
        return []
    try:
        items = templar.template(parent.loop)
    except AnsibleError:
        return []
    if isinstance(items, list) and len(items) == 1 and isinstance(items[0], (list, tuple)):
        items = items[0]  # a template is wrapped in a list
    if not isinstance(items, (list, tuple)) or variables[name] not in items:
        return []
    return list(items[list(items).index(variables[name]) + 1 :])


def workspaces_left(task: t.Any, templar: t.Any, variables: t.Mapping[str, t.Any]) -> bool:
    """Whether the loop around *task* continues with other workspaces, or the play has its role again; parameters as for :func:`items_left`.

    For a loop over something else, such as the jobs of one workspace, it is False.
    """
    if _role_follows(task):
        return True
    name = _variable(looping(task))
    return name in str(variables.get("dataarts_workspace_id")) and bool(items_left(task, templar, variables))


def _role_follows(task: t.Any) -> bool:
    """Whether the play's list of roles has the role of *task* again after this one, for another workspace."""
    role, play = getattr(task, "_role", None), getattr(getattr(task, "_parent", None), "_play", None)
    # Ansible also appends roles that import_role imports, such as the role's parts in the collection's playbooks.
    listed = [other for other in getattr(play, "roles", None) or () if not getattr(other, "from_include", False)]
    same = [other for other in listed if role is not None and other.get_name() == role.get_name()]
    return role in same[:-1]


def looping(task: t.Any) -> t.Any:
    """The innermost block or include around *task* that has a loop; None if none has."""
    return next((parent for parent in around(task) if getattr(parent, "loop", None)), None)


def once(task: t.Any) -> bool:
    """Whether *task* or an include around it has ``run_once``, which tasks of a dynamic include do not inherit."""
    return any(getattr(part, "run_once", False) for part in (task, *around(task)))


def around(task: t.Any) -> t.Iterator[t.Any]:
    """The blocks and includes around *task*, innermost first."""
    while (task := getattr(task, "_parent", None)) is not None:
        yield task


def _variable(parent: t.Any) -> str:
    """Name of the loop variable of *parent*. Only ansible-core newer than 2.16 passes it to tasks of a role, as ``ansible_loop_var``."""
    return str(getattr(getattr(parent, "loop_control", None), "loop_var", None) or "item")
