# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of jobs by hand, as the journal keeps them: one for each key of a job. Pure."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

from .._common.errors import OptionError
from .._common.text import printable
from .attempt import Outcome
from .slotted import slotted

#: Longest name and value of a job parameter [OTC-91], and longest run_key.
MAX_NAME, MAX_VALUE, MAX_KEY = 64, 1024, 200


@slotted
@dataclass(frozen=True)
class KeyedRun:
    """One run of a job, identified by its key. Times epoch ms.

    :param params: fingerprint of its parameters, see :func:`fingerprint`.
    :param known: ids of the job's instances that were listed before the request.
    :param run_id: id of the task's run.
    :param sent_ms: when it was claimed, on the service's clock.
    :param last_ms: latest time at which its request may have been in flight, on the same clock.
    :param journal_ms: the same moment on the journal's clock.
    :param flight_ms: how long after that its request may still be in flight while no outcome is recorded.
    :param instance_id: id of the instance it created, or "".
    :param read_back: whether that instance was identified in a list because the answer was lost.
    :param claim: token of the row's last change; a change based on an older token is refused.
    """

    job_name: str
    run_key: str
    params: str
    known: tuple[str, ...]
    run_id: str
    sent_ms: int
    last_ms: int
    journal_ms: int
    flight_ms: int
    outcome: Outcome = Outcome.INTENDED
    instance_id: str = ""
    read_back: bool = False
    request_id: str | None = None
    message: str = ""
    controller: str = ""
    user: str = ""
    purpose: str = ""
    record_id: int = 0
    claim: str = ""

    def settle_window_end(self, settle_ms: int) -> int:
        """End of the settle window, epoch ms on the journal's clock: from then on, the service shows a state no older than the request."""
        return self.journal_ms + max(settle_ms, self.flight_ms if self.outcome is Outcome.INTENDED else 0)


def parameters(value: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    """The option ``job_params`` as text values for the service.

    :raises OptionError: the service would refuse a name or a value.
    """
    params: dict[str, str] = {}
    for name, given in (value or {}).items():
        shown = printable(str(name), 80)
        if isinstance(given, (dict, list, tuple)) or given is None:
            raise OptionError(f"job_params has {shown}, whose value is not text. Use text, a number or a boolean for each parameter.")
        text = str(given).lower() if isinstance(given, bool) else str(given)
        if not 0 < len(str(name)) <= MAX_NAME:
            raise OptionError(f"job_params has the name {shown}. The name of a parameter has 1 to {MAX_NAME} characters.")
        if len(text) > MAX_VALUE:
            raise OptionError(f"job_params has {shown} with {len(text)} characters. The value of a parameter has at most {MAX_VALUE:,}.")
        params[str(name)] = text
    return params


def checked_key(value: str) -> str:
    """The option ``run_key``, stripped. :raises OptionError: it is empty, too long or not printable."""
    key = value.strip()
    if not key:
        raise OptionError(
            "run_key is empty. Set it to what this run is for, such as INC-4711 or the date; the same key never runs the job twice."
        )
    if len(key) > MAX_KEY or not key.isprintable():
        raise OptionError(f"run_key has {len(key)} characters, or some that cannot be shown. Use at most {MAX_KEY} printable characters.")
    return key


def fingerprint(params: t.Mapping[str, str], salt: str) -> str:
    """Salted hash of *params*: a parameter may be a secret, and the journal stores none."""
    text = json.dumps([salt, sorted(params.items())], ensure_ascii=False)
    return f"{salt}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def same_parameters(params: t.Mapping[str, str], run: KeyedRun) -> bool:
    """Whether *run* had the parameters *params*."""
    return fingerprint(params, run.params.partition(":")[0]) == run.params
