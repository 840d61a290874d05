# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test double of AWX's REST API on loopback: it stores objects, refuses what AWX refuses, and records every write.

It knows the fields, lists and links that role awx uses, and answers everything else with an error.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.awx import rules

Thing = dict[str, t.Any]
ENCRYPTED = "$encrypted$"
ROOT = "/api/v2/"
_TEMPLATES = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")
_ASKS = ("diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential", "scm_branch", "labels")


class RefusalError(Exception):
    """The refusal of a request: HTTP status and JSON body of the answer."""

    def __init__(self, status: int, body: Thing) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


@dataclasses.dataclass(frozen=True)
class Kind:
    """A type of object in AWX's API.

    :param type: the value of its field ``type``.
    :param defaults: every field that may be sent, with its default.
    :param required: fields that are required to create one.
    :param unique: fields that identify an object together.
    :param links: its lists of related objects.
    :param roles: roles that can be granted on it.
    """

    type: str
    defaults: Thing
    required: tuple[str, ...] = ("name",)
    unique: tuple[str, ...] = ("name", "organization")
    links: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


_NOTIFIED = ("notification_templates_started", "notification_templates_success", "notification_templates_error")
_NAMED: Thing = {"name": "", "description": ""}
_JOB = {
    "job_type": "run", "inventory": None, "project": None, "playbook": "", "scm_branch": "", "forks": 0, "limit": "", "verbosity": 0,
    "extra_vars": "", "job_tags": "", "skip_tags": "", "timeout": 0, "use_fact_cache": False, "execution_environment": None,
    "survey_enabled": False, "become_enabled": False, "diff_mode": False, "allow_simultaneous": False, "job_slice_count": 1,
    **{f"ask_{name}_on_launch": False for name in _ASKS},
}  # fmt: skip

KINDS: dict[str, Kind] = {
    "organizations": Kind(
        "organization", {**_NAMED, "default_environment": None, "max_hosts": 0}, unique=("name",),
        links=("galaxy_credentials", "instance_groups", *_NOTIFIED, "notification_templates_approvals"), roles=("admin", "member", "read"),
    ),
    "users": Kind("user", {"username": ""}, required=("username",), unique=("username",)),
    "teams": Kind("team", {**_NAMED, "organization": None}, ("name", "organization"), roles=("admin", "member", "read")),
    "labels": Kind("label", {"name": "", "organization": None}, ("name", "organization")),
    "credential_types": Kind(
        "credential_type", {**_NAMED, "kind": "", "inputs": {}, "injectors": {}, "managed": False}, ("name", "kind"), ("name",)
    ),
    "credentials": Kind(
        "credential", {**_NAMED, "organization": None, "credential_type": None, "inputs": {}}, ("name", "credential_type"),
        ("name", "organization", "credential_type"), roles=("admin", "use", "read"),
    ),
    "execution_environments": Kind(
        "execution_environment", {**_NAMED, "organization": None, "image": "", "credential": None, "pull": ""}, ("name", "image"), ("name",)
    ),
    "projects": Kind(
        "project",
        {
            **_NAMED, "organization": None, "scm_type": "", "scm_url": "", "scm_branch": "", "credential": None, "scm_clean": False,
            "scm_update_on_launch": False, "scm_update_cache_timeout": 0, "allow_override": False,
            "timeout": 0, "default_environment": None, "scm_revision": "",
        },
        links=_NOTIFIED, roles=("admin", "use", "update", "read"),
    ),
    "inventories": Kind(
        "inventory", {**_NAMED, "organization": None, "kind": "", "host_filter": None, "variables": ""}, ("name", "organization"),
        links=("instance_groups",), roles=("admin", "use", "adhoc", "update", "read"),
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {
            **_NAMED, "inventory": None, "source": "", "source_path": "", "source_vars": "", "credential": None, "overwrite": False,
            "overwrite_vars": False, "update_on_launch": False, "update_cache_timeout": 0, "source_project": None,
            "execution_environment": None, "verbosity": 1, "timeout": 0,
        },
        ("name", "inventory", "source"), ("name", "inventory"), links=_NOTIFIED,
    ),
    "hosts": Kind("host", {**_NAMED, "inventory": None, "enabled": True, "variables": ""}, ("name", "inventory"), ("name", "inventory")),
    "notification_templates": Kind(
        "notification_template",
        {**_NAMED, "organization": None, "notification_type": "", "notification_configuration": {}, "messages": None},
        ("name", "organization", "notification_type"),
    ),
    "job_templates": Kind(
        "job_template", {**_NAMED, "organization": None, **_JOB}, links=("credentials", "labels", "instance_groups", *_NOTIFIED),
        roles=("admin", "execute", "read"),
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {
            **_NAMED, "organization": None, "extra_vars": "", "survey_enabled": False, "allow_simultaneous": False, "inventory": None,
            "limit": None, "scm_branch": None,
            **{f"ask_{name}_on_launch": False for name in ("inventory", "scm_branch", "limit", "variables", "labels", "tags", "skip_tags")},
        },
        links=("labels", *_NOTIFIED, "notification_templates_approvals"), roles=("admin", "execute", "approval", "read"),
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {
            "identifier": "", "workflow_job_template": None, "unified_job_template": None, "extra_data": {}, "inventory": None, "limit": None,
            "job_type": None, "all_parents_must_converge": False,
        },
        ("workflow_job_template",), ("identifier", "workflow_job_template"),
        links=("success_nodes", "failure_nodes", "always_nodes", "credentials", "labels", "instance_groups"),
    ),
    "workflow_approval_templates": Kind("workflow_approval_template", {**_NAMED, "timeout": 0}, unique=()),
    "schedules": Kind(
        "schedule",
        {**_NAMED, "unified_job_template": None, "rrule": "", "enabled": True, "extra_data": {}, "inventory": None, "limit": None, "job_type": None},
        ("name", "unified_job_template", "rrule"), ("name", "unified_job_template"), links=("credentials", "labels", "instance_groups"),
    ),
    "instance_groups": Kind("instance_group", dict(_NAMED), unique=("name",)),
}  # fmt: skip


