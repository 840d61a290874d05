# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame around the logic of a module: one try, one exit.

Nothing else in the collection ends a module. The logic gets a :class:`ModuleRun` and returns or raises. It fills ``run.result`` while it
works, so that the result says what was reached, whatever happens.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import typing as t
from urllib.parse import unquote

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

if sys.version_info < (3, 9):  # noqa: UP036 - before the first import that an older Python cannot evaluate
    _VERSION = ".".join(map(str, sys.version_info[:2]))
    _CURE = "Set ansible_python_interpreter to Python 3.9 or newer there"
    sys.stdout.write(
        json.dumps({"failed": True, "msg": f"dataarts.factory needs Python 3.9 or newer: {sys.executable} is Python {_VERSION}. {_CURE}."})
    )
    raise SystemExit(1)

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, JournalError, Kind, OptionError
from .._common.text import longest_first, maskable, printable
from .._config.argument_spec import MODULES, Spec
from .._config.raw_values import fitted
from .._http.compat import HAS_REQUESTS
from .._http.iam import FetchedAuth
from .._http.login_gate import LoginGate
from .._http.session import Session, check_endpoints, open_session

_MAX_MESSAGE = 4000  # characters; the message about a plan that is refused names its jobs
#: What an action adds to the options of a module that runs on the same machine: where processes of one play find out about refused logins.
LOGIN_GATE = "_dataarts_login_gate"
#: What ansible-core writes in the place of such an option.
_MASKED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
#: After how many new objects Python looks for what could be thrown away while a module works.
_SELDOM = 100_000
_REPORT = "This is a defect of the collection: please report it with the name of the module and this message"


class ModuleRun:
    """One invocation of a module.

    :ivar options: the module's options, complete and of the specified types.
    :ivar check_mode: whether nothing may be sent: in check mode, or by the option ``check_only`` of modules that send.
    :ivar diff_mode: whether a difference is wanted.
    :ivar what: start of the message of a failure, "Failed to list jobs of workspace 62fb…"; the logic may make it more precise.
    :ivar doing: what it is doing just now, in a few words; for somebody who waits.
    :ivar show: shows people the result of a plan before it is sent; None where nobody can in the middle of a pass.
    :ivar result: what the module returns, filled while it works. With ``failed`` and ``msg`` in it the module fails when it ends.
    """

    def __init__(self, options: t.Mapping[str, t.Any], *, check_mode: bool = False, diff_mode: bool = False) -> None:
        self.options = options
        self.check_mode = check_mode or bool(options.get("check_only"))
        self.diff_mode = diff_mode
        self.result: dict[str, t.Any] = {"changed": False}
        if "check_only" in options:
            self.result["check_mode"] = self.check_mode
        self.show: t.Callable[[], None] | None = None
        self.what = ""
        self.doing = ""
        self.secrets = _journal_passwords(options)
        self._session: Session | None = None
        self._apis: dict[str, WorkspaceApi] = {}
        self._warnings: list[str] = []

    @property
    def waiting_for(self) -> str:
        """What keeps it waiting just now, in a few words: what a request failed with that is repeated, else what it is doing."""
        return (self._session.client.trouble if self._session is not None else "") or self.doing

    @property
    def session(self) -> Session:
        """The account's connection, made at first use. That sends nothing.

        :raises OptionError: credentials, addresses or limits in the options cannot be used.
        """
        if self._session is None:
            check_endpoints(self.options)
            self._session = open_session(self.options, os.environ)
            self.secrets |= maskable(self._session.account.secrets() if self._session.account is not None else ())
        return self._session

    def api(self, workspace_id: str = "") -> WorkspaceApi:
        """The API of a workspace, by its id; that of the options without one. One object, which knows which versions are open there."""
        place = workspace_id or str(self.options["workspace_id"])
        if place not in self._apis:
            self._apis[place] = WorkspaceApi(self.session, place, self.options["api_version"])
        return self._apis[place]

    @property
    def settle_ms(self) -> int:
        """``settle_time``: how long after a request the service may still show an instance as it was, ms."""
        return int(self.options["settle_time"]) * 1000

    @property
    def suggested_region(self) -> str:
        """See :attr:`.regions.Hosts.suggestion`; "" before there is a session."""
        return self._session.hosts.suggestion if self._session is not None else ""

    @property
    def where(self) -> str:
        """What the module works on, for messages: the workspace, or the project."""
        workspace = self.options.get("workspace_id")
        if workspace:
            return f"of workspace {printable(workspace, 100)}"
        project = self.options.get("project_id")
        return f"of project {printable(project, 100)}" if project else "of the project"

    def warn(self, *texts: str) -> None:
        """Add warnings to the result, each once."""
        self._warnings += [text for text in dict.fromkeys(texts) if text not in self._warnings]

    def fail(self, kind: str, cause: str, hint: str = "", *, what: str | None = None) -> None:
        """The result is a failure that is not an answer of the service: ``<what>: <cause>. <hint>.``

        :param kind: see :func:`failure_result`.
        :param what: in place of :attr:`what`.
        """
        self.result.update(failure_result(sentence(self.what if what is None else what, cause, hint), kind))

    @property
    def warnings(self) -> list[str]:
        """The warnings of the logic, then those of the client."""
        client = self._session.client.warnings if self._session is not None else []
        return [*self._warnings, *client]

    def part(self, options: t.Mapping[str, t.Any]) -> ModuleRun:
        """A run of other *options* over the same connection, which has a result of its own."""
        run = ModuleRun(options, check_mode=self.check_mode)
        run._session, run.secrets = self.session, self.secrets
        return run

    def finish(self) -> None:
        """Close the connections and put their counts of requests into the result."""
        if self._session is not None:
            self.result["requests"] = dict(self._session.client.counts)
            self._session.close()


