# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base URLs of the service's hosts, on every site.

The v2 Factory API and the management API (workspaces, DataArts Studio instances) live on ``dayu``, the v1 Factory API on ``dayu-dlf``,
tokens and projects on ``iam``, objects on ``obs`` [H-END][TF]. The domain behind the region is ``myhuaweicloud.com``, ``myhuaweicloud.eu`` for the
European site [H-END-EU] (the SDK's own region table is wrong there), or ``cloud_domain`` for other clouds [OTC-NEW].
"""

from __future__ import annotations

import re
import urllib.parse

from .._common.errors import OptionError
from .._common.text import did_you_mean

DEFAULT_DOMAIN = "myhuaweicloud.com"
#: Regions whose hosts are not below DEFAULT_DOMAIN [H-END-EU].
DOMAINS = {"eu-west-101": "myhuaweicloud.eu"}

#: The regions that the official SDK knows [SDK]. Others are accepted, because there may be new ones.
REGIONS = (
    *("cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-east-2", "cn-east-3", "cn-east-4", "cn-south-1"),
    *("cn-southwest-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "my-kualalumpur-1", "af-south-1"),
    *("eu-west-101", "tr-west-1", "me-east-1", "ae-ad-1", "ru-northwest-2", "ru-moscow-1", "sa-brazil-1", "la-south-2", "la-north-2"),
    "na-mexico-1",
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_REGION = re.compile(_LABEL)
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_HOST_LABELS = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*\.?")
_IPV6 = re.compile(r"[0-9a-f:.]+")


class Hosts:
    """The base URLs of one site, each ``scheme://host[:port]`` without a trailing slash.

    If *endpoint* is set, the other hosts follow from it if it is named ``dayu.<rest>``. Otherwise they are unknown unless set, not guessed
    from the region: credentials go only to hosts that somebody named.

    :param region: region id such as ``eu-west-101``, or None.
    :param cloud_domain: domain after the region on other clouds, such as ``otc.t-systems.com``, or None.
    :param endpoint: overrides the v2 and management host; the scheme defaults to https.
    :param endpoint_v1: overrides the v1 host.
    :param iam_endpoint: overrides the IAM host.
    :raises OptionError: an option cannot be used as it is, or neither *region* nor *endpoint* names a v2 host.
    """

    def __init__(
        self,
        region: str | None,
        cloud_domain: str | None = None,
        endpoint: str | None = None,
        endpoint_v1: str | None = None,
        iam_endpoint: str | None = None,
    ) -> None:
        self.region = region_id(region)
        domain = _domain(cloud_domain)
        self._overridden, self._other_cloud = bool(endpoint), domain is not None
        suffix = f"{self.region}.{domain or DOMAINS.get(self.region, DEFAULT_DOMAIN)}" if self.region else None
        if endpoint:
            self.v2 = base_url(endpoint, "endpoint")
        elif suffix:
            self.v2 = f"https://dayu.{suffix}"
        else:
            raise OptionError(
                "region is missing: set region (or the environment variable HW_REGION_NAME), for example eu-west-101, or set endpoint."
            )
        self._v1 = base_url(endpoint_v1, "endpoint_v1") if endpoint_v1 else self._sibling("dayu-dlf", suffix)
        self._iam = base_url(iam_endpoint, "iam_endpoint") if iam_endpoint else self._sibling("iam", suffix)
        self._obs = self._sibling("obs", suffix)

    def _sibling(self, name: str, suffix: str | None) -> str | None:
        """Base URL of the host *name* next to the v2 host; None if unknown."""
        if not self._overridden:
            return f"https://{name}.{suffix}"
        scheme, _colon, rest = self.v2.partition("://")
        return f"{scheme}://{name}.{rest[5:]}" if rest.startswith("dayu.") else None

    @property
    def suggestion(self) -> str:
        """``Did you mean cn-north-4?`` if the hosts follow from an unknown region, else ""; for errors about unreachable hosts."""
        own = self._overridden or self._other_cloud or self.region is None or self.region in REGIONS
        return "" if own else did_you_mean(str(self.region), REGIONS)

    @property
    def knows_v1(self) -> bool:
        """Whether there is a v1 host; if not, :attr:`v1` raises."""
        return self._v1 is not None

    @property
    def knows_iam(self) -> bool:
        """Whether there is an IAM host; if not, :attr:`iam` raises."""
        return self._iam is not None

    @property
    def v1(self) -> str:
        """Base URL of the v1 Factory API. :raises OptionError: it is unknown."""
        return self._known(self._v1, "endpoint_v1", "The v1 API")

    @property
    def iam(self) -> str:
        """Base URL of IAM. :raises OptionError: it is unknown."""
        return self._known(self._iam, "iam_endpoint", "IAM (for tokens, agencies and looking up the project)")

    def obs(self, endpoint: str | None = None) -> str:
        """Base URL of OBS without a bucket; *endpoint* overrides it. :raises OptionError: it is unknown."""
        base = base_url(endpoint, "obs_endpoint") if endpoint else self._obs
        return self._known(base, "obs_endpoint", "OBS (for the logs of log_tail)")

    def _known(self, base: str | None, option: str, what: str) -> str:
        if base is None:
            raise OptionError(
                f"{what} has no known host: endpoint is set to {self.v2}, from which no other host can be derived. Set {option} too."
            )
        return base

    def __repr__(self) -> str:
        return f"Hosts(v2={self.v2!r}, v1={self._v1!r}, iam={self._iam!r})"


def region_id(region: str | None) -> str | None:
    """*region* without surrounding white space, None if empty. :raises OptionError: it cannot be part of a host name."""
    text = (region or "").strip()
    if not text:
        return None
    if not _REGION.fullmatch(text):
        raise OptionError(f"region {_shown(text)} is not a region id: use lower-case letters, digits and hyphens, for example eu-west-101.")
    return text


def _domain(cloud_domain: str | None) -> str | None:
    text = (cloud_domain or "").strip()
    if text and not _DOMAIN.fullmatch(text):
        raise OptionError(f"cloud_domain {_shown(text)} is not a domain: set the part behind the region, for example otc.t-systems.com.")
    return text or None


def base_url(value: str, option: str) -> str:
    """Normalize *value* to ``scheme://host[:port]``; the scheme defaults to https.

    :raises OptionError: it has a path, a query, a user or a password, or is not an address. The message names *option* and never quotes
        anything before an ``@``.
    """
    text = value.strip()
    example = f"set {option} to https://host or https://host:port"
    if re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise OptionError(f"{option} contains blanks, backslashes or control characters: {example}.")
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urllib.parse.urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError:
        raise OptionError(f"{option} is not an address: {example}.") from None
    if "@" in parts.netloc:
        raise OptionError(f"{option} holds a user or a password: remove everything before the @, and use the credential options instead.")
    if parts.scheme not in ("https", "http"):
        raise OptionError(f"{option} {_shown(value)} has an unknown scheme: {example}.")
    if parts.path.strip("/") or parts.query or parts.fragment or text.endswith(("?", "#")):
        raise OptionError(
            f"{option} {_shown(value)} has a path, a query or a fragment, to which the API's paths would be appended: {example}."
        )
    known = _IPV6.fullmatch(host) if ":" in host else _HOST_LABELS.fullmatch(host)
    if not known or port == 0:
        raise OptionError(f"{option} {_shown(value)} names no host or no usable port: {example}.")
    shown_host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}[parts.scheme]  # left out, so that a host has only one name in the journal
    return f"{parts.scheme}://{shown_host}" + (f":{port}" if port not in (None, usual) else "")


def _shown(text: str) -> str:
    """*text* for a message: in quotes, printable ASCII, cut after 79 characters if it has more than 80."""
    return ascii(text if len(text) <= 80 else f"{text[:79]}...")
