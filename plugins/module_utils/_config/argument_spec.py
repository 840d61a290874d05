# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specifications of all modules and actions, built from one function per doc fragment.

Every function returns a new mapping of option name to specification, as AnsibleModule takes it. Fallbacks to environment variables are
elsewhere, because a specification cannot express whole families of credentials (see ``_config/credentials.py``).
"""

from __future__ import annotations

import typing as t

Spec = t.Dict[str, t.Dict[str, t.Any]]

#: Statuses from which the service reruns an instance: failed, cancelled or successful [H-67].
RERUNNABLE_WORDS = ("fail", "manual-stop", "success")
#: Every status with which an instance may be listed [H-208][SDK].
STATUS_WORDS = (
    "waiting",
    "running",
    "success",
    "fail",
    "running-exception",
    "pause",
    "manual-stop",
    "skip-by-depend",
    "freeze",
    "waiting-confirm",
)
ORDER_WORDS = ("parallel", "upstream_first", "deadline")
DOWNSTREAM_WORDS = ("ignore", "report", "cancelled", "stale")
REASON_WORDS = ("auto", "all", "none")
OUTCOME_WORDS = ("intended", "accepted", "rejected", "unknown", "not_executed", "conflicted", "moved_on")
KIND_WORDS = (
    *("rerun", "stop", "stop_and_rerun", "patch_data", "patch_data_stop", "run"),
    *("schedule_start", "schedule_stop", "pause", "resume"),
)
TIMEOUT_WORDS = ("none", "stop", "stop_and_rerun")
SCHEDULE_WORDS = ("started", "stopped", "paused", "resumed")
EXCEPTION_WORDS = ("report", "stop_and_rerun")
PATCH_DATA_WORDS = ("present", "stopped")
PATCH_STATE_WORDS = ("running", "success", "failed", "stopped")
LANGUAGE_WORDS = ("en", "zh")
STAGE_WORDS = ("all", "find", "before_reruns", "after_reruns", "end")
TYPE_WORDS = ("normal", "manual", "patch_data", "sub_job", "once")


def account_spec() -> Spec:
    """Doc fragment ``account``: credentials, region, hosts and connection."""
    return {
        "region": {"type": "str"},
        "cloud_domain": {"type": "str"},
        "project_id": {"type": "str"},
        "access_key": {"type": "str", "no_log": True},
        "secret_key": {"type": "str", "no_log": True},
        "security_token": {"type": "str", "no_log": True},
        "auth_token": {"type": "str", "no_log": True},
        "user_name": {"type": "str"},
        "user_password": {"type": "str", "no_log": True},
        "domain_name": {"type": "str"},
        "use_instance_metadata": {"type": "bool", "default": False},
        "agency_name": {"type": "str"},
        "agency_domain_name": {"type": "str"},
        "endpoint": {"type": "str"},
        "endpoint_v1": {"type": "str"},
        "iam_endpoint": {"type": "str"},
        "allow_http": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "connect_timeout": {"type": "float", "default": 10.0},
        "read_timeout": {"type": "float", "default": 60.0},
        "max_retries": {"type": "int", "default": 4},
    }


def workspace_spec() -> Spec:
    """Doc fragment ``workspace``: the workspace, and the API generation."""
    return {
        "workspace_id": {"type": "str", "required": True},
        "api_version": {"type": "str", "choices": ["auto", "v2", "v1"], "default": "auto"},
    }


def selection_spec() -> Spec:
    """Doc fragment ``selection``: which instances are selected."""
    return {
        "jobs": {"type": "list", "elements": "str", "default": ["*"]},
        "planned_after": {"type": "str", "default": "-24h"},
        "planned_before": {"type": "str"},
        "instance_types": {"type": "list", "elements": "str", "choices": list(TYPE_WORDS)},
    }


def retry_spec() -> Spec:
    """Doc fragment ``retry``: how the service reruns instances, and what keeps a rerun from being sent twice."""
    return {
        "retry_location": {"type": "str", "choices": ["errorNode", "firstNode", "specifiedNode"], "default": "errorNode"},
        "node_name": {"type": "str"},
        "retry_task_version": {"type": "str", "choices": ["original_version", "current_version"], "default": "original_version"},
        "ignore_obs_monitor": {"type": "bool", "default": True},
        "since": {"type": "str"},
        **sending_spec(),
        "not_between": {"type": "list", "elements": "str"},
        "clock_slack": {"type": "int", "default": 10},
        "pass_state": {"type": "dict", "no_log": False},
    }


def journal_spec() -> Spec:
    """Doc fragment ``journal``: where attempts are recorded."""
    return {"journal": {"type": "str"}, "journal_password": {"type": "str", "no_log": True}}


def language_spec() -> Spec:
    """Doc fragment ``language``: the language of texts for people."""
    return {"language": {"type": "str", "choices": list(LANGUAGE_WORDS), "default": LANGUAGE_WORDS[0]}}


def sending_spec() -> Spec:
    """Doc fragment ``sending``: how long a request may take to show, why it is sent, and whether it is sent at all."""
    return {
        "settle_time": {"type": "int", "default": 60},
        "purpose": {"type": "str"},
        "check_only": {"type": "bool", "default": False},
    }


def rerun_spec() -> Spec:
    """Module ``job_rerun``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **selection_spec(),
        **retry_spec(),
        **journal_spec(),
        **language_spec(),
        "statuses": {"type": "list", "elements": "str", "choices": list(RERUNNABLE_WORDS), "default": ["fail"]},
        "reasons": {"type": "str", "choices": list(REASON_WORDS), "default": "auto"},
        "log_tail": {"type": "int", "default": 0},
        "obs_endpoint": {"type": "str"},
        "never_rerun_reasons": {"type": "list", "elements": "str"},
        "rerun_only_reasons": {"type": "list", "elements": "str"},
        "max_instances": {"type": "int"},
        "max_parallel": {"type": "int"},
        "max_parallel_per_job": {"type": "int"},
        "max_reruns_per_day": {"type": "int"},
        "batch_size": {"type": "int", "default": 100},
        "order": {"type": "str", "choices": list(ORDER_WORDS), "default": "parallel"},
        "deadline": {"type": "str"},
        "other_workspaces": {"type": "list", "elements": "str"},
        "downstream": {"type": "str", "choices": list(DOWNSTREAM_WORDS), "default": "ignore"},
        "downstream_depth": {"type": "int", "default": 50},
        "plan_id": {"type": "str"},
        "plan_record": {"type": "dict"},
        "attempts": {"type": "int", "default": 1},
        "attempt_delay": {"type": "int", "default": 0},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 3600, "aliases": ["timeout"]},
        "poll_interval": {"type": "int", "default": 10, "aliases": ["interval"]},
        "timeout_action": {"type": "str", "choices": list(TIMEOUT_WORDS), "default": "none"},
        "running_exception": {"type": "str", "choices": list(EXCEPTION_WORDS), "default": "report"},
        "pause_schedules": {"type": "bool", "default": False},
    }