Logic = t.Callable[[ModuleRun], None]
#: What each module does, and to what, for the message when it fails; file and function of its logic.
PURPOSES = {
    "account_doctor": ("check", "the account", "doctor.doctor"),
    "job_dependency_info": ("look up", "dependencies", "info.dependency_info"),
    "job_info": ("list", "jobs", "info.job_info"),
    "job_instance_info": ("list", "job instances", "info.instance_info"),
    "job_instance_retry": ("retry", "job instances", "instance_retry.retry"),
    "job_instance_stop": ("stop", "job instances", "instance_stop.instance_stop"),
    "job_rerun": ("rerun", "job instances", "rerun.rerun"),
    "job_run": ("run", "a job", "job_run.job_run"),
    "job_schedule": ("change", "the scheduling of jobs", "job_schedule.job_schedule"),
    "rerun_history_info": ("read", "the history of reruns", "history.history_info"),
    "supplement_data": ("start", "PatchData", "supplement_data.supplement_data"),
    "supplement_data_info": ("list", "PatchData", "supplement_data.supplement_data_info"),
    "supplement_missing": ("make", "the missing instances", "supplement_missing.supplement_missing"),
    "workspace_info": ("list", "workspaces", "info.workspace_info"),
}


class _Module(AnsibleModule):
    """An AnsibleModule that checks its options before ansible-core converts them.

    :ivar wrong_type: the problem with a value of another type than was meant, or None.
    """

    def __init__(self, argument_spec: Spec, **more: t.Any) -> None:
        self._spec = argument_spec
        self.wrong_type: str | None = None
        self.params: dict[str, t.Any] = {}
        super().__init__(argument_spec=argument_spec, **more)

    def _load_params(self) -> None:
        super()._load_params()
        shared = self.params.pop(LOGIN_GATE, None)
        if isinstance(shared, dict):
            FetchedAuth.gate = LoginGate(str(shared.get("folder")), bytes.fromhex(str(shared.get("salt"))))
        self.params, self.wrong_type = fitted(self._spec, self.params)


def run_module(name: str, logic: Logic) -> None:
    """Run *logic* as the module *name* and end the process.

    :param logic: does the work; see :class:`ModuleRun`.
    """
    verb, thing, _logic = PURPOSES[name]
    module = _Module(argument_spec=MODULES[name](), supports_check_mode=True)
    run = ModuleRun(module.params, check_mode=module.check_mode, diff_mode=module._diff)
    if module.wrong_type is not None:
        run.fail("option", module.wrong_type, what=f"Failed to {verb} {thing}")
    elif HAS_REQUESTS:
        run_logic(run, logic, verb, thing)
    else:
        run.result.update(failure_result(missing_required_lib("requests"), "import"))
    _hide(module, run.secrets)
    for text in run.warnings:
        module.warn(printable(text))
    # Outside of any except clause: ansible-core would add the traceback of an exception that is being handled.
    if run.result.pop("failed", False):
        module.fail_json(**run.result)
    module.exit_json(**run.result)