class Store:
    """The objects of the API, and the rules by which AWX creates and changes them.

    :param playbooks: playbooks in the branch of every project. A test may replace them, as a commit would.
    :param root: the path of the API.
    """

    def __init__(self, playbooks: t.Collection[str], root: str = ROOT) -> None:
        self.root = root
        self.playbooks = frozenset(playbooks)
        #: The output of the next project updates, which then fail; "" if they succeed.
        self.update_error = ""
        #: Project updates, oldest first; and project id -> the playbooks found by its last successful update.
        self.updates: list[Thing] = []
        self.checkouts: dict[int, frozenset[str]] = {}
        self.things: dict[str, dict[int, Thing]] = {name: {} for name in KINDS}
        self.secrets: dict[int, Thing] = {}
        self.surveys: dict[tuple[str, int], Thing] = {}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.grants: dict[int, tuple[str, int, str]] = {}
        self.granted: dict[tuple[int, str], list[int]] = {}
        #: (method, path, body) of every request other than GET, except those for tokens.
        self.writes: list[tuple[str, str, t.Any]] = []
        #: Token id -> whether the token still exists.
        self.tokens: dict[int, bool] = {}
        self._next = 0
        galaxy = self.create("credential_types", {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "galaxy"})
        self.things["credential_types"][galaxy]["managed"] = True
        owner = self.create("organizations", {"name": "Default"})
        self.create("credentials", {"name": "Ansible Galaxy", "credential_type": galaxy, "organization": owner})
        self.create("users", {"username": "lin"})

    def create(self, kind: str, body: Thing) -> int:
        """Create an object and return its id. :raises RefusalError: AWX would refuse it."""
        rule = KINDS[kind]
        fields = self._known_fields(kind, body)
        missing = [name for name in rule.required if fields.get(name) in (None, "")]
        if missing:
            raise RefusalError(400, {name: ["This field is required."] for name in missing})
        if rule.unique and any(all(thing[key] == fields.get(key) for key in rule.unique) for thing in self.things[kind].values()):
            raise RefusalError(400, {"__all__": [f"{rule.type} with this {' and '.join(rule.unique)} already exists."]})
        self._next += 1
        thing = {**json.loads(json.dumps(rule.defaults)), **fields}
        self._check(kind, self._next, thing, body)
        self.things[kind][self._next] = thing
        if kind == "projects":
            self.update_project(self._next)
        for position, role in enumerate(rule.roles):
            self.grants[1000 * self._next + position] = (kind, self._next, role)
        return self._next

    def update(self, kind: str, number: int, body: Thing) -> None:
        """Change an object. :raises RefusalError: AWX would refuse it."""
        thing = self.things[kind][number]
        fields = self._known_fields(kind, body)
        in_use = any(credential["credential_type"] == number for credential in self.things["credentials"].values())
        if kind == "credential_types" and in_use and fields.get("inputs", thing["inputs"]) != thing["inputs"]:
            raise RefusalError(403, {"detail": "Modifications to inputs are not allowed for credential types that are in use"})
        if kind == "credential_types" and fields.get("injectors") == {}:
            del fields["injectors"]
        if kind == "credentials":
            # For AWX, $encrypted$ means: keep the stored value.
            kept = self.secrets[number]
            inputs = t.cast("Thing", fields.get("inputs", thing["inputs"]))
            fields["inputs"] = {name: kept.get(name) if value == ENCRYPTED else value for name, value in inputs.items()}
        other_place = kind == "projects" and any(
            fields.get(name, thing[name]) != thing[name] for name in ("scm_url", "scm_branch", "credential")
        )
        self._check(kind, number, {**thing, **fields}, body)
        thing.update(fields)
        if other_place:
            self.update_project(number)

    def update_project(self, number: int) -> Thing:
        """Update a project from its branch and return the update, which has already ended.

        AWX does this when a project is created, when its source changes, and on request.
        """
        failed = bool(self.update_error)
        update = {
            "id": 9000 + len(self.updates),
            "project": number,
            "url": f"{self.root}project_updates/{9000 + len(self.updates)}/",
            "status": "failed" if failed else "successful",
            "failed": failed,
            "finished": "2026-11-28T00:00:00Z",
            "event_processing_finished": True,
            "scm_revision": "" if failed else f"{hash(self.playbooks) & 0xFFFFFFFF:08x}",
            "content": self.update_error or "\x1b[0;32mok: [localhost]\x1b[0m\n",
        }
        self.updates.append(update)
        if not failed:
            self.checkouts[number] = self.playbooks
            self.things["projects"][number]["scm_revision"] = update["scm_revision"]
        return update

    def delete(self, kind: str, number: int) -> None:
        """Delete an object, and remove it from every list of related objects."""
        del self.things[kind][number]
        for (where, which, link), linked in list(self.links.items()):
            if (where, which) == (kind, number):
                del self.links[where, which, link]
            elif _target(link) == kind and number in linked:
                linked.remove(number)

    def shown(self, kind: str, number: int) -> Thing:
        """An object as the API returns it: secrets masked, with ``related`` and ``summary_fields``."""
        thing = {"id": number, "type": KINDS[kind].type, "url": f"{self.root}{kind}/{number}/", **self.things[kind][number]}
        related: Thing = {link: f"{thing['url']}{link}/" for link in KINDS[kind].links}
        summary: Thing = {
            "object_roles": {
                f"{role}_role": {"id": grant} for grant, (what, which, role) in self.grants.items() if (what, which) == (kind, number)
            }
        }
        if thing.get("organization"):
            summary["organization"] = {"id": thing["organization"], "name": self.things["organizations"][thing["organization"]]["name"]}
        if kind == "inventories":
            thing["total_hosts"] = sum(host["inventory"] == number for host in self.things["hosts"].values())
        if kind == "projects":
            last = [update for update in self.updates if update["project"] == number][-1]
            thing["status"] = last["status"]
            summary["last_update"] = {"id": last["id"], "status": last["status"], "failed": last["failed"]}
            related["update"] = f"{thing['url']}update/"
        if kind in ("job_templates", "workflow_job_templates"):
            related["survey_spec"] = f"{thing['url']}survey_spec/"
        if kind == "credentials":
            thing["inputs"] = {name: self._mask(thing, name, value) for name, value in thing["inputs"].items()}
            summary["credential_type"] = {
                "id": thing["credential_type"],
                "name": self.things["credential_types"][thing["credential_type"]]["name"],
            }
        if kind == "workflow_job_template_nodes" and thing["unified_job_template"]:
            related["unified_job_template"] = (
                f"{self.root}{self._template_kind(thing['unified_job_template'])}/{thing['unified_job_template']}/"
            )
        return {**thing, "related": related, "summary_fields": summary}

    def listed(self, kind: str, query: t.Mapping[str, str]) -> list[Thing]:
        """The objects that match *query*. :raises RefusalError: an unknown filter."""
        kinds = ("job_templates", "workflow_job_templates", "projects") if kind == "unified_job_templates" else (kind,)
        return [self.shown(kind, number) for kind in kinds for number in self.things[kind] if self._matches(kind, number, query)]

    def link(self, kind: str, number: int, link: str, body: Thing) -> None:
        """Add an object to a list of related objects of another one, or remove it. :raises RefusalError: AWX would refuse it."""
        linked = self.links.setdefault((kind, number, link), [])
        other = body["id"]
        if body.get("disassociate"):
            linked.remove(other)
            return
        target = _target(link)
        if other not in self.things[target]:
            raise RefusalError(404, {"detail": "Not found."})
        if link == "galaxy_credentials" and self._credential_kind(other) != "galaxy":
            raise RefusalError(400, {"msg": "Credential must be a Galaxy credential."})
        if link == "credentials":
            types = [self.things["credentials"][linked_id]["credential_type"] for linked_id in (*linked, other)]
            if len(types) != len(set(types)):
                raise RefusalError(400, {"error": "Cannot assign multiple credentials of one type."})
        linked.append(other)

    def grant(self, grant: int, actors: str, body: Thing) -> None:
        """Grant a role to a user or team, or revoke it.

        :param grant: the id of the role on its object.
        :param actors: ``users`` or ``teams``.
        """
        if grant not in self.grants:
            raise RefusalError(404, {"detail": "Not found."})
        given = self.granted.setdefault((grant, actors), [])
        if body.get("disassociate"):
            given.remove(body["id"])
        else:
            given.append(body["id"])

    def approval(self, node: int, body: Thing) -> int:
        """Create an approval template, let workflow node *node* use it, and return its id."""
        number = self.create("workflow_approval_templates", {"description": "", "timeout": 0, **body})
        self.things["workflow_job_template_nodes"][node]["unified_job_template"] = number
        return number

    def survey(self, kind: str, number: int, body: Thing) -> None:
        """Set a survey. :raises RefusalError: AWX would refuse it."""
        problems = rules.survey(body)
        if problems:
            raise RefusalError(400, {"error": problems[0]})
        self.surveys[kind, number] = body

    def named(self, kind: str, name: str) -> Thing:
        """The object with that name or identifier, as :meth:`shown`. :raises KeyError: there is none, or several."""
        matching = [
            self.shown(kind, number) for number, thing in self.things[kind].items() if thing.get("name", thing.get("identifier")) == name
        ]
        if len(matching) != 1:
            raise KeyError(f"{len(matching)} {kind} are called {name}")
        return matching[0]

    def names(self, kind: str, number: int, link: str) -> list[str]:
        """The sorted names of the objects on list *link* of an object."""
        target = _target(link)
        return sorted(
            str(self.things[target][linked_id].get("name", self.things[target][linked_id].get("identifier")))
            for linked_id in self.links.get((kind, number, link), [])
        )

    def roles_of(self, actors: str, number: int) -> set[tuple[str, str, str]]:
        """(kind, name, role) of every role that user or team *number* has."""
        return {
            (kind, str(self.things[kind][which]["name"]), role)
            for (grant, who), given in self.granted.items()
            if who == actors and number in given
            for kind, which, role in [self.grants[grant]]
        }

    def _known_fields(self, kind: str, body: Thing) -> Thing:
        """The fields of *body* that are stored. :raises RefusalError: it has unknown ones."""
        unknown = set(body) - set(KINDS[kind].defaults) - {"type", "user", "team"}
        if unknown:
            raise RefusalError(400, {"detail": f"{kind} has no {', '.join(sorted(unknown))}"})
        return {name: value for name, value in body.items() if name in KINDS[kind].defaults}

    def _check(self, kind: str, number: int, thing: Thing, body: Thing) -> None:
        """Check an object before it is stored, and keep a credential's secrets. :raises RefusalError: AWX would refuse it."""
        problems: list[str] = []
        if kind == "credential_types" and not thing["managed"] and thing["kind"] and thing["inputs"]:
            problems = rules.credential_type(thing["kind"], thing["inputs"], thing["injectors"])
        elif kind == "credentials" and not any(body.get(name) or thing.get(name) for name in ("organization", "user", "team")):
            problems = ["Missing 'user', 'team', or 'organization'."]
        elif kind == "schedules":
            problems = rules.rrule(thing["rrule"])
        elif kind == "notification_templates":
            problems = rules.webhook(thing["notification_configuration"]) + rules.messages(thing["messages"])
            for name, (dummy, default) in rules.WEBHOOK.items():
                thing["notification_configuration"].setdefault(name, default)
        elif kind == "workflow_job_template_nodes" and thing["extra_data"]:
            problems = ["Variables are not allowed on launch."]
        problems += self._mismatches(kind, number, thing)
        if problems:
            raise RefusalError(400, {"__all__": problems})
        if kind == "credentials":
            self.secrets[number] = json.loads(json.dumps(thing["inputs"]))

    def _mismatches(self, kind: str, number: int, thing: Thing) -> list[str]:
        """Refusals that depend on other objects."""
        refused: dict[str, bool] = {}
        if kind == "job_templates":
            refused["Job Templates must have a project assigned."] = thing["project"] is None
            refused["You must either set a default value or ask to prompt on launch."] = not (
                thing["inventory"] or thing["ask_inventory_on_launch"]
            )
            refused["Playbook not found for project."] = thing["playbook"] not in self.checkouts.get(thing["project"], ())
        elif kind == "inventory_sources" and thing["source"] == "scm":
            refused["Project required for scm type sources."] = not thing["source_project"]
            refused["Credentials of type insights and vault are disallowed for scm inventory sources."] = self._credential_kind(
                thing["credential"]
            ) in ("insights", "vault")
        elif kind == "execution_environments":
            before = self.things[kind].get(number, thing)["organization"]
            refused["Cannot change the organization of an execution environment"] = thing["organization"] not in (None, before)
            refused["Only Container Registry credentials can be associated"] = self._credential_kind(thing["credential"]) not in (
                "",
                "registry",
            )
        return [words for words, is_so in refused.items() if is_so]

    def _credential_kind(self, number: int | None) -> str:
        """The kind of a credential's type; "" if *number* is None or 0."""
        return str(self.things["credential_types"][self.things["credentials"][number]["credential_type"]]["kind"]) if number else ""

    def _mask(self, thing: Thing, name: str, value: t.Any) -> t.Any:
        fields = self.things["credential_types"][thing["credential_type"]]["inputs"].get("fields", [])
        return ENCRYPTED if any(field["id"] == name and field.get("secret") for field in fields) else value

    def _template_kind(self, number: int) -> str:
        return next(kind for kind in _TEMPLATES if number in self.things[kind])

    def _matches(self, kind: str, number: int, query: t.Mapping[str, str]) -> bool:
        either = {name[4:]: value for name, value in query.items() if name.startswith("or__")}
        filters = {name: value for name, value in query.items() if not name.startswith("or__") and name not in ("page", "page_size")}
        if either and not any(self._passes(kind, number, name, value) for name, value in either.items()):
            return False
        return all(self._passes(kind, number, name, value) for name, value in filters.items())

    def _passes(self, kind: str, number: int, path: str, value: str) -> bool:
        """Whether an object matches one filter.

        :param path: a field, possibly of a related object, as in ``workflow_job_template__organization__name``. With the suffix ``__in``,
            *value* is a list separated by commas.
        """
        thing: Thing = {**self.things[kind][number], "id": number}
        *steps, field = path.removesuffix("__in").split("__")
        for step in steps:
            if step not in thing:
                raise RefusalError(400, {"detail": f"{kind} has no field {step}"})
            thing = self.things[f"{step}s"].get(thing[step], {}) | {"id": thing[step]}
        if field not in thing:
            raise RefusalError(400, {"detail": f"{kind} has no field {path}"})
        return str(thing[field]) in (value.split(",") if path.endswith("__in") else [value])


