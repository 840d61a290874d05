# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP client of the service: the only module that sends requests. It knows nothing of jobs."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import typing as t
from urllib.parse import urlsplit

from .._common.errors import ApiError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.times import duration_text
from .compat import requests, urllib3
from .connection import Adapter, Exchange
from .rate_limiter import RateLimiter
from .request import Answer, Request, check_base
from .retry_policy import LATE, AttemptOutcome, Step, Verdict, judge, judge_failure, skew_text
from .server_clock import ServiceClock, date_ms, skew_between
from .signing import signing_time
from .transport import (
    ca_bundle,
    failure,
    lower_headers,
    prepare,
    proxies_for,
    read_body,
    secrets_of,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import PreparedRequest
    from requests.auth import AuthBase

#: Is asked whether a write may leave, see :meth:`Client.guarded`.
Guard = t.Callable[[], t.Optional[float]]
#: First and longest pause before an attempt is repeated, seconds; doubled each time, then shortened by up to a half at random.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
#: From this difference of the clocks on, in seconds, there is a warning.
SKEW_WARNING = 60.0


class Client:
    """Sends requests, and repeats what may be repeated. Safe to use from several threads.

    What follows each outcome of an attempt is decided by ``RETRY_POLICY``. A repetition comes after Retry-After (at most 60 s) or a
    jittered, doubling pause, at most *max_retries* times in all and never beyond the deadline; after that, or where nothing may be
    repeated, :class:`ApiError` of the policy's kind is raised. A write that ended "ambiguous" may have taken effect: only reading back can
    tell, so it is not sent again here.

    ``requests`` prepares, signs and pools connections, but without a Session. So by construction there are neither redirects nor netrc nor
    cookies, and nothing in the environment can switch the verification off. Decided on purpose beyond that:

    * Proxies from the environment are honoured, never for loopback; SOCKS is refused.
    * Certificates are verified against *ca_path*, else REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, else the bundle of ``requests``.
    * ``Accept-Encoding: identity``; a compressed answer is refused, a body over 5 MiB is not read to its end.
    * A write opens its own connection and closes it: a kept connection may be dying, and the reset would make the outcome unknown
      although nothing was sent. Reads share kept connections.
    * Plain http goes only to this machine, unless *allow_http*.
    * *read_timeout* covers everything from the first byte sent to the last byte received, so dripping does not prolong it.

    :param auth: signs a request, or adds a token. Its ``renew()``, if it has one, is called once on a 401; the request is repeated if that returns True.
    :param ca_path: file or directory of PEM certificates.
    :param validate_certs: verify certificates; leave it True outside tests.
    :param connect_timeout: seconds for one connection, TLS included; looking the name up takes the time that the resolver takes.
    :param read_timeout: seconds for one answer.
    :param max_retries: how many more attempts may follow the first.
    :param allow_http: send credentials over plain http to other machines too.
    :param rate_limiter: the documented requests per second, shared by all clients of one account.
    :param clock: learns the service's time from every answer.
    :param sleep: pauses for seconds before a read is repeated.
    :raises OptionError: for values out of range and a missing *ca_path*.
    """

    def __init__(
        self,
        auth: AuthBase | None,
        *,
        ca_path: str | None = None,
        validate_certs: bool = True,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        max_retries: int = 4,
        allow_http: bool = False,
        rate_limiter: RateLimiter | None = None,
        clock: ServiceClock | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        for option, value in (("connect_timeout", connect_timeout), ("read_timeout", read_timeout)):
            if not 0 < value <= 3600:
                raise OptionError(f"Failed to use {option}: {value} is not between 0 and 3600. Set it to a number of seconds.")
        if not 0 <= max_retries <= 100:
            raise OptionError(f"Failed to use max_retries: {max_retries} is not between 0 and 100. Set it to a number of retries.")
        self._auth = auth
        self._verify = ca_bundle(ca_path, validate_certs)
        self._connect_timeout = connect_timeout
        #: Seconds for one answer, from the first byte sent to the last one received.
        self.read_timeout = read_timeout
        self._max_retries = max_retries
        self._allow_http = allow_http
        self._rate_limiter = rate_limiter or RateLimiter()
        self._sleep = sleep
        self._adapter = Adapter()
        self._lock = threading.Lock()
        #: The service's clock.
        self.clock = clock or ServiceClock()
        #: HTTP requests by method, each attempt.
        self.counts: dict[str, int] = {}
        #: What the user should know although nothing failed; each once.
        self.warnings: list[str] = []
        #: Why the newest attempt failed, while it is repeated; "" once an answer has come. For somebody who waits.
        self.trouble = ""
        #: What :meth:`guarded` has set.
        self.guard: Guard | None = None
        #: Called with each answer as it came: the request, the status, the headers in lower case, the body.
        self.on_answer: Callable[[Request, int, dict[str, str], bytes], None] | None = None
        if not validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # one warning, below, instead of one per request
            self.warn("Certificates are not verified (validate_certs is false): anybody in between can read and change what is sent.")

    def send(self, request: Request, *, deadline: float | None = None) -> Answer:
        """The answer to *request*.

        :param deadline: ``time.monotonic()`` seconds after which nothing is sent, waited for or read, or None.
        :raises ApiError: see the class; its kind is AMBIGUOUS only where ``request.writes``.
        :raises OptionError: if the request cannot be sent as it is.
        """
        check_base(request.base, allow_http=self._allow_http)
        proxies = proxies_for(request.url)
        last: ApiError | None = None
        repeats = 0
        renewed = False
        while True:
            if not self._rate_limiter.wait(request.route, deadline):
                raise last or _no_time(request)
            verdict = self._attempt(request, proxies, deadline)
            if verdict.answer is not None:
                self.trouble = ""
                return verdict.answer
            last = verdict.error or _no_time(request)
            if verdict.step is Step.RENEW and not renewed and self._renew():
                renewed = True
                continue
            if verdict.step is not Step.RETRY or repeats >= self._max_retries:
                raise last
            self.trouble = f"{last.message} (HTTP {last.status})" if last.status else last.message
            self._pause(verdict, repeats, deadline, last)
            repeats += 1

    @contextlib.contextmanager
    def guarded(self, guard: Guard) -> Iterator[None]:
        """A block in which *guard* is asked before each attempt at a write, repeats included: on the open connection, just before the first byte
        leaves. It returns until when that may leave, see :class:`Exchange`. What it raises (an ApiError of kind STALE, say) ends the request;
        nothing was executed then, because a write that may have been is not repeated.
        """
        self.guard = guard
        try:
            yield
        finally:
            self.guard = None

    @property
    def auth(self) -> AuthBase | None:
        """What signs the requests, or adds a token."""
        return self._auth

    def close(self) -> None:
        """Close the kept connections; the client can still be used."""
        self._adapter.close()

    def _attempt(self, request: Request, proxies: dict[str, str], deadline: float | None) -> Verdict:
        prepared = prepare(request, self._auth)
        left = float("inf") if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise _no_time(request)
        with self._lock:
            self.counts[request.method] = self.counts.get(request.method, 0) + 1
        return self._exchange(request, prepared, proxies, min(self._connect_timeout, left), min(self.read_timeout, left))

    def _exchange(self, request: Request, prepared: PreparedRequest, proxies: dict[str, str], connect: float, read: float) -> Verdict:
        parts = urlsplit(request.base)
        place = f"{parts.scheme}://{parts.netloc}"
        # A write gets an adapter of its own, so that its connection is new and is not used again.
        adapter = Adapter(1) if request.writes else self._adapter
        response: requests.Response | None = None
        body, problem = b"", ""
        with Exchange(connect, read, self.guard if request.writes else None) as exchange:
            begun = received = stopwatch()
            try:
                response = adapter.send(prepared, stream=True, timeout=(connect, read), verify=self._verify, proxies=proxies)
                received = stopwatch()
                body = read_body(response)
            except Exception as exc:  # whatever the libraries raise, the policy has a row for it
                if exchange.refusal is not None:
                    raise exchange.refusal from None
                outcome, cause = failure(exc, exchange, place, connect, read)
                if response is None:
                    return judge_failure(request, outcome, cause)
                problem = LATE if outcome is AttemptOutcome.TIMEOUT else "broke off before its end"
            finally:
                _dismiss(response, adapter if request.writes else None, whole=not problem and not exchange.expired)
        if exchange.expired:
            problem = LATE  # the end of a connection that was cut looks like the end of an answer
        return self._judged(request, prepared, response, body, problem, (begun, received))

    def _judged(
        self, request: Request, prepared: PreparedRequest, response: requests.Response, body: bytes, problem: str, span: tuple[float, float]
    ) -> Verdict:
        """The verdict on an answer, whose ``Date`` is learned from; *span* is when the request left and the answer came, by the stopwatch."""
        headers, signed = lower_headers(response), signing_time(prepared)
        if self.on_answer is not None:
            self.on_answer(request, response.status_code, headers, body)
        date = date_ms(headers.get("date"))
        skew = skew_between(signed, date, span[1] - span[0]) if signed is not None and date is not None else 0.0
        verdict = judge(request, response.status_code, headers, body, problem=problem, skew=skew, secrets=secrets_of(prepared, request))
        if date is not None and verdict.services_own:
            accepted = signed if signed is not None else _issuing_time(self._auth)
            if self.clock.learn(date, *span, accepted):
                self._warn_of_skew()
            elif response.status_code != 401:  # there the error says that this machine's clock is wrong
                self._warn_of_date(request.base, skew_between(accepted or 0.0, date, span[1] - span[0]))
        return verdict

    def _warn_of_skew(self) -> None:
        skew = self.clock.skew_seconds
        if abs(skew) > SKEW_WARNING:
            self.warn(
                f"This machine's clock is {skew_text(skew)} the service's; times are taken from the service. Set the clock (NTP).",
                "clock is",
            )

    def _warn_of_date(self, place: str, skew: float) -> None:
        span = f"{duration_text(abs(skew))} {'behind' if skew > 0 else 'ahead of'}"
        self.warn(
            f"The Date of {place} is not believed: it is {span} the time at which the service accepts requests, so something in between "
            "writes it. Times are taken from this machine's clock.",
            f"The Date of {place}",
        )

    def warn(self, text: str, about: str = "") -> None:
        """Add *text* to :attr:`warnings`, once; *about* is a part of it by which a text with other figures is the same."""
        with self._lock:
            if not any(text == warning or (about and about in warning) for warning in self.warnings):
                self.warnings.append(text)

    def _renew(self) -> bool:
        renew = getattr(self._auth, "renew", None)
        return bool(renew is not None and renew())

    def _pause(self, verdict: Verdict, repeats: int, deadline: float | None, error: ApiError) -> None:
        """Wait before the next attempt, or raise *error* if that would be after *deadline*."""
        seconds = verdict.wait
        if seconds is None:
            seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**repeats) * random.uniform(0.5, 1.0)
        if deadline is not None and time.monotonic() + seconds >= deadline:
            raise error
        if verdict.outcome is AttemptOutcome.THROTTLED:
            self._rate_limiter.back_off(seconds)  # every thread's next request waits it out
        else:
            self._sleep(seconds)


def _issuing_time(auth: object) -> float | None:
    """The time now by which IAM issued the token of *auth*, epoch seconds; None for a token that an option holds, and without any."""
    issuing_time = getattr(auth, "issuing_time", None)
    return issuing_time() if issuing_time is not None else None


def _dismiss(response: requests.Response | None, own: Adapter | None, *, whole: bool) -> None:
    """Return the connection to the pool if its answer was read to the end, else close it."""
    with contextlib.suppress(Exception):
        if response is not None:
            if not whole or own is not None:
                response.raw.close()
            response.close()
        if own is not None:
            own.close()


def _no_time(request: Request) -> ApiError:
    return ApiError(Kind.THROTTLED, "not sent: no time was left before the deadline", method=request.method, path=request.shown_path)
