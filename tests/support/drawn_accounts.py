# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random accounts: names in many scripts, error texts with addresses and secrets, and settings of the emulator's switches."""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass, field
from urllib.parse import quote

from emulator.switches import SWITCHES
from tests.support.scenarios import REGION

Json = dict[str, t.Any]
_LETTERS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "accents": "äöüßéèñçøåłžšğı",
    "chinese": "销售订单日报库存财务结算数据清洗汇总同步客户渠道华东华南",
    "japanese": "売上在庫データ集計ひらがなカタカナ",
    "korean": "매출재고일보데이터고객",
    "cyrillic": "продажискладотчётклиент",
    "greek": "πωλήσειςαποθήκη",
    "arabic": "مبيعاتتقريريومي",
    "hindi": "बिक्रीरिपोर्ट",
    "pictures": "📦🚀🧾🏪",
}
#: Names that are also words of a recording: of its fields, checks and sentences.
WORDS_OF_OURS = (
    "job",
    "instances",
    "total",
    "workspace_id",
    "name",
    "not open",
    "status",
    "v1",
    "statistics",
    "first page",
    "ame_ti",
    "body",
)
#: Switches that are not drawn: under some settings nothing can be read, or a test would have to wait.
_LEFT_ALONE = ("flow_control", "retry_after", "rerun_visible_after", "starting_seconds", "scheduler_skew_seconds", "token_lifetime_seconds")


@dataclass
class Drawn:
    """A random account.

    :ivar scenario: scenario for the emulator.
    :ivar originals: every name, id, key, address and secret in it.
    :ivar switches: its non-default settings.
    """

    scenario: Json
    workspace_id: str
    project_id: str
    access_key: str
    secret_key: str
    switches: Json
    originals: set[str] = field(default_factory=set)


class _Drawing:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.originals: set[str] = set()

    def keep(self, text: str) -> str:
        self.originals.add(text)
        return text

    def word(self, least: int = 3, most: int = 9) -> str:
        letters = _LETTERS[self.random.choice(list(_LETTERS))]
        return "".join(self.random.choice(letters) for dummy in range(self.random.randint(least, most)))

    def name(self, separators: str = "_-.") -> str:
        if self.random.random() < 0.15:
            return self.keep(self.random.choice(WORDS_OF_OURS))
        parts = [self.word() for dummy in range(self.random.randint(1, 3))]
        if self.random.random() < 0.4:
            parts.append(str(self.random.randint(1, 99999)))
        return self.keep(self.random.choice(separators).join(parts))

    def number(self) -> int:
        number = self.random.randint(100_000, 99_999_999)
        self.keep(str(number))
        return number

    def hexadecimal(self) -> str:
        return self.keep(f"{self.random.getrandbits(128):032x}")

    def secret(self) -> str:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return self.keep("".join(self.random.choice(letters) for dummy in range(40)))

    def address(self) -> str:
        host = f"{self.random.choice('abcdef')}{self.random.randint(100, 999)}.{self.random.choice(('corp', 'intra'))}.example"
        numbers = ".".join(str(self.random.randint(11, 254)) for dummy in range(4))
        person = f"{self.random.choice(('li.wei', 'jane', 'ops-7'))}@{host}"
        return self.random.choice((host, numbers, person))

    def error(self, job_name: str, ids: t.Sequence[str]) -> str:
        """An error message of a node."""
        address, secret, number = self.keep(self.address()), self.secret(), str(self.number())
        return self.random.choice(
            (
                f"Table {job_name} not found at jdbc:mysql://{address}:3306/{number}?password={secret}",
                f"DLI.0005: GET https://{address}/v1/{self.random.choice(ids)}/jobs/{quote(job_name)}/log?ak={secret} ended with 403",
                f"File \"/home/{address}/{job_name}/{number}.py\", line 7: token '{secret}' of {address} has expired",
                f'{{"error": "{address}", "key": "{secret}", "bucket": "obs://{job_name}/{number}/node.log"}}',
                f"作业 {job_name} 失败: 主机 {address} 无法连接 (密钥 {secret}, 编号 {number})",
            )
        )


def drawn(seed: int) -> Drawn:
    """The account of *seed*, the same each time."""
    drawing = _Drawing(seed)
    ids = [drawing.hexadecimal() for dummy in range(3)]
    user = {"name": drawing.name(), "access_key": drawing.secret()[:20].upper(), "secret_key": drawing.secret()}
    drawing.originals.update(user.values())
    jobs = [_job(drawing, ids, number) for number in range(drawing.random.randint(1, 6))]
    jobs = list({job["name"]: job for job in jobs}.values())
    workspace = {
        "id": ids[0],
        "name": drawing.name("_- "),
        "kind": drawing.random.choice((0, 1)),
        "owner": drawing.name(),
        "description": drawing.error("x", ids),
        "jobs": jobs,
    }
    account = {
        "domain": drawing.name(),
        "region": REGION,
        "project_id": ids[1],
        "users": [user],
        "studios": [{"id": ids[2], "name": drawing.name("_- ")}],
        "workspaces": [workspace],
    }
    switches = _settings(drawing.random)
    faults = [] if drawing.random.random() < 0.7 else [_refusal(drawing, ids)]
    first = drawing.random.randint(500_000, 90_000_000)
    scenario = {
        "accounts": [account],
        "speed": 60,
        "switches": {"flow_control": False, **switches},
        "faults": faults,
        "first_instance_id": first,
    }
    drawing.originals -= {""}
    return Drawn(scenario, ids[0], ids[1], user["access_key"], user["secret_key"], switches, drawing.originals)


def _job(drawing: _Drawing, ids: t.Sequence[str], number: int) -> Json:
    name = drawing.name()
    hours = sorted(drawing.random.sample(range(1, 150), drawing.random.randint(2, 9)))
    statuses = ("fail", "success", "fail", "manual-stop")
    instances: list[Json] = [{"plan_time": f"-{hour}h", "status": drawing.random.choice(statuses)} for hour in hours]
    for instance in instances:
        if instance["status"] == "fail":
            instance["error"] = drawing.error(name, ids)
    if number == 0:
        instances.append({"plan_time": "-155h", "start_time": "-154h", "status": "fail", "error": drawing.error(name, ids)})
    job_id = drawing.number()
    return {
        "name": name,
        "id": job_id,
        "owner": drawing.name(),
        "path": f"/{drawing.name()}/{drawing.name()}",
        "nodes": [drawing.name() for dummy in range(2)],
        "instances": instances,
    }


def _refusal(drawing: _Drawing, ids: t.Sequence[str]) -> Json:
    message = f"The request of user {drawing.name()} is refused: {drawing.error('x', ids)}"
    route = drawing.random.choice(("v1_job", "v1_list", "v1_instance"))
    return {"route": route, "kind": "status", "status": 400, "code": "DLF.3051", "message": message, "times": 3}


def _settings(chance: random.Random) -> Json:
    """Non-default settings of about a third of the switches, under which something can still be read."""
    settings: Json = {}
    for name, switch in SWITCHES.items():
        if name not in _LEFT_ALONE and len(switch.settings) > 1 and chance.random() < 0.35:
            settings[name] = chance.choice(switch.settings[1:])
    if settings.get("v2_open") is False or settings.get("v2_list_open") is False:
        settings.pop("v1_open", None)
    return settings
