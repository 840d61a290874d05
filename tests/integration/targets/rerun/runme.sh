#!/usr/bin/env bash
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What brings instances to success: modules, action plugin, role and playbooks.
set -eu
cd "$ANSIBLE_COLLECTIONS_PATH/ansible_collections/dataarts/factory"
exec python -m pytest -q -n auto --maxprocesses 4 --dist loadfile tests/integration/test_job_rerun.py tests/integration/test_job_instance_retry.py \
    tests/integration/test_action_*.py tests/integration/test_p*.py
