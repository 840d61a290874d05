# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of account_doctor's checkup for the terminal. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import printable
from .._common.local_times import localized
from .._common.tables import Line, padded, wrapped
from .words import ENGLISH, listing, say, translated

Result = t.Mapping[str, t.Any]
#: Column at which the text of a check begins.
_INDENT = 30
_NAMES = {"tls": "TLS", "v1_list": "v1 list", "v2_list": "v2 list"}


def checkup_lines(host: str, result: Result, *, few: bool, verbose: bool = False, language: str = ENGLISH) -> list[Line]:
    """The checks of *host*, with text and remedy; the last line says that it is ready, or what to do first.

    :param result: of module account_doctor.
    :param few: whether all checks are shown; in plays with many hosts, only problems are.
    :param verbose: whether each open point is shown too.
    """
    checks = [check for check in result.get("checks", ()) if few or check["state"] == "problem"]
    checks = checks if few or len(checks) > 1 else []  # the last line shows a single problem anyway
    lines = [Line(say(language, "{names}:", names=host)), *(_check_line(check, language) for check in checks)] if checks else []
    lines += _assumption_lines(result.get("assumptions", ()), language, verbose=verbose) if few else []
    lines += _recording_lines(host, result, language)
    first_step = localized(translated(language, printable(result.get("first_step", ""), 2000)))
    last = "\n".join(wrapped(say(language, "{host}: {text}", host=host, text=first_step)))
    return [*lines, Line(last, "good" if result.get("ready") else "bad")]


def first_of_account(host: str, hosts: t.Sequence[str], hostvars: t.Any) -> bool:
    """Whether *host* is the first of *hosts* with its region, project and endpoint. Templates in these variables are not evaluated."""

    def account(name: str) -> tuple[str, ...]:
        variables = hostvars.raw_get(name) if hasattr(hostvars, "raw_get") else {}
        return tuple(str(variables.get(f"dataarts_{option}")) for option in ("region", "project_id", "endpoint"))

    return next((name for name in hosts if account(name) == account(host)), host) == host


def _check_line(check: Result, language: str) -> Line:
    name = translated(language, _NAMES.get(check["check"], check["check"].replace("_", " ")))
    indent = " " * _INDENT
    text = localized(listing(language, translated(language, printable(check["text"], 1000))))
    lines = wrapped(text, indent=indent, further="") or [""]
    lines[0] = f"  {padded(translated(language, check['state']), 9)}  {padded(name, 15)}  {lines[0][_INDENT:]}"
    lines += wrapped(translated(language, printable(check["remedy"], 1000)), indent=indent, further="")
    return Line("\n".join(lines), "bad" if check["state"] == "problem" else "")


def _recording_lines(host: str, result: Result, language: str) -> list[Line]:
    if not result.get("report_path"):
        return []
    path = printable(result["report_path"], 500)
    text = say(language, "{host}: the recording is {path}; read it before you send it.", host=host, path=path)
    return [Line("\n".join(wrapped(text)))]


def _assumption_lines(assumptions: t.Sequence[Result], language: str, *, verbose: bool) -> list[Line]:
    if not assumptions:
        return []
    decided = sum(bool(assumption["decided"]) for assumption in assumptions)
    text = say(
        language,
        "{number} of {n} open points of the service's documentation are decided by reading:"
        if verbose
        else "{number} of {n} open points of the service's documentation are decided by reading; -v shows them.",
        len(assumptions),
        number=decided,
    )
    lines = wrapped(text, indent="  ", further="")
    if not verbose:
        return [Line("\n".join(lines))]
    for assumption in assumptions:
        evidence = translated(language, printable(assumption["evidence"], 400))
        if assumption["decided"]:
            setting = str(assumption["setting"]).lower()
            text = say(language, "{name}: {setting}. {evidence}", name=assumption["name"], setting=setting, evidence=evidence)
        else:
            text = say(language, "{name}: open. {evidence}", name=assumption["name"], evidence=evidence)
        lines += wrapped(text, indent="    ")
    return [Line("\n".join(lines))]