def rerun_summary_spec() -> Spec:
    """Action ``rerun_summary``."""
    return {
        "hosts": {"type": "list", "elements": "str"},
        "variable": {"type": "str", "default": "dataarts_rerun_result"},
        "report_path": {"type": "path"},
        **_report_place_spec(),
        **language_spec(),
        "publish": {"type": "bool", "default": False},
    }


def _report_place_spec() -> Spec:
    """Where the report's page is uploaded. The URL may contain a signature, so it is as secret as the token."""
    return {
        "report_url": {"type": "str", "no_log": True},
        "report_token": {"type": "str", "no_log": True},
        "report_link": {"type": "str"},
    }


def overview_spec() -> Spec:
    """Action ``overview``."""
    return {
        "of": {"type": "str", "choices": ["failures", "attempts"], "required": True},
        "variable": {"type": "str", "required": True},
        "hosts": {"type": "list", "elements": "str"},
        **language_spec(),
    }


def fail_spec() -> Spec:
    """Action ``fail``."""
    return {"msg": {"type": "str", "required": True}}


def rerun_report_spec() -> Spec:
    """Action ``rerun_report``."""
    return {
        "path": {"type": "path", "required": True},
        "hosts": {"type": "list", "elements": "str"},
        **_report_place_spec(),
    }


