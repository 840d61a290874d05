# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the event source: looks, puts events, rides out outages, and ends with one line where nothing else helps.

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

from ...module_utils._common.errors import ApiError, Kind, OptionError
from ...module_utils._common.text import printable
from ...module_utils._http.compat import HAS_REQUESTS
from ...module_utils._http.session import check_endpoints, open_session
from ...module_utils._runner.ansible_module import error_result
from .events import failed_event, trouble_event
from .looker import Looker
from .options import Login, Wanted, environment_for, wanted

_T = t.TypeVar("_T")

LOG = logging.getLogger("dataarts.factory.failed_instances")
#: Kinds of errors of a workspace that no patience cures. Others of the account may be there all the same.
_GONE = frozenset({Kind.NO_PERMISSION, Kind.NOT_FOUND})
#: Kinds of errors that every other workspace of the account would meet too, each after its timeouts.
_ALIKE = frozenset({Kind.UNREACHABLE, Kind.TLS, Kind.CLOCK})
#: Workspaces that a message names.
_NAMED = 5
#: Longest pause between two looks of an outage, seconds.
LONGEST_PAUSE = 900.0


class EndedError(Exception):
    """The source cannot go on; the text says why, and the way out."""


async def watch(queue: asyncio.Queue[t.Any], args: t.Mapping[str, t.Any]) -> None:
    """Put an event for every new failure into *queue*, until cancelled or until nothing but a person can help; then that is logged in one line.

    :param args: the arguments in the rulebook.
    """
    watches: list[LoginWatch] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        if not HAS_REQUESTS:
            raise OptionError(missing_required_lib("requests"))
        wish = wanted(args, int(time.time() * 1000))
        environ = environment_for(wish, os.environ)
        watches = [LoginWatch(login, wish, environ, queue, args.get("eda_feedback_queue")) for login in wish.logins]
        tasks = [asyncio.create_task(one.run()) for one in watches]
        await asyncio.gather(*tasks)
    except EndedError as error:
        LOG.error("%s", error)
    except Exception as error:  # no traceback reaches a user; what nobody foresaw is named by its class and place
        LOG.error("%s", error_result(error, "Failed to watch the failed instances")["msg"])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in watches:
            one.close()


def pause(interval: float, misses: int, jitter: float) -> float:
    """Seconds until the next look after *misses* looks in a row that failed; 0 misses mean *interval*.

    :param jitter: 0 to 1, takes up to a fifth away, so that many sources do not come back at the same moment.
    """
    if misses == 0:
        return interval
    return max(interval, min(LONGEST_PAUSE, interval * 2.0 ** min(misses - 1, 20))) * (1 - jitter / 5)


@dataclass(frozen=True)
class Trouble:
    """What keeps a workspace from being seen.

    :param misses: looks in a row in which nothing of it could be read; 0 where a part could.
    :param rests_until: ``time.monotonic()`` seconds before which it is not looked at, as long as another workspace can be.
    """

    error: ApiError
    misses: int = 0
    rests_until: float = 0.0


