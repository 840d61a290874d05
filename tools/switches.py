# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make switches`: the tests of tests/integration under every setting of every switch of the emulator that is not the default.

By default settings are combined into as few runs as possible; `--each` makes one run per setting, and `--few 2` only two of the combined
ones, others for another commit. What fails is run again under each setting of its run by itself, to name the one it fails under. A test
that states a setting keeps it. With `--like FILE` there is one run, under the settings that an account decides by a recording of
account_doctor. Arguments after `--` go to pytest, files to choose from among them. Exit status 0 only if every run passed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

from emulator.recording import switches_like
from emulator.switches import SWITCHES, Value
from tests.support.long import WITH_LONG
from tests.support.scenarios import SWITCHES_VARIABLE
from tools.failures import failures

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "switches"
#: Where the tests are that go through the collection and state by themselves what they need.
TESTS = "tests/integration"
#: Tests without a service of small_night: the demonstration and the artifact bring their own.
NOT_ABOUT_SWITCHES = ("test_artifact.py", "test_role_options.py")
#: Tests that set the switches that they are about, one by one.
SETS_ITS_OWN = ("test_cases_journal.py", "test_cases_outcomes.py", "test_cases_time.py", "test_in_between.py")
#: Switches of time and identity: a test that states times, or names instances by key, could only fail under them; and total_of, under which a
#: list of one millisecond without an order is an error. Each setting is tried from end to end by tests/contract/test_every_switch.py and by the
#: tests above.
NOT_IN_SETS = frozenset(
    {
        "starting_seconds",
        "status_words",
        "total_of",
        "running_per_job",
        "scheduler_skew_seconds",
        "date_offset_seconds",
        "twins_rerun",
        "submit_time_after_rerun",
    }
)

Setting = tuple[str, Value]
Settings = dict[str, Value]

#: Settings that leave no way to list or to rerun, or under which the other one never comes into play.
APART: tuple[tuple[Setting, tuple[str, ...]], ...] = (
    (("v1_open", False), ("v2_open", "v2_list_open", "v2_retry_open", "v1_job_id", "detail_error", "node_types")),
    (
        ("v2_open", False),
        ("v2_list_open", "v2_retry_open", "v2_workspace", "depend_open", "unknown_job_at_retry", "batch_refusal", "duplicate_keys"),
    ),
    (("v2_retry_open", False), ("unknown_job_at_retry", "batch_refusal", "duplicate_keys")),
    (("success_status", 204), ("success_body",)),
)


def every_setting() -> list[Setting]:
    """Every setting but the defaults of every switch that is tried here."""
    return [(name, value) for name, switch in SWITCHES.items() if name not in NOT_IN_SETS for value in switch.settings[1:]]


def like(path: Path) -> Settings:
    """The settings of the recording at *path* that are not the defaults, without those that are tried elsewhere, which are named.

    :raises ValueError: it cannot be read.
    """
    settings = {name: value for name, value in switches_like(path).items() if value != SWITCHES[name].settings[0]}
    left_out = {name: value for name, value in settings.items() if name in NOT_IN_SETS}
    if left_out:
        print(f"left out, because tests/contract/test_every_switch.py tries it: {shown(left_out)}", flush=True)
    return {name: value for name, value in settings.items() if name not in NOT_IN_SETS}


def compatible(candidate: Setting, settings: Settings) -> bool:
    """Whether *one* can be tried together with *settings* and still decides something."""
    name = candidate[0]
    if name in settings:
        return False
    for (switch, setting), others in APART:
        if (switch, setting) == candidate and any(other in settings for other in others):
            return False
        if name in others and settings.get(switch, ...) == setting:
            return False
    return True


def together() -> list[Settings]:
    """The settings in as few sets as will do, each in one set; the sets of about the same size."""
    singular = {switch for (switch, _value), _others in APART} | {other for _setting, others in APART for other in others}
    # what has fewest places comes first
    ordered = sorted(every_setting(), key=lambda setting: (setting[0] not in singular, -len(SWITCHES[setting[0]].settings)))
    sets: list[Settings] = []
    for name, value in ordered:
        places = [settings for settings in sets if compatible((name, value), settings)]
        if not places:
            sets.append({})
            places = sets[-1:]
        min(places, key=len)[name] = value
    return sets


