# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credentials file of the official SDKs: ``~/.huaweicloud/credentials``, or what ``HUAWEICLOUD_SDK_CREDENTIALS_FILE`` names [SDKC]."""

from __future__ import annotations

import configparser
import os
import typing as t

from .._common.errors import OptionError
from .._common.text import printable
from .credentials import CREDENTIAL_OPTIONS, ENVIRONMENT, IN_FILE, WithoutProject, kinds_of

FILE_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
#: The section of a project's credentials; the other one, ``global``, is for accounts.
_SECTION = "basic"
#: The values of the file that are used; keys have to be there.
_NAMES = ("ak", "sk", "security_token", "project_id", "iam_endpoint")
_KEYS = ("ak", "sk")


def with_credentials_file(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, str]:
    """*environ* with the values of the file next to the variables, where neither *options* nor *environ* hold credentials.

    :raises OptionError: the file cannot be used, or names another project than a variable does.
    """
    if any(options.get(name) for name in CREDENTIAL_OPTIONS if not name.startswith("agency")) or kinds_of(environ):
        return dict(environ)
    path, values = credentials_file(environ)
    if isinstance(environ, WithoutProject):
        values.pop("project_id", None)
    project_id = values.get("project_id")
    for variable in ENVIRONMENT["project_id"] if project_id and not options.get("project_id") else ():
        if environ.get(variable, "").strip() not in ("", project_id):
            raise OptionError(f"{variable} and the credentials file {path} name different projects. Unset {variable}, or set project_id.")
    return {**environ, **{IN_FILE + name: value for name, value in values.items()}}


def credentials_file(environ: t.Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The path of the file and its values by name; ("", {}) without a file.

    :raises OptionError: the file that the variable names is not there, or a file cannot be read as one; its content is never shown.
    """
    named, home = environ.get(FILE_VARIABLE, "").strip(), environ.get("HOME", "")
    path = named or (os.path.join(home, ".huaweicloud", "credentials") if home else "")
    if not path or (not named and not os.path.exists(path)):
        return "", {}
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
    used = {name: values[name].strip() for name in _NAMES if values.get(name, "").strip()}
    missing = [name for name in _KEYS if name not in used]
    if missing:
        raise OptionError(
            f"The credentials file {shown} has no {' and '.join(missing)} in its section {_SECTION}. Add them there, or set credentials in another way."
        )
    return shown, used
