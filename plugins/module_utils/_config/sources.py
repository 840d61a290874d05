# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of credentials of other tools, which follow options and our own variables; the guide about accounts has the same table.

A source that a variable names precedes those in their usual places. If variables name two, that is an error: only a person knows which is meant.
"""

from __future__ import annotations

import typing as t

from .._common.errors import OptionError
from .._common.text import listed
from . import credentials_file, openstack, shared_config
from .credentials import CREDENTIAL_OPTIONS, ENVIRONMENT, PROJECT_NAME, WithoutProject, is_said, kinds_of
from .foreign_credentials import OF_REGION, Source

Environ = t.Mapping[str, str]
#: Variables that name a source of credentials, each with its reader.
_NAMED: dict[str, t.Callable[[Environ], Source | None]] = {
    shared_config.FILE_VARIABLE: shared_config.shared_config,
    credentials_file.FILE_VARIABLE: credentials_file.credentials_file,
    openstack.CLOUD_VARIABLE: openstack.named_cloud,
}
#: Readers to try if none of these variables is set, most preferred first.
_USUAL: tuple[t.Callable[[Environ], Source | None], ...] = (
    openstack.of_variables,
    credentials_file.credentials_file,
    openstack.only_cloud,
)


def with_sources(options: t.Mapping[str, t.Any], environ: Environ) -> dict[str, str]:
    """*environ* with the values of the first source added, unless *options* or our own variables hold credentials.

    :raises OptionError: a source cannot be used, two are named, or the source and a variable name different projects.
    """
    own = [name for name in CREDENTIAL_OPTIONS if options.get(name) and is_said(name, options[name]) and not name.startswith("agency")]
    place = None if own or kinds_of(environ) else _first(environ)
    if place is None:
        return dict(environ)
    place = _fitting(place, options, environ)
    project_id = place.values.get("project_id")
    for variable in ENVIRONMENT["project_id"] if project_id and not options.get("project_id") else ():
        if environ.get(variable, "").strip() not in ("", project_id):
            raise OptionError(f"{variable} and the {place.place} name different projects. Unset {variable}, or set project_id.")
    return {**environ, **place.variables()}


def _first(environ: Environ) -> Source | None:
    named = [variable for variable in _NAMED if environ.get(variable, "").strip()]
    if len(named) > 1:
        raise OptionError(
            f"{listed(named)} each name credentials, and only one of them can be used. Unset all but one of them, or set credentials as options."
        )
    readers = (_NAMED[named[0]],) if named else _USUAL
    place = next((place for place in (read(environ) for read in readers) if place is not None), None)
    if place is None and environ.get(shared_config.PROFILE_VARIABLE, "").strip():
        raise OptionError(
            f"{shared_config.PROFILE_VARIABLE} names a profile, but {shared_config.FILE_VARIABLE} names no file. "
            f"Set {shared_config.FILE_VARIABLE}, to ~/.hcloud/config.json for example."
        )
    return place


def _fitting(place: Source, options: t.Mapping[str, t.Any], environ: Environ) -> Source:
    """*place* without values that do not belong to the chosen region, project, agency or login.

    :raises OptionError: the other hosts of its cloud are unknown.
    """
    region = str(options.get("region") or environ.get(ENVIRONMENT["region"][0], "")).strip()
    if region and place.values.get("region", region) != region:
        place = place.without(OF_REGION)
    if isinstance(environ, WithoutProject):
        place = place.without(("project_id", "project_name"))
    if environ.get(PROJECT_NAME, "").strip() and "project_id" in place.values:
        place = place.without(("project_id",))
    if any(environ.get(name, "").strip() for option in ("agency_name", "agency_domain_name") for name in ENVIRONMENT[option]):
        place = place.without(("agency_name", "agency_domain_name"))
    known = (
        place.values.get("cloud_domain") or options.get("cloud_domain") or options.get("endpoint") or environ.get("HW_CLOUD", "").strip()
    )
    if "iam_endpoint" in place.values and "auth_url" in place.names["iam_endpoint"].lower() and not known:
        raise OptionError(
            f"{place.names['iam_endpoint']} of the {place.place} is not of the form https://iam.REGION.DOMAIN, so the other hosts of its cloud are "
            "not known. Set cloud_domain or endpoint, or other credentials."
        )
    return place
