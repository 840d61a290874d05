# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the body of an answer as JSON, text or bytes, without trusting it."""

from __future__ import annotations

import json
import math
import re
import typing as t
from collections.abc import Mapping

#: Most bytes of a body.
MAX_BODY = 5 * 1024 * 1024
#: Most values in a body. 5 MiB of instances have about 250,000 values; as many small objects take 30 MB, and four lists are read at a time.
MAX_VALUES = 250_000
#: Deepest nesting. Known answers have five levels; results are serialized recursively.
MAX_LEVELS = 100
_MAX_DIGITS = 40
_CONTAINERS = frozenset({dict, list})  # json creates no subclasses
_LENGTH = re.compile(r"[0-9]{1,18}")
_LONG_NUMBER = b"0" * (_MAX_DIGITS + 1)
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)


class UnreadableError(Exception):
    """The body cannot be used; the text continues "the body …".

    :param whole: False if a part seems to be missing, so that another attempt may succeed.
    """

    def __init__(self, text: str, *, whole: bool = True) -> None:
        super().__init__(text)
        self.whole = whole


def parse_json(status: int, headers: Mapping[str, str], body: bytes, *, may_be_empty: bool) -> t.Any:
    """Parse *body* as a JSON object or list; None for an empty body if *may_be_empty*.

    Strict on purpose: only JSON in UTF-8 is accepted. NaN and infinities, integers of more than 40 digits, more than 100 levels, lone
    surrogates (which cannot be written again), compression, and bodies of another length than announced are refused too. If a key occurs
    twice, its last value counts.

    :param headers: names in lower case.
    :raises UnreadableError: with the reason.
    """
    _check_whole(status, headers, body)
    if not body.strip():
        ended = status == 204 or _chunked(headers) or "content-length" in headers
        if may_be_empty and ended:
            return None
        # Without an announced length, the connection may have been lost within the headers.
        raise UnreadableError("is empty", whole=ended)
    if body.count(b"[") + body.count(b"{") + body.count(b",") > MAX_VALUES:
        raise UnreadableError(f"holds more than {MAX_VALUES} values")
    try:
        # Faster than calling _integer for each number: replace all digits by 0, then search for one long run of zeros.
        parse_int = _integer if _LONG_NUMBER in body.translate(_ZEROS) else None
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=parse_int, parse_float=_number)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise UnreadableError("is not UTF-8") from None
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None
    except ValueError:
        raise UnreadableError("is not valid JSON", whole=body.lstrip()[:1] not in (b"{", b"[")) from None
    if not isinstance(value, (dict, list)):
        raise UnreadableError("is neither a JSON object nor a list")
    if _too_deep(value):
        raise UnreadableError("is nested too deeply")
    return value


def parse_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Read *body* as one line of ASCII text. :raises UnreadableError: it is not that."""
    _check_whole(status, headers, body)
    try:
        text = body.decode("ascii").strip()
    except UnicodeError:
        raise UnreadableError("is not plain text") from None
    if not text or not text.isprintable():
        raise UnreadableError("is not plain text")
    return text


def parse_raw(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """*body* unchanged. :raises UnreadableError: it is compressed, too large or incomplete."""
    _check_whole(status, headers, body)
    return body


def _check_whole(status: int, headers: Mapping[str, str], body: bytes) -> None:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnreadableError("is compressed although that was not asked for")
    if len(body) > MAX_BODY:
        raise UnreadableError(f"is larger than {MAX_BODY // (1024 * 1024)} MiB")
    length = headers.get("content-length", "").strip()
    if not length or status == 204 or _chunked(headers):
        return
    if not _LENGTH.fullmatch(length) or int(length) != len(body):
        raise UnreadableError(f"is truncated after {len(body)} bytes", whole=False)


def _chunked(headers: Mapping[str, str]) -> bool:
    # Reading an incomplete chunked body has failed before.
    return headers.get("transfer-encoding", "").strip().lower() == "chunked"


def _too_deep(value: t.Any) -> bool:
    level = [value]
    for _depth in range(MAX_LEVELS):
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node) if type(child) in _CONTAINERS]
        if not level:
            return False
    return True


def _refuse(word: str) -> t.NoReturn:
    raise ValueError(word)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value
