# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base class of the modules' action plugins: complete the task's options, check them and run the module."""

from __future__ import annotations

import contextlib
import typing as t

from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.inventory.helpers import sort_groups
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars
from ansible.vars.manager import VariableManager
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path

from ...module_utils._common.errors import OptionError
from ...module_utils._common.text import printable
from ...module_utils._config.argument_spec import MODULES, Spec, account_spec
from ...module_utils._config.raw_values import fitted, problem
from ...module_utils._planner.repair import BEFORE
from ...module_utils._runner.ansible_module import LOGIN_GATE, PURPOSES, ModuleRun, failure_result
from .._awx.launch_inputs import PREFIX, jobs_of_lines
from .._common.tables import Line
from .._common.templates import plain
from .._inventory.matching import blank_limit, limit_problem
from .._report.words import in_language
from .._role.checks import (
    asking_problem,
    empty_approval,
    related_problem,
    repair_plan_problem,
    repair_problem,
    report_problem,
    rerun_problem,
    run_once_problem,
    tries_problem,
    unapproved_problem,
)
from .._role.options import APPROVALS, LIMITS, OWN, REPAIRS, ROLE, WITHOUT, is_repair_plan, plan_of, variables_of
from .._role.typos import READS, account_variables, cut_value, read_by, typos
from . import inprocess, logins
from .console import label, shown_diff
from .heartbeat import Heartbeat
from .loops import looping, once
from .old_python import with_cause
from .passes import message_of
from .paths import from_start
from .registered import outcome
from .repair_results import missing_of, not_repaired
from .screen import brief, show
from .variables import accepted, by_name, filled, language_of, said, workspace_id_of

Vars = t.Mapping[str, t.Any]
#: Attribute of a task that passes the state of one try to the next (``until``, ``retries``), because all tries share the task object.
TRIED = "_dataarts_tried"


