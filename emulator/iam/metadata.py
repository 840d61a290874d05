# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata service of a cloud server: temporary keys of its agency [SDKC]. It answers at the IAM host's address.

The server's agency is the first one that trusts ECS. Its keys live as long as tokens, so that tests can see them expire.
"""

from __future__ import annotations

from emulator.gateway.errors import IamRefusal
from emulator.iam.tokens import Grant
from emulator.service import Answer, Request
from emulator.world.times import iso

#: Domain of the ECS service, which the agency of a server trusts.
ECS = "op_svc_ecs"


def create_token(request: Request) -> Answer:
    """PUT /meta-data/latest/api/token: a token as plain text."""
    seconds = request.headers.get("X-Metadata-Token-Ttl-Seconds", "")
    if not seconds.isdigit() or not 0 < int(seconds) <= 21600:
        raise IamRefusal(400, "X-Metadata-Token-Ttl-Seconds must be between 1 and 21600")
    return Answer(body=request.service.tokens.add_machine_token())


def show_keys(request: Request) -> Answer:
    """GET /openstack/latest/securitykey: the keys of the server's agency."""
    token = request.headers.get("X-Metadata-Token")
    if token is not None and not request.service.tokens.knows_machine_token(token):
        raise IamRefusal(401, "The metadata token is not valid")
    agencies = [agency for account in request.service.world.accounts for agency in account.agencies if agency.trusted_domain == ECS]
    if not agencies:
        raise IamRefusal(401, "Please configure Cloud Service Agency first")
    agency = agencies[0]
    expires = request.service.clock.now_ms() + int(request.service.switches["token_lifetime_seconds"] * 1000)
    grant = Grant(f"{agency.account.domain}/{agency.name}", agency.account.domain, lambda workspace_id: agency.role, expires)
    access = request.service.tokens.add_key(grant)
    keys = {"access": access, "secret": grant.secret_key, "securitytoken": grant.security_token, "expires_at": iso(expires)}
    return Answer(body={"credential": keys})
