# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role awx defines in its variables, read as plain YAML."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ROOT / "roles" / "awx" / "vars" / "main"


class _Loader(yaml.SafeLoader):
    """Knows Ansible's mark of text that is not a template."""


_Loader.add_constructor("!unsafe", lambda loader, node: str(node.value))


def variables(name: str) -> dict[str, t.Any]:
    """The variables of one file of the role."""
    loaded = yaml.load((VARIABLES / f"{name}.yml").read_text(encoding="utf-8"), Loader=_Loader)
    return t.cast("dict[str, t.Any]", loaded)


def inputs(kind: str = "") -> dict[str, t.Any]:
    """Inputs of a credential type: of an account's, or ``journal_``, ``report_``."""
    return t.cast("dict[str, t.Any]", variables("credential_type")[f"__dataarts_awx_{kind}inputs"])


def injectors(kind: str = "") -> dict[str, t.Any]:
    """Injectors of a credential type, as :func:`inputs`."""
    return t.cast("dict[str, t.Any]", variables("credential_type")[f"__dataarts_awx_{kind}injectors"])


def surveys() -> dict[str, dict[str, t.Any]]:
    """The surveys by name, their lists of questions filled in."""
    surveys_variables = variables("surveys")
    questions = surveys_variables["__dataarts_awx_questions"]
    return {
        name: {**survey, "spec": [questions[name] for name in re.findall(r"'(\w+)'", survey["spec"].split("|")[0])]}
        for name, survey in surveys_variables["__dataarts_awx_surveys"].items()
    }
