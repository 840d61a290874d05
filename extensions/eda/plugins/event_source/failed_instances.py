# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source of ansible-rulebook: job instances of DataArts Studio that failed."""

from __future__ import annotations

import asyncio
import importlib
import typing as t

DOCUMENTATION = r"""
---
short_description: Watch workspaces of Huawei Cloud DataArts Studio for job instances that fail.
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - An ansible-rulebook event source plugin that emits one event for each job instance that newly failed, or failed again after a rerun.
  - Watches any number of workspaces and accounts. Each poll costs one read per workspace, or only one call of the statistics if they show no
    failure.
  - An event C(event.dataarts) has a C(kind). C(failed) is an instance that failed. C(outage) is emitted once when workspaces of an account can no
    longer be read, and C(restored) once when they can be read again. C(ended) is the last event, if only a person can help.
  - The limit of a playbook that acts on an event, C(event.meta.hosts), is the inventory host of the workspace.
  - Text that other people wrote (names, messages) is sent in base64, in fields that end in C(_b64). Decode it in the playbook. The field
    C(job_name) has the name as plain text, or null if it could be read as a template.
  - C(stopped) is true if a task that shares the journal stopped the run that failed, with its options timeout_action or running_exception,
    and C(stopped_at) says when. Do not rerun such an instance by a rule if that task reruns it itself.
  - The journal records which failures had an event, so that a restart loses none, and sources that share a journal never emit an event for
    the same failure twice. The guide on event-driven reruns of this collection explains what exactly is guaranteed.
  - A wrong credential, or an account without any workspace that exists and may be read, ends the source with one line in the log and an event
    C(ended). A journal that cannot be read or written is an outage. A wrong argument ends the source with one line in the log before it watches
    anything.
requirements:
  - The collection dataarts.factory where ansible-core finds it, and the Python packages ansible-core and requests next to ansible-rulebook.
options:
  workspaces:
    description:
      - The workspaces to watch, with credentials from the other options or from the environment. Cannot be used together with accounts.
    type: list
    elements: dict
    suboptions:
      workspace_id:
        description:
          - Id of the workspace. Quote it.
        type: str
        required: true
      host:
        description:
          - The inventory host that represents the workspace. If not set, it is the id of the workspace.
        type: str
  accounts:
    description:
      - Several accounts, projects or regions. Each entry takes workspaces and every option of an account listed here, and a name for
        messages.
    type: list
    elements: dict
  jobs:
    description:
      - Names of jobs, or shell-style patterns. If one of them matches no job, the log says so once, at the start.
    type: list
    elements: str
    default: ["*"]
  statuses:
    description:
      - Statuses that count as a failure.
    type: list
    elements: str
    choices: [fail, running-exception, manual-stop]
    default: [fail]
  instance_types:
    description:
      - Only instances of these types. If not set, instances of every type count.
    type: list
    elements: str
    choices: [normal, manual, patch_data, sub_job, once]
  planned_after:
    description:
      - Start of the window of plan times that is watched, as in the modules. At the first start, every failure in it gets an event.
    type: str
    default: -24h
  poll_interval:
    description:
      - Seconds between two polls. While a workspace cannot be read, the pause for it doubles, up to 15 minutes.
    type: int
    default: 60
  repeat_within:
    description:
      - The receiver of an event needs time to act on it. If the source ends less than this many seconds after it emitted an event, the
        event is emitted once more, marked as repeated, if the instance is still in the same failure. That happens after these seconds, two
        poll intervals and a minute, by this source after a restart or by another source that shares the journal.
      - Set more seconds than the rules use to gather events. With V(0), only an event that was never received is emitted again.
    type: int
    default: 300
  probe:
    description:
      - Whether to ask the statistics first whether anything failed, on sites that have them. The service allows one such call per second,
        so the statistics are not used if the workspaces of an account would need more than half of poll_interval for them.
    type: bool
    default: true
  find_missing:
    description:
      - Whether to also look, every ten minutes, for instances that the schedules of the jobs should have created and did not. This needs version v1
        of the API and one call for each job.
      - Each gap causes one event of kind C(missing), over all sources that share the journal. The event has the number of C(instances), the names
        of the C(gaps) as in module supplement_missing, and C(job_names_b64). Jobs whose schedule is stopped are left out.
    type: bool
    default: false
  journal:
    description:
      - The journal, as in the modules. A path to a SQLite database, or C(postgresql://user@host:5432/database), which several event sources and
        controllers share. The default is C(~/.local/state/dataarts.factory/journal.db).
    type: str
  journal_password:
    description:
      - Password for O(journal), if that is PostgreSQL. If not set, libpq itself looks for a password.
    type: str
  dependants:
    description:
      - Maximum number of new failures for which each poll of a workspace reads the directly dependent instances, 0 to 100. Each costs one request.
        The event has these instances in C(dependants), at most 20, and their number in C(dependants_total). Both are null if they were not read,
        for example on sites without the dependency API.
    type: int
    default: 0
  feedback:
    description:
      - Set to true with ansible-rulebook 1.3 and its persistence. An event then counts as delivered as soon as the engine has stored it in
        its database, and is never repeated.
    type: bool
    default: false
  api_version:
    description:
      - Generation of the API, as in the modules.
    type: str
    choices: [auto, v2, v1]
    default: auto
  region:
    description:
      - Id of the region. This option and those below are the same as in the modules, with the same environment variables.
    type: str
  cloud_domain:
    description:
      - Domain after the region in host names, on other clouds.
    type: str
  project_id:
    description:
      - Id of the project.
    type: str
  access_key:
    description:
      - Access key (AK). Set it in the environment as E(HW_ACCESS_KEY) rather than in a rulebook.
    type: str
  secret_key:
    description:
      - Secret key (SK), E(HW_SECRET_KEY).
    type: str
  security_token:
    description:
      - Security token of temporary keys.
    type: str
  auth_token:
    description:
      - IAM token. It cannot be renewed, so the source ends when it expires.
    type: str
  user_name:
    description:
      - Name of an IAM user.
    type: str
  user_password:
    description:
      - Password of the user.
    type: str
  domain_name:
    description:
      - Name of the account that the user belongs to.
    type: str
  use_instance_metadata:
    description:
      - Whether the temporary keys of this machine's agency are used instead of other credentials. The machine must be an ECS.
    type: bool
    default: false
  agency_name:
    description:
      - Name of an agency to act as.
    type: str
  agency_domain_name:
    description:
      - Name of the account that owns the agency.
    type: str
  endpoint:
    description:
      - Address of the v2 Factory API.
    type: str
  endpoint_v1:
    description:
      - Address of the v1 Factory API.
    type: str
  iam_endpoint:
    description:
      - Address of IAM.
    type: str
  allow_http:
    description:
      - Whether credentials may go over plain http to other machines.
    type: bool
    default: false
  validate_certs:
    description:
      - Whether certificates are verified.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory of certificates of authorities.
    type: path
  connect_timeout:
    description:
      - Seconds for a connection.
    type: float
    default: 10.0
  read_timeout:
    description:
      - Seconds for an answer.
    type: float
    default: 60.0
  max_retries:
    description:
      - How often a read is repeated.
    type: int
    default: 4
"""

