# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's JSON, read field by field without trusting any of it.

v1 writes camelCase and v2 snake_case [SDK]; a field is read by its v2 name and found under either. Whatever does not fit is an
:class:`ApiError` of kind BAD_ANSWER that names the field, never a KeyError or a value of another type.
"""

from __future__ import annotations

import functools
import re
import typing as t

from .._common.confidential import without_secrets
from .._common.errors import ApiError, Kind
from .._common.text import printable
from .._models.instance import CUT, MAX_MESSAGE, MAX_NAME

#: Longest other text, such as an owner or a path; what is longer is cut.
MAX_TEXT = 1_000
#: Numbers are 64 bits wide, as the service's "long".
MAX_NUMBER = 2**63 - 1

_NUMBER = re.compile(r"-?[0-9]{1,19}")
_CAMEL = re.compile(r"_([a-z0-9])")


def bad_answer(message: str) -> ApiError:
    """The error of an answer that cannot be understood. The sender of the request adds its method, path and request id."""
    return ApiError(
        Kind.BAD_ANSWER,
        printable(message),
        hint="Run it again; if that does not help, the endpoint is not a DataArts Studio service of the documented version.",
    )


class Fields:
    """A JSON object of an answer.

    :param value: what should be an object.
    :param what: what it describes, for messages: "instance 3 of the list".
    :raises ApiError: BAD_ANSWER, if it is not an object.
    """

    def __init__(self, value: t.Any, what: str) -> None:
        if not isinstance(value, dict):
            raise bad_answer(f"{what} is {_kind(value)} instead of an object")
        self._values = t.cast("dict[str, t.Any]", value)
        self._what = what

    def raw(self, name: str) -> t.Any:
        """The value of the field under its v2 or its v1 name; None if there is none."""
        value = self._values.get(name)
        return self._values.get(camel(name)) if value is None else value

    def number(self, name: str) -> int:
        """A required whole number of 64 bits, written as a number or as text. :raises ApiError: BAD_ANSWER."""
        return t.cast(int, self._required(name, self.optional_number(name)))

    def optional_number(self, name: str) -> int | None:
        """A whole number, or None where it is absent, null or empty. :raises ApiError: BAD_ANSWER for anything else."""
        value = self.raw(name)
        if isinstance(value, int) and not isinstance(value, bool) and -MAX_NUMBER <= value <= MAX_NUMBER:  # nearly every number is one
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
        """Epoch ms, or None where it is absent, null, empty or 0, which is the time of something that has not happened."""
        value = self.optional_number(name)
        return value if value is not None and value > 0 else None

    def count(self, name: str) -> int:
        """A required number of entries. :raises ApiError: BAD_ANSWER, also if it is negative."""
        value = self.number(name)
        if value < 0:
            raise self._wrong(name, value, "a number of entries")
        return value

    def flag(self, name: str) -> bool:
        """True or false, also as text or as 0 and 1; false where it is absent or null. :raises ApiError: BAD_ANSWER for anything else."""
        value = self.raw(name)
        word = value.strip().lower() if isinstance(value, str) else value
        if word in ("true", 1):
            return True
        if word in (None, "", "false", 0):
            return False
        raise self._wrong(name, value, "true or false")

    def name(self, name: str) -> str:
        """A required name, exactly as the service wrote it, 1 to :data:`MAX_NAME` characters. :raises ApiError: BAD_ANSWER."""
        value = self._required(name, self.raw(name))
        if not isinstance(value, str) or not value or len(value) > MAX_NAME:
            raise self._wrong(name, value, f"text of 1 to {MAX_NAME} characters")
        return value

    def identifier(self, name: str) -> str | None:
        """An id as text, written as text or as a number; blanks around it are removed. None where it is absent, null or empty. :raises ApiError: BAD_ANSWER."""
        value = self.raw(name)
        if isinstance(value, str):
            value = value.strip()
            if len(value) > MAX_NAME:
                raise self._wrong(name, value, f"an id of at most {MAX_NAME} characters")
            return value or None
        number = self.optional_number(name)
        return None if number is None else str(number)

    def required_id(self, name: str) -> str:
        """As :meth:`identifier`, of one without which the entry is nothing."""
        return t.cast(str, self._required(name, self.identifier(name)))

    def required_time(self, name: str) -> int:
        """As :meth:`time`, of one without which the entry is nothing."""
        return t.cast(int, self._required(name, self.time(name)))

    def job_id(self) -> str:
        """A required id of a job, its digits as text. The sample of one specification has a stray comma, "868641," [HCAPI]. :raises ApiError: BAD_ANSWER."""
        value = self.required_id("job_id")
        digits = value.rstrip(", ")
        if not _NUMBER.fullmatch(digits) or not 0 <= int(digits) <= MAX_NUMBER:
            raise self._wrong("job_id", value, "the number of a job")
        return str(int(digits))

    def text(self, name: str, most: int = MAX_TEXT) -> str | None:
        """Text for people, cut after *most* characters; None where it is absent, null or empty. :raises ApiError: BAD_ANSWER for a list or an object."""
        value = self.raw(name)
        if value is None or value == "":
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return printable(value, 100)
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value[:most]

    def message(self, name: str) -> str | None:
        """Why something failed, without the secrets in it; it ends in ``CUT`` if it is longer than what is kept. None, and raises, as :meth:`text`."""
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
        """A list; empty where it is absent or null. :raises ApiError: BAD_ANSWER for anything else."""
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
    """The v1 name of a field by its v2 name: ``plan_time`` becomes ``planTime``."""
    return _CAMEL.sub(lambda match: match.group(1).upper(), name)


def _kind(value: t.Any) -> str:
    """What *value* is, in words that are short whatever it holds."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) <= MAX_NUMBER else "a number of more than 64 bits"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return f"'{printable(value, 60)}'"
    return "a list" if isinstance(value, list) else "an object"
