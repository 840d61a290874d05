# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: polls, puts events, rides out outages, and ends with one line where only a person can help.

Everything that blocks runs in a thread, so that the rules of the same process go on meanwhile.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import random
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible.module_utils.basic import missing_required_lib

from ...module_utils._common.errors import ApiError, JournalError, Kind, OptionError
from ...module_utils._common.text import first_of, printable
from ...module_utils._http.compat import HAS_REQUESTS
from ...module_utils._http.session import check_endpoints, open_session
from ...module_utils._journal.journal import Journal
from ...module_utils._runner.ansible_module import error_result
from .events import failed_event, missing_event, trouble_event
from .failures import NewFailure
from .options import Login, SourceOptions, environment_for, source_options
from .workspace_watch import Poll, WorkspaceWatch

_T = t.TypeVar("_T")

_LOG = logging.getLogger("dataarts.factory.failed_instances")
#: Kinds of errors of a workspace that no patience cures. Others of the account may be there all the same.
_GONE = frozenset({Kind.NO_PERMISSION, Kind.NOT_FOUND})
#: Kinds of errors that every other workspace of the account would meet too, each after its timeouts.
_ALIKE = frozenset({Kind.UNREACHABLE, Kind.TLS, Kind.CLOCK})
#: Workspaces that a message names.
_NAMED = 5
#: Longest pause between two polls in an outage, seconds.
LONGEST_POLL_PAUSE = 900.0


class EndedError(Exception):
    """The source cannot go on; the text says why, and what to do."""


async def watch(queue: asyncio.Queue[t.Any], args: t.Mapping[str, t.Any]) -> None:
    """Put an event for every new failure into *queue*, until cancelled or until nothing but a person can help; then that is logged in one line.

    :param args: the arguments in the rulebook.
    """
    watches: list[AccountWatch] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        if not HAS_REQUESTS:
            raise OptionError(missing_required_lib("requests"))
        options = source_options(args, int(time.time() * 1000))
        environ = environment_for(options, os.environ)
        watches = [AccountWatch(login, options, environ, queue, args.get("eda_feedback_queue")) for login in options.logins]
        tasks = [asyncio.create_task(account_watch.run()) for account_watch in watches]
        await asyncio.gather(*tasks)
    except EndedError as error:
        _LOG.error("%s", error)
    except Exception as error:  # no traceback reaches a user; what nobody foresaw is named by its class and place
        _LOG.error("%s", error_result(error, "Failed to watch the failed instances")["msg"])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for account_watch in watches:
            account_watch.close()


def pause(interval: float, misses: int, jitter: float) -> float:
    """Seconds until the next poll after *misses* polls in a row that failed; 0 misses mean *interval*.

    :param jitter: 0 to 1, takes up to a fifth away, so that many sources do not come back at the same moment.
    """
    if misses == 0:
        return interval
    return max(interval, min(LONGEST_POLL_PAUSE, interval * 2.0 ** min(misses - 1, 20))) * (1 - jitter / 5)


@dataclass(frozen=True)
class Trouble:
    """Why a workspace cannot be read, or what is read not be kept.

    :param misses: polls in a row in which nothing of it could be read; 0 where a part could.
    :param rests_until: ``time.monotonic()`` seconds before which it is not polled, as long as another workspace can be.
    """

    error: ApiError | JournalError
    misses: int = 0
    rests_until: float = 0.0


