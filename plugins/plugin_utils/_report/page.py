# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page. Pure except for reading its parts in ``assets``.

The data is JSON in a script element, with ``<``, ``>`` and ``&`` escaped; the page's script only makes text nodes of it. Without scripts, the page
shows the output of :mod:`.plain`. A Content-Security-Policy allows only the page's own style and script.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import typing as t
from pathlib import Path

from ...module_utils._common.times import to_iso
from .causes import failure_words
from .command import RELATED
from .headline import headline
from .history import history_words, rerun_before
from .overview import action_word
from .plain import report_without_script, steps_section
from .words import CHINESE, LANGUAGES, catalogue, translated

Result = t.Mapping[str, t.Any]

_PARTS = Path(__file__).resolve().parent / "assets"
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
#: Keys of a workspace that the page takes unchanged; its instances come as rows.
_KEPT = (
    "host",
    "workspace_id",
    "state",
    "succeeded",
    "msg",
    "elapsed",
    "timed_out",
    "purpose",
    "since",
    "planned_after",
    "planned_before",
    "counts",
    "problems",
    "next_steps",
)
#: Columns of an instance with plain values, and columns with an index into ``texts``, for texts that repeat.
_PLAIN = ("plan_time", "start_time_before", "end_time_before", "start_time", "end_time", "sent_time", "attempts")
_SHARED = ("job_name", "standing", "status_before", "status", "reason", "error_message", "history", "instance_id", "request_id")


def page(report: Result) -> str:
    """The HTML document of *report* (see :func:`~.data.build_report`)."""
    style, script = _part("page.css"), _part("page.js")
    parts = {
        "POLICY": html.escape(_policy(style, script)),
        "HEADLINE": html.escape(str(report["headline"])),
        "STYLE": style,
        "PLAIN": report_without_script(report),
        "STEPS": steps_section(report),
        "DATA": _json(_data(report)),
        "SCRIPT": script,
    }
    # In one pass, so that a part's content, such as a job named @DATA@, is not replaced again.
    return re.sub("@([A-Z]+)@", lambda match: parts[match[1]], _part("page.html"))


def _data(report: Result) -> dict[str, t.Any]:
    """The report for the page's script: an instance is a row, and texts that repeat are stored once."""
    texts: dict[str, int] = {}

    def shared(value: t.Any) -> int | None:
        return None if value is None else texts.setdefault(str(value), len(texts))

    instances = [
        (place, {**instance, "history": history_words(instance, to_iso) or None, "error_message": failure_words(instance) or None})
        for place, workspace in enumerate(report["workspaces"])
        for instance in workspace["instances"]
    ]
    data = {
        **{name: value for name, value in report.items() if name not in ("workspaces", "steps")},
        "workspaces": [
            {**{name: workspace[name] for name in _KEPT}, "requests": sum(workspace["requests"].values())}
            for workspace in report["workspaces"]
        ],
        "rerun_before": rerun_before(report),
        "actions": {row["kind"]: {name: action_word(row["kind"], name) for name in LANGUAGES} for row in report.get("not_reruns") or ()},
        "headlines": _headlines(report),
    }
    said = [text for dummy, instance in instances for text in (instance.get("reason"), instance["history"]) if text]
    return {
        **data,
        "catalogue": catalogue()["page"],
        "chinese": _in_chinese((*said, *_texts(data), *(step["headline"] for step in report.get("steps") or ()))),
        "columns": ["workspace", *_PLAIN, *_SHARED],
        "shared": _SHARED,
        "rows": [
            [place, *(instance.get(name) for name in _PLAIN), *(shared(instance.get(name)) for name in _SHARED)]
            for place, instance in instances
        ],
        "texts": list(texts),
    }


def _in_chinese(said: t.Iterable[str]) -> dict[str, str]:
    """English text -> Chinese translation, for the modules' texts that the catalogue knows."""
    return {text: chinese for text in dict.fromkeys(said) if (chinese := translated(CHINESE, text)) != text}


def _texts(value: t.Any) -> t.Iterator[str]:
    """All texts in *value*, including the keys of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        yield from value
        yield from _texts(list(value.values()))


def _headlines(report: Result) -> dict[str, str]:
    related = RELATED in str(report["run"].get("playbook"))
    if report["headline"] != headline(report, related=related):
        return dict.fromkeys(LANGUAGES, str(report["headline"]))  # a recheck has extended it
    return {**{language: headline(report, language, related=related) for language in LANGUAGES}, "en": str(report["headline"])}


def _policy(style: str, script: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: t.Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char, escape in _ESCAPED.items():
        text = text.replace(char, escape)
    return text


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
