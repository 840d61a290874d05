# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of every module: run its logic, turn errors into results, exit.

Only :func:`run_module` calls ``exit_json`` and ``fail_json``. The logic gets a :class:`ModuleRun` and returns or raises. It fills
``run.result`` as it works, so that the result of a failed module still shows how far it got.
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

_MAX_MESSAGE = 4000  # characters; the message about a refused plan names its jobs
#: Option that an action plugin adds for a module on the same machine: the folder where the processes of one play share refused logins.
LOGIN_GATE = "_dataarts_login_gate"
#: ansible-core's replacement for the value of a no_log option.
_MASKED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
#: Threshold of Python's garbage collector while a module runs, in new objects.
_SELDOM = 100_000
_REPORT = "This is a defect of the collection: please report it with the name of the module and this message"


class ModuleRun:
    """One invocation of a module.

    :ivar options: the module's options, complete and of the specified types.
    :ivar check_mode: whether nothing may be sent, because of check mode or of option ``check_only``.
    :ivar diff_mode: whether to return a diff.
    :ivar what: start of a failure message, "Failed to list jobs of workspace 62fb…"; the logic may make it more precise.
    :ivar doing: current activity in a few words, shown to people who wait.
    :ivar show: callback that shows the plan in ``result`` to people before it is sent; None if nothing can be shown during a pass.
    :ivar result: the module's result, filled while it works. With ``failed`` and ``msg`` in it, the module fails when it ends.
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
        """Why the module is waiting now, in a few words: the failure of the request that is being repeated, else :attr:`doing`."""
        return (self._session.client.trouble if self._session is not None else "") or self.doing

    @property
    def session(self) -> Session:
        """The account's session, opened at first use. Opening it sends nothing.

        :raises OptionError: credentials, addresses or limits in the options cannot be used.
        """
        if self._session is None:
            check_endpoints(self.options)
            self._session = open_session(self.options, os.environ)
            self.secrets |= maskable(self._session.account.secrets() if self._session.account is not None else ())
        return self._session

    def api(self, workspace_id: str = "") -> WorkspaceApi:
        """The API of a workspace, by default the one in the options. One object per workspace, because it learns which versions are open there."""
        place = workspace_id or str(self.options["workspace_id"])
        if place not in self._apis:
            self._apis[place] = WorkspaceApi(self.session, place, self.options["api_version"])
        return self._apis[place]

    @property
    def settle_ms(self) -> int:
        """Option ``settle_time`` in ms: length of the settle window."""
        return int(self.options["settle_time"]) * 1000

    @property
    def suggested_region(self) -> str:
        """See :attr:`.regions.Hosts.suggestion`; "" before there is a session."""
        return self._session.hosts.suggestion if self._session is not None else ""

    @property
    def where(self) -> str:
        """The workspace or project of the options, as part of a message."""
        workspace = self.options.get("workspace_id")
        if workspace:
            return f"of workspace {printable(workspace, 100)}"
        project = self.options.get("project_id")
        return f"of project {printable(project, 100)}" if project else "of the project"

    def warn(self, *texts: str) -> None:
        """Add warnings to the result, each once."""
        self._warnings += [text for text in dict.fromkeys(texts) if text not in self._warnings]

    def fail(self, kind: str, cause: str, hint: str = "", *, what: str | None = None) -> None:
        """Make the result a failure that does not come from the service: ``<what>: <cause>. <hint>.``

        :param kind: see :func:`failure_result`.
        :param what: replaces :attr:`what`.
        """
        self.result.update(failure_result(sentence(self.what if what is None else what, cause, hint), kind))

    @property
    def warnings(self) -> list[str]:
        """The warnings of the logic, then those of the client."""
        client = self._session.client.warnings if self._session is not None else []
        return [*self._warnings, *client]

    def part(self, options: t.Mapping[str, t.Any]) -> ModuleRun:
        """Run with other *options* on the same session, with its own result."""
        run = ModuleRun(options, check_mode=self.check_mode)
        run._session, run.secrets = self.session, self.secrets
        return run

    def finish(self) -> None:
        """Close the session and put its request counts into the result."""
        if self._session is not None:
            self.result["requests"] = dict(self._session.client.counts)
            self._session.close()


Logic = t.Callable[[ModuleRun], None]
#: Module -> verb and object for its failure message, and file and function of its logic.
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
    """AnsibleModule that checks the types of its options before ansible-core converts them.

    :ivar wrong_type: message about a value of the wrong type, or None.
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
    """Run *logic* as module *name* and end the process."""
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
    # Outside any except clause: ansible-core would add the traceback of the exception being handled.
    if run.result.pop("failed", False):
        module.fail_json(**run.result)
    module.exit_json(**run.result)