class ModuleAction(ActionBase):
    """One task of a module of the collection."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    def __init_subclass__(cls, **more: t.Any) -> None:
        """Import the logic of the module with its action, which Ansible does once, before it forks the workers of all hosts."""
        super().__init_subclass__(**more)
        inprocess.logic_of(cls.__module__.rpartition(".")[2])

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the task, with options completed from ``module_defaults`` and variables.

        :param task_vars: variables of the host, which is a workspace.
        :returns: the module's documented result; if it was not run, a failure with an ``error`` of kind ``option``, as the module itself returns
            it, or ``refused`` if the reason is not a single option.
        """
        super().run(tmp, task_vars)
        result = self.with_names(self._completed_run(task_vars or {}), task_vars or {})
        language = self.language(task_vars or {})
        shown = {
            "warnings": in_language(language, result.get("warnings") or ()),
            "diff": shown_diff(result.get("diff") or {}, language),
        }
        return {**result, **{name: value for name, value in shown.items() if value}}

    def with_names(self, result: dict[str, t.Any], task_vars: Vars) -> dict[str, t.Any]:
        """*result*; if it failed before ``jobs`` was checked, with ``job_patterns`` in which ``matches`` is None.

        A name may be meant for this workspace only, so it must not be reported as matching nowhere.
        """
        if self.module not in ("job_rerun", "job_instance_info") or not result.get("failed") or "job_patterns" in result:
            return result
        with contextlib.suppress(AnsibleError):
            asked = self._task.args.get("jobs") or self._templar.template(task_vars.get(f"{PREFIX}jobs"))
            names = fitted(MODULES[self.module](), {"jobs": asked})[0].get("jobs") or ()
            return {
                **result,
                "job_patterns": [{"pattern": printable(name), "matches": None, "suggestion": ""} for name in dict.fromkeys(names)],
            }
        return result

    def language(self, task_vars: Vars) -> str:
        """The language of lines for people, also before the options are completed."""
        own = self._task.args.get("language")
        own = own if said(own) else self._default_of("language")
        return str(own) if said(own) else language_of(self._templar, task_vars)

    def _completed_run(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            options, called = self._completed(task_vars)
        except OptionError as error:
            return failure_result(printable(error, 4000), "refused")
        spec = MODULES[self.module]()
        # In a playbook of the collection, the modules that only read the journal need workspace_id too: the host is a workspace.
        if task_vars.get(READS) and self.module != "account_doctor":
            spec = {**spec, "workspace_id": {**spec["workspace_id"], "required": True}}
        unfit = self._unfit(spec, options, called)
        if unfit:
            return failure_result(unfit, "option")
        # The task is this process's own copy. Its options are normalized, because blanks around an id would be shown otherwise.
        self._task.args = fitted(MODULES[self.module](), options)[0]
        return self.work(task_vars)

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module with the completed options."""
        args = from_start(self._task.args, self._connection.transport)
        result = None
        if not self._task.async_val and self.runs_here(task_vars):
            with self.attended(args, task_vars) as started:
                result = inprocess.run_here(self.module, args, **self.modes, started=started)
        if result is None:
            result = self.execute(args, task_vars, in_background=bool(self._task.async_val))
        return brief(result, self._display)

    def attended(self, args: Vars, task_vars: dict[str, t.Any]) -> t.ContextManager[t.Callable[[ModuleRun], None]]:
        """Context manager around a module in this process. It yields the callback ``started`` of :func:`.inprocess.run_here`."""
        del args, task_vars
        return contextlib.nullcontext(lambda dummy: None)

    @contextlib.contextmanager
    def with_heartbeat(self, line: t.Callable[[str], Line]) -> t.Iterator[t.Callable[[ModuleRun], None]]:
        """:meth:`attended` with a heartbeat: show a line whenever the play has been silent for a while.

        :param line: makes the line from what the module is waiting for, which is "" before it has begun.
        """
        runs: list[ModuleRun] = []
        with Heartbeat(self.say, lambda: line(runs[-1].waiting_for if runs else "")) if self.shows else contextlib.nullcontext():
            yield runs.append

    @property
    def shows(self) -> bool:
        """Whether lines about the task may be shown (``no_log`` is not set)."""
        return not (self._task.no_log or self._play_context.no_log)

    def say(self, *lines: Line) -> None:
        """Show *lines*, unless ``no_log`` is set."""
        if self.shows:
            show(self._display, lines)

    @staticmethod
    def host(task_vars: Vars) -> str:
        """The host's name in the inventory."""
        return str(task_vars.get("inventory_hostname", "localhost"))

    def label(self, task_vars: Vars) -> str:
        """Start of the host's lines."""
        return label(self.host(task_vars), task_vars.get("ansible_play_hosts_all") or ())

    def runs_here(self, task_vars: Vars) -> bool:
        """Whether the module can run in this process, see :func:`.inprocess.same_place`."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return inprocess.same_place(
            connection=self._connection.transport,
            become=self._connection.become is not None,
            interpreter=self._templar.template(task_vars.get("ansible_python_interpreter")),
            environment=environment,
            kept=bool(constants.DEFAULT_KEEP_REMOTE_FILES),
            delegated=bool(self._task.delegate_to),
        )

    @property
    def modes(self) -> dict[str, t.Any]:
        """Check mode and diff mode, as arguments of :func:`.inprocess.run_here`."""
        return {"check_mode": bool(self._task.check_mode), "diff_mode": bool(self._task.diff)}

    def execute(self, args: Vars, task_vars: dict[str, t.Any], *, module: str = "", in_background: bool = False) -> dict[str, t.Any]:
        """Run the task's module, or another *module*, in a process of its own and return its result.

        On this machine, that process shares refused logins with the others of the play.
        """
        module = module or self.module
        local = self._connection.transport == "local"
        shared = {LOGIN_GATE: logins.gate_of_module()} if local and not in_background else {}

        def run() -> dict[str, t.Any]:
            name = f"dataarts.factory.{module}"
            return with_cause(
                self._execute_module(module_name=name, module_args={**args, **shared}, task_vars=task_vars, wrap_async=in_background)
            )

        if local or in_background:
            return run()
        verb, thing, _logic = PURPOSES[module]
        return logins.refused_once(args, run, f"Failed to {verb} {thing} of workspace {printable(args.get('workspace_id'), 100)}")

    def ask(self, module: str, options: Vars, state: Vars, task_vars: dict[str, t.Any], *, check_mode: bool) -> dict[str, t.Any]:
        """Run *module*, in addition to the task's own one, with *options* and ``pass_state`` *state*; return its result."""
        args, mode = from_start({**options, "pass_state": dict(state)}, self._connection.transport), self._task.check_mode
        result = inprocess.run_here(module, args, check_mode=check_mode, diff_mode=False) if self.runs_here(task_vars) else None
        if result is None:
            self._task.check_mode = check_mode  # Ansible passes the task's mode to the module
            result = self.execute(args, task_vars, module=module)
            self._task.check_mode = mode
        return result

    @property
    def module(self) -> str:
        """Name of the task's module, without the collection."""
        return str(self._task.action).rpartition(".")[2]

    def _completed(self, task_vars: dict[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, str]]:
        """The completed options of the task; and option -> variable, for those that the task leaves to a variable.

        :raises OptionError: a variable cannot be evaluated, or the task is refused.
        """
        self._check_command_line()
        spec, role = MODULES[self.module](), task_vars.get("ansible_role_name") == ROLE
        known = {
            name for options in MODULES.values() for option, entry in options().items() for name in (option, *entry.get("aliases", ()))
        }
        without = task_vars.get(WITHOUT) or () if role else ()
        variables = {
            name: variable
            for name, variable in variables_of(self.module, role=role).items()
            if variable in task_vars and name not in without
        }
        secret = {variables[name] for name in variables if spec[name].get("no_log")}
        values = _Values(self, task_vars, secret.union(PREFIX + name for name, option in OWN.items() if option.get("no_log")))
        args = accepted(by_name(self._task.args, spec, self._default_of), spec, known, self._default_of)
        host = self.host(task_vars)
        repairs = role and self.module in REPAIRS
        own = self._own(task_vars, values, without) if role else {}
        plan = plan_of(own.get("plans"), host, self.module) if repairs else {}
        args.update(plan)
        options = filled(spec, args, variables, self._default_of, values.of)
        refused = self._typos(task_vars, role=role)
        refusal = "" if role else asking_problem(refused)
        if repairs:
            refusal = self._of_role(task_vars, values, options, own, refused)
        elif role and self.module == "job_instance_retry":
            options = {**options, "jobs": jobs_of_lines(options["jobs"])} if "jobs" in options else options
            approved = [PREFIX + name for name in APPROVALS if PREFIX + name in task_vars]
            limits = [PREFIX + name for name in LIMITS if PREFIX + name in task_vars and values.of(PREFIX + name) not in (None, "", [])]
            limits += [f"{PREFIX}plan_required"] if own.get("plan_required") else []
            refused = [*self._limit_refusal(task_vars), *refused]
            refusal = related_problem(host, options, approved=approved, limits=limits, refused=refused)
        if not self._reads:
            refusal = refusal or run_once_problem(self._left_out(task_vars, options.get("workspace_id")))
            refusal = refusal or ("" if role else self._blank_limit(task_vars))
        refusal = refusal or (tries_problem(options) if "since" in spec and self._tried_in_background else "")
        given = {**(self._own_variables(task_vars, without) if role else {}), **variables}
        refusal = refusal or empty_approval([name for name in (*args, *given) if name in APPROVALS and name not in {*options, *own}], given)
        if refusal:
            raise OptionError(refusal)
        return options, {name: variable for name, variable in variables.items() if not said(args.get(name))}

    def _of_role(self, task_vars: dict[str, t.Any], values: _Values, options: dict[str, t.Any], own: Vars, refused: t.Sequence[str]) -> str:
        """Why the role neither reruns nor repairs the workspace; "" if it does.

        :param options: of the module; may be changed.
        :param own: values of the options that only the role has.
        :param refused: sentences about variables that are probably typos.
        """
        host, plans = self.host(task_vars), own.get("plans")
        plan = plan_of(plans, host)
        refused = [*self._limit_refusal(task_vars), *refused]
        whole = repair_plan_problem(host) if is_repair_plan(plans, host) else ""
        sends = not self._task.check_mode and not boolean(options.get("check_only") or False, strict=False)
        unapproved = sends and own.get("plan_required") and not plan and "plan_id" not in options
        return (
            rerun_problem(host, options, without_plan="plans" in own and not plan, refused=refused)
            or self._of_repair(task_vars, values, options, reruns_by=plan, whole=whole)
            or (unapproved_problem(host) if unapproved else "")
        )

    def _limit_refusal(self, task_vars: Vars) -> list[str]:
        """Sentences for the role that ``--limit`` is blank or matches nothing in the inventory; [] if it is fine."""
        limit = limit_problem(self._loader, task_vars.get("groups") or {}, task_vars.get("ansible_limit"))
        return [f"{limit[0].upper()}{limit[1:]}"] if limit else []

    def _blank_limit(self, task_vars: Vars) -> str:
        """Why a task outside the role sends nothing: ``--limit`` is blank in a play of several hosts; else "".

        Names that match nothing are not refused here: Ansible warns about them.
        """
        blank = blank_limit(self._loader, task_vars.get("ansible_limit"))
        return f"Nothing was sent: {blank}" if blank and len(task_vars.get("ansible_play_hosts_all") or ()) > 1 else ""

    def _check_command_line(self) -> None:
        """Check the values of ``-e``. :raises OptionError: one of the collection's variables has a part of its value only."""
        cut = cut_value(context.CLIARGS.get("extra_vars") or ())
        if cut:
            raise OptionError(f"Nothing was {'asked' if self._reads else 'sent'}: {cut}")

    @property
    def _reads(self) -> bool:
        """Whether the module changes nothing."""
        return self.module.endswith(("_info", "doctor"))

    @property
    def _tried_in_background(self) -> bool:
        return bool(self._task.async_val and (self._task.until or self._task.retries))

    def _typos(self, task_vars: dict[str, t.Any], *, role: bool) -> list[str]:
        """Sentences about variables that are probably typos of one that the role or a playbook of the collection reads; none in other plays."""
        reads = task_vars.get(READS) or ()
        if not role and not reads:
            return []
        read = read_by(self.module, role=role, reads=reads)
        typed, account = load_extra_vars(self._loader), account_variables() & MODULES[self.module]().keys()
        refused, warned = typos(task_vars, typed, read=read, reader="role" if role else "playbook", account=account)
        for sentence in in_language(self.language(task_vars), warned):
            self._display.warning(sentence)
        return refused

    def _left_out(self, task_vars: dict[str, t.Any], workspace_id: t.Any) -> list[str]:
        """Hosts that are other workspaces and that ``run_once`` leaves out; none if the task or a loop names its workspace itself."""
        if not once(self._task) or said(self._task.args.get("workspace_id")) or looping(self._task) is not None:
            return []
        ids = {str(host): workspace_id_of(task_vars["hostvars"], host) for host in task_vars.get("ansible_play_batch") or ()}
        return [host for host, own in ids.items() if own not in ("", str(workspace_id))]

    def _of_repair(self, task_vars: dict[str, t.Any], values: _Values, options: dict[str, t.Any], *, reruns_by: Vars, whole: str) -> str:
        """Why this part of a repair is not done; "" if it is, or if the task does not belong to a repair.

        Reruns get the ``since`` of the previous part, so that the instances which it made count as rerun even if they failed.

        :param options: of the module; may be changed.
        :param reruns_by: the plan approved for the host, as options of job_rerun.
        :param whole: why only a repair may follow that plan, or "".
        """
        if self.module == "job_rerun":
            missing = missing_of(task_vars)
            before = outcome(task_vars).get("since") if missing else None
            if missing and not missing.get("approved") and (before or missing.get("began")):
                options.setdefault("since", str(before or missing["since"]))
            return not_repaired(missing) if missing else whole
        stage = self._task.args.get("stage")
        earlier = "" if stage in (None, "all", "find") else not_repaired(missing_of(task_vars) or {"gaps": []})
        if earlier or stage not in (None, "all", "find", BEFORE):
            return earlier
        # Refuse before anything is made what the following reruns would refuse.
        spec, variables = MODULES["job_rerun"](), variables_of("job_rerun", role=True)
        without = task_vars.get(WITHOUT) or ()
        there = {name: variable for name, variable in variables.items() if variable in task_vars and name not in without}
        self.reruns = filled(spec, reruns_by, there, lambda dummy: None, values.of)
        refused = repair_problem(approved="plan_id" in self.reruns and not reruns_by, unfit=self._unfit(spec, self.reruns, there))
        if refused or stage != "find":
            return refused
        result = self.ask("job_rerun", self.reruns, {"options_only": True}, task_vars, check_mode=bool(self._task.check_mode))
        return message_of(result) if result.get("failed") else ""

    @staticmethod
    def _own_variables(task_vars: Vars, without: t.Container[str]) -> dict[str, str]:
        """Option that only the role has -> the variable of the host that sets it."""
        return {name: PREFIX + name for name in OWN if PREFIX + name in task_vars and name not in without}

    def _own(self, task_vars: Vars, values: _Values, without: t.Container[str]) -> dict[str, t.Any]:
        """The values of the options that only the role has, evaluated and checked."""
        variables = self._own_variables(task_vars, without)
        own = {name: value for name, value in ((name, values.of(variable)) for name, variable in variables.items()) if said(value)}
        fit = fitted(OWN, own)[0]
        refusal = self._unfit(OWN, own, variables) or report_problem(fit)
        if refusal:
            raise OptionError(refusal)
        return fit

    def _unfit(self, spec: Spec, options: Vars, variables: t.Mapping[str, str]) -> str:
        """Why an option's value is not valid, with the name under which it was set; "" if all are valid.

        This is checked here because modules get JSON, in which for instance a date has become text.
        """
        for name, option in spec.items():
            text = problem(name, options[name], option) if name in options else None
            if text is not None:
                return printable(f"Failed to run {self.module}: {text.replace(name, variables.get(name, name), 1)}", 4000)
        if spec.get("workspace_id", {}).get("required") and "workspace_id" not in options:
            return (
                f"Failed to run {self.module}: workspace_id is not set. Set dataarts_workspace_id of each host in the inventory, where a host is a "
                "workspace, or workspace_id of the task."
            )
        return ""

    def _default_of(self, option: str) -> t.Any:
        """The value of *option* in ``module_defaults`` for this module, evaluated; None if there is none."""
        name = f"dataarts.factory.{self.module}"
        groups = (self._task._parent._play._action_groups or {}).get(name, [])
        entries: dict[str, t.Any] = {}
        for defaults in self._task.module_defaults or ():
            entries.update(defaults)
        value = None
        for entry in (*(f"group/{group}" for group in groups), name):
            options = self._templar.template(entries.get(entry) or {})
            value = options[option] if said(options.get(option)) else value
        return plain(value)


class _Values:
    """Values of the host's variables.

    :param secret: names of variables whose values must not appear in error messages.
    """

    def __init__(self, action: ModuleAction, task_vars: Vars, secret: t.Container[str]) -> None:
        self._action = action
        self._vars = task_vars
        self._secret = secret

    def of(self, name: str) -> t.Any:
        """The value of the variable *name*; if it is null, blank or omitted, the value that it would have at the next lower precedence.

        This way, an empty extra variable does not lift a limit of the inventory.

        :raises OptionError: it cannot be evaluated.
        """
        values = []
        for variables in self._levels():
            if name not in variables:
                continue
            try:
                value = plain(self._action._templar.template(variables[name]))
                omitted = "omit" in self._vars and value == self._vars["omit"]
            except AnsibleError as error:
                if type(error).__name__ != "AnsibleValueOmittedError":
                    # Without the chain of causes, which shows lines of the file.
                    raise self._refusal(name, error) from None
                value, omitted = None, True
            values.append(None if omitted else value)
            # {{ omit }} leaves out account options; it must not lift a limit or widen a selection.
            decides = name in _LEFT_OUT_BY_OMIT if omitted else said(value)
            if decides:
                return values[-1]
        return values[0]

    def _levels(self) -> t.Iterator[Vars]:
        """The host's variables by falling precedence: all; without extra variables; also without facts, task and role variables; those of the
        inventory only; then those of each of its groups, the closest first."""
        yield self._vars
        task, action = self._action._task, self._action
        of_play = task.get_variable_manager()
        manager = VariableManager(loader=action._loader, inventory=of_play._inventory)
        manager._extra_vars = {}
        manager._nonpersistent_fact_cache = of_play._nonpersistent_fact_cache
        host = of_play._inventory.get_host(self._vars.get("inventory_hostname"))
        play = task._parent._play
        yield manager.get_vars(play=play, host=host, task=task, include_hostvars=False)
        manager._nonpersistent_fact_cache = {}
        yield manager.get_vars(play=play, host=host, include_hostvars=False)
        yield manager.get_vars(host=host, include_hostvars=False)
        for group in reversed(sort_groups(host.get_groups())):
            in_files = get_vars_from_inventory_sources(action._loader, of_play._inventory._sources, [group], "task")
            by_playbook = get_vars_from_path(action._loader, action._loader.get_basedir(), [group], "task")
            yield {**group.get_vars(), **in_files, **by_playbook}

    def _refusal(self, name: str, error: AnsibleError) -> OptionError:
        what, links = f"Failed to run {self._action.module}: {name}", [error]
        while (link := links[-1].__cause__ or links[-1].__context__) is not None:
            links.append(link)
        if any("Vault" in type(link).__name__ for link in links):
            remedy = "Use --ask-vault-pass, or --vault-password-file, with the password that it was encrypted with; in AWX add a vault credential"
            return OptionError(f"{what} cannot be decrypted with the vault passwords of this run. {remedy}.")
        cause = "the cause is not shown, because it may hold the secret" if name in self._secret else str(error).rstrip(".")
        return OptionError(f"{what} cannot be evaluated: {cause}. Correct the template.")


#: Variables that {{ omit }} leaves out even if a lower precedence sets them.
_LEFT_OUT_BY_OMIT = frozenset(PREFIX + name for name in account_spec())
