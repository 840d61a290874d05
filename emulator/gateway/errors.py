# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error answers: the service's codes, their HTTP status, and how sites write them."""

from __future__ import annotations

import typing as t

from emulator.switches import Switches

#: Codes that the pages of the routes do not write in the old form.
_DOCUMENTED = {"0137": "30137", "0819": "20819", "0107": "30107", "0111": "30111", "0125": "30125"}


class Refusal(Exception):  # noqa: N818 - it is the service's answer, not a mistake of the emulator
    """The service refuses the request with an error body.

    :param status: HTTP status.
    :param code: ``APIGW.…`` in full, or the four digits of a DLF code.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def spelled(self, switches: Switches) -> str:
        """The code as this site writes it."""
        if self.code.startswith("APIGW."):
            return f"{switches['gateway_prefix']}.{self.code.partition('.')[2]}"
        if not self.code.isdigit():
            return self.code
        if switches["code_spelling"] == "old":
            return f"DLF.{self.code}"
        if switches["code_spelling"] == "new":
            return f"DLF.{_new(self.code)}"
        return f"DLF.{_DOCUMENTED.get(self.code, self.code)}"

    def body(self, switches: Switches, request_id: str) -> dict[str, t.Any]:
        """The error body. Errors of the gateway also have the request id."""
        body = {"error_code": self.spelled(switches), "error_msg": self.message}
        return body | {"request_id": request_id} if self.code.startswith("APIGW.") else body


class IamRefusal(Refusal):
    """A refusal by IAM, whose error body is ``{"error": {"code", "message", "title"}}``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, f"IAM.{status}", message)

    def body(self, switches: Switches, request_id: str) -> dict[str, t.Any]:
        """The error body as IAM writes it."""
        return {"error": {"code": self.status, "message": self.message, "title": _TITLES.get(self.status, "Error")}}


_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def _new(code: str) -> str:
    # 0xxx became 30xxx, and 08xx became 208xx; the other codes did not change
    if code.startswith("08"):
        return f"2{code}"
    return f"3{code}" if code.startswith("0") else code


def not_published(method: str, path: str) -> Refusal:
    """This host does not have the API."""
    return Refusal(404, "APIGW.0101", f"The API does not exist or has not been published in the environment: {method} {path}")


def missing(name: str) -> Refusal:
    """A required header is absent."""
    return Refusal(400, "APIGW.0106", f"The required parameter {name} is missing from the request.")


def bad_signature(why: str) -> Refusal:
    """Wrong key, wrong signature or invalid token."""
    return Refusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {why}")


def invalid(why: str) -> Refusal:
    """A parameter has an invalid value."""
    return Refusal(400, "3051", f"The request parameter is invalid: {why}")


def unknown_job() -> Refusal:
    """The job does not exist. The v2 rerun may have another code: switch ``unknown_job_at_retry``."""
    return Refusal(400, "0100", "The job does not exist.")


def unknown_instance() -> Refusal:
    """The job instance does not exist."""
    return Refusal(400, "0137", "The job instance does not exist.")