def _hide(module: AnsibleModule, secrets: t.Iterable[str]) -> None:
    """Have *module* mask *secrets* and its no_log options in its result; ansible-core masks no_log options only from a certain length."""
    for name, option in module.argument_spec.items():
        if option.get("no_log") and module.params.get(name):
            module.params[name] = _MASKED
    module.no_log_values = longest_first({*module.no_log_values, *secrets})


def run_logic(run: ModuleRun, logic: Logic, verb: str, thing: str) -> None:
    """Call *logic*; an exception becomes ``failed``, ``msg`` and ``error`` in ``run.result``, next to what is there already."""
    run.what = f"Failed to {verb} {thing} {run.where}"
    _collect_seldom()
    try:
        logic(run)
    except Exception as error:  # so that no traceback reaches a user
        if isinstance(error, ApiError) and error.kind is Kind.UNREACHABLE:
            error.hint = f"{run.suggested_region} {error.hint}".strip()
        run.result.update(error_result(error, run.what))
    try:
        run.finish()
    except Exception as error:
        run.warn(f"Connections were not closed: {type(error).__name__}")


def _collect_seldom() -> None:
    """Run the garbage collector less often.

    A pass keeps nearly all of its objects until it ends, in a process that starts with all of Ansible in memory. Collecting after every 700
    new objects, Python's default, takes a tenth of the processor time.
    """
    first, *others = gc.get_threshold()
    if 0 < first < _SELDOM:
        gc.freeze()
        gc.set_threshold(_SELDOM, *others)


def error_result(error: Exception, what: str) -> dict[str, t.Any]:
    """Result of a task that *error* ended: failed, msg and error.

    :param what: start of the message, "Failed to list jobs of workspace 62fb…".
    """
    if isinstance(error, ApiError):
        return {"failed": True, "msg": sentence(what, str(error), error.hint), "error": error.to_result()}
    if isinstance(error, OptionError):
        return failure_result(sentence(what, _unprefixed(str(error))), "option")
    if isinstance(error, JournalError):
        return failure_result(sentence(what, _unprefixed(str(error))), "journal")
    # The text of an unexpected exception may hold a secret, so only its class is shown.
    return failure_result(sentence(what, f"unexpected {type(error).__name__} in {_place(error)}", _REPORT), "internal")


def failure_result(msg: str, kind: str) -> dict[str, t.Any]:
    """Result of a failure that does not come from the service: failed, msg, and an ``error`` of the same shape as :meth:`ApiError.to_result`.

    :param kind: option, state, journal, import, incomplete or internal.
    """
    empty: dict[str, t.Any] = {"status": None, "code": None, "request_id": None, "method": "", "path": "", "hint": ""}
    return {"failed": True, "msg": msg, "error": {"kind": kind, "message": msg, **empty}}


def sentence(what: str, cause: str, hint: str = "") -> str:
    """``<what>: <cause>. <hint>.`` as one printable line. Cause and hint may end with a question mark instead."""
    cause = cause.rstrip().rstrip(".")
    text = f"{what}: {cause}{'' if cause.endswith('?') else '.'}"
    return printable(f"{text} {hint.rstrip('.')}{'' if hint.endswith('?') else '.'}" if hint else text, _MAX_MESSAGE)


def _journal_passwords(options: t.Mapping[str, t.Any]) -> frozenset[str]:
    """Passwords in options ``journal`` and ``journal_password``, as written and percent-decoded."""
    uri = str(options.get("journal") or "")
    # Up to the first @ and up to the last one: a password may contain an @ that is not percent-encoded.
    patterns = (r"(?:^|/)[^:@/]*:([^/@][^@]*)@", r"(?:^|/)[^:@/]*:([^/?][^?]*)@", r"[?&](?:ssl)?password=([^&]+)")
    words = [options.get("journal_password"), *(word for pattern in patterns for word in re.findall(pattern, uri))]
    return maskable(form for word in words if word for form in (word, unquote(word)))


def _unprefixed(text: str) -> str:
    """*text* with "cannot" instead of "Failed to" at its start, because the message already starts with "Failed to"."""
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
