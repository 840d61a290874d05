# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loop over a role, or the role several times: what of it is still to come. Ansible tells a task of the role only the item that it is for."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

#: Kinds of ``with_…`` whose words are their items.
_PLAIN = (None, "list", "items")


def items_left(task: t.Any, templar: t.Any, variables: t.Mapping[str, t.Any]) -> list[t.Any]:
    """The items behind the one that *task* is for, of the closest loop over what includes it; [] if there is none, or it cannot be known.

    :param task: of ansible-core.
    :param templar: evaluates the loop.
    :param variables: those of the task.
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
        items = items[0]  # a template stands in a list of its own
    if not isinstance(items, (list, tuple)) or variables[name] not in items:
        return []
    return list(items[list(items).index(variables[name]) + 1 :])


def workspaces_left(task: t.Any, templar: t.Any, variables: t.Mapping[str, t.Any]) -> bool:
    """Whether the loop over what includes *task* goes on with other workspaces, or the play has its role once more; parameters as of
    :func:`items_left`.

    One over something else, as the jobs of one workspace, comes to no end in which all of it is known.
    """
    if _role_follows(task):
        return True
    name = _variable(looping(task))
    return name in str(variables.get("dataarts_workspace_id")) and bool(items_left(task, templar, variables))


def _role_follows(task: t.Any) -> bool:
    """Whether the role of *task* stands in the list of the play's roles once more, behind this one: it has another workspace then."""
    role, play = getattr(task, "_role", None), getattr(getattr(task, "_parent", None), "_play", None)
    # Ansible appends what import_role imports, as the parts of the role in the playbooks.
    listed = [other for other in getattr(play, "roles", None) or () if not getattr(other, "from_include", False)]
    same = [other for other in listed if role is not None and other.get_name() == role.get_name()]
    return role in same[:-1]


def looping(task: t.Any) -> t.Any:
    """The closest task around *task* that has a loop; None if none has."""
    return next((parent for parent in around(task) if getattr(parent, "loop", None)), None)


def once(task: t.Any) -> bool:
    """Whether *task* is run for one host alone, also because what includes it is: a task of a dynamic include does not inherit ``run_once``."""
    return any(getattr(part, "run_once", False) for part in (task, *around(task)))


def around(task: t.Any) -> t.Iterator[t.Any]:
    """The blocks and includes around *task*, the closest first."""
    while (task := getattr(task, "_parent", None)) is not None:
        yield task


def _variable(parent: t.Any) -> str:
    """The loop variable of *parent*. ansible-core 2.16 does not tell the tasks of a role its name, as later ones do in ``ansible_loop_var``."""
    return str(getattr(getattr(parent, "loop_control", None), "loop_var", None) or "item")
