# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node logs as OBS objects. OBS has its own host, signature and errors [OBS-SIGN][OBS-GET][OBS-ERR].

The signature check is written from the documents, not from the collection's signer. Users without a role may not read logs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from email.utils import parsedate_to_datetime

from emulator.service import Answer, Request
from emulator.world.model import Instance

#: Lines before the last ones: a log is longer than the part that the collection reads.
_LINES = 1500
_MAX_SKEW_SECONDS = 15 * 60


def show_log(request: Request) -> Answer:
    """GET /{bucket}/{instance_id}/{name}: the object, or the last bytes that a Range header requests."""
    refusal = _refused(request)
    if refusal is not None:
        return refusal
    bucket, name = request.params["bucket"], re.fullmatch(r"([0-9]{1,4})\.log", request.params["name"])
    for instance in request.service.world.instances():
        its_own = str(instance.instance_id) == request.params["instance_id"] and bucket == f"dlf-log-{instance.job.workspace.project_id}"
        if its_own and name is not None and int(name[1]) < len(instance.job.nodes):
            return _part(request, _log(instance, int(name[1])))
    return _error(404, "NoSuchKey", "The specified key does not exist.")


def _log(instance: Instance, index: int) -> str:
    node = instance.job.nodes[index]
    lines = [f"INFO {instance.job.name}: node {node.name}, step {number}, 数据处理中" for number in range(1, _LINES + 1)]
    ended = [run for run in instance.runs if run.end is not None]
    if ended and ended[-1].status == "fail":
        lines += [f"ERROR {ended[-1].fate.error}", "ERROR the node ended with exit code 1"]
    return "\n".join(lines) + "\n"


def _part(request: Request, text: str) -> Answer:
    body = text.encode()
    asked = re.fullmatch(r"bytes=-([0-9]+)", request.headers.get("Range", ""))
    if asked is None:
        return Answer(body=text)
    begin = max(0, len(body) - int(asked[1]))
    return Answer(206, body[begin:], {"Content-Range": f"bytes {begin}-{len(body) - 1}/{len(body)}", "Content-Type": "text/plain"})


def _refused(request: Request) -> Answer | None:
    scheme, _blank, rest = request.headers.get("Authorization", "").partition(" ")
    access_key, _colon, signature = rest.partition(":")
    if scheme != "OBS" or not signature:
        return _error(403, "AccessDenied", "Access Denied")
    user, grant = request.service.world.user_of_key(access_key), request.service.tokens.key(access_key)
    token = request.headers.get("x-obs-security-token")
    secret = user.secret_key if user is not None else grant.secret_key if grant is not None else None
    if secret is None or token != (None if grant is None or user is not None else grant.security_token):
        return _error(403, "InvalidAccessKeyId", "The OBS Access Key Id you provided does not exist in our records.")
    date = request.headers.get("Date", "")
    if abs(parsedate_to_datetime(date).timestamp() * 1000 - request.service.clock.wall_ms()) > _MAX_SKEW_SECONDS * 1000:
        return _error(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
    own = f"x-obs-security-token:{token}\n" if token is not None else ""
    to_sign = f"GET\n\n{request.headers.get('Content-Type', '')}\n{date}\n{own}{request.extra['raw_path']}"
    expected = base64.b64encode(hmac.new(secret.encode(), to_sign.encode(), hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(expected, signature):
        return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
    if (user.role if user is not None else "operator") == "none":
        return _error(403, "AccessDenied", "Access Denied")
    return None


def _error(status: int, code: str, message: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, body, {"Content-Type": "application/xml"})
