# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths: one rule for options that name a file. A relative path counts from the directory in which the command was started.

Ansible itself starts a module in the directory of the playbook, so that the same option would name one file in a playbook of the collection
and another in a playbook of one's own.
"""

from __future__ import annotations

import os
import typing as t

#: Options that name a file, or may.
PATHS = ("journal", "ca_path", "report_path")


def from_start(args: t.Mapping[str, t.Any], connection: str) -> dict[str, t.Any]:
    """*args* with relative paths made absolute, where modules run on this machine.

    :param connection: name of the connection plugin; on another machine a path is that machine's, and is left as it is.
    """
    resolved = dict(args)
    for name in PATHS:
        value = resolved.get(name)
        if connection == "local" and is_relative_path(value):
            resolved[name] = os.path.join(os.getcwd(), str(value))
    return resolved


def recording_path(where: str, number: int | None) -> str:
    """The file of a recording that option ``report_path`` of account_doctor means: *where*, or ``recording.json`` in it unless it is called so.

    :param number: of the host among those of the play, if there are several. The host's name is not in it: the file is sent to others.
    """
    name = where if where.endswith(".json") else os.path.join(where, "recording.json")
    return name if number is None else f"{name[: -len('.json')]}-{number}.json"


def is_relative_path(value: t.Any) -> bool:
    """Whether *value* is a relative path, and not the URI of a database. Variables of the environment are replaced where it is used."""
    path = os.path.expandvars(value) if isinstance(value, str) else "/"
    return bool(value) and not (os.path.isabs(path) or path.startswith("~") or "://" in path)
