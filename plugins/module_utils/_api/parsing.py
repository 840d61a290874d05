# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the service's JSON field by field, without trusting it.

v1 writes camelCase and v2 snake_case [SDK]; fields are read by their v2 name and found under either. Unexpected content raises
:class:`ApiError` of kind BAD_ANSWER, which names the field; never a KeyError, and never returns a value of another type.
"""

from __future__ import annotations

import functools
import re
import typing as t

from .._common.confidential import without_secrets
from .._common.errors import ApiError, Kind
from .._common.text import printable
from .._models.instance import CUT, MAX_MESSAGE, MAX_NAME

#: Most characters of other texts, such as owners and paths; longer ones are cut.
MAX_TEXT = 1_000
#: Largest number of 64 bits, the service's "long".
MAX_NUMBER = 2**63 - 1

_NUMBER = re.compile(r"-?[0-9]{1,19}")
_CAMEL = re.compile(r"_([a-z0-9])")


def bad_answer(message: str) -> ApiError:
    """The error for an answer that cannot be understood. The caller adds method, path, status and request id."""
    return ApiError(
        Kind.BAD_ANSWER,
        printable(message),
        hint="Run it again; if that does not help, the endpoint is not a DataArts Studio service of the documented version.",
    )


class Fields:
    """A JSON object of an answer.

    :param value: the parsed JSON.
    :param what: what it describes, for messages: "instance 3 of the list".
    :raises ApiError: BAD_ANSWER, *value* is not an object.
    """

    def __init__(self, value: t.Any, what: str) -> None:
        if not isinstance(value, dict):
            raise bad_answer(f"{what} is {_kind(value)} instead of an object")
        self._values = t.cast("dict[str, t.Any]", value)
        self._what = what

    def raw(self, name: str) -> t.Any:
        """The value under the field's v2 or v1 name; None if it is missing."""
        value = self._values.get(name)
        return self._values.get(camel(name)) if value is None else value

    def number(self, name: str) -> int:
        """A required whole number of 64 bits, as a number or text. :raises ApiError: BAD_ANSWER."""
        return t.cast(int, self._required(name, self.optional_number(name)))

    def optional_number(self, name: str) -> int | None:
        """A whole number; None if missing, null or empty. :raises ApiError: BAD_ANSWER for anything else."""
        value = self.raw(name)
        if isinstance(value, int) and not isinstance(value, bool) and -MAX_NUMBER <= value <= MAX_NUMBER:  # the usual case
            return value
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
            value = int(value) if _NUMBER.fullmatch(value) else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, value, "a whole number")
        if abs(value) > MAX_NUMBER:
            raise self._wrong(name, "a number of more than 64 bits", "a whole number")
        return value

    def time(self, name: str) -> int | None:
        """Epoch ms; None if missing, null, empty, or 0 (or less), which means that it has not happened yet. :raises ApiError: BAD_ANSWER."""
        value = self.optional_number(name)
        return value if value is not None and value > 0 else None

    def count(self, name: str) -> int:
        """A required number of entries, not negative. :raises ApiError: BAD_ANSWER."""
        value = self.number(name)
        if value < 0:
            raise self._wrong(name, value, "a number of entries")
        return value

    def flag(self, name: str) -> bool:
        """A boolean, also as text or as 0 or 1; False if missing, null or empty. :raises ApiError: BAD_ANSWER for anything else."""
        value = self.raw(name)
        word = value.strip().lower() if isinstance(value, str) else value
        if word in ("true", 1):
            return True
        if word in (None, "", "false", 0):
            return False
        raise self._wrong(name, value, "true or false")

    def name(self, name: str) -> str:
        """A required name of 1 to :data:`MAX_NAME` characters, exactly as the service wrote it. :raises ApiError: BAD_ANSWER."""
        value = self._required(name, self.raw(name))
        if not isinstance(value, str) or not value or len(value) > MAX_NAME:
            raise self._wrong(name, value, f"text of 1 to {MAX_NAME} characters")
        return value

    def identifier(self, name: str) -> str | None:
        """An id from text or a number, as text without surrounding white space; None if missing, null or empty. :raises ApiError: BAD_ANSWER."""
        value = self.raw(name)
        if isinstance(value, str):
            value = value.strip()
            if len(value) > MAX_NAME:
                raise self._wrong(name, value, f"an id of at most {MAX_NAME} characters")
            return value or None
        number = self.optional_number(name)
        return None if number is None else str(number)

    def required_id(self, name: str) -> str:
        """As :meth:`identifier`, but required."""
        return t.cast(str, self._required(name, self.identifier(name)))

    def required_time(self, name: str) -> int:
        """As :meth:`time`, but required."""
        return t.cast(int, self._required(name, self.time(name)))

    def job_id(self) -> str:
        """A required id of a job, as digits. A specification has a sample with a stray comma, "868641," [HCAPI]. :raises ApiError: BAD_ANSWER."""
        value = self.required_id("job_id")
        digits = value.rstrip(", ")
        if not _NUMBER.fullmatch(digits) or not 0 <= int(digits) <= MAX_NUMBER:
            raise self._wrong("job_id", value, "the number of a job")
        return str(int(digits))

    def text(self, name: str, most: int = MAX_TEXT) -> str | None:
        """Text for people, cut after *most* characters; None if missing, null or empty. :raises ApiError: BAD_ANSWER, neither text nor a number."""
        value = self.raw(name)
        if value is None or value == "":
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return printable(value, 100)
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value[:most]

    def message(self, name: str) -> str | None:
        """As :meth:`text`, for the reason of a failure: secrets are masked, and a text of more than ``MAX_MESSAGE`` characters ends in ``CUT``."""
        whole = self.text(name, MAX_MESSAGE + 1)
        shown = None if whole is None else without_secrets(whole)
        return shown if shown is None or len(shown) <= MAX_MESSAGE >= len(whole or "") else shown[:MAX_MESSAGE] + CUT

    def word(self, name: str) -> str:
        """A required word such as a status, printable, at most 100 characters. :raises ApiError: BAD_ANSWER."""
        value = self._required(name, self.raw(name))
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, value, "a word")
        return printable(value.strip(), 100)

    def entries(self, name: str) -> list[t.Any]:
        """A list; empty if missing or null. :raises ApiError: BAD_ANSWER for anything else."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        return value

    def _required(self, name: str, value: t.Any) -> t.Any:
        if value is None:
            raise bad_answer(f"{self._what} has no {name}")
        return value

    def _wrong(self, name: str, value: t.Any, wanted: str) -> ApiError:
        return bad_answer(f"{name} of {self._what} is {_kind(value)} instead of {wanted}")


@functools.cache
def camel(name: str) -> str:
    """The v1 name of a field from its v2 name: ``planTime`` for ``plan_time``."""
    return _CAMEL.sub(lambda match: match.group(1).upper(), name)


def _kind(value: t.Any) -> str:
    """A short description of *value* for messages."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) <= MAX_NUMBER else "a number of more than 64 bits"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return f"'{printable(value, 60)}'"
    return "a list" if isinstance(value, list) else "an object"
