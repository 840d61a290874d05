# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Session: an authenticated client of one account in one project, built from module options."""

from __future__ import annotations

import functools
import os
import threading
import typing as t
from urllib.parse import urlsplit

from .._common.errors import OptionError
from .._config.credentials import MACHINE, Account, project_to_look_up, resolve
from .._config.regions import Hosts, base_url
from .._config.sources import with_sources
from .client import Client
from .iam import FetchedAuth, Iam, TokenScope, cache_key, login_key
from .lease import Lease, TokenAuth
from .metadata import address, machine_keys
from .rate_limiter import RateLimiter, shared_reservations
from .request import check_base
from .signing import AkSkAuth, ObsAuth

_SETTINGS = ("validate_certs", "allow_http", "connect_timeout", "read_timeout", "max_retries")


class Session:
    """One account in one project.

    :ivar client: sends requests as the account.
    :ivar hosts: base URLs.
    :ivar account: its credentials; None only in tests.
    :param project_id: id of the project, or a function that looks it up when it is first needed.
    :param settings: keyword arguments of the client, for further clients.
    """

    def __init__(
        self,
        client: Client,
        hosts: Hosts,
        project_id: str | t.Callable[[], str],
        account: Account | None = None,
        settings: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        self.client = client
        self._settings = dict(settings or {})
        self.account = account
        self.hosts = hosts
        self._project_id = project_id
        self._lock = threading.Lock()

    @property
    def project_id(self) -> str:
        """Id of the project. :raises ApiError: looking it up at IAM failed."""
        with self._lock:
            if not isinstance(self._project_id, str):
                self._project_id = self._project_id()
            return self._project_id

    def obs_client(self, base: str) -> Client:
        """A client for OBS at *base*, with the account's keys. :raises OptionError: the account has a token, which OBS does not accept."""
        auth = self.client.auth
        account = self.account
        if account is None or auth is None or account.kind in ("token", "user"):
            raise OptionError(
                "log_tail reads logs from OBS, which takes access keys, and the login is a token. Set access_key and secret_key, "
                "an agency reached by them, or use_instance_metadata; or leave log_tail out."
            )
        return Client(ObsAuth(functools.partial(keys_of_auth, auth), urlsplit(base).netloc), **{**self._settings, "max_retries": 1})

    def close(self) -> None:
        """Close every connection."""
        self.client.close()

    def __repr__(self) -> str:
        return f"Session({self.hosts!r})"


def keys_of_auth(auth: t.Any) -> list[str]:
    """The secrets with which *auth* signs: access key, secret key and, for temporary keys, security token.

    :raises ApiError: they could not be fetched.
    """
    signer: t.Any = auth.lease().apply if isinstance(auth, FetchedAuth) else auth
    return t.cast("list[str]", signer.parts())


def open_session(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str] | None = None) -> Session:
    """Create a session from *options*. Sends nothing yet.

    :param options: option -> value as in the doc fragment ``account``; missing, None and empty values count as unset.
    :param environ: environment variables for unset options (:data:`ENVIRONMENT`); None for the process's environment.
    :raises OptionError: credentials, region or project are missing or wrong, or a setting cannot be used.
    """
    resolved = resolve(options, with_sources(options, os.environ if environ is None else environ))
    account = Account.from_options(resolved)
    hosts = hosts_of(resolved)
    settings = client_settings(resolved)
    project_id = t.cast("str | None", resolved["project_id"])
    auth = _authentication(account, hosts, settings, _scope(project_id, resolved, hosts))
    client = Client(auth, rate_limiter=RateLimiter(reservations=shared_reservations(hosts.v2, account.actor)), **settings)
    if project_id is not None:
        return Session(client, hosts, project_id, account, settings)
    # hosts.iam and project_to_look_up may raise OptionError, so they are evaluated now, before anything is sent.
    return Session(
        client, hosts, functools.partial(_find_project, auth, Iam(client, hosts.iam), project_to_look_up(resolved)), account, settings
    )


def hosts_of(resolved: t.Mapping[str, t.Any]) -> Hosts:
    """The hosts for *resolved* options, see :func:`resolve`. :raises OptionError: an option cannot be used, or none names a host."""
    return Hosts(*(_text(resolved, name) for name in ("region", "cloud_domain", "endpoint", "endpoint_v1", "iam_endpoint")))


def check_endpoints(options: t.Mapping[str, t.Any]) -> None:
    """Refuse unusable endpoints in *options* before anything is sent. :raises OptionError: an endpoint cannot be used."""
    for name in ("endpoint", "endpoint_v1", "iam_endpoint"):
        if options.get(name):
            check_base(base_url(options[name], name), allow_http=bool(options.get("allow_http")))


def client_settings(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Keyword arguments of the client from *options*, without unset options. The client checks their ranges."""
    settings = {name: options[name] for name in _SETTINGS if options.get(name) is not None}
    ca_path = _text(options, "ca_path")
    return {**settings, "ca_path": os.path.expanduser(ca_path)} if ca_path else settings


def _text(options: t.Mapping[str, t.Any], name: str) -> str | None:
    value = options.get(name)
    if value is not None and not isinstance(value, str):
        raise OptionError(f"{name} must be text: quote it.")
    return value or None


def _scope(project_id: str | None, resolved: t.Mapping[str, t.Any], hosts: Hosts) -> TokenScope:
    """Scope of a token: the project by id, or by name, which is the region's unless a variable sets another."""
    return {"project": {"id": project_id} if project_id else {"name": resolved["project_name"] or hosts.region}}


def _authentication(account: Account, hosts: Hosts, settings: dict[str, t.Any], scope: TokenScope) -> t.Any:
    """Authentication for requests of *account*. Credentials are not fetched before the first request."""
    if account.kind == MACHINE:
        return FetchedAuth(machine_keys, cache_key(account, address(os.environ), {}))
    if account.kind == "token":
        return TokenAuth(str(account.auth_token))
    if account.kind == "user":
        fetch = _fetching(None, hosts, settings, lambda iam: _token(iam, account, scope))
        return FetchedAuth(fetch, cache_key(account, hosts.iam, scope), who=login_key(account, hosts.iam))
    keys = AkSkAuth(str(account.access_key), str(account.secret_key), account.security_token)
    if account.agency_name is None:
        return keys
    fetch = _fetching(keys, hosts, settings, lambda iam: iam.agency_keys(account))
    return FetchedAuth(fetch, cache_key(account, hosts.iam, {}), who=login_key(account, hosts.iam))


def _fetching(auth: t.Any, hosts: Hosts, settings: dict[str, t.Any], ask: t.Callable[[Iam], Lease]) -> t.Callable[[], Lease]:
    """A function that runs *ask* with a new client, authenticated by *auth* and closed afterwards."""
    base = hosts.iam

    def fetch() -> Lease:
        client = Client(auth, **settings)
        try:
            return ask(Iam(client, base))
        finally:
            client.close()

    return fetch


def _token(iam: Iam, account: Account, scope: TokenScope) -> Lease:
    """Get a token by password; for an agency, use a token of the user, scoped to the user's account, to get the agency's token."""
    if account.agency_name is None:
        return iam.user_token(account, scope)[1]
    user_token = iam.user_token(account, {"domain": {"name": account.domain_name}})[0]
    return iam.agency_token(account, user_token, scope)[1]


def _find_project(auth: t.Any, iam: Iam, name: str) -> str:
    """Id of the project in the scope of a fetched token, or of the project called *name* at IAM."""
    scoped = auth.lease().project_id if isinstance(auth, FetchedAuth) else None
    return scoped or iam.project_id(name)
