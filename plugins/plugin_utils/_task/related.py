# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Line of role rerun about the rerun of a job with its related jobs. Pure."""

from __future__ import annotations

import collections
import typing as t

from ...module_utils._common.text import printable
from .._common.local_times import localized
from .._common.tables import Line, labelled
from .._report.words import ENGLISH, say, translated


def asked_line(name: str, result: t.Mapping[str, t.Any], job_name: str, *, check_mode: bool, language: str = ENGLISH) -> Line:
    """Line about the request in a workspace, or why there was none and the statuses of its instances, which show the effect of earlier requests.

    :param name: start of the line, see :func:`~.console.label`.
    :param result: of a task of job_instance_retry that did not fail.
    """
    instances = result.get("instances") or ()
    reason = translated(language, str(next((instance.get("reason") or "" for instance in instances), "no instance in the span")))
    if result.get("changed"):
        text = say(
            language,
            "Would ask for the rerun of job {job} and its related jobs: {reason}."
            if check_mode or result.get("check_mode")
            else "Asked for the rerun of job {job} and its related jobs: {reason}.",
            job=job_name,
            reason=reason,
        )
    else:
        number = collections.Counter(str(instance.get("status")) for instance in instances)
        text = say(language, "Nothing was asked for: {reason}.", reason=reason)
        if number:
            now = say(language, ", ").join(f"{many} {status}" for status, many in number.items())
            text += say(language, " The instances of the span are now: {statuses}.", statuses=now)
    return Line(labelled(name, localized(printable(text, 2000))), "busy" if result.get("changed") else "")
