# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary keys of this machine's agency, from the metadata service of an ECS at its link-local address [SDKC]."""

from __future__ import annotations

import os
import typing as t
from urllib.parse import urlsplit

from .._common.errors import ApiError, Kind, OptionError
from .._config.regions import base_url
from .client import Client
from .iam import keys_of
from .lease import Lease
from .request import METADATA_HOST, Request, is_loopback

#: Variable with the address of a stand-in for tests; only loopback addresses are accepted.
TEST_VARIABLE = "DATAARTS_TEST_METADATA"
TOKEN = "/meta-data/latest/api/token"
KEYS = "/openstack/latest/securitykey"
#: Statuses from a metadata service that does not support tokens [SDKC].
_WITHOUT_TOKENS = (404, 405, 503)
_TOKEN_SECONDS = 21600
_SECONDS = 3.0
_HINT = (
    "use_instance_metadata works on an ECS to which an agency was assigned: see the ECS console, Agency. "
    "Assign one, or set credentials in another way."
)


def address(environ: t.Mapping[str, str]) -> str:
    """Base URL of the metadata service. :raises OptionError: the stand-in of a test is not on this machine."""
    text = environ.get(TEST_VARIABLE, "").strip()
    if not text:
        return f"http://{METADATA_HOST}"
    base = base_url(text, TEST_VARIABLE)
    if not is_loopback(urlsplit(base).hostname or ""):
        raise OptionError(f"{TEST_VARIABLE} is for tests, and must be an address of this machine's loopback. Unset it.")
    return base


def machine_keys() -> Lease:
    """Get the current temporary keys; the metadata service replaces them before they expire.

    :raises ApiError: the machine has no metadata service, or no agency.
    """
    # Requests are not signed and use no proxy: the address answers only this machine.
    client = Client(None, connect_timeout=_SECONDS, read_timeout=_SECONDS, max_retries=1, allow_http=True)
    base = address(os.environ)
    try:
        token = _token(client, base)
        try:
            answer = client.send(_request("GET", base, KEYS, token))
        except ApiError as error:
            if error.status != 401 or token:
                raise
            answer = client.send(_request("GET", base, KEYS, _token(client, base, needed=True)))
        lease = keys_of(answer.body, client.clock.seconds())
        if lease is None:
            raise ApiError(Kind.BAD_ANSWER, "it holds no temporary access key", status=answer.status, path=KEYS)
        return lease
    except ApiError as error:
        error.message = f"Failed to get temporary keys from the metadata of this machine: {error.message}"
        error.hint = _HINT
        error.kind = Kind.CREDENTIALS if error.status in (400, 401, 403, 404) else error.kind
        raise
    finally:
        client.close()


def _token(client: Client, base: str, *, needed: bool = False) -> str:
    """The token that newer metadata services require; "" if the service does not support tokens and it is not *needed*."""
    try:
        answer = client.send(_request("PUT", base, TOKEN, "", (("X-Metadata-Token-Ttl-Seconds", str(_TOKEN_SECONDS)),)))
    except ApiError as error:
        if error.status in _WITHOUT_TOKENS and not needed:
            return ""
        raise
    return str(answer.body or "")


def _request(method: str, base: str, path: str, token: str, headers: tuple[tuple[str, str], ...] = ()) -> Request:
    own = (*headers, *((("X-Metadata-Token", token),) if token else ()))
    return Request(method, base, path, route="metadata", headers=own, text=method == "PUT")
