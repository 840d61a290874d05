#!/usr/bin/env bash
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What users install, copy and read: the artifact, the demonstration, the README, the role's options.
set -eu
cd "$ANSIBLE_COLLECTIONS_PATH/ansible_collections/dataarts/factory"
exec python -m pytest -q -n auto --maxprocesses 4 --dist loadfile tests/docs tests/integration/test_artifact.py tests/integration/test_demo.py \
    tests/integration/test_role_options.py
