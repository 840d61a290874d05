# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""v1's instance detail, read without trusting any of it [OTC-95][SDK]."""

from __future__ import annotations

import typing as t

from .._models.instance import Status
from .._models.reason import InstanceDetail, NodeRun
from .parsing import Fields, bad_answer

#: Most nodes of an instance that are read; a job has at most 200 in the console.
MAX_NODES = 1000
#: Most characters of a path and of a type that are kept.
_MAX_PATH, _MAX_TYPE = 1000, 100


def instance_detail(body: t.Any, what: str) -> InstanceDetail:
    """The detail in an answer.

    :param what: it, for messages: "the detail of instance 34765".
    :raises ApiError: BAD_ANSWER, naming the node and the field.
    """
    fields = Fields(body, what)
    entries = fields.entries("nodes")
    if len(entries) > MAX_NODES:
        raise bad_answer(f"{what} has {len(entries)} nodes, more than {MAX_NODES}")
    return InstanceDetail(
        status=Status.parse(fields.word("status")),
        start_time=fields.time("start_time"),
        nodes=tuple(_node(entry, f"node {number} of {what}") for number, entry in enumerate(entries, 1)),
        message=fields.message("error_message"),
        plan_time=fields.time("plan_time"),
        end_time=fields.time("end_time"),
    )


def _node(value: t.Any, what: str) -> NodeRun:
    fields = Fields(value, what)
    return NodeRun(
        name=fields.name("node_name"),
        status=Status.parse(fields.word("status")),
        node_type=fields.text("type", _MAX_TYPE),
        retries=fields.optional_number("retry_times"),
        start_time=fields.time("start_time"),
        end_time=fields.time("end_time"),
        message=fields.message("error_message"),
        log_path=fields.text("log_path", _MAX_PATH),
    )
