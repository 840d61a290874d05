# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration file of KooCLI (hcloud), which the Terraform provider uses too; ``HW_SHARED_CONFIG_FILE`` names it [TF-AUTH]."""

from __future__ import annotations

import json
import os
import typing as t

from .._common.errors import OptionError
from .._common.text import did_you_mean, printable
from .foreign_credentials import Source, source_of

FILE_VARIABLE, PROFILE_VARIABLE = "HW_SHARED_CONFIG_FILE", "HW_PROFILE"
#: Option -> its name in a profile.
_NAMES = {
    "access_key": "accessKeyId",
    "secret_key": "secretAccessKey",
    "security_token": "securityToken",
    "region": "region",
    "project_id": "projectId",
    "agency_name": "agencyName",
    "agency_domain_name": "agencyDomainName",
}


def shared_config(environ: t.Mapping[str, str]) -> Source:
    """The profile that ``HW_PROFILE`` names, else the current one, in the file that ``HW_SHARED_CONFIG_FILE`` names.

    :raises OptionError: the file or the profile does not exist, is encrypted, or has no keys. The message shows no secrets.
    """
    named = environ.get(FILE_VARIABLE, "").strip()
    path = os.path.join(environ.get("HOME", ""), named[2:]) if named.startswith("~/") else named
    where = f"the configuration file {printable(path, 200)}, which {FILE_VARIABLE} names,"
    data = _read(path, where)
    if str(data.get("authEncrypt", "")).strip().lower() == "true":
        raise OptionError(f"The keys in {where} are encrypted. Run: hcloud configure set --cli-auth-encrypt=false")
    profiles = [profile for profile in data.get("profiles") or () if isinstance(profile, dict)]
    wanted = environ.get(PROFILE_VARIABLE, "").strip() or str(data.get("current") or "")
    own = next((profile for profile in profiles if profile.get("name") == wanted), None)
    if own is None:
        names = [str(profile.get("name")) for profile in profiles]
        raise OptionError(
            f"{where[:1].upper()}{where[1:]} has no profile {printable(wanted, 80) or 'that is the current one'}. {did_you_mean(wanted, names)} "
            f"Set {PROFILE_VARIABLE} to the name of one."
        )
    if str(own.get("mode") or "").lower() == "ecsagency":
        raise OptionError(f"Profile {printable(wanted, 80)} of {where} uses the agency of the machine. Set use_instance_metadata for that.")
    return source_of(f"profile {printable(wanted, 80)} of {FILE_VARIABLE}", f"profile {printable(wanted, 80)} of {where}", own, _NAMES)


def _read(path: str, where: str) -> dict[str, t.Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
    except OSError as error:
        raise OptionError(f"Failed to read {where} {error.strerror}. Correct {FILE_VARIABLE}, or unset it.") from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("profiles") or [], list):
        raise OptionError(f"Failed to read {where} it is not KooCLI's config.json. Correct {FILE_VARIABLE}, or unset it.")
    return data
