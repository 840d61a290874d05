# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM: tokens by password or agency, projects, temporary access keys [IAM-30][SDK-IAM]."""

from __future__ import annotations

import typing as t

from emulator.gateway import access, parameters
from emulator.gateway.errors import IamRefusal
from emulator.iam.tokens import Grant
from emulator.service import Answer, Caller, Request
from emulator.world.model import Account, Agency, Project, User
from emulator.world.times import iso

Json = dict[str, t.Any]
_ASSUME_ROLE = ("assume_role", "hw_assume_role")
#: Minimum (also the default) and maximum lifetime of temporary keys in seconds [SDK-IAM].
_DURATIONS = (900, 86400)


def create_token(request: Request) -> Answer:
    """POST /v3/auth/tokens: 201 with the token in X-Subject-Token."""
    identity, scope = _identity(request)
    methods = identity.get("methods")
    role_in: t.Callable[[str], str]
    if methods == ["password"]:
        user = _user_by_password(request, identity)
        account, role_in, name, user_id = user.account, user.role_in, user.name, user.user_id
    elif isinstance(methods, list) and len(methods) == 1 and methods[0] in _ASSUME_ROLE:
        agency = _agency(request, identity.get(methods[0]), _who(request))
        account, role_in, name, user_id = agency.account, _role_of(agency), _agency_user(agency), agency.account.domain_id
    else:
        raise IamRefusal(400, "The request body is invalid: auth.identity.methods")
    project = _project(account, scope.get("project"))
    now = request.service.clock.now_ms()
    expires = now + int(request.service.switches["token_lifetime_seconds"] * 1000)
    token = request.service.tokens.add_token(Grant(name, account.domain, role_in, expires, project.project_id if project else None))
    domain = {"id": account.domain_id, "name": account.domain}
    body: Json = {
        "methods": methods,
        "expires_at": iso(expires),
        "issued_at": iso(now),
        "roles": [{"id": "0", "name": "te_admin"}],
        "user": {"id": user_id, "name": name, "domain": domain, "password_expires_at": ""},
        "catalog": [],
    }
    body |= {"project": {"id": project.project_id, "name": project.name, "domain": domain}} if project else {"domain": domain}
    if request.query.get("nocatalog"):
        del body["catalog"]
    return Answer(201, {"token": body}, {"X-Subject-Token": token})


def list_projects(request: Request) -> Answer:
    """GET /v3/projects: the caller's projects. ``name`` must match exactly [SDKC]."""
    caller = _required(request)
    account = request.service.world.account(caller.domain)
    wanted = request.query.get("name")
    projects = [project for project in (account.projects if account else []) if wanted is None or project.name == wanted]
    if "per_page" in request.query:
        page, size = parameters.number(request, "page", 1, 1), parameters.number(request, "per_page", 5000, 1, 5000)
        projects = projects[(page - 1) * size : page * size]
    links = {"self": "https://iam/v3/projects", "next": None, "previous": None}
    return Answer(body={"projects": [_project_entry(project) for project in projects], "links": links})


def create_temporary_key(request: Request) -> Answer:
    """POST /v3.0/OS-CREDENTIAL/securitytokens: a temporary key by agency or by the caller's own token."""
    identity, _scope = _identity(request)
    methods = identity.get("methods")
    caller = _required(request)
    if methods == ["token"]:
        options = identity.get("token") or {}
        grant = Grant(caller.name, caller.domain, caller.role_in, 0, caller.project_id)
    elif isinstance(methods, list) and len(methods) == 1 and methods[0] in _ASSUME_ROLE:
        options = identity.get(methods[0]) or {}
        agency = _agency(request, options, caller)
        grant = Grant(_agency_user(agency), agency.account.domain, _role_of(agency), 0)
    else:
        raise IamRefusal(400, "The request body is invalid: auth.identity.methods")
    seconds = options.get("duration_seconds", _DURATIONS[0])
    if not isinstance(seconds, int) or not _DURATIONS[0] <= seconds <= _DURATIONS[1]:
        raise IamRefusal(400, "The request body is invalid: duration_seconds must be between 900 and 86400")
    grant.expires = request.service.clock.now_ms() + seconds * 1000
    key = request.service.tokens.add_key(grant)
    credential = {"access": key, "secret": grant.secret_key, "securitytoken": grant.security_token, "expires_at": iso(grant.expires)}
    return Answer(201, {"credential": credential})


def _identity(request: Request) -> tuple[Json, Json]:
    auth = parameters.json_body(request, required=True).get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("identity"), dict):
        raise IamRefusal(400, "The request body is invalid: auth.identity")
    scope = auth.get("scope", {})
    return auth["identity"], scope if isinstance(scope, dict) else {}


def _user_by_password(request: Request, identity: Json) -> User:
    try:
        given = identity["password"]["user"]
        name, password, domain = given["name"], given["password"], given["domain"].get("name")
    except (KeyError, TypeError, AttributeError) as error:
        raise IamRefusal(400, "The request body is invalid: auth.identity.password.user") from error
    account = request.service.world.account(domain)
    for user in account.users if account else []:
        if user.name == name and user.password and user.password == password:
            return user
    raise IamRefusal(401, "The username or password is wrong.")


def _agency(request: Request, options: t.Any, caller: Caller) -> Agency:
    """The agency that *options* name.

    :raises IamRefusal: there is none, or it does not trust the caller's account.
    """
    if not isinstance(options, dict):
        raise IamRefusal(400, "The request body is invalid: auth.identity.assume_role")
    account = request.service.world.account(options.get("domain_name") or options.get("domain_id"))
    agency = next((candidate for candidate in (account.agencies if account else []) if candidate.name == options.get("agency_name")), None)
    if agency is None:
        raise IamRefusal(404, f"Could not find agency: {options.get('agency_name')}")
    if agency.trusted_domain != caller.domain:
        raise IamRefusal(403, "You are not authorized to perform the requested action: assume_role")
    return agency


def _project(account: Account, wanted: t.Any) -> Project | None:
    if not isinstance(wanted, dict):
        return None
    for project in account.projects:
        if wanted.get("id") == project.project_id or ("id" not in wanted and wanted.get("name") == project.name):
            return project
    raise IamRefusal(400, f"Could not find project: {wanted.get('id') or wanted.get('name')}")


def _who(request: Request) -> Caller:
    """The caller of a token request, whose credentials the gateway does not check."""
    extra = request.extra
    return access.authenticate(request.service, request, extra["method"], extra["raw_path"], extra["raw_query"])


def _required(request: Request) -> Caller:
    if request.caller is None:
        raise IamRefusal(401, "The request you have made requires authentication.")
    return request.caller


def _role_of(agency: Agency) -> t.Callable[[str], str]:
    return lambda workspace_id: agency.role


def _agency_user(agency: Agency) -> str:
    return f"{agency.account.domain}/{agency.name}"


def _project_entry(project: Project) -> Json:
    return {
        "id": project.project_id,
        "name": project.name,
        "domain_id": project.account.domain_id,
        "parent_id": project.account.domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
        "links": {"self": f"https://iam/v3/projects/{project.project_id}"},
    }
