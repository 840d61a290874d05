# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM: tokens, temporary keys and projects, and authentication for ``requests`` with them.

A token is valid for 24 h, temporary keys for 15 min to 24 h. Both can expire earlier, when a password, a key or the permissions of a user
group change; the service then answers 401 or "The token must be updated" [IAM-30]. So credentials are renewed shortly before they expire,
and when the client asks for it through :meth:`FetchedAuth.renew`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
import typing as t

from .._common.errors import ApiError, Kind
from .._common.stopwatch import stopwatch
from .._config.credentials import Account
from .compat import AuthBase
from .lease import Lease, TokenAuth
from .login_gate import LoginGate
from .request import Answer, Request
from .signing import AkSkAuth

if t.TYPE_CHECKING:
    from .client import Client

#: The scope of a token (a project or an account), as in a request to IAM.
TokenScope = t.Mapping[str, t.Any]

TOKENS = "/v3/auth/tokens"
PROJECTS = "/v3/projects"
TEMPORARY_KEYS = "/v3.0/OS-CREDENTIAL/securitytokens"
#: Requested lifetime of temporary keys, seconds; 900 to 86400 are allowed [SDK-IAM].
KEY_SECONDS = 3600


class FetchedAuth(AuthBase):
    """Authentication with credentials that *fetch* gets when the first request needs them.

    All objects with the same *key* in the process share the credentials, in any thread.

    :param fetch: gets new credentials. If it raises ApiError, the request that needs them is not sent.
    :param key: digest of everything that the credentials depend on, see :func:`cache_key`.
    :param clock: seconds of a stopwatch.
    :param who: digest of the login, see :func:`login_key`.
    """

    #: Makes the processes of a play log in only once; None without such processes.
    gate: t.ClassVar[LoginGate | None] = None
    _leases: t.ClassVar[dict[str, Lease]] = {}
    _locks: t.ClassVar[dict[str, threading.RLock]] = {}

    def __init__(self, fetch: t.Callable[[], Lease], key: str, clock: t.Callable[[], float] = stopwatch, who: str = "") -> None:
        self._fetch = fetch
        self._key = key
        self._lock = self._locks.setdefault(key, threading.RLock())  # one fetch at a time for each key; other keys do not wait
        self._clock = clock
        self._who = who
        self._used = threading.local()

    def __call__(self, request: t.Any) -> t.Any:
        """Add the credentials to *request*. :raises ApiError: they could not be fetched."""
        lease = self.lease()
        self._used.lease = lease
        return lease.apply(request)

    def lease(self) -> Lease:
        """The process's credentials, fetched if there are none or they expire soon. :raises ApiError: they could not be fetched."""
        with self._lock:
            lease = self._leases.get(self._key)
            return lease if lease is not None and self._clock() < lease.good_until else self._fetched(lease)

    def _fetched(self, stale: Lease | None) -> Lease:
        """Get other credentials than *stale* for the process, from IAM or from another process."""
        if self.gate is None:
            lease = self._fetch()
        else:
            lease = self.gate.pass_through(self._key, self._fetch, who=self._who, stale=stale)
        self._leases[self._key] = lease
        return lease

    def renew(self) -> bool:
        """Replace the credentials that this thread used last, because the service refused them.

        :returns: whether there are other credentials now, perhaps fetched by another thread, so that sending again makes sense.
        :raises ApiError: they could not be fetched.
        """
        with self._lock:
            used = getattr(self._used, "lease", None)
            if self._leases.get(self._key) is used:
                self._leases.pop(self._key, None)
                return self._fetched(used) is not used
            return self.lease() is not used

    def issuing_time(self) -> float | None:
        """The time now by the clock with which IAM issued this thread's latest token, epoch seconds; None if unknown."""
        lease: Lease | None = getattr(self._used, "lease", None)
        return None if lease is None or lease.issued is None else lease.issued + self._clock()

    @property
    def lifetime(self) -> float | None:
        """Lifetime of the token that this thread used last, seconds; None if unknown."""
        return t.cast("Lease", self._used.lease).lifetime if hasattr(self._used, "lease") else None

    def __repr__(self) -> str:
        return "FetchedAuth(...)"