def numbers(total: int, *, only: int | None, few: int | None) -> list[int]:
    """The sets to be run of *total*, from 1: the one of the number *only*; *few* that change with the commit; otherwise all."""
    if only is not None:
        return [only]
    if few is None or few >= total:
        return list(range(1, total + 1))
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    first = int(asked.stdout, 16)
    return sorted((first + number) % total + 1 for number in range(few))


class Ended(t.NamedTuple):
    """How one run ended: pytest's closing line, the failed tests by name, what was printed, and pytest's exit status."""

    summary: str
    failed: list[str]
    output: str
    status: int


def run(settings: Settings, arguments: t.Sequence[str], label: str) -> Ended:
    """Run the tests under *settings*."""
    cache = CACHE / label
    shutil.rmtree(cache, ignore_errors=True)
    options = ["-q", "--tb=short", "-m", WITH_LONG, "-p", "no:randomly", "-o", f"cache_dir={cache}"]
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    environment = {**os.environ, SWITCHES_VARIABLE: json.dumps(settings)}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "output.txt").write_text(done.stdout, encoding="utf-8")
    last = cache / "v" / "cache" / "lastfailed"
    failed = sorted(json.loads(last.read_text(encoding="utf-8"))) if last.exists() else []
    ends = re.findall(r"^=*\s*((?:\d+ \w+, )*\d+ \w+) in [\d.]+s.*$", done.stdout, re.MULTILINE)
    return Ended(ends[-1] if ends else f"no tests, see {cache / 'output.txt'}", failed, done.stdout, done.returncode)


def culprits(settings: Settings, failed: list[str], label: str) -> list[str]:
    """Lines that say under which setting by itself each of the tests *failed* fails."""
    under: dict[str, list[str]] = {name: [] for name in failed}
    alone: list[Settings] = [{}, *({name: value} for name, value in settings.items())]
    for number, subset in enumerate(alone if len(settings) > 1 else [{}]):
        for name in run(subset, ["-n0", *failed], f"{label}-alone-{number}").failed:
            under.setdefault(name, []).append(shown(subset))
    otherwise = "these settings together" if len(settings) > 1 else shown(settings)
    return [f"FAILED {name}: fails under {'; '.join(failed_under) or otherwise}" for name, failed_under in under.items()]


def shown(settings: Settings) -> str:
    """*settings* in one line."""
    return " ".join(f"{name}={json.dumps(value)}" for name, value in settings.items()) or "the defaults"


def main() -> int:
    """Run everything; returns the exit status."""
    parser = argparse.ArgumentParser(description="The tests of tests/integration under every setting of every switch.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--each", action="store_true", help="one run per setting")
    how.add_argument("--together", action="store_true", help="as few runs as possible (the default)")
    how.add_argument("--like", type=Path, metavar="FILE", help="only one run, under the settings that a recording by account_doctor shows")
    parser.add_argument("--list", action="store_true", help="show the sets of settings and run nothing")
    parser.add_argument("--set", type=int, metavar="N", help="only the set of that number, from 1")
    parser.add_argument("--few", type=int, metavar="N", help="only so many of the sets, others for another commit")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    options = parser.parse_args()
    try:
        sets = [like(options.like)] if options.like else [{name: value} for name, value in every_setting()] if options.each else together()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    chosen = numbers(len(sets), only=options.set, few=options.few)
    numbered = [(number, settings) for number, settings in enumerate(sets, 1) if number in chosen]
    files = [word for word in options.pytest if word.startswith("tests/")]
    ignored = [f"--ignore={TESTS}/{name}" for name in (*NOT_ABOUT_SWITCHES, *SETS_ITS_OWN)]
    arguments = [*options.pytest] if files else [*options.pytest, *ignored, TESTS]
    passed = True
    for number, settings in numbered:
        print(f"{number:2} of {len(sets)}  {shown(settings)}", flush=True)
        if options.list:
            continue
        ended = run(settings, arguments, str(number))
        print(f"    {ended.summary}", flush=True)
        passed = passed and ended.status == 0
        if ended.status:
            print(*failures(ended.output), sep="\n", flush=True)
        if ended.failed:
            print(*culprits(settings, ended.failed, str(number)), sep="\n", flush=True)
    if options.few and len(chosen) < len(sets):
        others = [str(number) for number in range(1, len(sets) + 1) if number not in chosen]
        print(f"left out: sets {', '.join(others)} of {len(sets)}; make switches runs all, with ARGS='--set {others[0]}' one")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
