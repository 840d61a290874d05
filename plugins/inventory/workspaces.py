# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory plugin: every workspace of one or more accounts as a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: workspaces
short_description: Workspaces of DataArts Studio as hosts
version_added: 1.0.0
description:
  - Reads the workspaces of one or more accounts and makes every workspace a host, with the variables that the role
    P(dataarts.factory.rerun#role) and the modules of this collection need.
  - The name of the inventory file must end in C(dataarts.yml) or C(dataarts.yaml).
  - Nothing is ever run on a workspace, so its connection is C(local), with the Python that runs Ansible.
author:
  - dataarts.factory contributors (@dataarts-factory)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - python >= 3.10, which every supported ansible-core needs anyway
  - requests >= 2.25 for the Python interpreter that runs Ansible
notes:
  - The hosts are in the groups C(dataarts), C(dataarts_account_NAME), and C(dataarts_region_REGION).
  - Credentials become variables of the account's group exactly as they are in the inventory file, as templates or vaulted text, and are
    evaluated where they are used. So C(ansible-inventory --list) does not show them. A secret in plain text (which is only sensible if the
    whole file is encrypted with C(ansible-vault)) becomes a template that reads it from the file.
  - The inventory cache keeps what the service answered, but no credentials. If the credentials change, the workspaces are read again.
  - Names that come from the service are never evaluated as templates.
seealso:
  - name: Inventories and credentials
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_inventory.rst
    description: Inventories and credentials.
  - module: dataarts.factory.workspace_info
options:
  plugin:
    description: Marks the file as the configuration of this plugin.
    type: str
    required: true
    choices: [dataarts.factory.workspaces]
  accounts:
    description:
      - Accounts to read. All values can be templates, with extra variables and lookups, or be vaulted.
      - Credentials that are not set are taken from the environment, as in the modules; see M(dataarts.factory.workspace_info).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the account in this inventory. Its group is named after it.
        type: str
        required: true
      regions:
        description:
          - Regions to read. If not set, the environment variable E(HW_REGION_NAME) is used.
        type: list
        elements: str
      project_id:
        description:
          - Id of the project, for one region. If not set, the project with the name of the region is looked up.
          - The environment variables for the project are used only if there is one account with one region, and it sets no credentials.
        type: str
      studio_instance_ids:
        description: Ids of the DataArts Studio instances whose workspaces are read. If not set, all usable instances of the project are
          read.
        type: list
        elements: str
      workspaces:
        description: Shell-style patterns. Only workspaces whose name or id matches one of them become hosts. If not set, all workspaces
          become hosts.
        type: list
        elements: str
      exclude_workspaces:
        description: Shell-style patterns. Workspaces whose name or id matches one of them do not become hosts.
        type: list
        elements: str
      access_key:
        description: Access key. Requires O(accounts[].secret_key).
        type: str
      secret_key:
        description: Secret key that belongs to O(accounts[].access_key).
        type: str
      security_token:
        description: Security token of a temporary O(accounts[].access_key).
        type: str
      auth_token:
        description: Existing IAM token.
        type: str
      user_name:
        description: Name of an IAM user. Requires O(accounts[].user_password) and O(accounts[].domain_name).
        type: str
      user_password:
        description: Password of O(accounts[].user_name).
        type: str
      domain_name:
        description: Name of the account that O(accounts[].user_name) belongs to.
        type: str
      use_instance_metadata:
        description: Whether the temporary keys of this machine's agency are used instead of other credentials. The machine must be an ECS.
        type: bool
      agency_name:
        description: Agency to act as, in the account O(accounts[].agency_domain_name).
        type: str
      agency_domain_name:
        description: Name of the account that owns O(accounts[].agency_name).
        type: str
      cloud_domain:
        description: Domain after the region in host names, on clouds other than V(myhuaweicloud.com).
        type: str
      endpoint:
        description: Overrides the address of the v2 Factory API and of the management API. For one region.
        type: str
      endpoint_v1:
        description: Overrides the address of the v1 Factory API. For one region.
        type: str
      iam_endpoint:
        description: Overrides the address of IAM. For one region.
        type: str
      validate_certs:
        description: Whether the certificates of the hosts are verified.
        type: bool
        default: true
      ca_path:
        description: File or directory with PEM certificates of the authorities to trust.
        type: path
      allow_http:
        description: Whether addresses with plain C(http) are accepted for hosts other than the loopback of this machine.
        type: bool
        default: false
      connect_timeout:
        description: Seconds to wait for a connection.
        type: float
        default: 10.0
      read_timeout:
        description: Seconds to wait for a complete answer.
        type: float
        default: 60.0
      max_retries:
        description: How many times a request that failed without an effect is sent again.
        type: int
        default: 4
  hostname:
    description:
      - Jinja2 expression for the name of a host, over the variables of the host. If not set, it is the name of the workspace.
      - Characters other than letters, digits, C(_), C(-), and C(.) are replaced by C(_).
      - If several workspaces want the same name, all of them get a suffix from their ids, and there is a warning.
    type: str
  on_error:
    description:
      - What happens if an account cannot be read. With V(fail), the whole inventory fails. With V(warn), the account is left out with a warning.
    type: str
    choices: [fail, warn]
    default: fail
"""

EXAMPLES = r"""
# fleet.dataarts.yml: two accounts, credentials from the vault and from the environment.
plugin: dataarts.factory.workspaces
accounts:
  - name: retail
    regions: [eu-west-101]
    access_key: "{{ lookup('ansible.builtin.env', 'RETAIL_AK') }}"
    secret_key: "{{ lookup('ansible.builtin.env', 'RETAIL_SK') }}"
  - name: logistics
    regions: [ap-southeast-1, ap-southeast-3]
    user_name: rerun-bot
    user_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      61626364
    domain_name: logistics-cloud
    exclude_workspaces: ["sandbox*"]

# A plain name for each workspace that says which account it is in, and a group for each DataArts Studio instance.
hostname: dataarts_account ~ '-' ~ dataarts_workspace_name
keyed_groups:
  - key: dataarts_studio_instance_name
    prefix: studio
groups:
  production: dataarts_workspace_name is search('prod')
compose:
  dataarts_max_instances: 200 if 'prod' in dataarts_workspace_name else 50
"""

import concurrent.futures
import contextlib
import json
import os
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._common.concurrency import begun_in_threads
from ..module_utils._common.errors import ApiError, OptionError
from ..module_utils._common.text import safe
from ..module_utils._config.credentials import SECRET_OPTIONS
from ..module_utils._http.compat import HAS_REQUESTS
from ..module_utils._http.session import open_session
from ..plugin_utils._common.templates import (
    from_service,
    is_template,
    is_vaulted,
    own_template,
    plain,
    reference,
)
from ..plugin_utils._inventory.accounts import (
    SHARED_OPTIONS,
    Target,
    checked,
    environment_of_target,
    targets_of,
)
from ..plugin_utils._inventory.names import RESERVED, host_names
from ..plugin_utils._inventory.rows import ROW_NAMES, Row, fetch, intact

#: Number of accounts and regions that are read in parallel.
PARALLEL = 8


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin, as ansible-core calls it."""

    NAME = "dataarts.factory.workspaces"

    def verify_file(self, path: str) -> bool:
        """Whether *path* has the name of a configuration file of this plugin."""
        return super().verify_file(path) and path.endswith(("dataarts.yml", "dataarts.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Fill *inventory* from the file at *path*. :raises AnsibleParserError: the file is not valid, or an account cannot be read."""
        super().parse(inventory, loader, path)
        if not HAS_REQUESTS:
            raise AnsibleParserError("The Python library requests is missing for the Python that runs Ansible: install it there.")
        raw = self._read_config_data(path).get("accounts")
        try:
            accounts = self._accounts(raw)
            targets = [target for account in accounts for target in targets_of(account, os.environ)]
            rows = self._rows(targets, self.get_cache_key(path), cache)
        except (ApiError, OptionError) as error:
            raise AnsibleParserError(f"Failed to read the workspaces in {path}: {_with_hint(error)}") from None
        self._add_groups(raw, accounts, path)
        self._add_hosts(rows)

    def _accounts(self, raw: t.Any) -> list[dict[str, t.Any]]:
        """The accounts of the file, templated and checked. :raises OptionError: see :func:`checked`."""
        if not isinstance(raw, list) or not raw:
            raise OptionError("accounts must be a list with at least one account.")
        self.templar.available_variables = self._vars
        accounts = []
        for position, entry in enumerate(raw, start=1):
            try:
                accounts.append(checked(plain(self.templar.template(entry)), position))
            except AnsibleError as error:
                raise OptionError(f"entry {position} of accounts cannot be evaluated: {error}") from None
        groups = [self._account_group(account) for account in accounts]
        for account, group in zip(accounts, groups):
            if groups.count(group) > 1:
                raise OptionError(f"account {account['name']} has the group {group}, as another account has: rename one of them.")
        return accounts

    def _account_group(self, account: t.Mapping[str, t.Any]) -> str:
        return str(self._sanitize_group_name(f"dataarts_account_{account['name']}"))

    def _rows(self, targets: list[Target], key: str, cache: bool) -> list[tuple[Target, Row]]:
        """The selected rows of all *targets*, from the cache if it has them.

        :raises OptionError: a target cannot be read, unless on_error is warn.
        """
        caching = self.get_option("cache")
        rows: dict[str, list[Row]] = {}
        if caching and cache:
            with contextlib.suppress(KeyError):
                rows = intact(self._cache[key])
        missing = [target for target in targets if target.fingerprint not in rows]
        rows.update(self._fetched(missing, alone=len(targets) == 1))
        if caching and missing:
            self._cache[key] = {target.fingerprint: rows[target.fingerprint] for target in targets if target.fingerprint in rows}
        return [(target, row) for target in targets for row in rows.get(target.fingerprint, []) if target.wants(row)]

    def _fetched(self, targets: list[Target], alone: bool) -> dict[str, list[Row]]:
        """Fingerprint -> rows of *targets*, read in parallel. :raises OptionError: a target cannot be read, unless on_error is warn."""
        rows: dict[str, list[Row]] = {}
        reading = begun_in_threads(lambda target: _read(target, alone), targets, PARALLEL)
        concurrent.futures.wait(reading)
        for target, future in zip(targets, reading):
            try:
                rows[target.fingerprint] = future.result()
            except (ApiError, OptionError) as error:
                if self.get_option("on_error") == "fail":
                    raise OptionError(f"{target.label}: {_with_hint(error)}") from None
                self.display.warning(f"Left out {target.label}: {_with_hint(error)}")
        return rows

    def _add_groups(self, raw: list[t.Any], accounts: list[dict[str, t.Any]], path: str) -> None:
        """Add a group for each account, with its options as written in the file; secrets in clear text become a :func:`reference` to it."""
        self.inventory.add_group("dataarts")
        for position, (entry, account) in enumerate(zip(raw, accounts)):
            group = self.inventory.add_group(self._account_group(account))
            self.inventory.add_child("dataarts", group)
            for option in SHARED_OPTIONS:
                if account.get(option) is not None:
                    secret_in_clear = option in SECRET_OPTIONS and not is_vaulted(entry[option]) and not is_template(entry[option])
                    value = reference(os.path.abspath(path), position, option) if secret_in_clear else entry[option]
                    self.inventory.set_variable(group, f"dataarts_{option}", value)

    def _add_hosts(self, rows: list[tuple[Target, Row]]) -> None:
        """Add a host for each row, with its variables and groups, and those of compose, groups and keyed_groups."""
        variables = [self._host_variables(target, row) for target, row in rows]
        wanted = [
            (self._wanted_name(host_variables), str(row["workspace_id"]), target.account)
            for host_variables, (target, row) in zip(variables, rows)
        ]
        names, warnings = host_names(wanted, self._taken({row["workspace_id"] for target, row in rows}))
        for warning in warnings:
            self.display.warning(warning)
        lost: dict[str, str] = {}
        for name, host_variables, (target, dummy) in zip(names, variables, rows):
            self.inventory.add_host(name, group=self._account_group({"name": target.account}))
            if target.region:
                group = self.inventory.add_group(self._sanitize_group_name(f"dataarts_region_{target.region}"))
                self.inventory.add_child("dataarts", group)
                self.inventory.add_child(group, name)
            for variable, value in host_variables.items():
                self.inventory.set_variable(name, variable, value)
            lost.update(self._construct(name))
        for variable, why in lost.items():
            self.display.warning(f"compose could not set {variable}, so it is not set: {why}. Text needs quotes within the expression.")

    def _host_variables(self, target: Target, row: Row) -> dict[str, t.Any]:
        known = {f"dataarts_{option}": from_service(safe(row.get(option))) for option in ROW_NAMES}
        return {
            **known,
            "dataarts_account": from_service(target.account),
            "dataarts_region": from_service(target.region),
            # The Python that runs Ansible has requests; the one that interpreter discovery finds may lack it.
            "ansible_connection": own_template("local"),
            "ansible_python_interpreter": own_template("{{ ansible_playbook_python }}"),
        }

    def _wanted_name(self, variables: dict[str, t.Any]) -> str:
        expression = self.get_option("hostname")
        if not expression:
            return str(variables["dataarts_workspace_name"])
        try:
            return str(self._compose(expression, variables))
        except AnsibleError as error:
            raise AnsibleParserError(f"Failed to evaluate hostname for workspace {variables['dataarts_workspace_id']}: {error}") from None

    def _taken(self, workspace_ids: set[t.Any]) -> set[str]:
        """Names that belong to something else: reserved ones, groups, and workspaces of other inventory files."""
        hosts = {str(name): host.vars.get("dataarts_workspace_id") for name, host in self.inventory.hosts.items()}
        others = {name for name, workspace_id in hosts.items() if workspace_id is not None and workspace_id not in workspace_ids}
        return others | RESERVED | {str(name) for name in self.inventory.groups}

    def _construct(self, name: str) -> dict[str, str]:
        """Add variables and groups from expressions, as every constructable inventory does.

        :returns: variable of the collection that could not be composed -> why; without it, a limit might be missing.
        :raises AnsibleError: with ``strict``, a variable could not be composed.
        """
        strict = self.get_option("strict")
        variables = self.inventory.get_host(name).get_vars()
        lost = {}
        for variable, expression in (self.get_option("compose") or {}).items():
            try:
                self._set_composite_vars({variable: _expression(expression)}, variables, name, strict=True)
            except AnsibleError as error:
                if strict:
                    raise
                if str(variable).startswith("dataarts_"):
                    lost[str(variable)] = str(error)
        variables = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
        return lost


def _expression(value: t.Any) -> t.Any:
    """The expression for a value in compose. Values that are not text become their literals, as Ansible since 2.19 silently drops them."""
    if isinstance(value, str):
        return value
    return own_template("none" if value is None else json.dumps(value))


def _read(target: Target, alone: bool) -> list[Row]:
    session = open_session(target.options, environment_of_target(target, alone, os.environ))
    try:
        return fetch(session, target.studio_instance_ids)
    finally:
        session.close()


def _with_hint(error: Exception) -> str:
    """The error's message with its hint."""
    if not isinstance(error, ApiError):
        return str(error)
    return f"{error}. {error.hint}".rstrip(" .") + "."
