# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens and temporary keys that IAM handed out."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass


@dataclass
class Grant:
    """What a token or a temporary key stands for.

    :param expires: epoch ms on the service's clock.
    :param project_id: the project it is scoped to, or None.
    """

    user: str
    domain: str
    role_in: t.Callable[[str], str]
    expires: int
    project_id: str | None = None
    secret_key: str = ""
    security_token: str = ""


class Tokens:
    """All grants by token or by temporary access key."""

    def __init__(self) -> None:
        self._tokens: dict[str, Grant] = {}
        self._keys: dict[str, Grant] = {}
        self._machine_tokens: set[str] = set()

    def add_token(self, grant: Grant) -> str:
        """A new token for *grant*."""
        token = "MIIE" + secrets.token_urlsafe(90)
        self._tokens[token] = grant
        return token

    def add_key(self, grant: Grant) -> str:
        """A new temporary access key for *grant*, whose secret key and security token are set."""
        access_key = "HST" + secrets.token_hex(9).upper()
        grant.secret_key, grant.security_token = secrets.token_urlsafe(30), "gQpj" + secrets.token_urlsafe(60)
        self._keys[access_key] = grant
        return access_key

    def add_machine_token(self) -> str:
        """A new token for the metadata of a machine."""
        token = secrets.token_urlsafe(40)
        self._machine_tokens.add(token)
        return token

    def knows_machine_token(self, token: str) -> bool:
        """Whether the metadata have given *token* out."""
        return token in self._machine_tokens

    def token(self, token: str) -> Grant | None:
        """What *token* stands for, expired or not."""
        return self._tokens.get(token)

    def key(self, access_key: str) -> Grant | None:
        """What the temporary *access_key* stands for, expired or not."""
        return self._keys.get(access_key)

    def expire_all(self) -> None:
        """Kill every token, as a permission change in the account does [IAM-30]; temporary keys live on."""
        for grant in self._tokens.values():
            grant.expires = 0
