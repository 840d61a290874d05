# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of a chain from lines of text"""

from __future__ import annotations

DOCUMENTATION = r"""
name: related_jobs
short_description: Jobs of a chain from lines of text
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Makes the list of jobs that C(dataarts.factory.rerun_related) takes of what somebody typed into a survey.
options:
  _input:
    description: Lines, each with the name of a job, a blank, and the id of its workspace. A list is returned as it is.
    type: raw
    required: true
seealso:
  - module: dataarts.factory.job_instance_retry
"""

EXAMPLES = r"""
- name: Use what was typed
  ansible.builtin.debug:
    msg: "{{ 'daily_sales 62fbba734e634c5087656fc3ff7adf34' | dataarts.factory.related_jobs }}"
"""

RETURN = r"""
_value:
  description: The jobs.
  type: list
  elements: dict
  sample: [{"job_name": "daily_sales", "workspace_id": "62fbba734e634c5087656fc3ff7adf34"}]
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._common.errors import OptionError
from ..plugin_utils._awx import launch_inputs as _launch_inputs


def related_jobs(value: t.Any) -> t.Any:
    """See :func:`_launch_inputs.jobs_of_lines`. :raises AnsibleFilterError: a line cannot be understood."""
    try:
        return _launch_inputs.jobs_of_lines(value)
    except OptionError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"related_jobs": related_jobs}
