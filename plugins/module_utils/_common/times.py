# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse times in options, and format times for people. Requests and answers hold epoch milliseconds, as integers."""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .errors import OptionError

#: Range of the 13-digit epoch milliseconds that the service accepts [H-RET]: 2001-09-09T01:46:40Z to 2286-11-20T17:46:39.999Z.
FIRST_MS = 1_000_000_000_000
LAST_MS = 9_999_999_999_999

#: Milliseconds of a day.
DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = re.compile(r"[0-9]+")
_RELATIVE = re.compile(r"([+-])([0-9]{1,9})([smhdw])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 604_800_000}
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_POINT_FORMS = "Use ISO 8601 with a zone (2026-11-23T03:00:00+08:00 or 2026-11-23T03:00:00Z) or 13 digits of epoch milliseconds"
_TIME_FORMS = _POINT_FORMS + ", or a time before now such as -24h, -7d, -30m or -90s"
_AHEAD_FORMS = _POINT_FORMS + ", or a time after now such as +4h or +90m, or before it"


def parse_time(value: str | int, *, now_ms: int, option: str, ahead: bool = False) -> int:
    """Parse the point in time *value*.

    :param value: ISO 8601 with a zone, 13 digits of epoch milliseconds (number or text), or a time before now: ``-90s``, ``-30m``, ``-24h``,
        ``-7d``, ``-1w``.
    :param now_ms: the service's time now, epoch ms; relative times count from it.
    :param option: name of the option, for the message.
    :param ahead: whether a time after now, such as ``+4h``, is allowed too.
    :returns: epoch ms, 13 digits.
    :raises OptionError: anything else. The zone of a time without one is not guessed.
    """
    match = _RELATIVE.fullmatch(value.strip()) if isinstance(value, str) else None
    forms = _AHEAD_FORMS if ahead else _TIME_FORMS
    if match is None or (match.group(1) == "+" and not ahead):
        return _point(value, option, forms)
    sign = 1 if match.group(1) == "+" else -1
    return _in_range(now_ms + sign * int(match.group(2)) * _UNIT_MS[match.group(3)], value, option, forms)


def parse_point(value: str | int, *, option: str) -> int:
    """Parse the point in time *value* as :func:`parse_time` does, but without relative times."""
    return _point(value, option, _POINT_FORMS)


@functools.lru_cache(maxsize=20_000)  # lists and reports repeat the same few times
def to_iso(ms: int) -> str:
    """*ms* (epoch milliseconds) in ISO 8601, UTC: ``2026-11-23T03:00:00Z``, with ``.123`` only if milliseconds are not zero.

    Never raises: a number outside the calendar is returned as text, in ms.
    """
    try:
        moment = EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return f"{ms:.3e} ms" if abs(ms) < 10**300 else "an endless time"
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text + "Z"


def with_iso(**times: int | None) -> dict[str, t.Any]:
    """*times* (epoch ms) as entries of a result: each under its name, and as ``<name>_iso`` in ISO 8601 UTC."""
    pairs: dict[str, t.Any] = {}
    for name, ms in times.items():
        pairs[name], pairs[f"{name}_iso"] = ms, None if ms is None else to_iso(ms)
    return pairs


def duration_text(seconds: float) -> str:
    """*seconds* for people: ``4s``, ``3m 05s``, ``2h 00m 07s``, ``1d 00h 00m``; negative values count as 0."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h {minutes:02}m"
    if hours:
        return f"{hours}h {minutes:02}m {rest:02}s"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest}s"


@dataclass(frozen=True)
class Window:
    """A span of time, epoch ms, both ends included. ``begin`` must not be after ``end``; :func:`window` checks that for options."""

    begin: int
    end: int

    def __contains__(self, ms: object) -> bool:
        return isinstance(ms, int) and self.begin <= ms <= self.end

    def __str__(self) -> str:
        return f"{to_iso(self.begin)} to {to_iso(self.end)}"

    @property
    def length(self) -> int:
        """Length in milliseconds; 1 if both ends are the same."""
        return self.end - self.begin + 1

    def slices(self, max_ms: int) -> list[Window]:
        """Split the window into consecutive ones of at most *max_ms* milliseconds each, oldest first.

        :raises ValueError: if *max_ms* is below 1.
        """
        if max_ms < 1:
            raise ValueError(f"a slice needs at least one millisecond, not {max_ms}")
        return [Window(begin, min(begin + max_ms - 1, self.end)) for begin in range(self.begin, self.end + 1, max_ms)]


def window(begin: int, end: int, *, options: tuple[str, str]) -> Window:
    """The window between the values of two options (epoch ms, both included).

    :param options: the names of the two options, for the message.
    :raises OptionError: *begin* is after *end*.
    """
    if begin > end:
        raise OptionError(f"{options[0]} ({to_iso(begin)}) is after {options[1]} ({to_iso(end)}). Set a start that is not after the end.")
    return Window(begin, end)


def _point(value: object, option: str, forms: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _in_range(value, value, option, forms)
    if not isinstance(value, str):
        raise _refusal(option, value, "is not a time", forms)
    text = value.strip()
    if _DIGITS.fullmatch(text):
        if len(text) != 13:
            raise _refusal(option, value, f"has {len(text)} digits, epoch milliseconds have 13", forms)
        return _in_range(int(text), value, option, forms)
    match = _ISO.fullmatch(text)
    if match is None:
        raise _refusal(option, value, "is not a time", forms)
    return _in_range(_iso_ms(match, value, option, forms), value, option, forms)


def _iso_ms(match: re.Match[str], value: object, option: str, forms: str) -> int:
    date, clock, second, fraction, zone = match.groups()
    if zone is None:
        raise _refusal(option, value, "has no time zone and none is guessed", forms)
    try:
        naive = datetime.strptime(f"{date} {clock}:{second or '00'}", "%Y-%m-%d %H:%M:%S")
        moment = naive.replace(tzinfo=_zone(zone))
        return (moment - EPOCH) // _MILLISECOND + int((fraction or "").ljust(3, "0")[:3])
    except (ValueError, OverflowError):
        raise _refusal(option, value, "is not a date, time and zone of the calendar", forms) from None


def _zone(text: str) -> timezone:
    if text in ("Z", "z"):
        return timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _in_range(ms: int, value: object, option: str, forms: str) -> int:
    if not FIRST_MS <= ms <= LAST_MS:
        raise _refusal(option, value, f"is outside {to_iso(FIRST_MS)} to {to_iso(LAST_MS)}", forms)
    return ms


def _refusal(option: str, value: object, cause: str, forms: str) -> OptionError:
    text = repr(value) if isinstance(value, (str, float)) or value is None else type(value).__name__
    if isinstance(value, int):
        text = str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    shown = text if len(text) <= 80 else text[:79] + "…"
    return OptionError(f"Failed to read {option}: {shown} {cause}. {forms}.")
