# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP client of the service: the only module that sends requests. It knows nothing about jobs."""

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

#: Decides whether a write may be sent, see :meth:`Client.guarded`.
Guard = t.Callable[[], t.Optional[float]]
#: First and longest pause before a retry, seconds. Pauses double each time, then are shortened by up to a half at random.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
#: Seconds of difference between this machine's clock and the service's above which there is a warning.
SKEW_WARNING = 60.0


class Client:
    """Sends requests, and retries them where that is safe. Thread-safe.

    ``RETRY_POLICY`` decides what follows each outcome of an attempt. A retry waits for Retry-After (at most 60 s) or for a jittered pause
    that doubles each time. There are at most *max_retries* retries, none after the deadline; then, or if a retry is not allowed,
    :class:`ApiError` of the policy's kind is raised. A write that ended "ambiguous" may have taken effect. Only reading back can show that,
    so it is not sent again here.

    ``requests`` prepares and signs requests and pools connections, but without a Session. So there are no redirects, no netrc and no
    cookies, and nothing in the environment can switch certificate verification off. Furthermore:

    * Proxies from the environment are used, never for loopback; SOCKS is refused.
    * Certificates are verified against *ca_path*, else REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, else the bundle of ``requests``.
    * ``Accept-Encoding: identity``; compressed answers and bodies over 5 MiB are refused.
    * Each write has a connection of its own: a kept connection may be about to be closed by the other side, and the reset would make the
      outcome unknown although nothing was executed. Reads share kept connections.
    * Plain http is used only for this machine, unless *allow_http* is set.
    * *read_timeout* covers everything from the first byte sent to the last byte received, however slowly the bytes arrive.

    :param auth: signs a request, or adds a token. After a 401 its ``renew()``, if it has one, is called once; if that returns True, the request is
        sent again.
    :param ca_path: file or directory of PEM certificates.
    :param validate_certs: verify certificates; False is for tests only.
    :param connect_timeout: seconds for one connection, TLS included, name resolution not.
    :param read_timeout: seconds for one answer.
    :param max_retries: most retries after the first attempt.
    :param allow_http: send credentials over plain http to other machines too.
    :param rate_limiter: limits the requests per second; shared by all clients of one account.
    :param clock: learns the service's time from every answer.
    :param sleep: sleeps for a number of seconds before a retry.
    :raises OptionError: a value is out of range, or *ca_path* does not exist.
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
        #: Seconds for one answer, from the first byte sent to the last byte received.
        self.read_timeout = read_timeout
        self._max_retries = max_retries
        self._allow_http = allow_http
        self._rate_limiter = rate_limiter or RateLimiter()
        self._sleep = sleep
        self._adapter = Adapter()
        self._lock = threading.Lock()
        #: The service's clock.
        self.clock = clock or ServiceClock()
        #: Number of attempts by HTTP method.
        self.counts: dict[str, int] = {}
        #: Warnings for the user, each once.
        self.warnings: list[str] = []
        #: Why the latest attempt failed, while it is retried; "" after an answer. Shown to users who wait.
        self.trouble = ""
        #: The guard set by :meth:`guarded`.
        self.guard: Guard | None = None
        #: Called with each raw answer: the request, the status, the headers with names in lower case, the body.
        self.on_answer: Callable[[Request, int, dict[str, str], bytes], None] | None = None
        if not validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # one warning, below, instead of one per request
            self.warn("Certificates are not verified (validate_certs is false): anybody in between can read and change what is sent.")

    def send(self, request: Request, *, deadline: float | None = None) -> Answer:
        """Send *request*, with retries, and return its answer.

        :param deadline: ``time.monotonic()`` seconds after which nothing is sent, waited for or read, or None.
        :raises ApiError: see the class; of kind AMBIGUOUS only if ``request.writes``.
        :raises OptionError: the request cannot be sent as it is.
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
        """Call *guard* before each attempt at a write within the block, retries included.

        It is called on the open connection, just before the first byte is sent, and returns a time limit for that byte, see :class:`Exchange`.
        What it raises, such as an ApiError of kind STALE, ends the request. Nothing was executed then, because a write that may have been
        executed is never retried.
        """
        self.guard = guard
        try:
            yield
        finally:
            self.guard = None

    @property
    def auth(self) -> AuthBase | None:
        """Signs the requests, or adds a token."""
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
        # A write gets its own adapter, so that its connection is new and is not reused.
        adapter = Adapter(1) if request.writes else self._adapter
        response: requests.Response | None = None
        body, problem = b"", ""
        with Exchange(connect, read, self.guard if request.writes else None) as exchange:
            begun = received = stopwatch()
            try:
                response = adapter.send(prepared, stream=True, timeout=(connect, read), verify=self._verify, proxies=proxies)
                received = stopwatch()
                body = read_body(response)
            except Exception as exc:  # the policy has a row for whatever the libraries raise
                if exchange.refusal is not None:
                    raise exchange.refusal from None
                outcome, cause = failure(exc, exchange, place, connect, read)
                if response is None:
                    return judge_failure(request, outcome, cause)
                problem = LATE if outcome is AttemptOutcome.TIMEOUT else "broke off before its end"
            finally:
                _release(response, adapter if request.writes else None, whole=not problem and not exchange.expired)
        if exchange.expired:
            problem = LATE  # an answer that was cut off may look complete
        return self._judged(request, prepared, response, body, problem, (begun, received))

    def _judged(
        self, request: Request, prepared: PreparedRequest, response: requests.Response, body: bytes, problem: str, span: tuple[float, float]
    ) -> Verdict:
        """The verdict on an answer; the clock learns from its ``Date``. *span*: stopwatch readings when the request left and the answer came."""
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
            elif response.status_code != 401:  # the error for a 401 already blames this machine's clock
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
        """Add *text* to :attr:`warnings`, unless it is there already, or a warning that contains *about*, perhaps with other figures."""
        with self._lock:
            if not any(text == warning or (about and about in warning) for warning in self.warnings):
                self.warnings.append(text)

    def _renew(self) -> bool:
        renew = getattr(self._auth, "renew", None)
        return bool(renew is not None and renew())

    def _pause(self, verdict: Verdict, repeats: int, deadline: float | None, error: ApiError) -> None:
        """Wait before a retry; raise *error* instead if the retry would be after *deadline*."""
        seconds = verdict.wait
        if seconds is None:
            seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**repeats) * random.uniform(0.5, 1.0)
        if deadline is not None and time.monotonic() + seconds >= deadline:
            raise error
        if verdict.outcome is AttemptOutcome.THROTTLED:
            self._rate_limiter.back_off(seconds)  # all threads and processes of the account wait too
        else:
            self._sleep(seconds)


def _issuing_time(auth: object) -> float | None:
    """The time now by the clock of IAM, which issued the token of *auth*, epoch seconds; None for a token from an option, and without a token."""
    issuing_time = getattr(auth, "issuing_time", None)
    return issuing_time() if issuing_time is not None else None


def _release(response: requests.Response | None, own: Adapter | None, *, whole: bool) -> None:
    """Return the connection to the pool if its answer was read to the end; otherwise, and if it has an adapter of its *own*, close it."""
    with contextlib.suppress(Exception):
        if response is not None:
            if not whole or own is not None:
                response.raw.close()
            response.close()
        if own is not None:
            own.close()


def _no_time(request: Request) -> ApiError:
    return ApiError(Kind.THROTTLED, "not sent: no time was left before the deadline", method=request.method, path=request.shown_path)
