# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times for people, in the terminal's zone (``TZ``, else the machine's).

Results hold times in UTC, because they are read elsewhere too; this module converts them for the terminal. The zone is shown by its offset, once
per line or table.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ...module_utils._common.times import to_iso

#: A UTC time as ``to_iso`` writes it, but not as part of a longer word, nor as a value in a command or an option.
_UTC = re.compile(r"(?<![\w=@\"'{/:.-])([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{3})?Z(?![\w\"'/-])")

#: Words between the start and the end of a span, in each language.
_UP_TO = (" to ", " 至 ")


def local_time(ms: int, *, zone: str = "", seconds: bool = False) -> str:
    """*ms* (epoch milliseconds) as ``2026-11-23 22:18``.

    :param zone: offset that is shown elsewhere, as :func:`offset` returns it. The offset is added if it differs, as around the change to
        summer time.
    :param seconds: whether to show seconds.
    """
    moment = _moment(ms)
    if moment is None:
        return to_iso(ms)
    text = moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    own = _offset(moment)
    return text if own == zone else f"{text} {own}"


def offset(ms: int) -> str:
    """Offset of the terminal's zone at *ms* (epoch milliseconds), as ``+08:00``."""
    moment = _moment(ms)
    return "+00:00" if moment is None else _offset(moment)


def zone_of(times: t.Iterable[int]) -> str:
    """The offset to show for several *times* (epoch milliseconds): that of the latest; "" if there are none."""
    latest = max(times, default=None)
    return "" if latest is None else offset(latest)


def option_time(ms: int) -> str:
    """*ms* (epoch milliseconds) as an exact value for options: ``2026-11-23T22:18:05+08:00``, with ``.123`` if milliseconds are not zero."""
    moment = _moment(ms)
    if moment is None:
        return to_iso(ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if ms % 1000 else "seconds") + _offset(moment)


def localized(text: str) -> str:
    """*text* with its UTC times in the terminal's zone, with seconds if they are not zero and the offset after the last of them.

    Times that people may paste stay as they are: values after ``=``, quoted ones, and parts of paths.
    """
    hits = [(match, ms) for match in _UTC.finditer(text) if (ms := _epoch_ms(match[1])) is not None]
    if not hits:
        return text
    zone = offset(hits[-1][1])
    parts: list[str] = []
    end = 0
    for number, (match, ms) in enumerate(hits, start=1):
        between = text[end : match.start()]
        shown = local_time(ms, zone="" if number == len(hits) else zone, seconds=ms % 60_000 > 0)
        # If a span ends on the day of its start, its end is only a time of day.
        parts += [between, shown[11:] if between in _UP_TO and parts and parts[-1][:10] == shown[:10] else shown]
        end = match.end()
    return "".join([*parts, text[end:]])


def _epoch_ms(text: str) -> int | None:
    """Epoch milliseconds of a UTC time without its zone; None if it does not exist."""
    try:
        return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000
    except ValueError:
        return None


def _moment(ms: int) -> datetime | None:
    """*ms* in the terminal's zone; None if datetime cannot represent it."""
    try:
        moment = datetime.fromtimestamp(ms // 1000, timezone.utc).astimezone()
    except (OverflowError, ValueError, OSError):
        return None
    return moment.replace(microsecond=ms % 1000 * 1000)


def _offset(moment: datetime) -> str:
    text = moment.strftime("%z") or "+0000"
    return f"{text[:3]}:{text[3:5]}"
