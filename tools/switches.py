# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make switches`: run tests/integration under every non-default setting of the emulator's switches.

By default, settings are combined into as few runs as possible. `--each` makes one run per setting, `--few 2` only two of the combined runs,
which change with the commit, and `--like FILE` one run with the settings of an account, from a recording of account_doctor. Failed tests
run again under each setting alone, to find the one that they fail under. A setting that a test sets itself stays. Arguments after `--` go
to pytest and may select files. The exit status is 0 only if every run passed.
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
#: Tests that use the collection from end to end, and that set the switches they depend on.
TESTS = "tests/integration"
#: Tests that do not use the emulator of fixture small_night.
NOT_ABOUT_SWITCHES = ("test_artifact.py", "test_role_options.py")
#: Tests that already run under the switches that they are about.
SETS_ITS_OWN = ("test_cases_journal.py", "test_cases_outcomes.py", "test_cases_time.py", "test_in_between.py")
#: Switches that change times or identities, under which tests with fixed times or keys could only fail; and total_of, under which an
#: unordered list of one millisecond is an error. tests/contract/test_every_switch.py and the tests above try all their settings from end to
#: end.
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

#: A setting, and the switches that must not be combined with it: listing or reruns would be impossible, or the other switch would have no effect.
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
    """All settings except defaults, of all switches except those in :data:`NOT_IN_SETS`."""
    return [(name, value) for name, switch in SWITCHES.items() if name not in NOT_IN_SETS for value in switch.settings[1:]]


def like(path: Path) -> Settings:
    """Non-default settings of the recording at *path*. Those in :data:`NOT_IN_SETS` are left out and printed.

    :raises ValueError: it cannot be read.
    """
    settings = {name: value for name, value in switches_like(path).items() if value != SWITCHES[name].settings[0]}
    left_out = {name: value for name, value in settings.items() if name in NOT_IN_SETS}
    if left_out:
        print(f"left out, because tests/contract/test_every_switch.py tries it: {shown(left_out)}", flush=True)
    return {name: value for name, value in settings.items() if name not in NOT_IN_SETS}


def compatible(candidate: Setting, settings: Settings) -> bool:
    """Whether *candidate* can be combined with *settings* and still has an effect."""
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
    """Distribute all settings over as few sets as possible, of about the same size."""
    singular = {switch for (switch, _value), _others in APART} | {other for _setting, others in APART for other in others}
    # the hardest to place come first
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
    """Numbers of the sets to run, from 1 to *total*: *only* one, or *few* that change with the commit, or all."""
    if only is not None:
        return [only]
    if few is None or few >= total:
        return list(range(1, total + 1))
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    first = int(asked.stdout, 16)
    return sorted((first + number) % total + 1 for number in range(few))


class Ended(t.NamedTuple):
    """Result of one run: pytest's last line, names of failed tests, output and exit status."""

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
    """Run the *failed* tests again under each setting alone. Returns a line per test that names the settings under which it fails."""
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
    """Run the sets. Returns the exit status."""
    parser = argparse.ArgumentParser(description="The tests of tests/integration under every setting of every switch.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--each", action="store_true", help="one run per setting")
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
