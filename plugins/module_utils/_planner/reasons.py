# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons: what many failures have in common, and whose details are worth reading.

Pure. Two messages have the same reason if they differ only in ids, numbers, times, paths and quoted names, in Chinese or English. Codes are kept
because they are the cause: ``DLI.0005``, ``ORA-00942``, ``exit code 137``, ``HTTP 403``.
"""

from __future__ import annotations

import functools
import re
import typing as t

from .._common.grouping import grouped_by
from .._common.text import first_of, printable, without_escapes
from .._models.instance import InstanceKey, JobInstance
from .._models.reason import Reason
from .._models.slotted import replace

#: Placeholder for whatever differs.
GAP = "…"
#: Maximum length of a reason.
MAX_REASON = 200
#: Characters of a message that are considered.
_MAX_MESSAGE = 500
_NAMED = 3  # nodes named in the text of a group
_COMPARED = 2_000  # messages compared in a group

#: Lines of a Java stack trace: they say where, not why.
_TRACE = re.compile(r"\s*(?:at [\w$.<>]+\(|\.\.\. \d+ more)")
_WORD_ENDS = r"(?![0-9A-Za-z_])"
#: Codes, which are kept with the number behind the word, quoted or not.
_CODES = (
    rf"(?<![A-Za-z0-9_])[A-Z][A-Za-z]{{1,9}}[.-][0-9]{{3,6}}{_WORD_ENDS}",
    rf"[\"'\u201c\u2018][A-Z][A-Za-z]{{1,9}}[.-][0-9]{{3,6}}[\"'\u201d\u2019]{_WORD_ENDS}",
    rf"(?<![A-Za-z0-9_])(?:HTTP(?:/[0-9.]{{1,3}})?|SQLSTATE|ERROR|Error|error)[ :=\[(]{{1,2}}[0-9][0-9A-Z]{{2,4}}{_WORD_ENDS}",
    r"[\"']?(?<![A-Za-z0-9_])[A-Za-z_]{0,20}(?:[Cc]ode|CODE|[Ss]tat(?:us|e)|[Ee]rrno|signal|exited with)[\"' :=\[(]{1,4}-?[0-9][0-9A-Z]{0,5}(?![-A-Za-z0-9_])",
    rf"(?:错误码|状态码|返回码|退出码|返回值)[ :：=为是\[(（]{{0,3}}-?[0-9]{{1,6}}{_WORD_ENDS}",
)
#: Characters that continue a Latin word; Chinese characters adjoin a name or a number without a blank.
_LATIN = "A-Za-z0-9_\u00c0-\u024f"
#: Quoted names. An apostrophe within a word does not count.
_QUOTED = (
    *(rf"(?<![{_LATIN}]){quote}[^{quote}\n]{{0,300}}{quote}(?![{_LATIN}])" for quote in "'\"`"),
    *(f"{begin}[^{begin}{end}]{{0,300}}{end}" for begin, end in ("\u201c\u201d", "\u2018\u2019", "「」", "『』", "《》")),
)
#: A quoted sentence after a key such as "message", as in JSON.
_SAID = re.compile(
    r"\\*[\"'](?:\w{0,20}(?:msg|message|error|reason|details?|description|exception|cause)|错误信息|失败原因|原因)\\*[\"']\s{0,3}[:=]\s{0,3}"
    r"(?P<quote>\\*[\"'])(?P<said>[^\n]{1,500}?)(?:(?<!\\)(?P=quote)|\Z)",
    re.IGNORECASE,
)
_URL = r"(?<![A-Za-z0-9])[a-zA-Z][a-zA-Z0-9+-]{1,15}://[^\s,;，；。、)）\]】\"'\u201d\u2019\u4e00-\u9fff]+"
_PATHS = (
    r"(?<![A-Za-z0-9_…/])(?:[A-Za-z]:\\|~?/)[^\s,;:，：；。、()（）\[\]【】\"'\u201d\u2019\u4e00-\u9fff]+",
    r"(?<![A-Za-z0-9_…])(?:[A-Za-z0-9_.$=-]{1,80}/){2,40}[A-Za-z0-9_.$=-]*",
)
_ZONE = r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
_TIMES = (
    r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?:[T _]{0,2}[0-9]{1,2}[:：_时][0-9]{1,2}分?(?:[:：_]?[0-9]{1,2}秒?)?(?:[.,][0-9]{1,9})?)?"
    + _ZONE,
    r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?",
    r"[0-9]{1,2}时[0-9]{1,2}分(?:[0-9]{1,2}秒)?",
)
_IDS = (
    r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    r"(?<![A-Za-z0-9_])(?=[a-f]{0,40}[0-9])[0-9a-f]{12,64}(?![A-Za-z0-9_])",
    r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9_.-]{1,100}",
)
#: A word with a digit in it, or a number with sign and fraction. Chinese characters may adjoin it.
_NUMBER = r"(?<![A-Za-z0-9_$])[A-Za-z_$.-]{0,80}[0-9٠-٩０-９][A-Za-z0-9٠-٩０-９_$.%-]*(?<![.-])(?::[0-9]{1,5})?"
_VARIES = re.compile("|".join((f"(?P<kept>{'|'.join(_CODES)})", _URL, *_QUOTED, *_TIMES, *_IDS, *_PATHS, _NUMBER)))
#: Gaps separated only by punctuation: a list of varying values has varying length.
_GAPS = re.compile(rf"{GAP}(?:[\s,;:/|+=、，；·.-]*(?:and|和|及|与)?[\s,;:/|+=、，；·.-]*{GAP})+")


@functools.lru_cache(maxsize=20_000)  # instances of a job often fail with the same message, and each pass processes them again
def normalised(message: str | None, job_name: str = "") -> str:
    """The reason in *message*, at most :data:`MAX_REASON` characters without terminal control; "" for none. Idempotent.

    :param job_name: name of the instance's job, which is replaced too.
    """
    reason = _first_lines(message or "")
    if len(job_name) > 1:
        word = _LATIN if job_name.isascii() else r"\w"
        reason = re.sub(rf"(?<![{word}]){re.escape(printable(job_name, _MAX_MESSAGE))}(?![{word}])", GAP, reason)
    while True:
        shorter = _without_what_differs(reason)
        if shorter == reason:
            return reason
        reason = shorter


def _first_lines(message: str) -> str:
    """*message* on one line, without its stack trace."""
    lines = [line for line in message[: 4 * _MAX_MESSAGE].splitlines() if line.strip()]
    said = [line for line in lines if not _TRACE.match(line)] or lines
    return printable(" ".join(map(without_escapes, said)), _MAX_MESSAGE)


def _without_what_differs(text: str) -> str:
    text = _SAID.sub(r"\g<said>", text)
    text = _VARIES.sub(lambda match: match.group() if match.group("kept") else GAP, text)
    text = _GAPS.sub(GAP, " ".join(text.split()))
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1].rstrip() + GAP


def representatives(failed: t.Iterable[tuple[JobInstance, str | None]], most: int) -> list[list[JobInstance]]:
    """Choose the instances whose details reveal most with the fewest requests.

    One for each reason of each job, the most frequent reason first; a reason's second job comes after every reason has had its first.

    :param failed: instances of one workspace, each with its message.
    :param most: how many to read at most.
    :returns: groups of instances of one job and one reason; the first of each is to be read.
    """
    by_reason = grouped_by(failed, lambda pair: normalised(pair[1], pair[0].job_name)).values()
    ranked = [[instance for instance, _message in pairs] for pairs in sorted(by_reason, key=len, reverse=True)]
    queues = [sorted(grouped_by(same, lambda instance: instance.job_name).values(), key=len, reverse=True) for same in ranked]
    groups: list[list[JobInstance]] = []
    for place in range(max(map(len, queues), default=0)):
        groups += [queue[place] for queue in queues if place < len(queue)]
    return groups[:most]


def explained(failed: t.Sequence[tuple[JobInstance, Reason | None]], *, assume: bool) -> dict[tuple[InstanceKey, str], Reason]:
    """The reason of each instance, by full key, with its normalised text.

    :param failed: instances of one workspace, each with what was read about it.
    :param assume: whether an unread instance is assumed to have failed at the same node as one of the same job and reason that was read.
    """
    reasons: dict[tuple[InstanceKey, str], Reason] = {}
    by_text: dict[tuple[str, str], Reason] = {}
    unread: dict[tuple[str, str | None], Reason] = {}  # one object for all instances with the same information
    for instance, known in failed:
        message = instance.error_message if known is None or known.message is None else known.message
        reason = unread.get((instance.job_name, message)) if known is None else None
        if reason is None:
            reason = replace(known or Reason(), message=message, text=normalised(message, instance.job_name))
            if reason.others:
                shown = (normalised(other, instance.job_name) for other in reason.others)
                reason = replace(reason, others=(*reason.others, *shown))
        if known is None:
            unread[instance.job_name, message] = reason
        reasons[instance.full_key] = reason
        if reason.read:
            by_text.setdefault((instance.job_name, normalised(instance.error_message or message, instance.job_name)), reason)
    assumed: dict[tuple[str, Reason], Reason] = {}
    for instance, _known in failed if assume else ():
        reason = reasons[instance.full_key]
        alike = None if reason.read else by_text.get((instance.job_name, reason.text))
        if alike is not None:
            same = (instance.job_name, reason)
            if same not in assumed:
                assumed[same] = replace(reason, node=alike.node, node_types=alike.node_types, retries=alike.retries, text=alike.text)
            reasons[instance.full_key] = assumed[same]
    return reasons


class Group(t.TypedDict):
    """Instances that failed for the same reason, as in results.

    ``reason`` is normalised, "" if unknown; ``count`` of instances, ``broken`` those of them that missed the goal, ``jobs`` and ``workspaces`` their
    numbers; ``nodes`` and ``node_types`` that failed, most frequent first; ``sample`` message, ``log_path`` and ``log_tail`` of one instance.
    """

    reason: str
    count: int
    broken: int
    jobs: int
    workspaces: int
    nodes: t.List[str]
    node_types: t.List[str]
    sample: t.Optional[str]
    log_path: t.Optional[str]
    log_tail: t.Optional[t.List[str]]


def grouped(instances: t.Iterable[t.Mapping[str, t.Any]]) -> list[Group]:
    """Group failed instances of any workspaces by reason, largest group first.

    :param instances: as in results, with ``broken`` if something was to be done about them. Instances without a message are grouped by the
        failed node.
    """
    return [group for group, _same in _with_members(instances)]


def with_texts(instances: t.Iterable[t.Mapping[str, t.Any]], most: int | None = None) -> list[tuple[Group, str]]:
    """The groups of :func:`grouped`, each with a text for people; "" after the first *most*."""
    groups = _with_members(instances)
    return [(group, _text(group, same) if most is None or place < most else "") for place, (group, same) in enumerate(groups)]


def _with_members(instances: t.Iterable[t.Mapping[str, t.Any]]) -> list[tuple[Group, list[t.Mapping[str, t.Any]]]]:
    def kind(instance: t.Mapping[str, t.Any]) -> tuple[str, str]:
        reason = str(instance["failure"].get("reason") or "")
        return reason, "" if reason else str(instance["failure"].get("node") or "")

    members = grouped_by((instance for instance in instances if instance.get("failure")), kind)
    groups = [(_group(reason, same), same) for (reason, _node), same in members.items()]
    return sorted(groups, key=lambda known: (-known[0]["count"], known[0]["reason"], known[0]["nodes"]))


def _group(reason: str, same: t.Sequence[t.Mapping[str, t.Any]]) -> Group:
    failures = [instance["failure"] for instance in same]
    return {
        "reason": reason,
        "count": len(same),
        "broken": sum(bool(instance.get("broken", True)) for instance in same),
        "jobs": len({(instance.get("workspace_id"), instance.get("job_name")) for instance in same}),
        "workspaces": len({instance.get("workspace_id") for instance in same}),
        "nodes": _frequent(failure.get("node") for failure in failures),
        "node_types": _frequent(failure.get("node_type") for failure in failures),
        "sample": next((failure["message"] for failure in failures if failure.get("message")), None),
        "log_path": next((failure["log_path"] for failure in failures if failure.get("log_path")), None),
        "log_tail": next((failure["log_tail"] for failure in failures if failure.get("log_tail")), None),
    }


def _frequent(words: t.Iterable[t.Any]) -> list[str]:
    counts: dict[str, int] = {}
    for word in words:
        if word:
            counts[str(word)] = counts.get(str(word), 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))


def _text(group: Group, same: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """``38 × node load_orders (DLI SQL): table … not found``; unknown parts are left out.

    Several nodes say less than the reason and go last, where a text is cut: ``38 × table … not found, at nodes load_orders, copy (DLI SQL)``.
    """
    types = group["node_types"]
    kind = f" ({printable(types[0], 60)})" if len(types) == 1 else ""
    nodes = [printable(node, 60) for node in group["nodes"]]
    named = first_of(nodes, _NAMED)
    reason = printable(_in_common(group["reason"], same), MAX_REASON)
    if len(nodes) > 1:
        return f"{group['count']} × {reason.rstrip('.')}, at nodes {named}{kind}"
    where = f"node {named}{kind}" if nodes else ""
    return f"{group['count']} × {': '.join(filter(None, (where, reason))) or 'reason unknown'}"


def _in_common(reason: str, same: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """*reason*, with gaps filled where all messages of *same* agree."""
    messages = {_first_lines(str(instance["failure"].get("message") or "")) for instance in same[:_COMPARED]}
    words = [message.split() for message in messages]
    if not reason or not all(words) or len(same) > _COMPARED or len({len(message) for message in words}) > 1:
        return reason
    shown = _GAPS.sub(GAP, " ".join(column[0] if len(set(column)) == 1 else GAP for column in zip(*words)))
    jobs = {str(instance.get("job_name")) for instance in same}
    return shown if len(messages) == 1 or normalised(shown, jobs.pop() if len(jobs) == 1 else "") == reason else reason