def cache_key(account: Account, base: str, scope: TokenScope) -> str:
    """Digest of everything that credentials depend on: the host, the account with its secrets, and the scope."""
    parts = json.dumps([base, vars(account), scope], sort_keys=True)
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def login_key(account: Account, base: str) -> str:
    """Digest of the login at IAM: the host, and the user's password or key; the same for all projects and agencies."""
    parts = json.dumps([base, account.access_key, account.secret_key, account.user_name, account.user_password, account.domain_name])
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


class Iam:
    """Requests to IAM.

    :param client: sends the requests; each method says how it must authenticate.
    :param base: base URL of the IAM host.
    """

    def __init__(self, client: Client, base: str) -> None:
        self._client = client
        self._base = base

    def user_token(self, account: Account, scope: TokenScope) -> tuple[str, Lease]:
        """Get a token for the user of *account* by password. The client needs no authentication.

        :param scope: ``{"project": {"id": …}}``, ``{"project": {"name": region}}`` or ``{"domain": {"name": …}}``.
        :returns: the token, and the lease that uses it.
        :raises ApiError: IAM did not accept the user, the password, the account or the project.
        """
        user = {"name": account.user_name, "password": account.user_password, "domain": {"name": account.domain_name}}
        identity = {"methods": ["password"], "password": {"user": user}}
        verb = f"get a token for user {account.user_name} of account {account.domain_name}"
        hint = "Check user_name, user_password and domain_name (an IAM user with programmatic access), and that the project belongs to that account."
        return self._token(identity, scope, (), verb, hint)

    def agency_token(self, account: Account, user_token: str, scope: TokenScope) -> tuple[str, Lease]:
        """Get a token for the agency of *account*. The client needs no authentication.

        :param user_token: token of the user, with the user's own account as its scope.
        :returns: the token, and the lease that uses it.
        :raises ApiError: the agency does not exist or does not trust the user's account, or the user may not use agencies.
        """
        agency = {"agency_name": account.agency_name, "domain_name": account.agency_domain_name}
        identity = {"methods": ["assume_role"], "assume_role": agency}
        return self._token(identity, scope, (("X-Auth-Token", user_token),), _agency_verb(account), _AGENCY_HINT)

    def agency_keys(self, account: Account) -> Lease:
        """Get temporary keys for the agency of *account*. The client must sign with the user's keys.

        :raises ApiError: as :meth:`agency_token`.
        """
        role = {"agency_name": account.agency_name, "domain_name": account.agency_domain_name, "duration_seconds": KEY_SECONDS}
        body = {"auth": {"identity": {"methods": ["assume_role"], "assume_role": role}}}
        answer = self._post(TEMPORARY_KEYS, (), body, (), _agency_verb(account), _AGENCY_HINT)
        lease = keys_of(answer.body, self._client.clock.seconds())
        if lease is None:
            raise self._unreadable(TEMPORARY_KEYS, answer, "no temporary access key")
        return lease

    def project_id(self, region: str) -> str:
        """Look up the id of the project whose name is *region*. The client must authenticate as the account.

        :raises ApiError: IAM refused, or knows no such project or several [SDKC]. The message names the region and ``project_id``.
        """
        path = PROJECTS
        answer = self._client.send(Request("GET", self._base, path, route="iam_projects", query=(("name", region),)))
        projects = _mapping(answer.body).get("projects")
        if not isinstance(projects, list):
            raise self._unreadable(path, answer, "no list of projects")
        # The service might ignore the filter by name.
        named = (project for project in projects if isinstance(project, dict) and project.get("name") == region)
        ids = sorted({str(project["id"]) for project in named if project.get("id")})
        if len(ids) == 1:
            return ids[0]
        count = f"{len(ids)} projects ({', '.join(ids[:5])})" if ids else "no project"
        raise ApiError(
            Kind.INVALID if ids else Kind.NOT_FOUND,
            f"IAM knows {count} named {region} for these credentials, so project_id cannot be found by the region",
            status=answer.status,
            request_id=answer.request_id,
            method="GET",
            path=path,
            hint="Set project_id, and check that region is where the DataArts Studio instance is.",
        )

    def _token(
        self, identity: t.Mapping[str, t.Any], scope: TokenScope, headers: tuple[tuple[str, str], ...], verb: str, hint: str
    ) -> tuple[str, Lease]:
        body = {"auth": {"identity": identity, "scope": scope}}
        # Without the catalog the answer has a few hundred bytes instead of several hundred thousand [IAM-30].
        answer = self._post(TOKENS, (("nocatalog", "true"),), body, headers, verb, hint)
        token = next((value for name, value in answer.headers.items() if name.lower() == "x-subject-token"), None)
        if not token:
            raise self._unreadable(TOKENS, answer, "no token")
        details = _mapping(_mapping(answer.body).get("token"))
        project_id = _mapping(details.get("project")).get("id")
        # From the body, not from Date, which a proxy may rewrite.
        issued = _epoch(details.get("issued_at"))
        until = good_until(details.get("expires_at"), self._client.clock.seconds() if issued is None else issued, 24 * 3600)
        since = None if issued is None else issued - stopwatch()
        ends = _epoch(details.get("expires_at"))
        lifetime = None if ends is None or issued is None else ends - issued
        return token, Lease(TokenAuth(token), until, project_id if isinstance(project_id, str) else None, since, lifetime)

    def _post(
        self,
        path: str,
        query: tuple[tuple[str, str], ...],
        body: t.Mapping[str, t.Any],
        headers: tuple[tuple[str, str], ...],
        verb: str,
        hint: str,
    ) -> Answer:
        try:
            # A second token does no harm [IAM-30], so the client may retry this like a read.
            return self._client.send(Request("POST", self._base, path, route="iam", query=query, body=body, headers=headers, writes=False))
        except ApiError as error:
            refused = error.status is not None and 400 <= error.status < 500 and error.kind is not Kind.THROTTLED
            error.message = f"Failed to {verb}: {error.message}"
            # A 401 concerns the credentials that request the agency, not the agency itself.
            hinted = refused and error.kind is not Kind.CLOCK and not (hint is _AGENCY_HINT and error.status == 401)
            error.hint = hint if hinted else error.hint
            error.kind = Kind.CREDENTIALS if refused and error.kind in (Kind.INVALID, Kind.NOT_FOUND) else error.kind
            raise

    def _unreadable(self, path: str, answer: Answer, what: str) -> ApiError:
        return ApiError(
            Kind.BAD_ANSWER,
            f"IAM at {self._base} answered with {what}",
            status=answer.status,
            request_id=answer.request_id,
            path=path,
            hint="Check that iam_endpoint names the IAM host.",
        )


