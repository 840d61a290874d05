# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: one for each point that the documentation leaves open. The first setting is the default."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Switch:
    """One open point.

    :param settings: the values that the suite runs with, the default first.
    :param doc: what the switch decides, one or two sentences, with the tag of the source that leaves it open.
    :param free: whether any value of the default's type is allowed (a number of seconds, say).
    """

    settings: tuple[Value, ...]
    doc: str
    free: bool = False


SWITCHES: dict[str, Switch] = {
    "offset_unit": Switch(
        ("page", "record"), "What `offset` of the instance and job lists counts: pages of `limit`, or records [H-208][TF]."
    ),
    "offset_beyond": Switch(
        ("empty", "first_page"), "What a list answers when `offset` lies beyond its end: an empty page, or the first page again [TF]."
    ),
    "total_of": Switch(
        ("list", "page"),
        "What `total` of a list with pages counts: the whole list, or only the page in the answer; the documentation does not say [H-208].",
    ),
    "today_zone_hours": Switch(
        (0, 8),
        'The zone in which "today" begins, the window of a list that is requested without one, in hours ahead of UTC; '
        "the documentation does not name it [H-208][H-94].",
        free=True,
    ),
    "list_order": Switch(("newest", "oldest", "random"), "Order of instance lists by plan time; `random` differs from call to call [KES]."),
    "window_compares": Switch(
        ("plan_time", "start_time"),
        "Which time of an instance the list's window is compared with; an instance that never started is compared by plan time [H-208].",
    ),
    "enforce_window": Switch(
        (True, False), "Whether a window longer than a month (v2) or 7 days (v1) is refused; the older edition documents no limit [OTC]."
    ),
    "success_status": Switch(
        ("documented", 200, 204),
        "Status of an accepted write: as documented (v2 retry 200, v1 restart and stop 204), or always the given one [H-RET][H-67].",
    ),
    "success_body": Switch(("empty", "object"), "Body of an accepted write that is answered with 200: none, or `{}` [H-RET]."),
    "instance_id_after_rerun": Switch(("same", "new"), "Whether a rerun keeps the instance's id or assigns a new one [OTC-UMN-I]."),
    "submit_time_after_rerun": Switch(
        ("same", "new"),
        "Whether a rerun keeps the instance's `submit_time`, a part of its key, or sets it to the time of the rerun [H-RET].",
    ),
    "rerun_visible_after": Switch(
        (0, 20), "Emulated seconds until an accepted rerun shows; until then the instance looks as before.", free=True
    ),
    "starting_seconds": Switch(
        (0, 20),
        "Emulated seconds during which an accepted rerun shows an undocumented status, before it waits or runs [SDK].",
        free=True,
    ),
    "waiting_start_time": Switch(
        ("none", "old", "new"), "What `start_time` shows while a rerun waits: nothing, the last run's start, or the time it was accepted."
    ),
    "submit_time_of": Switch(
        ("job", "instance"),
        "Whether `submit_time` is the time its job was submitted, shared by its instances, or the instance's own [OTC-94].",
    ),
    "v2_open": Switch((True, False), "Whether the v2 Factory API exists on this site at all; closed it answers APIGW.0101 [OTC]."),
    "v2_list_open": Switch((True, False), "Whether the v2 instance list is published [H-208]."),
    "v2_retry_open": Switch((True, False), "Whether the v2 rerun, an invited beta on some sites, is open to this account [H-RET]."),
    "v2_workspace": Switch(
        ("required", "default"),
        "Whether a v2 call without the `workspace` header is refused, or acts in the default workspace as v1 does; "
        "the examples on the page send none [H-RET][KES].",
    ),
    "v1_open": Switch((True, False), "Whether the v1 Factory API answers on its host [KES]."),
    "rerun_waits_for_upstream": Switch(
        (True, False),
        "Whether a rerun waits until the instances it depends on have succeeded, as a scheduled run does, or begins at once [OTC-UMN-I].",
    ),
    "depend_open": Switch((True, False), "Whether the dependency calls, which were added recently, exist on this site [H-DEP]."),
    "baselines_open": Switch((True, False), "Whether the calls for baselines, which were added recently, exist on this site [H-BASE]."),
    "baseline_jobs": Switch(
        ("id", "name"), "How a baseline names the jobs that it guards: by ids, as its parameter is described, or by names [H-BASE]."
    ),
    "code_spelling": Switch(
        ("documented", "old", "new"), "Spelling of DLF codes: as each page has it, all old (DLF.0137), or all new (DLF.30137) [H-67][OTC]."
    ),
    "gateway_prefix": Switch(("APIGW", "APIG"), "Prefix of the gateway's codes [SIGN-FAQ][APIG]."),
    "unknown_job_at_retry": Switch(
        ("1000", "0100"), "Code of the v2 rerun for a job that does not exist: the page's DLF.1000, or the table's 0100 [H-RET]."
    ),
    "no_permission_status": Switch((403, 400), "HTTP status that comes with DLF.6888; the table of codes says 400 for all [OTC-ERR]."),
    "batch_refusal": Switch(
        ("all", "partial", "partial_error"),
        "What happens when one instance of a rerun is refused: none runs, the others run and the answer is a success, or the others run and it is an error.",
    ),
    "duplicate_keys": Switch(
        ("merge", "refuse", "twice"), "What happens when one request names the same instance twice: once, refused, or rerun twice."
    ),
    "retry_of_active": Switch(
        ("refuse", "accept", "accept_hidden"),
        "A rerun of an instance that waits or runs: refused, accepted and run again afterwards (the dangerous reading), "
        "or accepted only until the first rerun shows.",
    ),
    "stop_of": Switch(
        ("waiting_too", "running"),
        "Which instances the stop of v1 accepts: instances that wait, run or hang, as in the console, or only running instances, "
        "as its page says [OTC-66][OTC-UMN-I].",
    ),
    "stop_visible_after": Switch(
        (0, 20), "Emulated seconds until an accepted stop shows; until then the instance looks as before, and goes on.", free=True
    ),
    "stopped_status": Switch(("manual-stop", "fail"), "The status of an instance that was stopped; no page names it [OTC-UMN-I]."),
    "patch_visible_after": Switch((0, 20), "Emulated seconds until an accepted PatchData run is listed.", free=True),
    "patch_name_taken": Switch(
        ("refuse", "accept"), "Whether a second PatchData run with the same name is refused, as in the console, or created [DGC-UG]."
    ),
    "patch_row_dates": Switch(
        ("as_named", "swapped"),
        "What `start_date` and `end_date` of a listed PatchData run mean: what their names say, or swapped, as their descriptions say [SDK].",
    ),
    "patch_end": Switch(("excluded", "included"), "Whether a plan time at the very end of a PatchData run's dates belongs to them [KES]."),
    "patch_failed_status": Switch(
        ("FAIL", "RUNNING", "SUCCESS", "CANCEL"), "The status of a PatchData run that has a failed instance; none is documented [SDK]."
    ),
    "patch_cancelled_status": Switch(("CANCEL", "CANCLE"), "How the status of a PatchData run that was stopped is written [SDK][KES]."),
    "schedule_twice": Switch(
        ("refuse", "accept"),
        "How the start of a job that is already scheduled, or the stop of a job that is not, is answered: a refusal, or a success without effect [OTC-92].",
    ),
    "stopped_job_cancels": Switch((False, True), "Whether stopping a job also cancels its waiting instances [OTC-64]."),
    "run_instance_type": Switch(
        ("manual", "normal", "once"), "The type of an instance that was run immediately, in the list's words; no page names it [OTC-91]."
    ),
    "run_of_running": Switch(
        ("accept", "refuse"), "Whether a job that is already running can be run immediately; no page says so [OTC-91][DGC-UG]."
    ),
    "run_visible_after": Switch((0, 20), "Emulated seconds until a list shows an instance that was run immediately.", free=True),
    "twins_rerun": Switch(
        ("newest", "first", "both"),
        "Which instance the v2 rerun applies to if two have the same key (a normal and a PatchData instance): the one with the higher "
        "id, the one with the lower id, or both [H-RET].",
    ),
    "cancelled_times": Switch(
        ("end", "none", "both"),
        "Which times are shown for an instance that was cancelled because an upstream instance had failed: the end, none, or the same moment as start and end "
        "[OTC-UMN-I].",
    ),
    "running_per_job": Switch(
        (None, 5), "How many instances of one job run at once; the others wait. No limit is documented for reruns [OTC-UMN-I].", free=True
    ),
    "status_spelling": Switch(
        ("hyphen", "short"), "Status words: manual-stop and skip-by-depend, or manual and skip of an older SDK [KES]."
    ),
    "status_words": Switch(
        ("documented", "others"),
        "Whether lists show status words that no document of the API has: with `others` an instance that waits is `initialized`, as in the "
        "console [H-UMN].",
    ),
    "v1_job_id": Switch(
        ("number", "text", "text_comma"),
        "How v1 writes `jobId`: a number, text, or text with the stray comma of one specification [HCAPI].",
    ),
    "detail_error": Switch(
        ("none", "node", "instance"),
        "Whether the instance detail of v1 says why it failed: nowhere, as documented, at the node that failed, or at the instance [OTC-95].",
    ),
    "node_types": Switch(
        ("joined", "apart"), "How the instance detail of v1 writes the type of a node: `DLISQL`, or `DLI SQL` [SDK][OTC-95]."
    ),
    "request_id_header": Switch((True, False), "Whether answers carry X-Request-Id."),
    "retry_after": Switch((None, 1), "Value of Retry-After in a 429, seconds; none is documented.", free=True),
    "flow_control": Switch((True, False), "Whether the documented flow control is enforced; it is off for tests of other things."),
    "clock_skew_seconds": Switch(
        (0, 90), "How far the service's clock is ahead of real time, seconds; above 900 every signature is refused [SIGN-FAQ].", free=True
    ),
    "scheduler_skew_seconds": Switch(
        (0, -30, 30),
        "How far the clock that stamps `start_time` and `end_time` is ahead of the gateway's, seconds; that they agree is documented nowhere.",
        free=True,
    ),
    "date_offset_seconds": Switch(
        (0, 172800),
        "What something in between adds to the `Date` of every answer, seconds; signatures are checked by the gateway's own clock.",
        free=True,
    ),
    "token_lifetime_seconds": Switch((86400, 3600), "Lifetime of a token in seconds of the service's clock [IAM-30].", free=True),
}