class LoginWatch:
    """The workspaces of one account. :raises OptionError: its options do not say who acts, where or how."""

    def __init__(
        self,
        login: Login,
        wish: Wanted,
        environ: t.Mapping[str, str],
        queue: asyncio.Queue[t.Any],
        feedback: asyncio.Queue[t.Any] | None = None,
    ) -> None:
        self._login = login
        self._wish = wish
        self._queue = queue
        self._feedback = feedback
        check_endpoints(login.options)
        self._session = open_session(login.options, environ)
        self._lookers = [Looker(self._session, place, wish, len(login.places)) for place in login.places]
        # A thread of its own: those of the loop are few, and an account whose service hangs must keep no other from being seen.
        self._thread = ThreadPoolExecutor(1, "dataarts-watch")
        self._troubles: dict[Looker, Trouble] = {}
        #: Since when what people were told of as not to be read is so, epoch ms.
        self._outages: dict[Looker, int] = {}
        self._warned = 0

    @property
    def misses(self) -> int:
        """Looks in a row in which no workspace could be read; 0 where any could."""
        return min(self._troubles[one].misses if one in self._troubles else 0 for one in self._lookers)

    async def run(self) -> None:
        """Look for ever. :raises EndedError: nothing but a person can help; an event has said so."""
        try:
            while True:
                began = time.monotonic()
                await self.poll()
                seconds = pause(self._wish.poll_interval, self.misses, random.random())
                await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        except Exception as error:  # whatever it is: that nobody watches any more is what people have to know
            unforeseen = f"Stopped watching the workspaces of {self._login.name}"
            message = str(error) if isinstance(error, EndedError) else error_result(error, unforeseen)["msg"]
            await self._put(trouble_event("ended", self._login, message, self._now()))
            raise EndedError(message) from None

    async def poll(self) -> None:
        """Look at every workspace once and put what is new. :raises EndedError: nothing but a person can help."""
        await self._round()
        for text in self._session.client.warnings[self._warned :]:
            self._warned += 1
            LOG.warning("%s", printable(text))
        await self._tell_outages()
        await self._tell_restored()

    def close(self) -> None:
        """Close connections and records."""
        self._thread.shutdown(wait=False)
        for one in self._lookers:
            one.close()
        self._session.close()

    async def _round(self) -> None:
        """Look at every workspace once and tell. One that cannot be read keeps none of the others from it."""
        now = time.monotonic()
        resting = {one for one, trouble in self._troubles.items() if trouble.rests_until > now}
        awake = [one for one in self._lookers if one not in resting] or self._lookers
        for number, looker in enumerate(awake):
            try:
                partly = await self._look(looker)
            except ApiError as error:
                if error.kind is Kind.CREDENTIALS:
                    raise EndedError(error_result(error, f"Stopped watching {self._named([looker])}")["msg"]) from None
                alike = error.kind in _ALIKE
                for one in awake[number:] if alike else [looker]:
                    self._troubles[one] = self._worse(one, error)
                if alike:
                    break
            else:
                self._troubles.pop(looker, None)
                if partly is not None:
                    self._troubles[looker] = Trouble(partly)
        if all(one in self._troubles and self._troubles[one].error.kind in _GONE for one in self._lookers):
            gone = self._troubles[self._lookers[0]].error
            raise EndedError(error_result(gone, f"Stopped watching {self._named(self._lookers)}")["msg"])

    def _worse(self, looker: Looker, error: ApiError) -> Trouble:
        """The trouble of *looker* after one more miss; it rests for as long as a pause lasts beyond the next poll."""
        misses = 1 + (self._troubles[looker].misses if looker in self._troubles else 0)
        interval = self._wish.poll_interval
        return Trouble(error, misses, time.monotonic() + pause(interval, misses, 0.0) - interval)

    async def _look(self, looker: Looker) -> ApiError | None:
        """Look at one workspace and tell; what kept a part of it from being seen, or None."""
        seen = await self._in_thread(looker.look)
        for failure in seen.failures:
            await self._put(failed_event(failure, self._login, looker.place))
            await self._in_thread(looker.taken, failure, confirmed=self._feedback is not None)
        await self._in_thread(looker.done, seen)
        return seen.problem

    async def _put(self, event: dict[str, t.Any]) -> None:
        """Put *event*; with feedback wait until the engine has it on disk."""
        await self._queue.put(event)
        await asyncio.sleep(0)
        if self._feedback is not None:
            await self._feedback.get()

    async def _tell_outages(self) -> None:
        fresh = [one for one in self._lookers if one in self._troubles and one not in self._outages]
        if fresh:
            since = self._now()
            self._outages.update(dict.fromkeys(fresh, since))
            message = error_result(self._troubles[fresh[0]].error, f"Failed to read {self._named(fresh)}")["msg"]
            LOG.warning("%s Trying again.", message)
            await self._put(trouble_event("outage", self._login, message, since, [one.place for one in fresh]))

    async def _tell_restored(self) -> None:
        over = [one for one in self._lookers if one in self._outages and one not in self._troubles]
        if over:
            since = min(self._outages.pop(one) for one in over)
            message = f"{self._named(over)} can be read again."
            message = message[0].upper() + message[1:]
            LOG.warning("%s", message)
            await self._put(trouble_event("restored", self._login, message, since, [one.place for one in over]))

    def _named(self, lookers: t.Sequence[Looker]) -> str:
        """Those workspaces in a sentence."""
        if len(lookers) == len(self._lookers) > 1:
            return f"the workspaces of {self._login.name}"
        more = f" and {len(lookers) - _NAMED} more" if len(lookers) > _NAMED else ""
        ids = ", ".join(one.place.workspace_id for one in lookers[:_NAMED])
        return f"workspace{'s' if len(lookers) > 1 else ''} {ids}{more}"

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
