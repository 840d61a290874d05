# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the workspace and the version of the API."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of everything that works in one workspace. ``workspace_spec()`` in ``module_utils/_config/argument_spec.py`` is their specification."""

    DOCUMENTATION = r"""
options:
  workspace_id:
    description:
      - Id of the workspace, as M(dataarts.factory.workspace_info) returns it. The console shows it next to the name of the workspace.
      - Do not use the C(instanceId) in the console's addresses, which is the id of the DataArts Studio instance.
    type: str
    required: true
  api_version:
    description:
      - Version of the API to use. V(v1) lists a whole workspace in one request and reruns one instance per request. V(v2) lists one job
        and reruns many instances per request, but is not open on every site.
      - V(auto) uses the version that needs fewer requests, and V(v1) if the gateway says that V(v2) is not published or not open to the
        account. The result says which version was used.
    type: str
    choices: [auto, v2, v1]
    default: auto
"""
