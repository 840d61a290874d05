# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials file of the official SDKs: ``~/.huaweicloud/credentials``, or the file in ``HUAWEICLOUD_SDK_CREDENTIALS_FILE`` [SDKC]."""

from __future__ import annotations

import configparser
import os
import typing as t

from .._common.errors import OptionError
from .._common.text import printable
from .foreign_credentials import Source

FILE_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
#: The section with a project's credentials; the other section, ``global``, is for accounts.
_SECTION = "basic"
#: Option -> its name in the file; the access key and the secret key are required.
_NAMES = {
    "access_key": "ak",
    "secret_key": "sk",
    "security_token": "security_token",
    "project_id": "project_id",
    "iam_endpoint": "iam_endpoint",
}
_KEYS = ("access_key", "secret_key")


def credentials_file(environ: t.Mapping[str, str]) -> Source | None:
    """Read the credentials file; None if there is none.

    :raises OptionError: the file that the variable names does not exist, or the file is unreadable or incomplete. The message never quotes it.
    """
    named, home = environ.get(FILE_VARIABLE, "").strip(), environ.get("HOME", "")
    path = named or (os.path.join(home, ".huaweicloud", "credentials") if home else "")
    if not path or (not named and not os.path.exists(path)):
        return None
    shown = printable(path, 200)
    parser = configparser.ConfigParser()
    try:
        with open(path, encoding="utf-8") as stream:
            parser.read_file(stream)
        values = dict(parser.items(_SECTION)) if parser.has_section(_SECTION) else {}
    except OSError as error:
        raise OptionError(f"Failed to read the credentials file {shown}: {error.strerror}. Correct {FILE_VARIABLE}, or unset it.") from None
    except (configparser.Error, UnicodeDecodeError):
        raise OptionError(
            f"Failed to read the credentials file {shown}: it is not a file of sections and values, or has a percent sign that is not doubled. Correct it."
        ) from None
    used = {option: values[name].strip() for option, name in _NAMES.items() if values.get(name, "").strip()}
    missing = [_NAMES[option] for option in _KEYS if option not in used]
    if missing:
        raise OptionError(
            f"The credentials file {shown} has no {' and '.join(missing)} in its section {_SECTION}. Add them there, or set credentials in another way."
        )
    return Source("credentials file", used, _NAMES)
