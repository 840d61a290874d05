# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issued tokens and temporary keys."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass


@dataclass
class Grant:
    """Identity and scope behind a token or a temporary key.

    :param expires: epoch ms on the service's clock.
    :param project_id: the project that it is scoped to, or None.
    """

    user: str
    domain: str
    role_in: t.Callable[[str], str]
    expires: int
    project_id: str | None = None
    secret_key: str = ""
    security_token: str = ""


class Tokens:
    """Grants by token and by temporary access key."""

    def __init__(self) -> None:
        self._tokens: dict[str, Grant] = {}
        self._keys: dict[str, Grant] = {}
        self._machine_tokens: set[str] = set()

    def add_token(self, grant: Grant) -> str:
        """Issue a token for *grant*."""
        token = "MIIE" + secrets.token_urlsafe(90)
        self._tokens[token] = grant
        return token

    def add_key(self, grant: Grant) -> str:
        """Issue a temporary access key. Sets the secret key and the security token of *grant*."""
        access_key = "HST" + secrets.token_hex(9).upper()
        grant.secret_key, grant.security_token = secrets.token_urlsafe(30), "gQpj" + secrets.token_urlsafe(60)
        self._keys[access_key] = grant
        return access_key

    def add_machine_token(self) -> str:
        """Issue a token of the metadata service."""
        token = secrets.token_urlsafe(40)
        self._machine_tokens.add(token)
        return token

    def knows_machine_token(self, token: str) -> bool:
        """Whether the metadata service issued *token*."""
        return token in self._machine_tokens

    def token(self, token: str) -> Grant | None:
        """The grant of *token*, expired or not."""
        return self._tokens.get(token)

    def key(self, access_key: str) -> Grant | None:
        """The grant of a temporary *access_key*, expired or not."""
        return self._keys.get(access_key)

    def expire_all(self) -> None:
        """Expire all tokens, as a permission change in the account does [IAM-30]. Temporary keys stay valid."""
        for grant in self._tokens.values():
            grant.expires = 0