def instance_retry_spec() -> Spec:
    """Module ``job_instance_retry``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **retry_spec(),
        **journal_spec(),
        **language_spec(),
        "job_name": {"type": "str", "required": True},
        "task_retrys": {
            "type": "list",
            "elements": "dict",
            "options": {
                "job_id": {"type": "int", "required": True},
                "plan_time": {"type": "str", "required": True},
                "submit_time": {"type": "str", "required": True},
            },
        },
        "begin_time": {"type": "str"},
        "end_time": {"type": "str"},
        "jobs": {
            "type": "list",
            "elements": "dict",
            "options": {"job_name": {"type": "str", "required": True}, "workspace_id": {"type": "str", "required": True}},
        },
        "concurrent": {"type": "int"},
        "max_instances": {"type": "int"},
        "only_statuses": {"type": "list", "elements": "str", "choices": list(RERUNNABLE_WORDS), "default": ["fail"]},
    }


def instance_info_spec() -> Spec:
    """Module ``job_instance_info``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **selection_spec(),
        "job_name": {"type": "str"},
        "statuses": {"type": "list", "elements": "str", "choices": list(STATUS_WORDS)},
        "limit": {"type": "int"},
        "reasons": {"type": "str", "choices": list(REASON_WORDS), "default": "auto"},
        "log_tail": {"type": "int", "default": 0},
        "obs_endpoint": {"type": "str"},
        "short": {"type": "bool", "default": False},
        "find_missing": {"type": "bool", "default": False},
    }


def job_info_spec() -> Spec:
    """Module ``job_info``."""
    return {
        **account_spec(),
        **workspace_spec(),
        "jobs": {"type": "list", "elements": "str", "default": ["*"]},
        "detail": {"type": "bool", "default": False},
    }


def workspace_info_spec() -> Spec:
    """Module ``workspace_info``."""
    return {
        **account_spec(),
        "studio_instance_ids": {"type": "list", "elements": "str"},
        "names": {"type": "list", "elements": "str", "default": ["*"]},
    }


def doctor_spec() -> Spec:
    """Module ``account_doctor``."""
    return {
        **account_spec(),
        **workspace_spec(),
        "workspace_id": {"type": "str", "required": False},
        **journal_spec(),
        **language_spec(),
        "probe_retry": {"type": "bool", "default": False},
        "measure": {"type": "bool", "default": True},
        "time_limit": {"type": "float", "default": 8.0},
        "report_path": {"type": "path"},
        "origins": {"type": "dict", "no_log": False},
    }


def dependency_info_spec() -> Spec:
    """Module ``job_dependency_info``."""
    return {
        **account_spec(),
        **workspace_spec(),
        "job_name": {"type": "str"},
        "instance_id": {"type": "str"},
        "relation": {"type": "str", "choices": ["both", "parent", "child"], "default": "both"},
        "depth": {"type": "int", "default": 1},
        "latest": {"type": "bool", "default": True},
    }


def instance_stop_spec() -> Spec:
    """Module ``job_instance_stop``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **sending_spec(),
        **journal_spec(),
        "job_name": {"type": "str", "required": True},
        "instance_ids": {"type": "list", "elements": "str", "required": True},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 300},
    }


def job_run_spec() -> Spec:
    """Module ``job_run``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **sending_spec(),
        **journal_spec(),
        "job_name": {"type": "str", "required": True},
        "run_key": {"type": "str", "required": True, "no_log": False},
        "job_params": {"type": "dict"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 3600},
    }


