# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test double refuses what AWX refuses because of another object, and filters objects as AWX does."""

from __future__ import annotations

import typing as t

import pytest

from tests.awx.double import RefusalError, Store


@pytest.fixture
def store() -> Store:
    return Store({"rerun.yml"})


def made(store: Store) -> dict[str, int]:
    """Create two organizations and, in the first, a credential of each kind, a project, an inventory and an execution environment: name -> id."""
    ids = {"organization": store.create("organizations", {"name": "Ours"}), "other": store.create("organizations", {"name": "Theirs"})}
    for kind in ("cloud", "vault", "registry"):
        of = store.create("credential_types", {"name": kind, "kind": kind})
        ids[kind] = store.create("credentials", {"name": kind, "credential_type": of, "organization": ids["organization"]})
    for kind, field in (("projects", "project"), ("inventories", "inventory")):
        ids[field] = store.create(kind, {"name": field, "organization": ids["organization"]})
    ids["environment"] = store.create("execution_environments", {"name": "ee", "image": "i", "organization": ids["organization"]})
    return ids


TEMPLATE = ("job_templates", "name", "project", "inventory", "playbook=rerun.yml")
SOURCE = ("inventory_sources", "name", "inventory", "source=scm", "source_project=project")


def fields(words: t.Iterable[str], ids: dict[str, int]) -> dict[str, t.Any]:
    """Build a request's fields from words. ``field=value`` sets the field to the id named *value* in *ids*, or else to the text.

    A word without ``=`` is both field and value.
    """
    pairs = ((word.partition("=")[0], word.partition("=")[2] or word) for word in words)
    return {field: ids.get(value, value) for field, value in pairs}


@pytest.mark.parametrize("words", [TEMPLATE, SOURCE, (*SOURCE, "credential=cloud")])
def test_what_awx_takes(store: Store, words: tuple[str, ...]) -> None:
    kind, *others = words
    assert store.create(kind, fields(others, made(store)))


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ([field for field in TEMPLATE if field != "project"], "must have a project"),
        ([field for field in TEMPLATE if field != "inventory"], "set a default value or ask to prompt"),
        ([*TEMPLATE, "playbook=other.yml"], "Playbook not found"),
        (SOURCE[:-1], "Project required"),
        ([*SOURCE, "credential=vault"], "insights and vault are disallowed"),
        (["execution_environments", "name", "image", "credential=cloud"], "Only Container Registry credentials"),
    ],
)
def test_what_awx_refuses(store: Store, words: list[str], refusal: str) -> None:
    kind, *others = words
    with pytest.raises(RefusalError, match=refusal):
        store.create(kind, fields(others, made(store)))


def test_what_awx_does_not_change_or_put_on_a_list(store: Store) -> None:
    ids = made(store)
    with pytest.raises(RefusalError, match="Cannot change the organization"):
        store.update("execution_environments", ids["environment"], {"organization": ids["other"]})
    with pytest.raises(RefusalError, match="must be a Galaxy credential"):
        store.link("organizations", ids["organization"], "galaxy_credentials", {"id": ids["cloud"]})


def test_things_are_found_through_other_things_and_gone_from_lists_when_deleted(store: Store) -> None:
    ids = made(store)
    assert [project["id"] for project in store.listed("projects", {"organization__name": "Ours", "name__in": "other,project"})] == [
        ids["project"]
    ]
    assert store.listed("projects", {"organization__name": "Theirs"}) == []
    with pytest.raises(RefusalError, match="has no field owner"):
        store.listed("projects", {"owner__name": "Ours"})
    flow = store.create("workflow_job_templates", {"name": "flow", "organization": ids["organization"]})
    first, second = (
        store.create("workflow_job_template_nodes", {"identifier": name, "workflow_job_template": flow}) for name in ("first", "second")
    )
    store.link("workflow_job_template_nodes", first, "success_nodes", {"id": second})
    store.delete("workflow_job_template_nodes", second)
    assert store.names("workflow_job_template_nodes", first, "success_nodes") == []