EXAMPLES = r"""
- dataarts.factory.failed_instances:
    region: cn-north-4
    workspaces:
      - workspace_id: 62fbba734e634c5087656fc3ff7adf34
        host: sales
      - workspace_id: 7c1d0be22f5b4e0c9d3a5c8f6e4b2a10
        host: supply

# Two accounts, their keys passed on with --env-vars RETAIL_AK,RETAIL_SK,FINANCE_AK,FINANCE_SK
- dataarts.factory.failed_instances:
    poll_interval: 30
    jobs: ["daily_*"]
    accounts:
      - name: retail
        region: cn-north-4
        project_id: 62099355b894428e8916573ae635f1f9
        access_key: "{{ RETAIL_AK }}"
        secret_key: "{{ RETAIL_SK }}"
        workspaces:
          - {workspace_id: 62fbba734e634c5087656fc3ff7adf34, host: sales}
      - name: finance
        region: cn-north-4
        project_id: 0f7a4c3d9be84d6ea1b25c8d7e6f9a03
        access_key: "{{ FINANCE_AK }}"
        secret_key: "{{ FINANCE_SK }}"
        workspaces:
          - {workspace_id: a94f2e6bd0c14f7795e8b3d1c6a7f520, host: finance}
"""

_SOURCE = "ansible_collections.dataarts.factory.plugins.plugin_utils._eda.source"


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Put an event for every failed job instance.

    :param queue: of ansible-rulebook.
    :param args: the arguments in the rulebook.
    """
    await _source().watch(queue, args)


def _source() -> t.Any:
    """Import the source's code from the collection. ansible-rulebook runs this file by its path, without Ansible's collection loader."""
    try:
        return importlib.import_module(_SOURCE)
    except ModuleNotFoundError:
        importlib.import_module("ansible.plugins.loader").init_plugin_loader()
    return importlib.import_module(_SOURCE)
