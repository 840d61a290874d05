# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_instance_retry: each mode of the retry endpoint is a strategy of its own [H-RET]."""

from __future__ import annotations

from .._common.text import printable
from .._models.rerun_request import RelatedJobs
from .ansible_module import ModuleRun
from .engine import Engine
from .named_instances import NamedInstances
from .related_rerun import RelatedRerun


def retry(run: ModuleRun) -> None:
    """The logic of module job_instance_retry; see :class:`ModuleRun` and the module's documentation."""
    run.what = f"Failed to retry instances of job {printable(run.options['job_name'], 100)} {run.where}"
    related = RelatedJobs.from_options(run.options)
    Engine(NamedInstances(run) if related is None else RelatedRerun(run, related)).run()
