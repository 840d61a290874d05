# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication and authorization: signatures, tokens, projects, workspaces, roles."""

from __future__ import annotations

from emulator.gateway import signature
from emulator.gateway.errors import Refusal, bad_signature, missing
from emulator.gateway.routes import Route
from emulator.service import Caller, Request, Service
from emulator.world.model import OPERATORS


def authenticate(service: Service, request: Request, method: str, raw_path: str, raw_query: str) -> Caller:
    """The caller of a request, by its signature or its token.

    :raises Refusal: 401 if neither is valid.
    """
    token = request.headers.get("X-Auth-Token")
    authorization = request.headers.get("Authorization")
    if token is not None and authorization is None:
        return _by_token(service, token)
    if authorization is None:
        raise bad_signature("authorization header or token missing")
    signed = signature.parse(authorization)
    caller, secret_key = _by_key(service, request, signed)
    signature.verify(secret_key, signed, method, raw_path, raw_query, request.headers, request.body, service.clock.wall_ms())
    return caller


def _by_token(service: Service, token: str) -> Caller:
    grant = service.tokens.token(token)
    if grant is None:
        raise bad_signature("decrypt token fail")
    if grant.expires <= service.clock.now_ms():
        raise Refusal(401, "APIGW.0301", "Incorrect IAM authentication information: The token must be updated")
    return Caller(grant.user, grant.domain, grant.role_in, by_token=True, project_id=grant.project_id)


def _by_key(service: Service, request: Request, signed: signature.Signed) -> tuple[Caller, str]:
    user = service.world.user_of_key(signed.access_key)
    if user is not None and signed.access_key:
        if "X-Security-Token" in request.headers:
            raise bad_signature("the security token does not belong to the access key")
        return Caller(user.name, user.account.domain, user.role_in), user.secret_key
    grant = service.tokens.key(signed.access_key)
    if grant is None:
        raise bad_signature("verify ak fail")
    if "x-security-token" not in signed.headers or request.headers["X-Security-Token"] != grant.security_token:
        raise bad_signature("the security token is missing, unsigned or wrong")
    if grant.expires <= service.clock.now_ms():
        raise bad_signature("the security token has expired")
    return Caller(grant.user, grant.domain, grant.role_in, temporary=True, project_id=grant.project_id), grant.secret_key


def check_project(service: Service, request: Request, caller: Caller) -> None:
    """Refuse a project that is not the caller's, and a missing X-Project-Id if the account has several projects [H-RET]."""
    project_id = request.params["project_id"]
    project = service.world.project(project_id)
    if project is None or project.account.domain != caller.domain or not _in_scope(caller, project_id):
        raise Refusal(403, "APIGW.0302", "The IAM user is not authorized to access the API: the project is not yours")
    header = request.headers.get("X-Project-Id")
    if header is None and not caller.by_token and len(project.account.projects) > 1:
        raise missing("X-Project-Id")
    if header is not None and header != project_id:
        raise Refusal(403, "APIGW.0302", "The IAM user is not authorized to access the API: X-Project-Id is not the project of the path")


def _in_scope(caller: Caller, project_id: str) -> bool:
    # a token scoped to the account grants access to no project; access keys have no scope
    return caller.project_id == project_id or (caller.project_id is None and not caller.by_token)


def check_workspace(service: Service, request: Request, route: Route, caller: Caller) -> str:
    """Id of the workspace in which the request acts.

    :raises Refusal: it is missing, unknown, of another project, or the caller's role does not allow the request.
    """
    workspace_id = request.headers.get("workspace", "")
    project_id = request.params["project_id"]
    workspaces = [workspace for workspace in service.world.workspaces() if workspace.project_id == project_id]
    falls_back = route.workspace == "default" or service.switches["v2_workspace"] == "default"
    if not workspace_id and falls_back:
        workspace_id = next((workspace.workspace_id for workspace in workspaces if workspace.kind == 1), "")
    if not workspace_id:
        raise missing("workspace")
    if workspace_id not in [workspace.workspace_id for workspace in workspaces]:
        raise Refusal(400, "0819", "The workspace does not exist.")
    role = caller.role_in(workspace_id)
    if role == "none" or (route.writes and role not in OPERATORS):
        raise Refusal(service.switches["no_permission_status"], "6888", "You do not have the permission to perform this operation.")
    return workspace_id
