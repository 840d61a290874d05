# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins: one for each account of a play, whichever process of it is the first to need it.

Ansible's main process imports the action of a task before it forks the workers that run it, so what is made here once is shared by all of
them: tokens stay in memory that they have in common. A module with a process of its own logs in by itself, and is told of refusals only; on
another machine not even of these, so here the first of them is waited for.
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
#: What a password is accepted or refused by.
_OF_LOGIN = ("user_name", "user_password", "domain_name", "iam_endpoint", "endpoint", "region", "cloud_domain")


def gate() -> LoginGate:
    """The gate for what runs in this process."""
    return LoginGate(_folder(), _SALT, _SHARED)


def gate_of_module() -> dict[str, t.Any]:
    """The gate as a module on this machine is told of it, see ``_runner/ansible_module.py``. It says nothing of any account."""
    return {"folder": _folder(), "salt": _SALT.hex()}


def refused_once(args: t.Mapping[str, t.Any], run: t.Callable[[], dict[str, t.Any]], what: str) -> dict[str, t.Any]:
    """The result of a module that logs in on another machine, by *run*; where a password was refused to another one, that refusal.

    :param args: the module's options.
    :param what: start of the message of a failure.
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
    """The private folder of this invocation of Ansible, which takes it away at its end."""
    return str(constants.DEFAULT_LOCAL_TMP)
