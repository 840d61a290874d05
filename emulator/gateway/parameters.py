# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query and body parameters, validated as strictly as the service does. Invalid ones raise a :class:`Refusal`."""

from __future__ import annotations

import json
import typing as t

from emulator.gateway.errors import invalid, missing
from emulator.service import Request

Json = dict[str, t.Any]


def number(request: Request, name: str, default: int, low: int = 0, high: int | None = None) -> int:
    """An integer query parameter within its range."""
    text = request.query.get(name)
    if text is None:
        return default
    if not text.lstrip("-").isdigit():
        raise invalid(f"{name} must be a number")
    value = int(text)
    if value < low or (high is not None and value > high):
        raise invalid(f"{name} must be between {low} and {high}")
    return value


def flag(request: Request, name: str, default: bool = False) -> bool:
    """A boolean query parameter: true or false."""
    text = request.query.get(name)
    if text is None:
        return default
    if text.lower() not in ("true", "false"):
        raise invalid(f"{name} must be true or false")
    return text.lower() == "true"


def choice(value: t.Any, name: str, choices: t.Collection[str], default: str | None = None) -> str:
    """One of *choices*. It is required if *default* is None."""
    if value is None and default is not None:
        return default
    if value not in choices:
        raise invalid(f"{name} must be one of {', '.join(choices)}")
    return str(value)


def json_body(request: Request, *, required: bool) -> Json:
    """The body as a JSON object. A body requires a Content-Type header [H-RET][KES]."""
    if not request.body and not required:
        return {}
    if "Content-Type" not in request.headers:
        raise missing("Content-Type")
    try:
        body = json.loads(request.body.decode("utf-8"))
    except ValueError as error:
        raise invalid("the request body is not JSON") from error
    if not isinstance(body, dict):
        raise invalid("the request body must be an object")
    return body


def integer(data: Json, name: str) -> int:
    """A required integer in a JSON object."""
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"{name} must be a number")
    return value


def milliseconds(data: Json, name: str) -> int:
    """A required time in a JSON object: epoch ms with 13 digits."""
    value = integer(data, name)
    if len(str(value)) != 13:
        raise invalid(f"{name} must be a 13-digit timestamp")
    return value
