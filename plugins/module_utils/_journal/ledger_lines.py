# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the lines of a ledger, to and from bytes.

Pure. Every line is one JSON object in ASCII with ``"t"`` for its type and ends in a newline:

``ledger``
    the first: version, born (epoch ms), host, project, workspace.
``intent``
    one POST about to be sent: at (epoch ms), job, and per instance ``i`` what was read of it before.
``stamp``
    the same POST is tried once more: at, keys ``k``.
``outcome``
    how it ended: outcome, rid (request id), at, msg, keys ``k``.
``sent``
    all of that for one instance; what a rewritten file holds.

A key is ``[workspace_id, job_id, plan_time, submit_time]``.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field, replace

from .._models.attempt import INTENDED, OUTCOMES, UNKNOWN, Sent, following, remembered
from .._models.instance import InstanceKey

VERSION = 1
_TYPES = frozenset({"ledger", "intent", "stamp", "outcome", "sent"})
_MESSAGE = 500  # characters of the service's words that are kept

Records = dict[InstanceKey, Sent]


@dataclass
class Contents:
    """What a ledger's file says.

    :param born_ms: since when it knows everything, epoch ms.
    :param sent: the newest record per instance.
    :param lines: how many lines it has; 0 for a file that does not exist or is empty.
    :param torn: whether its end was cut off by a crash.
    :param damaged: lines that should be readable and are not.
    """

    born_ms: int
    sent: Records = field(default_factory=dict)
    lines: int = 0
    torn: bool = False
    damaged: int = 0


def header_line(born_ms: int, host: str, project_id: str, workspace_id: str) -> bytes:
    """The first line."""
    return _line({"t": "ledger", "v": VERSION, "born": born_ms, "host": host, "project": project_id, "workspace": workspace_id})


def intent_line(sent: t.Sequence[Sent]) -> bytes:
    """The line for the POST that carries *sent*, which share their time and job."""
    one = sent[0]
    rows = [[*_key(each.key), each.start_time, each.end_time, each.status, each.attempt, each.again] for each in sent]
    return _line({"t": "intent", "at": one.sent_ms, "job": one.job_name, "n": one.batch, "i": rows})


def stamp_line(keys: t.Iterable[InstanceKey], now_ms: int) -> bytes:
    """The line for another attempt at *now_ms*."""
    return _line({"t": "stamp", "at": now_ms, "k": [_key(key) for key in keys]})


def outcome_line(keys: t.Iterable[InstanceKey], outcome: str, request_id: str | None, now_ms: int | None, message: str) -> bytes:
    """The line for the end of a POST."""
    return _line(
        {"t": "outcome", "o": outcome, "rid": request_id, "at": now_ms, "msg": message[:_MESSAGE], "k": [_key(key) for key in keys]}
    )


def sent_line(one: Sent) -> bytes:
    """The line that holds *one* record whole."""
    fields = {name: value for name, value in vars(one).items() if name != "key"}
    return _line({"t": "sent", "k": _key(one.key), "f": fields})


def merge_outcome(
    sent: Records, keys: t.Iterable[InstanceKey], outcome: str, request_id: str | None, now_ms: int | None, message: str
) -> None:
    """Put the end of a POST into the records of its instances, see :func:`remembered`; one without a record has none to change."""
    every = list(keys)
    outcome, overtaken = remembered(outcome, len(every))
    for key in every:
        one = sent.get(key)
        if one is not None:
            last = max(one.last_ms, now_ms) if outcome == UNKNOWN and now_ms is not None else one.last_ms
            sent[key] = replace(one, outcome=outcome, request_id=request_id, last_ms=last, message=message[:_MESSAGE], overtaken=overtaken)


def parse(raw: bytes, now_ms: int) -> Contents | None:
    """What the bytes of a ledger's file say, or None if it is no ledger at all.

    An end without a newline is what a crash leaves, and is dropped. A line that is not readable, or of a version that this code does not
    know, is damage: the ledger cannot know everything before *now_ms* and counts as born then.
    """
    contents = Contents(born_ms=now_ms)
    if not raw:
        return contents
    pieces = raw.split(b"\n")
    contents.torn = pieces.pop() != b""
    contents.lines = len(pieces)
    read = [_read(piece) for piece in pieces]
    if not any(row is not None and row.get("t") in _TYPES for row in read):
        return None
    born = _born(read[0])
    for row in read[1:] if born is not None else read:
        if row is None or not _apply(contents.sent, row):
            contents.damaged += 1
    if born is None:
        contents.damaged = max(1, contents.damaged)
    contents.born_ms = born if born is not None and not contents.damaged else now_ms
    return contents


def _born(row: dict[str, t.Any] | None) -> int | None:
    if row is None or row.get("t") != "ledger" or row.get("v") != VERSION:
        return None
    born = row.get("born")
    return born if isinstance(born, int) and not isinstance(born, bool) else None


def _apply(sent: Records, row: dict[str, t.Any]) -> bool:
    """Put one line into *sent*; False if it says nothing that this version understands."""
    try:
        if row["t"] == "intent":
            for workspace, job, plan, submit, start, end, status, attempt, again in row["i"]:
                key = InstanceKey(str(workspace), str(job), int(plan), int(submit))
                at = int(row["at"])
                one = Sent(
                    key,
                    at,
                    INTENDED,
                    _time(start),
                    str(status),
                    attempt=int(attempt),
                    batch=int(row["n"]),
                    end_time=_time(end),
                    last_ms=at,
                    job_name=str(row["job"]),
                    again=_flag(again),
                )
                sent[key] = following(one, sent.get(key))
        elif row["t"] == "stamp":
            for key in map(_parsed_key, row["k"]):
                if key in sent:
                    sent[key] = replace(sent[key], last_ms=int(row["at"]))
        elif row["t"] == "outcome" and row["o"] in OUTCOMES:
            merge_outcome(sent, map(_parsed_key, row["k"]), row["o"], row["rid"], _time(row["at"]), str(row["msg"]))
        elif row["t"] == "sent" and row["f"]["outcome"] in OUTCOMES:
            key = _parsed_key(row["k"])
            sent[key] = _record(key, row["f"])
        else:
            return False
    except (KeyError, ValueError, TypeError, OverflowError):
        return False
    return True


def _record(key: InstanceKey, row: dict[str, t.Any]) -> Sent:
    return Sent(
        key=key,
        sent_ms=int(row["sent_ms"]),
        outcome=row["outcome"],
        start_time=_time(row["start_time"]),
        status=str(row["status"]),
        request_id=None if row["request_id"] is None else str(row["request_id"]),
        attempt=int(row["attempt"]),
        batch=int(row["batch"]),
        end_time=_time(row["end_time"]),
        last_ms=int(row["last_ms"]),
        job_name=str(row["job_name"]),
        message=str(row["message"]),
        again=_flag(row["again"]),
        overtaken=bool(row.get("overtaken")),
        earlier=tuple(int(one) for one in row.get("earlier", ())),
    )


def _read(piece: bytes) -> dict[str, t.Any] | None:
    try:
        row = json.loads(piece)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _line(row: t.Mapping[str, t.Any]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"


def _key(key: InstanceKey) -> list[t.Any]:
    return [key.workspace_id, key.job_id, key.plan_time, key.submit_time]


def _parsed_key(row: t.Sequence[t.Any]) -> InstanceKey:
    workspace, job, plan, submit = row
    return InstanceKey(str(workspace), str(job), int(plan), int(submit))


def _flag(value: t.Any) -> bool | None:
    return None if value is None else bool(value)


def _time(value: t.Any) -> int | None:
    return None if value is None else int(value)
