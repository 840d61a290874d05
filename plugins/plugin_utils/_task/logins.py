# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins: one per account and play, by the first process that needs it.

Ansible's main process imports the action of a task before it forks the workers, so all of them share what this module creates at import: tokens are
in shared memory. A module in a process of its own logs in by itself and only learns of refused logins. On another machine it cannot learn of them,
so the result of the first such module is waited for here.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t

from ansible import constants

from ...module_utils._common.errors import ApiError, Kind
from ...module_utils._http.iam import TOKENS
from ...module_utils._http.login_gate import LoginGate, SharedMemory
from ...module_utils._runner.ansible_module import error_result

_SHARED, _SALT = SharedMemory(), os.urandom(16)
#: Options that decide whether a password is accepted.
_OF_LOGIN = ("user_name", "user_password", "domain_name", "iam_endpoint", "endpoint", "region", "cloud_domain")


def gate() -> LoginGate:
    """The gate for logins of this process."""
    return LoginGate(_folder(), _SALT, _SHARED)


def gate_of_module() -> dict[str, t.Any]:
    """The gate as an option for a module on this machine, see ``_runner/ansible_module.py``. It reveals nothing about any account."""
    return {"folder": _folder(), "salt": _SALT.hex()}


def refused_once(args: t.Mapping[str, t.Any], run: t.Callable[[], dict[str, t.Any]], what: str) -> dict[str, t.Any]:
    """The result of *run*, which runs a module on another machine; if the same login was refused before, that refusal instead.

    :param args: the module's options.
    :param what: start of a failure message.
    """
    if not args.get("user_password"):
        return run()
    who = hashlib.sha256(json.dumps([args.get(name) for name in _OF_LOGIN], default=str).encode()).hexdigest()
    ended: list[dict[str, t.Any]] = []

    def log_in() -> dict[str, t.Any]:
        ended.append(run())
        error = ended[0].get("error")
        if isinstance(error, dict) and error.get("kind") == Kind.CREDENTIALS.value and error.get("path") == TOKENS:
            raise ApiError(Kind.CREDENTIALS, **{name: value for name, value in error.items() if name != "kind"})
        return ended[0]

    try:
        return LoginGate(_folder(), _SALT).pass_through(who, log_in)
    except ApiError as error:
        return ended[0] if ended else error_result(error, what)


def _folder() -> str:
    """The private folder of this Ansible process, which removes it at its end."""
    return str(constants.DEFAULT_LOCAL_TMP)