class Double:
    """The HTTP server: ``with Double(playbooks) as awx: ... awx.url, awx.store``. ``requests`` counts requests.

    :param product: the product name in its answers. With any name other than AWX, the path of the API is that behind the gateway of
        Automation Platform.
    """

    def __init__(self, playbooks: t.Collection[str], product: str = "AWX") -> None:
        self.product = product
        self.requests = 0
        self.store = Store(playbooks, ROOT if product == "AWX" else "/api/controller/v2/")
        self._lock = threading.Lock()

    def __enter__(self) -> Double:
        handler = type("Handler", (_Handler,), {"double": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, body: t.Any) -> tuple[int, Thing]:
        """Handle a request and return the status and body of the answer."""
        parts = urlsplit(target)
        words = [word for word in parts.path.removeprefix(self.store.root).split("/") if word]
        with self._lock:
            self.requests += 1
            if words[:1] == ["tokens"]:
                return self._on_token(method, words[1:])
            if method != "GET":
                self.store.writes.append((method, parts.path, body))
            try:
                return self._routed(method, words, dict(parse_qsl(parts.query)), body)
            except RefusalError as refusal:
                return refusal.status, refusal.body

    def _on_token(self, method: str, words: list[str]) -> tuple[int, Thing]:
        """Create or delete a token. Every other request for tokens gets 404."""
        tokens = self.store.tokens
        if method == "POST":
            number = len(tokens) + 1
            tokens[number] = True
            return 201, {
                "id": number,
                "type": "o_auth2_access_token",
                "token": f"token-{number}-of-the-double",
                "url": f"{self.store.root}tokens/{number}/",
            }
        if method == "DELETE" and words and tokens.get(int(words[0])):
            tokens[int(words[0])] = False
            return 204, {}
        return 404, {"detail": "Not found."}

    def _routed(self, method: str, words: list[str], query: dict[str, str], body: t.Any) -> tuple[int, Thing]:
        store = self.store
        match (method, *words):
            case ("GET", kind) if kind in KINDS or kind == "unified_job_templates":
                return 200, _page(store.listed(kind, query))
            case ("POST", kind) if kind in KINDS:
                return 201, store.shown(kind, store.create(kind, body))
            case ("GET", "roles", grant, "users" | "teams" as actors):
                return 200, _page([{"id": role} for role in store.granted.get((int(grant), actors), [])])
            case ("POST", "roles", grant, "users" | "teams" as actors):
                store.grant(int(grant), actors, body)
                return 204, {}
            case ("POST", "workflow_job_template_nodes", node, "create_approval_template"):
                return 201, store.shown("workflow_approval_templates", store.approval(int(node), body))
            case ("GET", "project_updates", update, *rest) if rest in ([], ["stdout"]):
                chosen = next(known for known in store.updates if str(known["id"]) == update)
                return 200, {"range": {"start": 0}, "content": chosen["content"]} if rest else chosen
            case ("POST", "projects", number, "update"):
                return 202, store.update_project(int(number))
            case ("GET", "projects", number, "playbooks"):
                return 200, t.cast("Thing", sorted(store.checkouts.get(int(number), ())))
            case (_, kind, number, *rest) if kind in KINDS and number.isdigit() and int(number) in store.things[kind]:
                return self._on_thing(method, kind, int(number), rest, body)
        raise RefusalError(404, {"detail": f"{method} {'/'.join(words)} is not known here."})

    def _on_thing(self, method: str, kind: str, number: int, rest: list[str], body: t.Any) -> tuple[int, Thing]:
        store = self.store
        if not rest and method == "PATCH":
            store.update(kind, number, body)
        if not rest and method in ("GET", "PATCH"):
            return 200, store.shown(kind, number)
        if not rest and method == "DELETE":
            store.delete(kind, number)
            return 204, {}
        if rest == ["survey_spec"] and method == "POST":
            store.survey(kind, number, body)
        if rest == ["survey_spec"]:
            return 200, store.surveys.get((kind, number), {})
        if len(rest) == 1 and rest[0] in KINDS[kind].links and method == "POST":
            store.link(kind, number, rest[0], body)
            return 204, {}
        if len(rest) == 1 and rest[0] in KINDS[kind].links and method == "GET":
            return 200, _page([{"id": linked_id} for linked_id in store.links.get((kind, number, rest[0]), [])])
        raise RefusalError(404, {"detail": f"{method} {kind}/{number}/{'/'.join(rest)} is not known here."})


class _Handler(BaseHTTPRequestHandler):
    double: Double
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        status, answer = self.double.answer(self.command, self.path, body)
        encoded = b"" if status == 204 else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-API-Product-Name", self.double.product)
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *args: object) -> None:
        """Log nothing."""


def _target(link: str) -> str:
    """The kind of the objects on list *link*."""
    if link.endswith("_nodes"):
        return "workflow_job_template_nodes"
    return {"galaxy_credentials": "credentials"}.get(link, "notification_templates" if link.startswith("notification") else link)


def _page(results: list[Thing]) -> Thing:
    return {"count": len(results), "next": None, "previous": None, "results": results}
