# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: poll, put events, survive outages, and end with one line in the log if only a person can help.

Blocking work runs in a thread, so that rules in the same process keep running.
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
#: Errors of a workspace that waiting does not cure; other workspaces of the account may still be readable.
_GONE = frozenset({Kind.NO_PERMISSION, Kind.NOT_FOUND})
#: Errors that every other workspace of the account would meet too, each after its timeouts.
_ALIKE = frozenset({Kind.UNREACHABLE, Kind.TLS, Kind.CLOCK})
#: Most workspaces that a message names.
_NAMED = 5
#: Longest pause between two polls in an outage, seconds.
LONGEST_POLL_PAUSE = 900.0


class EndedError(Exception):
    """The source cannot go on; the message says why and what to do."""


async def watch(queue: asyncio.Queue[t.Any], args: t.Mapping[str, t.Any]) -> None:
    """Put an event for every new failure into *queue*, until cancelled, or until only a person can help, which is logged in one line.

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
    except Exception as error:  # no traceback reaches a user; an unexpected error is named by its class and place
        _LOG.error("%s", error_result(error, "Failed to watch the failed instances")["msg"])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for account_watch in watches:
            account_watch.close()


def pause(interval: float, misses: int, jitter: float) -> float:
    """Seconds until the next poll after *misses* failed polls in a row; *interval* if there were none.

    :param jitter: 0 to 1; shortens the pause by up to a fifth, so that many sources do not poll again at the same moment.
    """
    if misses == 0:
        return interval
    return max(interval, min(LONGEST_POLL_PAUSE, interval * 2.0 ** min(misses - 1, 20))) * (1 - jitter / 5)


@dataclass(frozen=True)
class Trouble:
    """Why a workspace cannot be read, or its deliveries not recorded.

    :param misses: polls in a row in which nothing of it could be read; 0 if a part could.
    :param rests_until: until when it is not polled, ``time.monotonic()`` seconds, unless all workspaces rest.
    """

    error: ApiError | JournalError
    misses: int = 0
    rests_until: float = 0.0


class AccountWatch:
    """Polls the workspaces of one account. :raises OptionError: its options are incomplete or not valid."""

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
        _journal(options, "")  # raises now, not at the first poll, if argument journal is not valid
        self._watches = [WorkspaceWatch(self._session, place, options, len(login.places), self._opened_journal) for place in login.places]
        # One thread per account: the event loop has few, and an account whose service hangs must not block the others.
        self._thread = ThreadPoolExecutor(1, "dataarts-watch")
        self._troubles: dict[WorkspaceWatch, Trouble] = {}
        #: Start of each outage that an event reported, epoch ms.
        self._outages: dict[WorkspaceWatch, int] = {}
        self._warned: set[str] = set()

    @property
    def misses(self) -> int:
        """Polls in a row in which no workspace could be read; 0 if any could."""
        return min(self._troubles[watched].misses if watched in self._troubles else 0 for watched in self._watches)

    async def run(self) -> None:
        """Poll for ever. :raises EndedError: only a person can help; an event has reported it."""
        try:
            while True:
                began = time.monotonic()
                await self.poll()
                seconds = pause(self._options.poll_interval, self.misses, random.random())
                await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        except Exception as error:  # people must know that the account is no longer watched, whatever the reason
            unforeseen = f"Stopped watching the workspaces of {self._login.name}"
            message = str(error) if isinstance(error, EndedError) else error_result(error, unforeseen)["msg"]
            await self._put(trouble_event("ended", self._login, message, self._now()))
            raise EndedError(message) from None

    async def poll(self) -> None:
        """Poll every workspace once and put the new events. :raises EndedError: only a person can help."""
        await self._poll_workspaces()
        journal_warnings = [] if self._journal is None else self._journal.warnings
        for text in [*self._session.client.warnings, *journal_warnings]:
            if text not in self._warned:
                self._warned.add(text)
                _LOG.warning("%s", printable(text))
        await self._put_outages()
        await self._put_restored()

    def close(self) -> None:
        """Close the session and the journal."""
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
        """Poll every workspace once, going on if one cannot be read, unless all would meet the same error."""
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
        """The trouble of a workspace after one more miss; it rests as :func:`pause` says, less the interval until the next poll."""
        misses = 1 + (self._troubles[watched].misses if watched in self._troubles else 0)
        interval = self._options.poll_interval
        return Trouble(error, misses, time.monotonic() + pause(interval, misses, 0.0) - interval)

    async def _poll_workspace(self, watched: WorkspaceWatch) -> ApiError | None:
        """Poll one workspace and put its events; return why a part of it could not be read, or None."""
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
        """Put the event of *failure*, found by *poll*, unless another source has claimed it."""
        if await self._in_thread(watched.claim, failure):
            await self._put(failed_event(failure, self._login, watched.place, poll.known.get(failure.instance.full_key)))
            if self._feedback is not None or self._options.repeat_within == 0:
                await self._in_thread(watched.confirm)

    async def _put(self, event: dict[str, t.Any]) -> None:
        """Put *event*; with feedback, wait until the engine has persisted it."""
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
        """The workspaces of *watches*, as part of a sentence."""
        if len(watches) == len(self._watches) > 1:
            return f"the workspaces of {self._login.name}"
        ids = first_of([watched.place.workspace_id for watched in watches], _NAMED)
        return f"workspace{'s' if len(watches) > 1 else ''} {ids}"

    async def _in_thread(self, work: t.Callable[..., _T], *args: t.Any, **options: t.Any) -> _T:
        """Run *work* in the account's thread. A cancellation waits for its end, because the session and journal that it uses are closed next."""
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
