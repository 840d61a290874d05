# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of role awx, read as plain YAML."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ROOT / "roles" / "awx" / "vars" / "main"


class _Loader(yaml.SafeLoader):
    """A safe loader that reads Ansible's tag ``!unsafe`` as text."""


_Loader.add_constructor("!unsafe", lambda loader, node: str(node.value))


def variables(name: str) -> dict[str, t.Any]:
    """The variables in file *name* of ``roles/awx/vars/main``, without its suffix."""
    loaded = yaml.load((VARIABLES / f"{name}.yml").read_text(encoding="utf-8"), Loader=_Loader)
    return t.cast("dict[str, t.Any]", loaded)


def inputs(kind: str = "") -> dict[str, t.Any]:
    """The inputs of a credential type. *kind* is "" for an account, ``journal_`` or ``report_``."""
    return t.cast("dict[str, t.Any]", variables("credential_type")[f"__dataarts_awx_{kind}inputs"])


def injectors(kind: str = "") -> dict[str, t.Any]:
    """The injectors of a credential type; *kind* as in :func:`inputs`."""
    return t.cast("dict[str, t.Any]", variables("credential_type")[f"__dataarts_awx_{kind}injectors"])


def surveys() -> dict[str, dict[str, t.Any]]:
    """The surveys by name, with the names of their questions replaced by the questions."""
    surveys_variables = variables("surveys")
    questions = surveys_variables["__dataarts_awx_questions"]
    return {
        name: {**survey, "spec": [questions[name] for name in re.findall(r"'(\w+)'", survey["spec"].split("|")[0])]}
        for name, survey in surveys_variables["__dataarts_awx_surveys"].items()
    }
