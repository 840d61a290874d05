# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All objects of the service, with lookups."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from emulator.switches import Switches
from emulator.world.model import Account, Instance, Job, Project, User, Workspace


@dataclass
class World:
    """All accounts of a scenario."""

    accounts: list[Account] = field(default_factory=list)
    next_id: int = 0

    def new_id(self) -> int:
        """A new instance id, unique in this world."""
        self.next_id += 1
        return self.next_id

    def user_of_key(self, access_key: str) -> User | None:
        """The user that owns the permanent access key."""
        return next((user for account in self.accounts for user in account.users if user.access_key == access_key), None)

    def account(self, domain: str | None) -> Account | None:
        """The account with that name or id."""
        return next((account for account in self.accounts if domain and domain in (account.domain, account.domain_id)), None)

    def project(self, project_id: str) -> Project | None:
        """The project with that id."""
        return next((project for account in self.accounts for project in account.projects if project.project_id == project_id), None)

    def workspaces(self) -> t.Iterator[Workspace]:
        """All workspaces."""
        for account in self.accounts:
            yield from account.workspaces

    def workspace(self, workspace_id: str) -> Workspace | None:
        """The workspace with that id."""
        return next((workspace for workspace in self.workspaces() if workspace.workspace_id == workspace_id), None)

    def instances(self) -> t.Iterator[Instance]:
        """All job instances."""
        for workspace in self.workspaces():
            for job in workspace.jobs.values():
                yield from job.instances

    def instance(self, instance_id: int) -> Instance | None:
        """The job instance with that id now."""
        return next((instance for instance in self.instances() if instance.instance_id == instance_id), None)

    def upstream(self, job: Job) -> list[Job]:
        """The jobs that *job* depends on."""
        jobs = [self.job(workspace_id, name) for workspace_id, name in job.depends_on]
        return [upstream for upstream in jobs if upstream is not None]

    def downstream(self, job: Job) -> list[Job]:
        """The jobs that depend on *job*, in any workspace."""
        key = (job.workspace.workspace_id, job.name)
        return [other for workspace in self.workspaces() for other in workspace.jobs.values() if key in other.depends_on]

    def parents(self, instance: Instance) -> list[Instance]:
        """The instances that *instance* waits for: of each upstream job, the newest one that is not planned later."""
        if instance.parents is not None:
            return [
                parent
                for parent in self.instances()
                if parent.instance_id in instance.parents or set(parent.old_ids) & set(instance.parents)
            ]
        parents = []
        for job in self.upstream(instance.job):
            earlier = [parent for parent in job.instances if parent.plan_time <= instance.plan_time]
            if earlier:
                parents.append(max(earlier, key=lambda parent: parent.plan_time))
        return parents

    def data_of(self, instance: Instance) -> list[Instance]:
        """The instances whose data a run of *instance* reads: its parents and, for a self-dependent job, the previous cycle."""
        above = self.parents(instance)
        if instance.job.self_dependent:
            same_type = (other for other in instance.job.instances if other.instance_type == instance.instance_type)
            earlier = [other for other in same_type if other.plan_time < instance.plan_time]
            above += [max(earlier, key=lambda other: other.plan_time)] if earlier else []
        return above

    def children(self, instance: Instance) -> list[Instance]:
        """The instances that wait for *instance*."""
        candidates = (child for child in self.instances() if child.parents is not None or child.job.depends_on)
        return [child for child in candidates if any(parent is instance for parent in self.parents(child))]

    def job(self, workspace_id: str, name: str) -> Job | None:
        """The job of that name in the workspace with that id."""
        workspace = self.workspace(workspace_id)
        return workspace.jobs.get(name) if workspace else None


def submit_time_of(instance: Instance, switches: Switches) -> int:
    """The instance's ``submit_time``, epoch ms: as the scenario or a rerun set it, else its job's or its own, as switch ``submit_time_of`` says."""
    if instance.submit_time is not None:
        return instance.submit_time
    if switches["submit_time_of"] == "job":
        return instance.job.submit_time
    # derived from the plan time: before it, different for each instance, and constant
    return instance.plan_time - 60_000 - instance.plan_time % 997