class Switches:
    """Current settings of all switches.

    :raises ValueError: for a name or a value that does not exist.
    """

    def __init__(self, changes: dict[str, t.Any] | None = None) -> None:
        self._values: dict[str, t.Any] = {name: switch.settings[0] for name, switch in SWITCHES.items()}
        self.set(changes or {})

    def set(self, changes: dict[str, t.Any]) -> None:
        """Apply *changes*, names to values. If one is invalid, none is applied."""
        for name, value in changes.items():
            switch = SWITCHES.get(name)
            if switch is None:
                raise ValueError(f"no such switch: {name}; there are {', '.join(SWITCHES)}")
            # 0 == False and 1 == True in Python: compare the type as well
            known = any(value == setting and type(value) is type(setting) for setting in switch.settings)
            if not known and not (switch.free and (isinstance(value, (int, float)) and not isinstance(value, bool))):
                raise ValueError(f"switch {name} cannot be {value!r}; its settings are {', '.join(map(repr, switch.settings))}")
        self._values.update(changes)

    def __getitem__(self, name: str) -> t.Any:
        return self._values[name]

    def to_dict(self) -> dict[str, t.Any]:
        """All settings by name."""
        return dict(self._values)


def table() -> str:
    """The Markdown table of switches in README.md."""
    rows = ["| switch | settings | what it decides |", "|---|---|---|"]
    for name, switch in SWITCHES.items():
        settings = ", ".join(f"`{_yaml(value)}`" for value in switch.settings) + (", any number" if switch.free else "")
        rows.append(f"| `{name}` | {settings} | {switch.doc} |")
    return "\n".join(rows)


def _yaml(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return str(value)
