# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fallback from v2 to v1, route by route.

v2 is a beta by invitation on some sites and missing on others [H-RET][OTC]. With ``api_version`` auto, each route uses v2 and falls back to
v1 if the gateway says that the API is not published. An explicit version never falls back.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._common.errors import ApiError, Kind, OptionError
from .._config.regions import Hosts

_T = t.TypeVar("_T")


class ApiVersions:
    """The API version of each route.

    :param wanted: ``auto``, ``v2`` or ``v1``.
    :ivar known: route -> the version to use, as learned from a fallback.
    :ivar used: route -> the version used last.
    :ivar answered: the versions that have answered, which proves that they are open to the account.
    :raises OptionError: *wanted* has another value.
    """

    def __init__(self, hosts: Hosts, wanted: str) -> None:
        if wanted not in ("auto", "v2", "v1"):
            raise OptionError(f"api_version is {wanted!r}. Use auto, v2 or v1.")
        self.known: dict[str, str] = {}
        self.used: dict[str, str] = {}
        self.answered: set[str] = set()
        self._hosts = hosts
        self._wanted = wanted

    def preferred(self, route: str) -> str:
        """The version to try first."""
        return self.known.get(route, "v1" if self._wanted == "v1" else "v2")

    def v2_or_v1(self, route: str, by_v2: t.Callable[[], _T], by_v1: t.Callable[[], _T]) -> _T:
        """The result of v2, or of v1 if v1 is preferred, or v2 is not published and ``api_version`` is auto."""
        if self.preferred(route) == "v2":
            try:
                with self.asking("v2", route):
                    return by_v2()
            except ApiError as error:
                falls_back = error.kind is Kind.NOT_PUBLISHED and self._wanted == "auto" and self._hosts.knows_v1
                if not falls_back:
                    raise
                self.known[route] = "v1"
        with self.asking("v1", route):
            return by_v1()

    def only(self, version: str, route: str, request: t.Callable[[], _T]) -> _T:
        """The result of *version*, the only one with this route. :raises ApiError: NOT_PUBLISHED if ``api_version`` excludes it."""
        if self._wanted not in ("auto", version):
            raise ApiError(
                Kind.NOT_PUBLISHED,
                f"only {version} of the API has this call, and api_version is {self._wanted}",
                hint=f"Set api_version to auto or {version}.",
            )
        with self.asking(version, route, only=True):
            return request()

    @contextlib.contextmanager
    def asking(self, version: str, route: str, *, only: bool = False) -> t.Iterator[None]:
        """Record that *version* answers the requests in this block. An error "not published" gets a hint that names the option to change.

        :param only: whether the other version has no such route.
        """
        try:
            yield
        except ApiError as error:
            if error.kind is not Kind.NOT_PUBLISHED:
                self.used[route] = version
                if error.code is not None:  # only an error body with a code proves that the version is there
                    self.answered.add(version)
            elif error.status is not None:
                error.hint = self._remedy(version, only) or error.hint
            raise
        self.used[route] = version
        self.answered.add(version)

    def _remedy(self, version: str, only: bool) -> str:
        """Hint for an account to which *version* is not open; "" if no option helps."""
        if only:
            return f"Only {version} of the API has this call, and it is not open here: ask the service to open it, or do without."
        if self._wanted != "auto":
            other = "v1" if version == "v2" else "v2"
            return f"api_version is {version}, and {version} of this call is not open here: set api_version to auto or {other}."
        if version == "v1" or self._hosts.knows_v1:
            return ""
        return "v2 of this call is not open here, and v1 has no known host: set endpoint_v1."