def job_schedule_spec() -> Spec:
    """Module ``job_schedule``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **sending_spec(),
        **journal_spec(),
        "state": {"type": "str", "choices": list(SCHEDULE_WORDS), "required": True},
        "jobs": {"type": "list", "elements": "str", "required": True},
        "max_jobs": {"type": "int"},
    }


def history_info_spec() -> Spec:
    """Module ``rerun_history_info``."""
    return {
        **journal_spec(),
        "project_id": {"type": "str"},
        "workspace_id": {"type": "str"},
        "jobs": {"type": "list", "elements": "str", "default": ["*"]},
        "planned_after": {"type": "str"},
        "planned_before": {"type": "str"},
        "made_after": {"type": "str"},
        "made_before": {"type": "str"},
        "run_id": {"type": "str"},
        "kinds": {"type": "list", "elements": "str", "choices": list(KIND_WORDS)},
        "outcomes": {"type": "list", "elements": "str", "choices": list(OUTCOME_WORDS)},
        "limit": {"type": "int", "default": 100},
    }


def supplement_data_spec() -> Spec:
    """Module ``supplement_data``."""
    return {
        **account_spec(),
        **workspace_spec(),
        **journal_spec(),
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(PATCH_DATA_WORDS), "default": "present"},
        "job_name": {"type": "str"},
        "start_date": {"type": "str"},
        "end_date": {"type": "str"},
        "parallel": {"type": "int", "default": 1},
        "depend_jobs": {
            "type": "list",
            "elements": "dict",
            "options": {"job_name": {"type": "str", "required": True}, "workspace_id": {"type": "str", "required": True}},
        },
        "day_granularity": {"type": "bool", "default": False},
        "priority": {"type": "int"},
        "stop_when_fail": {"type": "bool", "default": False},
        "newest_first": {"type": "bool", "default": False},
        "run_between": {"type": "str"},
        "run_weekdays": {"type": "list", "elements": "str"},
        "run_month_days": {"type": "list", "elements": "str"},
        "only_days": {"type": "list", "elements": "str"},
        "only_between": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "settle_time": {"type": "int", "default": 60},
        "not_between": {"type": "list", "elements": "str"},
        "purpose": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 3600, "aliases": ["timeout"]},
        "poll_interval": {"type": "int", "default": 10, "aliases": ["interval"]},
    }


def supplement_missing_spec() -> Spec:
    """Module ``supplement_missing``."""
    selection = selection_spec()
    del selection["instance_types"]
    return {
        **account_spec(),
        **workspace_spec(),
        **selection,
        **sending_spec(),
        **journal_spec(),
        "stage": {"type": "str", "choices": list(STAGE_WORDS), "default": "all"},
        "stopped_jobs": {"type": "bool", "default": False},
        "approved": {"type": "dict"},
        "max_instances": {"type": "int"},
        "pause_schedules": {"type": "bool", "default": False},
        "parallel": {"type": "int", "default": 1},
        "not_between": {"type": "list", "elements": "str"},
        "wait_timeout": {"type": "int", "default": 3600, "aliases": ["timeout"]},
        "poll_interval": {"type": "int", "default": 10, "aliases": ["interval"]},
        "snapshots": {"type": "dict", "no_log": False},
    }


def supplement_data_info_spec() -> Spec:
    """Module ``supplement_data_info``."""
    return {
        **account_spec(),
        **workspace_spec(),
        "names": {"type": "list", "elements": "str", "default": ["*"]},
        "states": {"type": "list", "elements": "str", "choices": list(PATCH_STATE_WORDS)},
    }


#: Module -> its specification, for every module that uses the service or the journal.
MODULES: t.Dict[str, t.Callable[[], Spec]] = {
    "account_doctor": doctor_spec,
    "job_dependency_info": dependency_info_spec,
    "job_info": job_info_spec,
    "job_instance_info": instance_info_spec,
    "job_instance_retry": instance_retry_spec,
    "job_instance_stop": instance_stop_spec,
    "job_rerun": rerun_spec,
    "job_run": job_run_spec,
    "job_schedule": job_schedule_spec,
    "rerun_history_info": history_info_spec,
    "supplement_data": supplement_data_spec,
    "supplement_data_info": supplement_data_info_spec,
    "supplement_missing": supplement_missing_spec,
    "workspace_info": workspace_info_spec,
}