def _hide(module: AnsibleModule, secrets: t.Iterable[str]) -> None:
    """Have *module* mask *secrets* and those of its options in what it returns: the options themselves whatever their length."""
    for name, option in module.argument_spec.items():
        if option.get("no_log") and module.params.get(name):
            module.params[name] = _MASKED
    module.no_log_values = longest_first({*module.no_log_values, *secrets})


def run_logic(run: ModuleRun, logic: Logic, verb: str, thing: str) -> None:
    """Call *logic*. Whatever it raises ends up in ``run.result`` as ``failed``, ``msg`` and ``error``, next to what was reached."""
    run.what = f"Failed to {verb} {thing} {run.where}"
    _collect_seldom()
    try:
        logic(run)
    except Exception as error:  # everything ends here, so that no traceback reaches a user
        if isinstance(error, ApiError) and error.kind is Kind.UNREACHABLE:
            error.hint = f"{run.suggested_region} {error.hint}".strip()
        run.result.update(error_result(error, run.what))
    try:
        run.finish()
    except Exception as error:
        run.warn(f"Connections were not closed: {type(error).__name__}")


def _collect_seldom() -> None:
    """A pass keeps nearly all that it makes until its end, in a process that begins with all of Ansible in memory. To look for what could be
    thrown away after each 700 objects, as Python does, takes a tenth of its processor time."""
    first, *others = gc.get_threshold()
    if 0 < first < _SELDOM:
        gc.freeze()
        gc.set_threshold(_SELDOM, *others)


def error_result(error: Exception, what: str) -> dict[str, t.Any]:
    """The result of a task that *error* ended: failed, msg and error.

    :param what: start of the message, "Failed to list jobs of workspace 62fb…".
    """
    if isinstance(error, ApiError):
        return {"failed": True, "msg": sentence(what, str(error), error.hint), "error": error.to_result()}
    if isinstance(error, OptionError):
        return failure_result(sentence(what, _unprefixed(str(error))), "option")
    if isinstance(error, JournalError):
        return failure_result(sentence(what, _unprefixed(str(error))), "journal")
    # The text of an unexpected exception may hold anything, so only its class is named.
    return failure_result(sentence(what, f"unexpected {type(error).__name__} in {_place(error)}", _REPORT), "internal")


def failure_result(msg: str, kind: str) -> dict[str, t.Any]:
    """A failure that is not an answer of the service: failed, msg, and an ``error`` of the same shape as :meth:`ApiError.to_result`.

    :param kind: option, state, journal, import, incomplete or internal.
    """
    empty: dict[str, t.Any] = {"status": None, "code": None, "request_id": None, "method": "", "path": "", "hint": ""}
    return {"failed": True, "msg": msg, "error": {"kind": kind, "message": msg, **empty}}


def sentence(what: str, cause: str, hint: str = "") -> str:
    """``<what>: <cause>. <hint>.`` in one line that is safe to show. Either may end with a question mark."""
    cause = cause.rstrip().rstrip(".")
    text = f"{what}: {cause}{'' if cause.endswith('?') else '.'}"
    return printable(f"{text} {hint.rstrip('.')}{'' if hint.endswith('?') else '.'}" if hint else text, _MAX_MESSAGE)


def _journal_passwords(options: t.Mapping[str, t.Any]) -> frozenset[str]:
    """The passwords in options ``journal`` and ``journal_password``, as they are written and as they are meant."""
    uri = str(options.get("journal") or "")
    # Both with the first @ and with the last one, for a password in which it is not percent-encoded.
    patterns = (r"(?:^|/)[^:@/]*:([^/@][^@]*)@", r"(?:^|/)[^:@/]*:([^/?][^?]*)@", r"[?&](?:ssl)?password=([^&]+)")
    words = [options.get("journal_password"), *(word for pattern in patterns for word in re.findall(pattern, uri))]
    return maskable(form for word in words if word for form in (word, unquote(word)))


def _unprefixed(text: str) -> str:
    """*text* without a "Failed to" at its start, because the message already has one."""
    return text if not text.startswith("Failed to ") else f"cannot {text[len('Failed to ') :]}"


def _place(error: BaseException) -> str:
    """File, line and function in which *error* was raised, without the path."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    code = trace.tb_frame.f_code
    return f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} ({code.co_name})"
