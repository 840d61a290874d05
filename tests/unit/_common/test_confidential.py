# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in messages and logs of other programs, recognized by their form, and texts that only look like secrets."""

from __future__ import annotations

import time

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.confidential import without_secrets
from ansible_collections.dataarts.factory.plugins.module_utils._common.text import without_escapes

WORD = "Hunter2/x+9"
ACCESS, SECRET = "HPUAXYZ1234567890ABC", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3lM6oP9r"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-DEF_9"
TOKEN = "MIIF" + "aB3/-" * 40

#: Text with {} in place of the secret, and the secret.
TEXTS: list[tuple[str, str]] = [
    ("jdbc:mysql://h:3306/db?user=root&password={} failed", WORD),
    ("jdbc:postgresql://root:{}@h:5432/db", WORD),
    ("jdbc:oracle:thin:scott/{}@//h:1521/x", WORD),
    ("redis://:{}@h:6379/0", WORD),
    ("amqp://user:{}@h/", "p@ss:w0rd"),
    ("password: {}", WORD),
    ("password:{}", "hunter"),
    ("Password：{}", WORD),
    ("用户密码：{}，请检查", WORD),
    ("口令={}", WORD),
    ("私钥：{}", WORD),
    ('{{"password": "{}", "user": "x"}}', "two words"),
    ('{{\\"password\\":\\"{}\\"}}', WORD),
    ("{{'password': '{}'}}", WORD),
    ('password => "{}"', WORD),
    ("db.password = '{}'", WORD),
    ("<password>{}</password>", WORD),
    ("--password {} --host x", WORD),
    ("mysql -u root --password={}", WORD),
    ("PGPASSWORD={} psql", WORD),
    ("ALTER USER a IDENTIFIED BY '{}'", "two words"),
    ("CREATE USER a PASSWORD '{}'", WORD),
    ("the password is {}", WORD),
    ("pwd={}", WORD),
    ("dbPwd: {}", WORD),
    ("export DB_PASS={}", WORD),
    ("?user=x&pass={}", WORD),
    ("password := {}", WORD),
    ("password -> {}", WORD),
    ("登录密码为{}", WORD),
    ("用户密码 {} 错误", WORD),
    ("user x with password {} denied", WORD),
    ("ALTER USER a IDENTIFIED BY {}", WORD),
    ("OPTIONS (encrypt 'on', access_key '{}')", "short1"),
    ("COPY t SECRET_ACCESS_KEY '{}'", "two words"),
    ("+ mysql -uroot -p{} -h x", WORD),
    ("+ mysqldump --user root -p {} db", WORD),
    ("beeline -u jdbc:hive2://x -n u -p {}", WORD),
    ("gsql -d x -U y -p 8000 -W {}", WORD),
    ("curl -s -u user:{} https://x", WORD),
    ("\x1b[31mpassword\x1b[0m={}", WORD),
    ('PlainLoginModule required username="u" password="{}";', WORD),
    ("client_secret={}", WORD),
    ("accountkey={}", WORD),
    ("fs.obs.secret.key={}", SECRET),
    ("spark.hadoop.fs.obs.access.key: {}", ACCESS),
    ("AWS_SECRET_ACCESS_KEY={}", SECRET),
    ("ak={} is wrong", "short1"),
    ("the key {} is not known", ACCESS),
    ("signed with {}", SECRET),
    ("Authorization: Bearer {}", JWT),
    ("Authorization: Basic {}", "dXNlcjpIdW50ZXIy"),
    ("X-Auth-Token: {}", TOKEN),
    ("sent {}", TOKEN),
    ("X-Security-Token: {}", WORD),
    ("token={}", "abc123def456"),
    ("https://b.obs/x?Expires=1&Signature={}", "abcDEF123%2B%3D"),
    ("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", SECRET),
]

#: Texts without secrets.
HARMLESS = [
    "Unexpected token: SELECT at line 1",
    "mismatched input 'FROM' expecting token: EOF",
    "password authentication failed for user x",
    "FATAL: password: authentication failed for user x",
    "invalid password",
    "用户密码错误",
    "密码错误: 请检查",
    "Duplicate entry '5' for key 'PRIMARY'",
    "primary key: order_id",
    "partition key: dt=20260101",
    "Access key not found",
    "token expired",
    "Basic authentication required",
    "function signature: foo(int, bigint)",
    "http://h:8080/path?mail=a@b",
    "mail a@b.example bounced",
    "Lock wait timeout exceeded [ErrorCode: 1205]",
    "Table 'ods.orders_2026' not found",
    "no permission for obs://bucket/34765",
    "Container container_e01_1795402800000_0042_01_000001 ended with exit code 137",
    "commit 0d991d7a0d991d7a0d991d7a0d991d7a0d991d7a",
    "gsql: could not connect to server on host x -p 8000",
    "Access denied for user 'root'@'h' (using password: YES)",
    "password is expired",
    "secret 'db-user' not found",
    "密码为空",
    "密码错误 3 次",
    "password 3 times wrong",
    "PASS=38 WARN=0 ERROR=2",
    "task=3, disk=9, passed=3, sk_id: 7, bypass=1",
]


@pytest.mark.parametrize(("text", "secret"), TEXTS)
def test_no_secret_stays(text: str, secret: str) -> None:
    filled = text.format(secret)
    shown = without_secrets(filled)
    assert "***" in shown
    assert secret not in shown
    begin = secret[:4]
    assert begin not in shown, "nor a part of it"
    assert shown.startswith(without_escapes(text).format("\0").split("\0")[0].rstrip("\"'\\\n")), (
        "what stands in front of it tells what it is"
    )
    assert without_secrets(shown) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_a_cause_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "password=",
        "://a:",
        "eyJ",
        "A1",
        "token:",
        "password: a b ",
        '"password":"',
        "MII",
        "bearer ",
        "--password ",
        "mysql ",
        "curl -u ",
        "password a1",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    without_secrets(piece * (65_536 // len(piece)))
    assert time.process_time() - began < 5
