# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of an inventory file: check them, and say what to read for each."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.parsing.convert_bool import boolean

from ...module_utils._common.errors import OptionError
from ...module_utils._config.argument_spec import account_spec
from ...module_utils._config.credentials import (
    CREDENTIAL_OPTIONS,
    ENVIRONMENT,
    PROJECT_NAME,
    SECRET_OPTIONS,
    Account,
    WithoutProject,
    resolve,
)
from ...module_utils._config.regions import region_id
from ...module_utils._config.sources import with_sources
from .names import safe_name

#: Account options that are the same as those of the modules: all except region and project.
SHARED_OPTIONS = tuple(name for name in account_spec() if name not in ("region", "project_id"))
#: Everything an entry of C(accounts) may hold.
ACCOUNT_KEYS = ("name", "regions", "project_id", "studio_instance_ids", "workspaces", "exclude_workspaces", *SHARED_OPTIONS)
_LISTS = ("regions", "studio_instance_ids", "workspaces", "exclude_workspaces")
_TYPES: dict[str, tuple[t.Callable[[t.Any], t.Any], str]] = {
    "bool": (boolean, "true or false"),
    "float": (float, "a number of seconds"),
    "int": (int, "a whole number"),
}
#: Option -> its conversion and the words for a valid value; text options need none.
_CONVERSIONS = {name: _TYPES[option["type"]] for name, option in account_spec().items() if option["type"] in _TYPES}


@dataclass(frozen=True)
class Target:
    """One account in one region.

    :param account: name of the account in the inventory file.
    :param region: region id, or None if the environment or ``endpoint`` determines it.
    :param options: account options, templated; they hold secrets, hence not in the repr.
    :param studio_instance_ids: DataArts Studio instances to read; empty for all usable ones.
    :param include: shell-style patterns; a workspace's name or id must match one.
    :param exclude: shell-style patterns; neither its name nor its id may match any.
    :param identity: who acts, by the options and the environment; it holds secrets, hence not in the repr.
    """

    account: str
    region: str | None
    options: t.Mapping[str, t.Any] = field(repr=False)
    studio_instance_ids: tuple[str, ...] = ()
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    identity: tuple[str, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"account {self.account}" + (f" in region {self.region}" if self.region else "")

    @property
    def fingerprint(self) -> str:
        """Name of the cache entry: a digest of all that the rows depend on, so that no other account's, region's or project's rows are read.

        Passwords and secret keys are not part of it.
        """
        known = {name: value for name, value in self.options.items() if name not in SECRET_OPTIONS}
        parts = [self.account, self.region, known, list(self.studio_instance_ids), *self.identity]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def wants(self, row: t.Mapping[str, t.Any]) -> bool:
        """Whether the patterns select *row*."""
        names = (str(row["workspace_name"]), str(row["workspace_id"]))

        def matches(patterns: tuple[str, ...]) -> bool:
            return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)

        return matches(self.include) and not matches(self.exclude)


def targets_of(account: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> list[Target]:
    """The targets of one *account* of the inventory file (templated), one per region.

    :raises OptionError: options contradict each other.
    """
    name = str(account["name"])
    regions = [region_id(region) for region in account.get("regions") or []] or [region_id(environ.get(ENVIRONMENT["region"][0]))]
    options = {option: account[option] for option in SHARED_OPTIONS if account.get(option) is not None}
    project_id = account.get("project_id")
    if len(regions) > 1:
        for option in ("project_id", "endpoint", "endpoint_v1", "iam_endpoint"):
            if account.get(option):
                raise OptionError(f"{option} belongs to one region, but {len(regions)} regions are listed: write one account per region.")
    if len(set(regions)) < len(regions):
        raise OptionError("regions lists a region twice: remove one of them.")
    return [
        Target(
            account=name,
            region=region,
            options={**options, "region": region, "project_id": project_id},
            studio_instance_ids=tuple(str(instance_id) for instance_id in account.get("studio_instance_ids") or []),
            include=tuple(account.get("workspaces") or ["*"]),
            exclude=tuple(account.get("exclude_workspaces") or []),
            identity=_identity(options, environ),
        )
        for region in regions
    ]


def _identity(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[str, ...]:
    """Who acts, and the project in the environment; empty if credentials are missing, which is reported when the workspaces are read."""
    try:
        actor = Account.from_options(resolve(options, with_sources(options, environ))).actor
    except OptionError:
        return ()
    own = any(options.get(name) for name in CREDENTIAL_OPTIONS)
    return (actor, *(() if own else (environ.get(name, "") for name in (*ENVIRONMENT["project_id"], PROJECT_NAME))))


def environment_of_target(target: Target, alone: bool, environ: t.Mapping[str, str]) -> dict[str, str]:
    """The part of *environ* that may complete *target*.

    The project in the environment belongs to the credentials in the environment. So it counts only for a target that has no credentials of
    its own and is *alone*: a second account or region must never read the project of the first.
    """
    own = any(target.options.get(name) for name in CREDENTIAL_OPTIONS)
    return dict(environ) if alone and not own else WithoutProject(environ)


def checked(account: t.Any, position: int) -> dict[str, t.Any]:
    """Check an entry of ``accounts`` and convert its values to the types of their options.

    :param account: the entry, templated.
    :param position: its place in the list, from 1, for messages about an entry without a name.
    :raises OptionError: it is not a mapping, has no name, an unknown key, or a value of the wrong type; never shows a value.
    """
    if not isinstance(account, dict):
        raise OptionError(f"entry {position} of accounts is not a mapping: set at least its name.")
    name = account.get("name")
    if not isinstance(name, str) or not safe_name(name):
        raise OptionError(f"entry {position} of accounts has no name: set one, of letters and digits; quote it if it is a number.")
    unknown = sorted(str(key) for key in account if key not in ACCOUNT_KEYS)
    if unknown:
        raise OptionError(f"account {name} has the unknown option {unknown[0]}. Known are {', '.join(ACCOUNT_KEYS)}.")
    result = dict(account)
    for option in account:
        value = account[option]
        if value is None or value == "":
            result[option] = None
        elif option in _LISTS:
            result[option] = _texts(value, f"{option} of account {name}")
        elif option in _CONVERSIONS:
            result[option] = _converted(value, option, name)
    return result


def _texts(value: t.Any, what: str) -> list[str]:
    """*value*, a list of texts or a single text, as a list; blank entries are dropped."""
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(text, str) for text in values):
        raise OptionError(f"{what} must be a list of text: quote entries that are numbers.")
    return [text.strip() for text in values if text.strip()]


def _converted(value: t.Any, option: str, name: str) -> t.Any:
    convert, what = _CONVERSIONS[option]
    try:
        return convert(value)
    except (TypeError, ValueError):
        raise OptionError(f"{option} of account {name} must be {what}.") from None
