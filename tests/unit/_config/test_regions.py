# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of every site, and addresses that are refused."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.regions import Hosts, base_url, region_id

COM = "cn-north-4.myhuaweicloud.com"
EU = "eu-west-101.myhuaweicloud.eu"
OTC = "eu-de.otc.t-systems.com"

SITES: list[tuple[dict[str, t.Any], str, str, str]] = [
    ({"region": "cn-north-4"}, f"https://dayu.{COM}", f"https://dayu-dlf.{COM}", f"https://iam.{COM}"),
    ({"region": " cn-north-4 ", "cloud_domain": ""}, f"https://dayu.{COM}", f"https://dayu-dlf.{COM}", f"https://iam.{COM}"),
    ({"region": "eu-west-101"}, f"https://dayu.{EU}", f"https://dayu-dlf.{EU}", f"https://iam.{EU}"),
    (
        {"region": "eu-west-101", "cloud_domain": "myhuaweicloud.com"},
        "https://dayu.eu-west-101.myhuaweicloud.com",
        "https://dayu-dlf.eu-west-101.myhuaweicloud.com",
        "https://iam.eu-west-101.myhuaweicloud.com",
    ),
    ({"region": "eu-de", "cloud_domain": "otc.t-systems.com"}, f"https://dayu.{OTC}", f"https://dayu-dlf.{OTC}", f"https://iam.{OTC}"),
    # One override: the other hosts still follow from the region ...
    ({"region": "cn-north-4", "endpoint_v1": "v1.corp"}, f"https://dayu.{COM}", "https://v1.corp", f"https://iam.{COM}"),
    (
        {"region": "cn-north-4", "iam_endpoint": "http://127.0.0.1:9/"},
        f"https://dayu.{COM}",
        f"https://dayu-dlf.{COM}",
        "http://127.0.0.1:9",
    ),
    # ... and from an endpoint that is named like the service's own, with its port and scheme.
    ({"endpoint": f"dayu.{OTC}"}, f"https://dayu.{OTC}", f"https://dayu-dlf.{OTC}", f"https://iam.{OTC}"),
    ({"region": "eu-de", "endpoint": "http://dayu.lab:81"}, "http://dayu.lab:81", "http://dayu-dlf.lab:81", "http://iam.lab:81"),
    (
        {"endpoint": "http://[::1]:1", "endpoint_v1": "HTTP://LocalHost:2/", "iam_endpoint": "https://iam.corp:443"},
        "http://[::1]:1",
        "http://localhost:2",
        "https://iam.corp",
    ),
]


@pytest.mark.parametrize(("options", "v2", "v1", "iam"), SITES)
def test_sites(options: dict[str, t.Any], v2: str, v1: str, iam: str) -> None:
    hosts = Hosts(**{"region": None, **options})
    assert (hosts.v2, hosts.v1, hosts.iam, hosts.knows_v1) == (v2, v1, iam, True)


def test_a_host_is_not_guessed_next_to_an_override() -> None:
    hosts = Hosts("cn-north-4", endpoint="http://127.0.0.1:8080")
    assert not hosts.knows_v1
    with pytest.raises(OptionError, match=r"v1 API has no known host: endpoint is set to http://127\.0\.0\.1:8080.*Set endpoint_v1 too"):
        hosts.v1  # noqa: B018
    with pytest.raises(OptionError, match=r"IAM .* has no known host.*Set iam_endpoint too"):
        hosts.iam  # noqa: B018
    assert repr(hosts) == "Hosts(v2='http://127.0.0.1:8080', v1=None, iam=None)"


@pytest.mark.parametrize("region", [None, "", "  "])
def test_neither_region_nor_endpoint(region: str | None) -> None:
    with pytest.raises(OptionError, match=r"region is missing: set region .*HW_REGION_NAME.*or set endpoint"):
        Hosts(region, cloud_domain="otc.t-systems.com", endpoint_v1="v1.corp", iam_endpoint="iam.corp")


