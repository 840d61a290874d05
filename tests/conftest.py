# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of all tests: reproducible examples, isolated from the environment of the user who runs them."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
import typing as t
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

#: Prefixes of variables that would affect the tests: credentials of every family that the collection reads, Ansible's settings, ...
FOREIGN_PREFIXES = ("HW_", "HUAWEICLOUD_", "CLOUD_SDK_", "OS_", "ANSIBLE_", "DATAARTS_")
#: ... and proxies.
FOREIGN_NAMES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC"})
#: Variables that `make switches` and `make matrix` set, see tests/support/scenarios.py and workspace.py.
OWN_NAMES = frozenset({"DATAARTS_TEST_SWITCHES", "DATAARTS_TEST_TARGET"})

#: The slowest files, which run first: at the end, one process would run them while the others have finished.
FIRST = frozenset({"test_concurrency.py", "test_input_forms.py", "test_pauses.py", "test_properties.py", "test_vocabulary.py"})

# The width that the collection's texts are written for, see plugin_utils/_common/tables.py.
os.environ["COLUMNS"] = "80"

settings.register_profile(
    "project",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("project")


# pyproject.toml puts the checkout and the collections tree on the path. `ansible-test units` has its own settings and collection importer; for
# `ansible-test integration`, the tree is the one that contains the checkout.
CHECKOUT = Path(__file__).resolve().parents[1]
ROOT = str(CHECKOUT)
UNITS = "ansible_pytest_collections" in os.environ.get("PYTEST_PLUGINS", "")
if ROOT not in sys.path:
    sys.path.append(ROOT)
if CHECKOUT.parts[-3:] == ("ansible_collections", "dataarts", "factory") and not UNITS:
    sys.path.append(str(CHECKOUT.parents[2]))


def is_foreign(name: str) -> bool:
    """Whether the environment variable *name* is the user's, not one of the tests."""
    if name.startswith("ANSIBLE_") and UNITS:
        return False  # ansible-test's own
    return (name.startswith(FOREIGN_PREFIXES) and name not in OWN_NAMES) or name.upper() in FOREIGN_NAMES


def pytest_configure(config: pytest.Config) -> None:
    """Before the first fixture, remove the user's credentials, proxies and Ansible settings, and set a home for the tests.

    Also resets SIGINT, which a shell ignores in background processes, and SIGHUP, which ``nohup`` ignores: child processes would inherit that.
    """
    config.addinivalue_line("markers", "long: ansible-test, which reads no pyproject.toml, knows it by this")
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
            signal.signal(number, handler)
    for name in [name for name in os.environ if is_foreign(name)]:
        del os.environ[name]
    from tests.support.scratch import MEMORY, suits

    # unless the user has set TMPDIR; workers inherit it from the first process
    if "TMPDIR" not in os.environ and suits(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY
    home = Path(ROOT, ".cache", "home")
    home.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = str(home)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ.pop(name, None)
    # a missing folder, so that tests do not share one request budget and wait for each other
    os.environ["XDG_RUNTIME_DIR"] = str(home / "none")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the slowest files first, and with LONG_PART only a part of the long tests."""
    items.sort(key=lambda item: item.path.name not in FIRST)
    if not os.environ.get("LONG_PART"):
        return
    from tests.support.long import left_out

    others = left_out(items)
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> t.Iterator[None]:
    """Keep the garbage collector away from the thousands of collected tests, which live until the end."""
    gc.disable()
    yield
    gc.enable()
    gc.freeze()
