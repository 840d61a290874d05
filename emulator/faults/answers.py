# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faulty answers: replaced, truncated, garbled, slow, or missing."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from aiohttp import web

from emulator.faults.rules import PAGES, Fault
from emulator.service import Answer
from emulator.switches import Switches

#: Default of ``when`` by kind of fault; all other kinds strike after the effect.
DEFAULT_WHEN = {
    "latency": "before_effect",
    "hang": "before_effect",
    "status": "before_effect",
    "throttle": "before_effect",
    "gateway_timeout": "after_effect",
    "redirect": "before_effect",
    "expired_token": "before_effect",
    "drop": "after_effect",
    "error_body": "before_effect",
}
_MESSAGES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 429: "throttled"}


def replacement(fault: Fault, switches: Switches) -> Answer | None:
    """The answer that a fault sends instead of the real one, or None if this kind of fault does not replace it."""
    kind = fault["kind"]
    prefix = switches["gateway_prefix"]
    if kind == "status":
        status = int(fault.get("status", 500))
        body = {
            "error_code": fault.get("code", f"{prefix}.0308" if status == 429 else "DLF.0001"),
            "error_msg": fault.get("message", _MESSAGES.get(status, "error")),
        }
        return Answer(status, body, _retry_after(fault))
    if kind == "throttle":
        return Answer(429, {"error_code": f"{prefix}.0308", "error_msg": "The throttling threshold has been reached"}, _retry_after(fault))
    if kind == "gateway_timeout":
        return Answer(504, {"error_code": f"{prefix}.0201", "error_msg": "Backend timeout."})
    if kind == "error_body":
        return Answer(200, {"error_code": fault.get("code", "DLF.0001"), "error_msg": fault.get("message", "The operation failed.")})
    if kind == "redirect":
        return Answer(int(fault.get("status", 302)), None, {"Location": fault.get("location", "https://example.invalid/elsewhere")})
    if kind == "expired_token":
        return Answer(
            401, {"error_code": f"{prefix}.0301", "error_msg": "Incorrect IAM authentication information: The token must be updated"}
        )
    if kind == "empty":
        return Answer(200)
    return None


def page(fault: Fault, date: str) -> web.Response:
    """An answer of a proxy or firewall: its own body, without the service's headers."""
    status = int(fault.get("status", 502))
    content_type, text = PAGES[fault.get("body", "html")]
    headers = {"Date": date, "Server": "proxy", "Via": "1.1 proxy", "Content-Type": content_type, **_retry_after(fault)}
    return web.Response(status=status, headers=headers, body=text.format(status=status, reason=HTTPStatus(status).phrase).encode())


def _retry_after(fault: Fault) -> dict[str, str]:
    return {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}


def hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Abort the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def send(fault: Fault, when: str, request: web.BaseRequest, answer: web.Response | None) -> web.StreamResponse:
    """Send what the fault makes of *answer*, then close the connection.

    :param answer: the real answer, or None if the request had no effect.
    """
    kind = fault["kind"]
    if kind == "drop" and when != "mid_body":
        return hang_up(request)
    body = bytes(answer.body) if answer is not None and isinstance(answer.body, (bytes, bytearray)) else b""
    status = answer.status if answer is not None else 200
    if kind in ("slow_headers", "slow_body"):
        return await _drip(request, status, body or b"{}", float(fault.get("seconds", 0.05)), kind == "slow_headers")
    if kind in ("truncated", "drop"):
        body = body if len(body) > 8 else b'{"total": 0, "instances": []}'
        return await _raw(request, status, body[: len(body) // 2], len(body))
    garbled = {
        "malformed": str(fault.get("text", '{"total": 1, "instances": [{"job_name": ')).encode(),
        "not_utf8": b'{"total": 0, "instances": [], "note": "\xff\xfe\x80"}',
    }
    if kind == "oversized":
        return await _oversized(request, int(fault.get("bytes", 64 * 1024 * 1024)))
    return await _raw(request, 200, garbled[kind], len(garbled[kind]))


def _head(status: int, length: int) -> bytes:
    reason = "OK" if status < 300 else "Error"
    return f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode()


async def _raw(request: web.BaseRequest, status: int, body: bytes, length: int) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.write(_head(200 if status == 204 else status, length) + body)
        request.transport.close()
    return web.Response()


async def _drip(request: web.BaseRequest, status: int, body: bytes, pause: float, headers_too: bool) -> web.StreamResponse:
    """Send byte by byte with *pause* seconds in between: the body, and with *headers_too* also the headers."""
    transport = request.transport
    head = _head(200 if status == 204 else status, len(body))
    if transport is not None and not headers_too:
        transport.write(head)
    for byte in head + body if headers_too else body:
        if transport is None or transport.is_closing():
            break
        transport.write(bytes([byte]))
        await asyncio.sleep(pause)
    if transport is not None:
        transport.close()
    return web.Response()


async def _oversized(request: web.BaseRequest, size: int) -> web.StreamResponse:
    """Send at least *size* bytes of JSON as fast as the client reads, then abort the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    block = json.dumps({"padding": "x" * 65536}).encode()
    written = 0
    try:
        await response.write(b'{"instances": [')
        while written < size:
            await response.write(block + b",")
            written += len(block)
    except ConnectionError:
        return response
    hang_up(request)
    return response
