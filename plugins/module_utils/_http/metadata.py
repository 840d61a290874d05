# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary keys of the agency that this machine, an ECS, has: from its metadata, on the link-local address and nowhere else [SDKC]."""

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

#: Where a test puts a stand-in; nothing but an address of this machine is taken from it.
TEST_VARIABLE = "DATAARTS_TEST_METADATA"
TOKEN = "/meta-data/latest/api/token"
KEYS = "/openstack/latest/securitykey"
#: Statuses with which machines answer whose metadata know no tokens [SDKC].
_WITHOUT_TOKENS = (404, 405, 503)
_TOKEN_SECONDS = 21600
_SECONDS = 3.0
_HINT = (
    "use_instance_metadata works on an ECS to which an agency was assigned: see the ECS console, Agency. "
    "Assign one, or set credentials in another way."
)


def address(environ: t.Mapping[str, str]) -> str:
    """Base URL of the metadata. :raises OptionError: a test's stand-in is not on this machine."""
    text = environ.get(TEST_VARIABLE, "").strip()
    if not text:
        return f"http://{METADATA_HOST}"
    base = base_url(text, TEST_VARIABLE)
    if not is_loopback(urlsplit(base).hostname or ""):
        raise OptionError(f"{TEST_VARIABLE} is for tests, and must be an address of this machine's loopback. Unset it.")
    return base


def machine_keys() -> Lease:
    """The keys, as long as they are good; the service makes new ones before they end.

    :raises ApiError: the machine has no metadata, or no agency.
    """
    # No proxy is asked, and nothing is signed: the address answers this machine alone.
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
    """The token that newer machines want with every question; "" where there is none."""
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
