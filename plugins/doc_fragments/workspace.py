# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the options that say which workspace is meant, and how it is spoken to."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of everything that works in one workspace; the specification beside it is ``workspace_spec()`` in ``module_utils/_config/argument_spec.py``."""

    DOCUMENTATION = r"""
options:
  workspace_id:
    description:
      - Id of the workspace, as M(dataarts.factory.workspace_info) lists it. The console shows it beside the name of the workspace.
      - It is not the C(instanceId) in the console's addresses, which is the DataArts Studio instance.
    type: str
    required: true
  api_version:
    description:
      - Generation of the API to use. V(v1) lists a whole workspace in one call and reruns one instance at a time, V(v2) lists one job
        and reruns many instances at once, but is not open on every site.
      - V(auto) uses V(v2) where it is the better one, and V(v1) where the gateway says that V(v2) is not published or not open to the
        account. The result says which was used.
    type: str
    choices: [auto, v2, v1]
    default: auto
"""
