# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which function answers which route."""

from __future__ import annotations

import typing as t

from emulator.factory import dependencies, jobs, rerun
from emulator.factory import instance_detail as details
from emulator.factory import instances as listing
from emulator.factory import monitoring as monitor
from emulator.iam import handlers as iam
from emulator.management import handlers as management
from emulator.service import Answer, Call

HANDLERS: dict[str, t.Callable[[Call], Answer]] = {
    "v2_list": listing.list_v2,
    "v2_retry": rerun.retry_v2,
    "v2_jobs": jobs.list_v2,
    "v2_depend_jobs": dependencies.list_jobs,
    "v2_depend_instances": dependencies.list_instances,
    "overview": monitor.overview,
    "completion": monitor.completion,
    "v1_list": listing.list_v1,
    "v1_jobs": jobs.list_v1,
    "v1_job": jobs.show_v1,
    "v1_instance": details.show_instance,
    "v1_restart": rerun.restart_v1,
    "v1_stop": rerun.stop_v1,
    "workspaces": management.list_workspaces,
    "studios": management.list_studios,
    "tokens": iam.create_token,
    "projects": iam.list_projects,
    "security_tokens": iam.create_temporary_key,
}