_AGENCY_HINT = (
    "Check agency_name and agency_domain_name, that the agency trusts the account of these credentials, and that their user may "
    "use agencies (Agent Operator)."
)


def _agency_verb(account: Account) -> str:
    return f"assume agency {account.agency_name} of account {account.agency_domain_name}"


def _mapping(value: t.Any) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, dict) else {}


def keys_of(body: t.Any, now: float) -> Lease | None:
    """The temporary keys in an answer of IAM or of a machine's metadata service; None if there are none.

    :param now: the time by the clock of the host that answered, epoch seconds.
    """
    keys = _mapping(_mapping(body).get("credential"))
    access, secret, token = (keys.get(name) for name in ("access", "secret", "securitytoken"))
    if not (isinstance(access, str) and isinstance(secret, str) and isinstance(token, str) and access and secret and token):
        return None
    return Lease(AkSkAuth(access, secret, token), good_until(keys.get("expires_at"), now, KEY_SECONDS))


def good_until(expires_at: t.Any, now: float, seconds: int) -> float:
    """Stopwatch seconds after which to fetch new credentials: five minutes or a tenth of the lifetime before they expire, whichever is less.

    :param expires_at: the expiry in IAM's answer, ISO 8601 in UTC.
    :param now: the time by IAM's clock, epoch seconds; so this machine's clock does not matter.
    :param seconds: the lifetime to assume if *expires_at* cannot be read.
    """
    end = _epoch(expires_at)
    lifetime = float(seconds) if end is None else end - now
    return stopwatch() + max(lifetime - min(300.0, lifetime / 10), 0.0)


def _epoch(text: t.Any) -> float | None:
    """ISO 8601 in UTC as epoch seconds, without the fraction; None for anything else."""
    try:
        moment = datetime.datetime.strptime(str(text)[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return None
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()
