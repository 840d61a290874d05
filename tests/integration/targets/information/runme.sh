#!/usr/bin/env bash
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What looks things up: the modules that read, and lists that are complete.
set -eu
cd "$ANSIBLE_COLLECTIONS_PATH/ansible_collections/dataarts/factory"
exec python -m pytest -q -n auto --maxprocesses 4 --dist loadfile tests/integration/test_*info*.py tests/integration/test_complete_lists.py
