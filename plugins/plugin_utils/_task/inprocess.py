# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-process tasks: run a module's logic in this process.

Starting a module costs Ansible half a second of processor time: each time it is packed, written, started and compiled. A pass that only lists needs
a fiftieth of that. So the logic is called directly if the module would run on this machine, as this user, with this Python and environment. In any
other case the module is started, also if its argument spec refuses the arguments. In-process tasks of a play share their logins, see ``logins.py``.
"""

from __future__ import annotations

import importlib
import json
import pickle
import re
import sys
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ...module_utils._common.text import longest_first, printable
from ...module_utils._config.argument_spec import MODULES
from ...module_utils._config.credentials import SECRET_OPTIONS
from ...module_utils._config.raw_values import fitted
from ...module_utils._http.compat import HAS_REQUESTS
from ...module_utils._http.iam import FetchedAuth
from ...module_utils._runner.ansible_module import PURPOSES, Logic, ModuleRun, run_logic
from . import logins

#: A secret that could be part of a number; numbers are masked too.
_NUMERIC = re.compile(r"[-+.0-9e]+")


def logic_of(module: str) -> Logic:
    """The logic of *module*, imported only when it is needed, because importing all of them would slow down every play."""
    file, function = PURPOSES[module][2].split(".")
    return t.cast("Logic", getattr(importlib.import_module(f"...module_utils._runner.{file}", __package__), function))


def same_place(
    *, connection: str, become: bool, interpreter: t.Any, environment: t.Mapping[str, t.Any], kept: bool, delegated: bool
) -> bool:
    """Whether a module would run in the same place and way as this process.

    :param connection: name of the connection plugin.
    :param become: whether it would run as another user.
    :param interpreter: Python for modules; None if Ansible would discover one.
    :param environment: environment variables that the task sets.
    :param kept: whether Ansible is to keep the module's files for debugging.
    :param delegated: whether the task is delegated, so that all of these may belong to another host.
    """
    return connection == "local" and not (become or environment or kept or delegated) and interpreter == sys.executable


def run_here(
    module: str,
    args: t.Mapping[str, t.Any],
    *,
    check_mode: bool,
    diff_mode: bool,
    started: t.Callable[[ModuleRun], None] = lambda dummy: None,
    planned: t.Callable[[dict[str, t.Any]], None] | None = None,
) -> dict[str, t.Any] | None:
    """The result of *module* for *args*; None if the module itself must be started, which then reports what is wrong with them.

    :param started: called with the run before it begins, so that any thread can ask the run what it is doing.
    :param planned: called with the result of a pass that only plans, which then continues as the one that sends; None to return that result.
    """
    given, spec = _plain(args), MODULES[module]()
    if given is None or not HAS_REQUESTS:
        return None
    given, wrong_type = fitted(spec, given)
    checked = ArgumentSpecValidator(spec).validate(given)
    if wrong_type is not None or checked.error_messages:
        return None
    options = checked.validated_parameters
    FetchedAuth.gate = logins.gate()
    run = ModuleRun(options, check_mode=check_mode, diff_mode=diff_mode)
    if planned is not None:
        run.show = lambda: planned(_result(run))
    started(run)
    run_logic(run, logic_of(module), *PURPOSES[module][:2])
    return _result(run)


def _result(run: ModuleRun) -> dict[str, t.Any]:
    """The present result of *run*, with secrets masked."""
    secrets = longest_first({*(run.options.get(name) for name in (*SECRET_OPTIONS, "journal_password")), *run.secrets})
    return _without({**run.result, **({"warnings": [printable(text) for text in run.warnings]} if run.warnings else {})}, secrets)


def _without(result: dict[str, t.Any], secrets: t.Collection[str]) -> dict[str, t.Any]:
    """*result* after a round trip through JSON, with *secrets* masked.

    ``instances``, of which there may be thousands, are built of JSON types and anew in each pass, so they need no round trip. The pickled result
    contains every text as UTF-8; searching it takes a tenth of the time that searching the JSON text takes.
    """
    pickled = pickle.dumps(result, protocol=4)
    if any(_NUMERIC.fullmatch(secret) or secret.encode("utf-8", "surrogatepass") in pickled for secret in secrets):
        result = remove_values(result, secrets)
    kept = {"instances": result["instances"]} if "instances" in result else {}
    rest = {name: value for name, value in result.items() if name not in kept}
    return {**t.cast("dict[str, t.Any]", json.loads(json.dumps(rest))), **kept}


def _plain(args: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """*args* as a module gets them, through JSON, without Ansible's tags on values; None if they are not JSON."""
    try:
        return t.cast("dict[str, t.Any]", json.loads(json.dumps(dict(args))))
    except (TypeError, ValueError):
        return None
