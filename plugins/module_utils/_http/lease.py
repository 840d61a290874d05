# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary credentials: a token or temporary keys, and how long to use them."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from .compat import AuthBase
from .signing import AkSkAuth

Apply = t.Callable[[t.Any], t.Any]


class TokenAuth(AuthBase):
    """Authentication with an existing token, which cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: t.Any) -> t.Any:
        """Add the header ``X-Auth-Token`` to *request*."""
        request.headers["X-Auth-Token"] = self._token
        return request

    def parts(self) -> list[str]:
        """The token, a secret."""
        return [self._token]

    def __repr__(self) -> str:
        return "TokenAuth(...)"


@dataclass(frozen=True)
class Lease:
    """Credentials fetched from IAM or from the machine's metadata service, and how long to use them.

    :param apply: adds them to a request: a :class:`TokenAuth`, or an ``AkSkAuth`` with temporary keys.
    :param good_until: stopwatch seconds after which to fetch new ones.
    :param project_id: project in the token's scope, if the answer named it.
    :param issued: time of issue by IAM's clock, epoch seconds, minus the stopwatch's reading when the answer came; None
        if the answer has no such time.
    :param lifetime: seconds from issue to expiry; None unless the answer has both times.
    """

    apply: Apply = field(repr=False)
    good_until: float
    project_id: str | None = None
    issued: float | None = None
    lifetime: float | None = field(default=None, repr=False)

    def same_credentials(self, other: Lease | None) -> bool:
        """Whether *other* holds the same token or keys."""
        return other is not None and _parts(self.apply) == _parts(other.apply)

    def to_text(self) -> str:
        """Serialize the lease, secrets included, for memory that processes share; never for a file."""
        return json.dumps([_parts(self.apply), self.good_until, self.project_id, self.issued, self.lifetime])

    @staticmethod
    def of_text(text: str) -> Lease:
        """The lease that :meth:`to_text` serialized."""
        parts, *times = json.loads(text)
        return Lease(TokenAuth(parts[0]) if len(parts) == 1 else AkSkAuth(*parts), *times)


def _parts(apply: Apply) -> list[str]:
    return t.cast("TokenAuth | AkSkAuth", apply).parts()
