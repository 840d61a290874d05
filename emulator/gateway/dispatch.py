# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers of the routes."""

from __future__ import annotations

import typing as t

from emulator.factory import baselines, dependencies, instance_detail, instances, jobs, logs, monitoring, rerun, schedules, supplements
from emulator.iam import handlers as iam
from emulator.iam import metadata
from emulator.management import handlers as management
from emulator.service import Answer, Request

HANDLERS: dict[str, t.Callable[[Request], Answer]] = {
    "v2_list": instances.list_v2,
    "v2_retry": rerun.retry_v2,
    "v2_jobs": jobs.list_v2,
    "v2_depend_jobs": dependencies.list_jobs,
    "v2_depend_instances": dependencies.list_instances,
    "baselines": baselines.list_baselines,
    "baseline_instances": baselines.list_baseline_instances,
    "supplements": supplements.list_supplements,
    "supplement": supplements.create,
    "supplement_stop": supplements.stop,
    "overview": monitoring.overview,
    "completion": monitoring.completion,
    "v1_list": instances.list_v1,
    "v1_jobs": jobs.list_v1,
    "v1_job": jobs.show_v1,
    "v1_instance": instance_detail.show_instance,
    "v1_restart": rerun.restart_v1,
    "v1_stop": rerun.stop_v1,
    "v1_start_job": schedules.start_v1,
    "v1_stop_job": schedules.stop_v1,
    "v1_run": schedules.run_v1,
    "workspaces": management.list_workspaces,
    "studios": management.list_studios,
    "tokens": iam.create_token,
    "projects": iam.list_projects,
    "security_tokens": iam.create_temporary_key,
    "obs_object": logs.show_log,
    "machine_token": metadata.create_token,
    "machine_keys": metadata.show_keys,
}
