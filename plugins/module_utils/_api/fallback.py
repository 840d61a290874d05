# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: which API generation answers a route.

v2 is an invited beta on some sites and absent on others [H-RET][OTC]. With ``api_version`` auto, each route takes v2 and falls back to v1
when the gateway says that the API is not published; an explicit version never falls back.
"""

from __future__ import annotations

import typing as t

from .._common.errors import ApiError, Kind, OptionError
from .._config.regions import Hosts

_T = t.TypeVar("_T")


class ApiVersions:
    """The generation of each route.

    :param wanted: ``auto``, ``v2`` or ``v1``.
    :ivar known: route -> version that was found to be the one that answers.
    :ivar used: route -> version used last.
    :ivar answered: the versions that have answered here, so that they are open to the account.
    :raises OptionError: *wanted* is none of them.
    """

    def __init__(self, hosts: Hosts, wanted: str) -> None:
        if wanted not in ("auto", "v2", "v1"):
            raise OptionError(f"api_version is {wanted!r}. Give auto, v2 or v1.")
        self.known: dict[str, str] = {}
        self.used: dict[str, str] = {}
        self.answered: set[str] = set()
        self._hosts = hosts
        self._wanted = wanted

    def of(self, route: str) -> str:
        """The version that is asked first."""
        return self.known.get(route, "v1" if self._wanted == "v1" else "v2")

    def either(self, route: str, by_v2: t.Callable[[], _T], by_v1: t.Callable[[], _T]) -> _T:
        """What v2 says, or v1 where v2 is not published and need not be used."""
        if self.of(route) == "v2":
            try:
                return self.by("v2", route, by_v2)
            except ApiError as error:
                falls_back = error.kind is Kind.NOT_PUBLISHED and self._wanted == "auto" and self._hosts.knows_v1
                if not falls_back:
                    raise
                self.known[route] = "v1"
        return self.by("v1", route, by_v1)

    def only(self, version: str, route: str, call: t.Callable[[], _T]) -> _T:
        """What the one generation says that has the call."""
        if self._wanted not in ("auto", version):
            raise ApiError(
                Kind.NOT_PUBLISHED,
                f"only {version} of the API has this call, and api_version is {self._wanted}",
                hint=f"Set api_version to auto or {version}.",
            )
        return self.by(version, route, call, only=True)

    def by(self, version: str, route: str, call: t.Callable[[], _T], *, only: bool = False) -> _T:
        """The result of *call*, noting the version; the service's error that it is not published says which option to change.

        :param only: the other generation has no such call.
        """
        try:
            result = call()
        except ApiError as error:
            if error.kind is not Kind.NOT_PUBLISHED:
                self.used[route] = version
                if error.code is not None:  # only the service's own error body proves that the version is there
                    self.answered.add(version)
            elif error.status is not None:
                error.hint = self._way_out(version, only) or error.hint
            raise
        self.used[route] = version
        self.answered.add(version)
        return result

    def _way_out(self, version: str, only: bool) -> str:
        """What helps where *version* is not open to the account; "" where nothing of ours does."""
        if only:
            return f"Only {version} of the API has this call, and it is not open here: ask for it at the service, or do without."
        if self._wanted != "auto":
            other = "v1" if version == "v2" else "v2"
            return f"api_version is {version}, and {version} of this call is not open here: set api_version to auto or {other}."
        return (
            ""
            if version == "v1" or self._hosts.knows_v1
            else "v2 of this call is not open here, and v1 has no known host: set endpoint_v1."
        )
