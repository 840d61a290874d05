# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the way out of every kind of error."""

from __future__ import annotations

from .errors import Kind

_HINTS = {
    Kind.NOT_FOUND: "Check the name and that region, project_id and workspace_id belong together, then list again.",
    Kind.NOTHING_TO_RERUN: "Nothing has to be done: no instance of the job can be rerun in that period.",
    Kind.NOT_RERUNNABLE: "Only instances of periodically scheduled batch jobs can be rerun; start this job by hand in the console.",
    Kind.ALREADY_RUNNING: "Wait until the job's current run ends, then look at its status.",
    Kind.NO_PERMISSION: "Give the user a role of the workspace that may operate job instances (administrator or operator), or use another user.",
    Kind.CREDENTIALS: "Check the credentials: that the key is active, belongs to this site and project, and that a token or temporary key has not expired.",
    Kind.CLOCK: "Set the clock of the machine that runs the task (NTP) and try again; the gateway accepts at most 15 minutes of difference.",
    Kind.THROTTLED: "Try again in a minute, with fewer forks or a higher max_retries; the limit is per user and shared with everything else that user runs.",
    Kind.NOT_PUBLISHED: "Check the endpoint; where this API is not open to the account use api_version v1, or ask the service's support to open it.",
    Kind.INVALID: "Correct what the message names; the request was refused as it stands and nothing was changed.",
    Kind.UNREACHABLE: "Check region or endpoint, the name resolution, the proxy variables and the route from the machine that runs the task.",
    Kind.TLS: "Give the issuing certificate by ca_path, or correct the endpoint's name; validate_certs: false only for a test.",
    Kind.REDIRECT: "Give the endpoint that the service documents for the region; a redirect usually comes from a portal or proxy in between.",
    Kind.BAD_ANSWER: "Check that the endpoint is the service's own and not a proxy's page; if it is, report the request id to its support.",
    Kind.STALE: "Nothing was sent. Run again: the instances are listed anew before anything is rerun.",
    Kind.SERVER: "Try again later; if it lasts, report the request id to the service's support.",
    Kind.AMBIGUOUS: "The request may have taken effect: look at the instances' status and start time before sending it again.",
}


def hint_for(kind: Kind) -> str:
    """One sentence: what the user can do about an error of *kind*."""
    return _HINTS[kind]
