# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module account_doctor: what the options, the network, the service and the journal show, within ten seconds.

It only sends reads, except for one POST with option ``probe_retry``. ``_planner/diagnosis.py`` judges what it observes.
"""

from __future__ import annotations

import os
import platform
import secrets
import threading
import time
import typing as t
from concurrent.futures import wait
from functools import partial

from ansible.module_utils.ansible_release import __version__ as core_version

from .._api.management import Management
from .._api.questions import NO_SUCH_JOB, Questions
from .._common.concurrency import begun_in_threads, in_threads
from .._common.errors import ApiError, JournalError, Kind, OptionError
from .._common.text import printable
from .._common.times import DAY_MS, Window, to_iso
from .._common.version import VERSION
from .._config.credentials import CREDENTIAL_OPTIONS, Account, resolve_with_origins
from .._config.sources import with_sources
from .._http import metadata
from .._http.compat import requests
from .._http.iam import Iam
from .._http.reach import issuer, name_error, proxy_of, shown_proxy
from .._http.request import Answer, Request, encoded_path
from .._http.session import Session, hosts_of
from .._journal.journal import Journal
from .._models.attempt import AttemptKind, Outcome
from .._models.checkup import AnswerSeen, HostSeen, JournalSeen, Observed, State
from .._models.evidence import Evidence
from .._models.instance import StudioInstance
from .._output.recording import Checkup, record, to_json
from .._planner.assumptions import measure
from .._planner.diagnosis import diagnose, first_step
from .._planner.showing import NOTES
from .ansible_module import ModuleRun
from .assumptions import Gathering, entries, see_token
from .recording import RecordingFile

_CONNECT = 3.0
#: Errors that every further request to the same host or with the same credentials would meet too.
_LASTING = frozenset({Kind.UNREACHABLE, Kind.TLS, Kind.CLOCK, Kind.CREDENTIALS, Kind.REDIRECT})
_KINDS = {"keys": "access key", "token": "token", "user": "user and password", "machine": "temporary access key of this machine's agency"}
_Value = t.TypeVar("_Value")


def doctor(run: ModuleRun) -> None:
    """``ready``, ``first_step``, ``checks`` and ``assumptions``. A problem is a result, not a failure of the module."""
    path = run.options["report_path"]
    recording = None if path is None else RecordingFile(path)
    checkup = _Checkup(run)
    # The parts are independent, and the process does not wait for those that take longer than time_limit.
    parts = begun_in_threads(lambda part: part(), (checkup.reach, checkup.ask, checkup.see_journal))
    wait(parts, max(0.0, checkup.deadline + 1.0 - time.monotonic()))
    for part in parts:
        if part.done():
            part.result()  # raises what the part raised
    seen = checkup.observed()
    findings = diagnose(seen)
    run.result.update(
        ready=all(finding.state is not State.PROBLEM for finding in findings),
        first_step=printable(first_step(findings), 2000),
        checks=[finding.to_result() for finding in findings],
    )
    if run.options["measure"]:
        run.result["assumptions"] = [assumption.to_result() for assumption in measure(checkup.evidence)]
    if recording is not None:
        made = Checkup(run.result, seen, tuple(checkup.answers), {*checkup.originals(), *run.secrets, recording.path})
        recording.write(to_json(record(made, lambda: secrets.token_bytes(32))))
        run.result["report_path"] = printable(recording.path, 4096)


class _Checkup:
    """The observations of one invocation. Its parts run in parallel; no two write the same attributes."""

    def __init__(self, run: ModuleRun) -> None:
        options = run.options
        self.deadline = time.monotonic() + options["time_limit"]
        limits = {"connect_timeout": min(options["connect_timeout"], _CONNECT), "max_retries": min(options["max_retries"], 1)}
        run.options = {**options, **limits}
        self._run = run
        self._options = run.options
        self._session: Session | None = None
        self._project_known = threading.Event()
        #: The service's answers, if they are to be recorded.
        self.answers: list[AnswerSeen] = []
        self._seen = Observed(
            workspace_id=options["workspace_id"] or "",
            api_version=options["api_version"],
            check_mode=run.check_mode,
            probe_retry=options["probe_retry"],
            measured=options["measure"],
            versions={
                "dataarts.factory": VERSION,
                "ansible-core": core_version,
                "Python": platform.python_version(),
                "requests": requests.__version__,
            },
        )
        #: For the points that the documentation leaves open.
        self.evidence = Evidence(seen=self._seen)
        self._resolved = self._read_options()

    def observed(self) -> Observed:
        """All observations so far."""
        seen = self._seen
        if self._session is not None:
            client = self._session.client
            seen.skew_seconds = client.clock.skew_seconds if client.clock.learned else None
            seen.date_refused = next((text for text in client.warnings if "is not believed" in text), "")
            seen.requests = dict(client.counts)
        return seen

    def originals(self) -> set[str]:
        """The customer's own names in the resolved options (hosts, ids, credentials), which a recording must not show."""
        hosts = ("domain_name", "endpoint", "endpoint_v1", "iam_endpoint", "ca_path", "cloud_domain")
        places = ("project_id", "project_name", "workspace_id", "journal", "journal_password")
        values = {self._resolved.get(name) for name in (*hosts, *places, *CREDENTIAL_OPTIONS)}
        return {value for value in values if isinstance(value, str) and value}

    def _hear(self, request: Request, status: int, headers: dict[str, str], body: bytes) -> None:
        if status == 429:
            self.evidence.retry_after.append(headers.get("retry-after", ""))
        if self._options["report_path"]:
            self.answers.append(AnswerSeen(request.route, request.method, request.path, request.query, status, headers, body))

    def _read_options(self) -> dict[str, t.Any]:
        """The options, completed from the environment; notes what they say about hosts and credentials."""
        seen = self._seen
        try:
            resolved, origins = resolve_with_origins(self._options, with_sources(self._options, os.environ))
        except OptionError as error:
            seen.option_error = str(error)
            resolved, origins = {**self._options, **dict.fromkeys((*CREDENTIAL_OPTIONS, "project_name"))}, {}
        variables = {str(name): printable(variable, 100) for name, variable in (self._options["origins"] or {}).items()}
        seen.origins = {name: variables.get(name, origin) if origin == "options" else origin for name, origin in origins.items()}
        seen.region, seen.project_id = resolved["region"] or "", resolved["project_id"] or ""
        try:
            hosts = hosts_of(resolved)
            seen.hosts["v2"] = HostSeen(hosts.v2)
            if hosts.knows_v1 and seen.api_version != "v2":
                seen.hosts["v1"] = HostSeen(hosts.v1)
            if hosts.knows_iam:
                seen.hosts["iam"] = HostSeen(hosts.iam)
        except OptionError as error:
            seen.address_error = str(error)
        try:
            account = Account.from_options(resolved)
            agency, seen.agency = (" of an agency", account.agency_name) if account.agency_name else ("", "")
            seen.credentials = ("temporary " if account.security_token else "") + _KINDS[account.kind] + agency
        except OptionError as error:
            seen.option_error = seen.option_error or str(error)
        return resolved

    def reach(self) -> None:
        """Check name, proxy and certificate of every host."""

        def look_at(role: str) -> None:
            base = self._seen.hosts[role].base
            proxy = proxy_of(base)
            own = HostSeen(base, "" if proxy else name_error(base), shown_proxy(proxy))
            self._seen.hosts[role] = own
            if own.tls and not own.name_error:
                self._seen.hosts[role] = HostSeen(base, "", own.proxy, issuer(base, proxy, _CONNECT))

        list(in_threads(look_at, list(self._seen.hosts)))

    def ask(self) -> None:
        """Send all requests to the service."""
        try:
            if not (self._seen.option_error or self._seen.address_error):
                self._session = self._run.session
                self._session.client.on_answer = self._hear
                self._ask_service(self._session)
        except OptionError as error:
            self._seen.option_error = str(error)
        finally:
            self._project_known.set()

    def _ask_service(self, session: Session) -> None:
        seen = self._seen
        if not seen.project_id:
            seen.project_id = self._read("region_projects", lambda: session.project_id) or ""
            if not seen.project_id:
                return
        self._project_known.set()
        management = Management(session)
        seen.studios = tuple(self._read("studios", lambda: management.studio_instances(self.deadline)) or ())
        refusal = seen.error("studios")
        if refusal is not None and (refusal.kind in _LASTING or refusal is seen.login_error):
            return
        if refusal is not None and seen.region and "iam" in seen.hosts and "region_projects" not in seen.reads:
            own = self._read("region_projects", lambda: Iam(session.client, session.hosts.iam).project_id(seen.region))
            seen.region_projects = (own,) if own else None
        parts = [partial(self._list_workspaces, management)]
        if seen.workspace_id:
            parts.append(partial(self._ask_workspace, session))
        list(in_threads(lambda part: part(), parts))
        see_token(self.evidence, session.client.auth)  # in this thread, which has used the token

    def _list_workspaces(self, management: Management) -> None:
        usable = [studio for studio in self._seen.studios if studio.usable]

        def list_all(studios: list[StudioInstance]) -> list[t.Any]:
            lists = in_threads(lambda studio: management.workspaces(studio.studio_instance_id, self.deadline), studios)
            return [workspace for workspaces in lists for workspace in workspaces]

        if usable:
            self._seen.workspaces = tuple(self._read("workspaces", lambda: list_all(usable)) or ())

    def _ask_workspace(self, session: Session) -> None:
        seen = self._seen
        try:
            questions = Questions(session, seen.workspace_id, self.deadline)
        except OptionError as error:
            seen.workspace_error = str(error)
            return
        now = session.client.clock.now_ms()
        window = Window(now - 7 * DAY_MS + 60_000, now)
        jobs = self._together(v2_jobs=lambda: questions.jobs("v2", 10), v1_jobs=lambda: questions.jobs("v1", 10))
        names = (str(job.get("name")) for answer in jobs.values() for job in entries(answer, "jobs"))
        job_name = next(filter(_is_sendable, names), NO_SUCH_JOB)
        lists = self._together(
            v2_list=lambda: questions.instances("v2", job_name, window, 10),
            v1_list=lambda: questions.instances("v1", None, window, 10),
            dependencies=lambda: questions.dependencies(job_name),
            job_detail=lambda: questions.job(job_name),
            **({"statistics": questions.statistics} if seen.measured else {}),
        )
        listed = [instance for answer in lists.values() for instance in entries(answer, "instances")]
        parts: list[t.Callable[[], object]] = [partial(self._ask_instance, questions, listed)]
        if seen.probe_retry and not seen.check_mode:
            parts.append(partial(self._probe_retry, questions))
        if seen.measured:
            parts.append(Gathering(questions, self.evidence, session.client.clock.now_ms()).gather)
        list(in_threads(lambda part: part(), parts))

    def _ask_instance(self, questions: Questions, instances: list[dict[str, t.Any]]) -> None:
        named = [
            (entry.get("job_name") or entry.get("jobName"), entry.get("instance_id") or entry.get("instanceId")) for entry in instances
        ]
        job_name, instance_id = next(
            ((str(name), str(number)) for name, number in named if number and _is_sendable(str(name))), (NO_SUCH_JOB, "1")
        )
        self._together(instance_detail=lambda: questions.instance(job_name, instance_id))

    def _probe_retry(self, questions: Questions) -> None:
        """Send a retry that names no instance, with the API version that reruns would use."""
        versions = {"auto": ("v2", "v1"), "v2": ("v2",), "v1": ("v1",)}[self._seen.api_version]
        for version in versions:
            if version == "v2" or "v1" in self._seen.hosts:
                self._seen.notes["probe_retry"] = version
                self._read("probe_retry", partial(questions.rerun_of_nothing, version))
                error = self._seen.error("probe_retry")
                if error is None or error.kind is not Kind.NOT_PUBLISHED:
                    return

    def _together(self, **asked: t.Callable[[], Answer]) -> dict[str, Answer]:
        """Send several requests in parallel and return the answers by name; skip reads of v1 if v1 is not used or cannot be reached."""
        closed = self._seen.error("v1_jobs")
        skipped = set(V1_READS) if "v1" not in self._seen.hosts else set()
        if closed is not None and closed.kind in (_LASTING | {Kind.NOT_PUBLISHED}):
            for name in V1_READS & set(asked):
                self._seen.reads[name] = closed
                skipped.add(name)
        names = [name for name in asked if name not in skipped]
        answers = dict(zip(names, in_threads(lambda name: self._read(name, asked[name]), names)))
        return {name: answer for name, answer in answers.items() if answer is not None}

    def _read(self, name: str, ask: t.Callable[[], _Value]) -> _Value | None:
        """The value that *ask* returns; None after an ApiError, which is noted as the result of the read *name*."""
        try:
            value = ask()
        except ApiError as error:
            if error.path in (
                metadata.TOKEN,
                metadata.KEYS,
            ):  # no matter why: the machine has no keys, and no route to the service's hosts helps
                error.kind = Kind.CREDENTIALS
            self._seen.reads[name] = error
            return None
        self._seen.reads[name] = None
        return value

    def see_journal(self) -> None:
        """Check whether the journal can be used, and what it knows about the workspace."""
        options, seen = self._options, self._seen
        try:
            with Journal(options["journal"], password=options["journal_password"], project_id="", read_only=True) as journal:
                journal.history(limit=1)
                name = journal.name
                _check_writable(name)
            self._project_known.wait(max(0.0, self.deadline - time.monotonic()))
            with Journal(options["journal"], password=options["journal_password"], project_id=seen.project_id, read_only=True) as journal:
                known = journal.read([seen.workspace_id], Window(0, 0), time.time_ns() // 1_000_000)
                attempts = journal.history(workspace_ids=[seen.workspace_id], limit=200) if seen.workspace_id else []
                self.evidence.notes = journal.notes(NOTES)
        except (JournalError, OptionError) as error:
            seen.journal = JournalSeen("", str(error))
            return
        accepted = [attempt.failure for attempt in attempts if attempt.outcome is Outcome.ACCEPTED and attempt.kind is AttemptKind.RERUN]
        self.evidence.accepted = list({failure.slot: failure for failure in reversed(accepted)}.values())
        since = "" if known.complete_since is None else to_iso(known.complete_since // 1000 * 1000)
        shared_by = tuple(dict.fromkeys(printable(f"{attempt.user} on {attempt.controller}", 100) for attempt in attempts))
        seen.journal = JournalSeen(printable(name), "", not os.path.isabs(name) or os.path.exists(name), since, shared_by)


#: Reads that the v1 host answers.
V1_READS = frozenset({"v1_jobs", "v1_list", "job_detail", "instance_detail"})


def _is_sendable(name: str) -> bool:
    """Whether a job name can be part of a URL."""
    try:
        return bool(encoded_path(name))
    except OptionError:
        return False


def _check_writable(name: str) -> None:
    """Check that a journal in a file can be written or created; a database server reports that itself.

    :raises JournalError: it cannot.
    """
    if not os.path.isabs(name):
        return
    place = name
    while not os.path.exists(place):
        place = os.path.dirname(place)
    if not os.access(place, os.W_OK) or (place != name and not os.path.isdir(place)):
        raise JournalError(
            f"Failed to write the journal {name}: {place} cannot be written by this user. Set journal to a path that this user can write."
        )
