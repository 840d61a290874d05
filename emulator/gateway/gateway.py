# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API gateway: turns raw HTTP requests into answers and injects faults."""

from __future__ import annotations

import json
import secrets
import typing as t
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from emulator.faults import answers
from emulator.faults.rules import Fault
from emulator.gateway import access, routes
from emulator.gateway.dispatch import HANDLERS
from emulator.gateway.errors import Refusal, not_published
from emulator.gateway.routes import Route
from emulator.service import Answer, Request, Service


class Gateway:
    """Answers the requests to one host of the service.

    :param host: ``v2``, ``v1``, ``iam`` or ``obs``.
    :param shut: makes the host refuse connections for a number of seconds.
    """

    def __init__(self, service: Service, host: str, shut: t.Callable[[float], t.Awaitable[None]]) -> None:
        self._service, self._host, self._shut = service, host, shut

    async def handle(self, http_request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, with a fault if one fires."""
        raw_path, _sep, raw_query = http_request.raw_path.partition("?")
        request_id = secrets.token_hex(16)
        matched = routes.find(self._host, http_request.method, raw_path)
        entry = self._note(http_request, raw_path, raw_query, request_id, matched)
        fault = self._service.faults.pick(matched[0].name, matched[1]) if matched else None
        entry["fault"] = fault["kind"] if fault else None
        if fault and fault.get("when") == "before_reading":
            return answers.hang_up(http_request)
        body = await http_request.read()
        entry["body"] = body.decode("utf-8", "backslashreplace")
        request = Request(
            self._service,
            matched[1] if matched else {},
            dict(parse_qsl(raw_query, keep_blank_values=True)),
            http_request.headers,
            body,
            request_id,
        )

        def act() -> web.Response:
            with self._service.clock.frozen():
                answer = self._answer(matched[0] if matched else None, request, http_request.method, raw_path, raw_query, entry)
            entry["status"] = answer.status
            return self._response(answer, request_id)

        if fault is None:
            return act()
        return await self._spoil(fault, http_request, act, entry, request_id)

    async def _spoil(
        self, fault: Fault, http_request: web.BaseRequest, act: t.Callable[[], web.Response], entry: dict[str, t.Any], request_id: str
    ) -> web.StreamResponse:
        self._service.clock.step_date(float(fault.get("date_step_seconds", 0)))
        response = await self._spoiled(fault, http_request, act, entry, request_id)
        if "date_seconds" in fault and not response.prepared:
            response.headers["Date"] = http_date(self._service, float(fault["date_seconds"]))
        return response

    async def _spoiled(
        self, fault: Fault, http_request: web.BaseRequest, act: t.Callable[[], web.Response], entry: dict[str, t.Any], request_id: str
    ) -> web.StreamResponse:
        kind, when = fault["kind"], fault.get("when") or answers.DEFAULT_WHEN.get(fault["kind"], "after_effect")
        if kind == "outage":
            await self._shut(fault.get("seconds", 0.3))
        if kind in ("outage", "date"):
            return act()
        if kind in ("latency", "hang"):
            answer = act() if when == "after_effect" else None
            await self._service.faults.delay(fault.get("seconds", 3600.0 if kind == "hang" else 0.5))
            if kind == "hang":
                return answers.hang_up(http_request)
            return answer or act()
        answer = act() if when != "before_effect" else None
        if kind == "page":
            entry["status"] = int(fault.get("status", 502))
            return answers.page(fault, http_date(self._service))
        replaced = answers.replacement(fault, self._service.switches)
        if replaced is not None:
            entry["status"] = replaced.status
            return self._response(replaced, request_id)
        entry["status"] = None
        return await answers.send(fault, when, http_request, answer)

    def _note(
        self, http_request: web.BaseRequest, raw_path: str, raw_query: str, request_id: str, matched: tuple[Route, dict[str, str]] | None
    ) -> dict[str, t.Any]:
        return self._service.requests.add(
            {
                "time": self._service.clock.now_ms(),
                "host": self._host,
                "method": http_request.method,
                "path": unquote(raw_path),
                "raw_path": raw_path,
                "query": raw_query,
                "route": matched[0].name if matched else None,
                "headers": dict(http_request.headers),
                "body": "",
                "status": None,
                "error_code": None,
                "user": None,
                "request_id": request_id,
            }
        )

    def _answer(self, route: Route | None, request: Request, method: str, raw_path: str, raw_query: str, entry: dict[str, t.Any]) -> Answer:
        """Let the request take effect and return the service's answer."""
        try:
            self._service.scheduler.settle()
            if route is None or not all(self._service.switches[name] for name in route.switches):
                raise not_published(method, unquote(raw_path))
            self._admit(route, request, method, raw_path, raw_query, entry)
            return HANDLERS[route.name](request)
        except Refusal as refusal:
            code = refusal.spelled(self._service.switches)
            entry["error_code"] = code
            answer = Answer(refusal.status, refusal.body(self._service.switches, request.request_id))
            if refusal.status == 429 and self._service.switches["retry_after"] is not None:
                answer.headers["Retry-After"] = str(self._service.switches["retry_after"])
            return answer

    def _admit(self, route: Route, request: Request, method: str, raw_path: str, raw_query: str, entry: dict[str, t.Any]) -> None:
        """Check credentials, flow control, project and workspace.

        :raises Refusal: one of them does not allow the request.
        """
        if not route.signed:
            request.extra = {"method": method, "raw_path": raw_path, "raw_query": raw_query}
            return
        caller = request.caller = access.authenticate(self._service, request, method, raw_path, raw_query)
        entry["user"] = caller.name
        if self._service.switches["flow_control"]:
            self._service.flow.admit(f"{caller.domain}/{caller.name}", route.name)
        if "project_id" in request.params:
            access.check_project(self._service, request, caller)
        if route.workspace != "no":
            request.workspace_id = access.check_workspace(self._service, request, route, caller)

    def _response(self, answer: Answer, request_id: str) -> web.Response:
        """The answer as an HTTP response, with the service's date."""
        headers = {"Date": http_date(self._service), "Server": "api-gateway", **answer.headers}
        if self._service.switches["request_id_header"]:
            headers["X-Request-Id"] = request_id
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        if isinstance(answer.body, bytes):
            return web.Response(status=answer.status, headers=headers, body=answer.body)
        if isinstance(answer.body, str):
            return web.Response(status=answer.status, headers=headers, text=answer.body)
        headers["Content-Type"] = "application/json;charset=UTF-8"
        return web.Response(status=answer.status, headers=headers, body=json.dumps(answer.body, ensure_ascii=False).encode())


def http_date(service: Service, offset: float = 0.0) -> str:
    """The service's time plus *offset* seconds, as a Date header."""
    return formatdate(service.clock.date_ms(offset) // 1000, usegmt=True)