@pytest.mark.parametrize(
    "region", ["EU-west-101", "eu west", "cn-north-4.evil.com", "cn-north-4/", "x@y", "-a", "a-", "a\nb", "a" * 64, "区域"]
)
def test_regions_that_cannot_be_part_of_a_host_name(region: str) -> None:
    with pytest.raises(OptionError, match="is not a region id: use lower-case letters"):
        Hosts(region)


@pytest.mark.parametrize("domain", ["https://otc.t-systems.com", ".com", "a..b", "a/b", "user@host", "a b", "host:80"])
def test_domains_that_are_none(domain: str) -> None:
    with pytest.raises(OptionError, match=r"cloud_domain .* is not a domain"):
        Hosts("eu-de", cloud_domain=domain)


REFUSED = [
    ("https://host/v2", "has a path"),
    ("https://host//x", "has a path"),
    ("https://host?x=1", "has a path, a query"),
    ("https://host?", "has a path, a query"),
    ("https://host/#x", "has a path, a query or a fragment"),
    ("ftp://host", "unknown scheme"),
    ("file:///etc/passwd", "unknown scheme"),
    ("https://", "names no host"),
    ("https://:443", "names no host"),
    ("https://host:0", "no usable port"),
    ("https://host:99999", "is not an address"),
    ("https://host:port", "is not an address"),
    ("https://[::1", "is not an address"),
    ("https://ho st", "contains blanks"),
    ("https://ho\nst", "contains blanks"),
    ("https:\\\\host", "contains blanks, backslashes"),
    ("https://höst", "names no host"),
    ("https://a..b", "names no host"),
    ("https://%68ost", "names no host"),
    ("-host", "names no host"),
]


@pytest.mark.parametrize(("value", "why"), REFUSED)
def test_addresses_that_are_refused(value: str, why: str) -> None:
    with pytest.raises(OptionError, match=why) as caught:
        Hosts("cn-north-4", endpoint_v1=value)
    assert str(caught.value).startswith("endpoint_v1 ")
    assert "set endpoint_v1 to https://host" in str(caught.value)


@pytest.mark.parametrize("value", ["https://user:hunter2@host", "hunter2@host", "https://user:hunter2@host/path"])
def test_userinfo_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(OptionError, match="endpoint holds a user or a password") as caught:
        Hosts(None, endpoint=value)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40))
def test_a_base_url_is_stable_and_only_host_and_port(text: str) -> None:
    """Any text is refused, or becomes an address with only scheme, host and port, which stays the same when it is read again."""
    try:
        base = base_url(text, "endpoint")
    except OptionError:
        return
    assert base_url(base, "endpoint") == base
    assert base.partition("://")[0] in ("http", "https")
    assert not set(base.partition("://")[2]) & set("/?#@\\ \t\r\n%")


@given(st.text(max_size=20))
def test_a_region_never_changes_the_domain(text: str) -> None:
    try:
        region = region_id(text)
    except OptionError:
        return
    assert region is None or not set(region) & set("./:@?#\\ ")


#: Unreachable hosts -> suggestion.
SUGGESTIONS: list[tuple[dict[str, str], str]] = [
    ({"region": "cn-nort-4"}, "Did you mean cn-north-4?"),
    ({"region": "eu-west-11"}, "Did you mean eu-west-101?"),
    ({"region": "cn-north-4"}, ""),
    ({"region": "zz"}, ""),
    ({"region": "eu-de", "cloud_domain": "otc.t-systems.com"}, ""),
    ({"region": "cn-nort-4", "endpoint": "https://dayu.example.com"}, ""),
]


@pytest.mark.parametrize(("options", "suggestion"), SUGGESTIONS)
def test_a_region_like_one_that_is_known_is_suggested(options: dict[str, str], suggestion: str) -> None:
    given: t.Any = {"region": None, **options}
    assert Hosts(**given).suggestion == suggestion
