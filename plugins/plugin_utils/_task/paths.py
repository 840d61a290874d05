# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths in options: relative ones count from the directory in which the command was started.

Ansible starts modules in the directory of the playbook. Without this rule, the same option would name different files in the collection's
playbooks and in the user's own.
"""

from __future__ import annotations

import os
import typing as t

#: Options that name, or may name, a file.
PATHS = ("journal", "ca_path", "report_path")


def from_start(args: t.Mapping[str, t.Any], connection: str) -> dict[str, t.Any]:
    """*args* with relative paths made absolute, if modules run on this machine.

    :param connection: name of the connection plugin. A path on another machine stays as it is.
    """
    resolved = dict(args)
    for name in PATHS:
        value = resolved.get(name)
        if connection == "local" and is_relative_path(value):
            resolved[name] = os.path.join(os.getcwd(), str(value))
    return resolved


def recording_path(where: str, number: int | None) -> str:
    """The recording's file for option ``report_path`` of account_doctor: *where* if it ends in ``.json``, else ``recording.json`` in it.

    :param number: number of the host in the play, if there are several. It is used instead of the host's name because the file is sent to others.
    """
    name = where if where.endswith(".json") else os.path.join(where, "recording.json")
    return name if number is None else f"{name[: -len('.json')]}-{number}.json"


def is_relative_path(value: t.Any) -> bool:
    """Whether *value* is a relative path, and not the URI of a database. Environment variables in it count as expanded."""
    path = os.path.expandvars(value) if isinstance(value, str) else "/"
    return bool(value) and not (os.path.isabs(path) or path.startswith("~") or "://" in path)