class AccountWatch:
    """The workspaces of one account. :raises OptionError: its options do not say who acts, where or how."""

    def __init__(
        self,
        login: Login,
        options: SourceOptions,
        environ: t.Mapping[str, str],
        queue: asyncio.Queue[t.Any],
        feedback: asyncio.Queue[t.Any] | None = None,
    ) -> None:
        self._login = login
        self._options = options
        self._queue = queue
        self._feedback = feedback
        check_endpoints(login.options)
        self._session = open_session(login.options, environ)
        self._journal: Journal | None = None
        _journal(options, "")  # an argument that names no journal ends the source now, not at the first poll
        self._watches = [WorkspaceWatch(self._session, place, options, len(login.places), self._opened_journal) for place in login.places]
        # A thread of its own: those of the loop are few, and an account whose service hangs must not stop the others.
        self._thread = ThreadPoolExecutor(1, "dataarts-watch")
        self._troubles: dict[WorkspaceWatch, Trouble] = {}
        #: Start of each outage that has had an event, epoch ms.
        self._outages: dict[WorkspaceWatch, int] = {}
        self._warned: set[str] = set()

    @property
    def misses(self) -> int:
        """Polls in a row in which no workspace could be read; 0 where any could."""
        return min(self._troubles[watched].misses if watched in self._troubles else 0 for watched in self._watches)

    async def run(self) -> None:
        """Poll for ever. :raises EndedError: nothing but a person can help; an event has said so."""
        try:
            while True:
                began = time.monotonic()
                await self.poll()
                seconds = pause(self._options.poll_interval, self.misses, random.random())
                await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        except Exception as error:  # whatever it is, people have to know that nobody watches any more
            unforeseen = f"Stopped watching the workspaces of {self._login.name}"
            message = str(error) if isinstance(error, EndedError) else error_result(error, unforeseen)["msg"]
            await self._put(trouble_event("ended", self._login, message, self._now()))
            raise EndedError(message) from None

    async def poll(self) -> None:
        """Poll every workspace once and put an event for what is new. :raises EndedError: nothing but a person can help."""
        await self._poll_workspaces()
        journal_warnings = [] if self._journal is None else self._journal.warnings
        for text in [*self._session.client.warnings, *journal_warnings]:
            if text not in self._warned:
                self._warned.add(text)
                _LOG.warning("%s", printable(text))
        await self._put_outages()
        await self._put_restored()

    def close(self) -> None:
        """Close connections and the journal."""
        self._thread.shutdown(wait=False)
        if self._journal is not None:
            self._journal.close()
        self._session.close()

    def _opened_journal(self) -> Journal:
        """The account's journal. :raises ApiError: the project cannot be found."""
        if self._journal is None:
            self._journal = _journal(self._options, self._session.project_id)
        return self._journal

    async def _poll_workspaces(self) -> None:
        """Poll every workspace once. One that cannot be read does not stop the others."""
        now = time.monotonic()
        resting = {watched for watched, trouble in self._troubles.items() if trouble.rests_until > now}
        awake = [watched for watched in self._watches if watched not in resting] or self._watches
        for number, watched in enumerate(awake):
            try:
                partly = await self._poll_workspace(watched)
            except (ApiError, JournalError) as error:
                if isinstance(error, ApiError) and error.kind is Kind.CREDENTIALS:
                    raise EndedError(error_result(error, f"Stopped watching {self._named([watched])}")["msg"]) from None
                alike = isinstance(error, JournalError) or error.kind in _ALIKE
                for unread in awake[number:] if alike else [watched]:
                    self._troubles[unread] = self._worse(unread, error)
                if alike:
                    break
            else:
                self._troubles.pop(watched, None)
                if partly is not None:
                    self._troubles[watched] = Trouble(partly)
        if all(watched in self._troubles and _gone(self._troubles[watched].error) for watched in self._watches):
            gone = self._troubles[self._watches[0]].error
            raise EndedError(error_result(gone, f"Stopped watching {self._named(self._watches)}")["msg"])

    def _worse(self, watched: WorkspaceWatch, error: ApiError | JournalError) -> Trouble:
        """The trouble of a workspace after one more miss; it rests for as long as a pause lasts beyond the next poll."""
        misses = 1 + (self._troubles[watched].misses if watched in self._troubles else 0)
        interval = self._options.poll_interval
        return Trouble(error, misses, time.monotonic() + pause(interval, misses, 0.0) - interval)

    async def _poll_workspace(self, watched: WorkspaceWatch) -> ApiError | None:
        """Poll one workspace and put its events; why a part of it could not be read, or None."""
        poll = await self._in_thread(watched.poll)
        for failure in poll.failures:
            await self._deliver(failure, watched, poll)
        await self._in_thread(watched.finish, poll)
        gaps = await self._in_thread(watched.missing)
        if gaps:
            await self._put(missing_event(gaps, self._login, watched.place))
            await self._in_thread(watched.tell_missing, gaps)
        return poll.problem

    async def _deliver(self, failure: NewFailure, watched: WorkspaceWatch, poll: Poll) -> None:
        """Put the event of *failure*, which *poll* returned, unless another source has claimed it."""
        if await self._in_thread(watched.claim, failure):
            await self._put(failed_event(failure, self._login, watched.place, poll.known.get(failure.instance.full_key)))
            if self._feedback is not None or self._options.repeat_within == 0:
                await self._in_thread(watched.confirm)

    async def _put(self, event: dict[str, t.Any]) -> None:
        """Put *event*; with feedback wait until the engine has it on disk."""
        await self._queue.put(event)
        await asyncio.sleep(0)
        if self._feedback is not None:
            await self._feedback.get()

    async def _put_outages(self) -> None:
        fresh = [watched for watched in self._watches if watched in self._troubles and watched not in self._outages]
        if fresh:
            since = self._now()
            self._outages.update(dict.fromkeys(fresh, since))
            message = error_result(self._troubles[fresh[0]].error, f"Failed to read {self._named(fresh)}")["msg"]
            _LOG.warning("%s Trying again.", message)
            await self._put(trouble_event("outage", self._login, message, since, [watched.place for watched in fresh]))

    async def _put_restored(self) -> None:
        over = [watched for watched in self._watches if watched in self._outages and watched not in self._troubles]
        if over:
            since = min(self._outages.pop(watched) for watched in over)
            message = f"{self._named(over)} can be read again."
            message = message[0].upper() + message[1:]
            _LOG.warning("%s", message)
            await self._put(trouble_event("restored", self._login, message, since, [watched.place for watched in over]))

    def _named(self, watches: t.Sequence[WorkspaceWatch]) -> str:
        """Those workspaces in a sentence."""
        if len(watches) == len(self._watches) > 1:
            return f"the workspaces of {self._login.name}"
        ids = first_of([watched.place.workspace_id for watched in watches], _NAMED)
        return f"workspace{'s' if len(watches) > 1 else ''} {ids}"

    async def _in_thread(self, work: t.Callable[..., _T], *args: t.Any, **options: t.Any) -> _T:
        """What *work* returns, done in the account's thread. Whoever cancels it waits for its end: what it works on is closed, and may be
        opened anew, next."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, functools.partial(work, *args, **options))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.gather(running, return_exceptions=True)
            raise

    def _now(self) -> int:
        return self._session.client.clock.now_ms()


def _journal(options: SourceOptions, project_id: str) -> Journal:
    return Journal(options.journal, password=options.journal_password, project_id=project_id)


def _gone(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.kind in _GONE
