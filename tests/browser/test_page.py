# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser: light and dark, wide and narrow, with mouse and keyboard, and printed."""

from __future__ import annotations

import json
import re
import statistics
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.running import running
from tests.browser.conftest import Open, report_of
from tests.support.playbook import Ansible
from tests.support.reports import STANDINGS, instance, result
from tests.support.scenarios import small_night
from tests.support.workspace import inventory, variables

pytestmark = pytest.mark.browser

Page = t.Any
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<!-- <script>",
    "\"quoted\" & 'single' &amp; &lt;",
    "مبيعات يومية",
    "{{ lookup('pipe', 'id') }}",
    "__proto__",
    "very_" + "long_" * 40 + "name",
]


def jobs(names: list[str], **standings: int) -> list[dict[str, t.Any]]:
    """Result entries of instances: for each job, as many at each standing as *standings* says."""
    instances: list[dict[str, t.Any]] = []
    for name in names:
        for standing, number in standings.items():
            for dummy in range(number):
                error = "node reconcile: 3 accounts differ" if standing == "failed_again" else None
                instances.append(instance(len(instances), standing, job_name=name, job_id=name, error_message=error))
    return instances


def night() -> dict[str, t.Any]:
    """A report with instances at every standing, a workspace where all succeeded, and one that failed."""
    return report_of(
        {
            "sales": result(jobs(["daily_sales", "hourly_orders"], **dict.fromkeys(STANDINGS, 2))),
            "supply": result(jobs(["stock_levels"], succeeded=5)),
            "warehouse": {"succeeded": False, "msg": "Failed to rerun anything: the service does not accept the credentials."},
        }
    )


def plan() -> dict[str, t.Any]:
    return report_of({"sales": result(jobs(["daily_sales"], to_rerun=3, already_done=2), check_mode=True)}, check_mode=True)


def numbers(page: Page) -> dict[str, int]:
    """Standing -> the number in its tile at the top of the page."""
    return {
        tile.get_attribute("data-standing"): int(tile.locator("strong").inner_text().replace(",", ""))
        for tile in page.locator("#counts button").all()
    }


def shown(page: Page) -> str:
    text: str = page.locator("#shown").inner_text()
    return text


def eventually(locator: t.Any) -> t.Any:
    """Playwright's ``expect``, whose assertions are retried for some seconds."""
    from playwright.sync_api import expect

    return expect(locator)


def rows(page: Page) -> Page:
    return page.locator("#rows tbody tr")


def real_run(directory: Path) -> dict[str, int]:
    """Rerun the small night of an emulator with the report in *directory*/night, and return the totals that the play published."""
    with running(small_night()) as service:
        hosts = inventory(sales=variables(service, poll_interval=1, settle_time=1, journal=str(directory / "state")))
        (directory / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
        options = {"dataarts_report_path": "night"}
        outcome = Ansible(directory).playbook("dataarts.factory.rerun", "-i", directory / "hosts.yml", variables=options).ended(2)
    (published,) = [line.result["ansible_stats"]["data"]["dataarts_summary"]["totals"] for line in outcome.of("rerun_summary")]
    return t.cast("dict[str, int]", published)


def test_its_numbers_are_those_of_the_run(open_file: Open, tmp_path: Path) -> None:
    """The report is that of a real run against the emulator."""
    with ThreadPoolExecutor() as apart:  # Playwright has an event loop in this thread
        totals = apart.submit(real_run, tmp_path).result()
    page = open_file(tmp_path / "night" / "report.html")
    tiles = numbers(page)
    assert {name: number for name, number in tiles.items() if name != "already_done"} == {"failed_again": 1, "succeeded": 5}
    assert all(totals[name] == number for name, number in tiles.items() if name != "already_done")
    assert page.locator("h1").inner_text() == "1 of 6 instances is still broken"
    head = page.locator("#workspaces thead th").all_inner_texts()
    cells = page.locator("#workspaces tbody tr").first.locator("th, td").all_inner_texts()
    table = dict(zip(head, cells, strict=True))
    assert {name: int(table[name]) for name in ("failed", "rerun", "succeeded", "failed again")} == {
        name: totals[name.replace(" ", "_")] for name in ("failed", "rerun", "succeeded", "failed again")
    }
    assert "1 failed again" in page.locator(".lane", has_text="weekly_report").inner_text()
    assert page.locator(".step").count() == 1


def test_its_numbers_are_those_of_the_report_at_every_standing(open_page: Open) -> None:
    report = night()
    page = open_page(report)
    for name, number in numbers(page).items():
        assert number == (4 if name == "already_done" else report["totals"][name]), name
    assert set(numbers(page)) == set(STANDINGS)
    assert shown(page).startswith(f"Showing {len(STANDINGS) * 4 + 5} of {len(STANDINGS) * 4 + 5} instances")
    for name in STANDINGS:
        page.locator(f"#counts [data-standing={name}]").click()
        assert rows(page).count() == numbers(page)[name]
    assert page.locator(".step").first.inner_text().startswith("not worked on\nwarehouse")


def test_names_are_text_whatever_they_say(open_page: Open) -> None:
    page = open_page(report_of({name: result(jobs(HOSTILE, succeeded=1, failed_again=1)) for name in HOSTILE}))
    names = set(page.locator("#rows tbody th > bdi").all_inner_texts())
    assert names == set(HOSTILE)
    assert set(page.locator("#workspaces tbody th bdi").all_text_contents()) >= set(HOSTILE)
    assert set(page.locator("#job option").all_text_contents()) == {"all", *HOSTILE}
    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.locator("script").count() == 2
    # Text written from right to left does not affect the text around it.
    before = page.locator("#rows tbody tr", has_text="مبيعات يومية").first
    assert page.evaluate("(row) => getComputedStyle(row.querySelector('bdi')).unicodeBidi", before.element_handle()) == "isolate"
    page.select_option("#job", HOSTILE[0])
    assert shown(page).startswith(f"Showing {2 * len(HOSTILE)} of")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_script_that_got_in_would_not_run(open_page: Open, open_file: Open) -> None:
    page = open_page(plan())
    refused = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        })"""
    )
    assert refused == "script-src-elem"
    assert page.evaluate("window.ran") is None
    (said,) = open_file.troubles
    assert "violates the following Content Security Policy directive" in said
    open_file.troubles.clear()


def test_the_filter(open_page: Open) -> None:
    page = open_page(night())
    page.select_option("#workspace", "sales")
    page.select_option("#job", "daily_sales")
    page.select_option("#standing", "failed_again")
    assert rows(page).count() == 2
    eventually(page.locator(".lane")).to_have_count(1)
    assert page.locator("#shown").get_attribute("aria-live") == "polite"
    assert page.locator("#counts [data-standing=failed_again]").get_attribute("aria-pressed") == "true"
    page.reload()
    assert (rows(page).count(), page.locator("#job").input_value()) == (2, "daily_sales")
    page.locator("#clear").click()
    assert shown(page).startswith(f"Showing {len(STANDINGS) * 4 + 5} of")
    page.locator("#text").press_sequentially("RECONCILE orders")
    eventually(page.locator("#shown")).to_contain_text("Showing 2 of")
    assert set(rows(page).locator("th > bdi").all_inner_texts()) == {"hourly_orders"}
    page.locator("#text").fill("no such thing")
    eventually(page.locator("#shown")).to_contain_text("Showing 0 of")
    assert page.locator("#none").is_visible()
    linked = open_page(night(), "#workspace=supply&standing=succeeded")
    assert rows(linked).count() == 5


def test_times_of_this_device(open_page: Open) -> None:
    page = open_page(plan(), timezone_id="Asia/Shanghai")
    assert "2026-11-23 11:00:00 +08:00" in page.locator("#facts").inner_text()
    assert page.locator("#instances .zone").inner_text() == "times at +08:00"
    assert "last started 2026-11-23 09:" in page.locator("#rows").inner_text(), "a time in a message is in the same zone and form"
    page.select_option("#zone", "utc")
    assert "2026-11-23 03:00:00 UTC" in page.locator("#facts").inner_text()
    assert page.locator("#instances .zone").inner_text() == "times at UTC"


def test_in_the_language_of_the_browser_and_with_a_switch(open_page: Open) -> None:
    report = night()
    page = open_page(report, locale="zh-CN")
    assert page.locator("h1").inner_text() == "45 个实例中还有 28 个未恢复，8 个正在进行；1 个工作空间未能处理"
    assert page.title() == f"{page.locator('h1').inner_text()} | 重跑报告"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert shown(page) == "显示 53 个，共 53 个实例"
    head = page.locator("#rows thead th").all_text_contents()
    assert head == ["处理结果", "工作空间和作业", "计划时间", "上次运行", "重跑", "说明"]
    page.locator("#text").fill("再次失败")
    eventually(page.locator("#shown")).to_contain_text("显示 4 个")
    page.locator("#text").fill("")
    # The visible text has no English words except names, commands, ids, statuses, and messages of the service and the job's log.
    words = set(re.findall(r"[A-Za-z]{3,}", page.locator("main, .hero").all_inner_texts()[0] + page.locator("main").inner_text()))
    words -= set(re.findall(r"[A-Za-z]{3,}", " ".join(page.locator(".command, bdi .error, .error, .id").all_inner_texts())))
    names = "DataArts Studio API English since Playbook dataarts factory rerun night operator ops sales supply warehouse daily hourly orders stock levels "
    statuses = "fail success running waiting pause confirm blocked skipped Ctrl jobs instance types UTC wait timeout"
    assert words - set((names + statuses).split()) == set()
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == report["headline"]
    assert page.locator("#rows thead th").first.text_content() == "Decision"
    page.reload()
    assert page.locator("h1").inner_text() == report["headline"], "the choice is kept in the address"
    assert open_page(report, "#language=zh").locator("h1").inner_text().startswith("45 个实例")
    assert open_page(report, locale="de-DE").locator("h1").inner_text() == report["headline"]


#: A script that returns the first words of every box whose content is wider than the box. Boxes that readers scroll, such as commands, are not in it.
CUT = """() => [...document.querySelectorAll(".scroll, .axis div, .axis span, .counts button, .badge, .step, td, th, .facts dd, .lane .sum, h1, h2")]
    .filter((box) => box.offsetParent !== null && box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== "inline")
    .map((box) => `${box.className || box.tagName}: ${box.textContent.slice(0, 40)}`)"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize(
    ("width", "medium", "room"),
    [
        (500, "screen", 500),
        (390, "screen", 390),
        (768, "screen", 768),
        (1000, "screen", 1000),
        (1279, "screen", 1279),
        (1280, "screen", 1280),
        (794, "print", 688),
    ],
)
def test_nothing_is_cut_where_there_is_little_room(open_page: Open, width: int, medium: str, room: int, locale: str) -> None:
    """Tables, labels of axes and tiles fit into windows, a telephone and a page of A4.

    :param width: the width that media queries see, px.
    :param room: the width of the content, px; on paper it is smaller because of the margins.
    """
    for report in (night(), plan()):
        page = open_page(report, locale=locale, timezone_id="Asia/Shanghai", viewport={"width": width, "height": 900})
        page.emulate_media(media=medium)
        page.evaluate("(room) => { document.body.style.width = `${room}px`; }", room)
        page.evaluate("dispatchEvent(new Event('resize'))")
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.context.close()


def test_fifty_workspaces(open_page: Open) -> None:
    """Workspaces with broken instances come first, and every workspace is in the table and the filter."""
    fifty = {f"workspace_{number:02}": result(jobs(["daily_sales"], succeeded=8, failed_again=number % 2)) for number in range(50)}
    page = open_page(report_of(fifty), viewport={"width": 500, "height": 900})
    assert page.locator("#workspaces tbody tr").count() == page.locator("#workspace option").count() - 1 == 50
    assert page.locator(".step").count() == 25
    assert page.locator("#steps > .whole .command code").inner_text().startswith("  ansible-playbook dataarts.factory.rerun"), "one for all"
    assert page.locator(".lane").count() == 24
    page.get_by_role("button", name="Show 24 more jobs of 50").click()
    assert page.locator(".lane").count() == 48
    assert page.evaluate(CUT) == []


def test_the_command_can_be_copied(open_page: Open) -> None:
    report = plan()
    page = open_page(report, permissions=["clipboard-read", "clipboard-write"])
    assert page.locator("#mode").is_visible()
    page.get_by_role("button", name="Copy the command").click()
    page.get_by_text("Copied.", exact=True).wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == report["next_step"]["command"]


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page(
        report_of({"sales": result(jobs(["daily_sales"], failed_again=130, succeeded=3))}), viewport={"width": 1280, "height": 500}
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for language in ("English", "中文"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == language
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.standing") == "failed_again"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "solid3px"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert rows(page).count() == 3
    assert page.evaluate("document.activeElement.id") == "instances"
    # The Tab key reaches every control, in the order of the page.
    page.locator("#clear").press("Enter")
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); window.scrollTo(0, 0)")
    page.locator(".skip").focus()
    reached = []
    for _step in range(60):
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        if reached[-1] == "more":
            break
        page.keyboard.press("Tab")
    wanted = ["Copy", "text", "workspace", "job", "standing", "zone", "clear", "more"]
    assert [name for name in reached if name in wanted] == wanted
    before = rows(page).count()
    page.keyboard.press("Enter")
    assert rows(page).count() > before or before == 133
    assert page.evaluate("document.activeElement.getAttribute('role')") == "row"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_anybody_out(open_page: Open, scheme: str, width: int) -> None:
    """axe-core finds no violation (contrast, names, roles, landmarks, headings), and no page is wider than its window."""
    from axe_playwright_python.sync_playwright import Axe

    for report in (night(), plan(), report_of({"supply": result(jobs(["stock_levels"], succeeded=5))})):
        page = open_page(report, color_scheme=scheme, viewport={"width": width, "height": 900})
        violations = Axe().run(page).response["violations"]
        assert [(violation["id"], [node["html"][:200] for node in violation["nodes"][:3]]) for violation in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_paper(open_page: Open) -> None:
    page = open_page(report_of({"sales": result(jobs([f"job_{number}" for number in range(60)], succeeded=5))}))
    assert (rows(page).count(), page.locator(".lane").count()) == (100, 24)
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    assert (rows(page).count(), page.locator(".lane").count()) == (300, 60)
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    assert page.locator("#rows").is_visible()


def test_on_paper_is_what_is_left_to_do_and_what_is_not_there(open_page: Open) -> None:
    """A printout cannot be clicked, so it contains what the screen shows on demand, and says what it leaves out."""
    many = {f"workspace_{number}": result(jobs(["daily_sales"], failed_again=40)) for number in range(30)}
    page = open_page(report_of(many))
    assert page.locator(".step").count() == 25
    page.pdf(format="A4")
    assert page.locator(".step").count() == 30
    page.emulate_media(media="print")
    assert (
        page.locator("#paper").inner_text()
        == "Showing 1,200 of 1,200 instances. This printout has the first 1,000; all are in report.json."
    )
    page.emulate_media(media="screen")
    assert not page.locator("#paper").is_visible()
    page.select_option("#workspace", "workspace_7")
    page.pdf(format="A4")
    page.emulate_media(media="print")
    assert page.locator("#paper").inner_text() == "Showing 40 of 1,200 instances, chosen by workspace_7."


def test_a_link_with_anything_in_it_opens(open_page: Open) -> None:
    page = open_page(night(), "#constructor=x&toString=y&__proto__=z&standing=failed_again")
    assert rows(page).count() == 4
    page.evaluate("location.hash = 'valueOf=1&standing=succeeded'")
    eventually(page.locator("#shown")).to_contain_text("Showing 9 of")


@pytest.mark.parametrize("width", [1280, 390])
def test_without_scripts_what_is_left_to_do_is_there(open_page: Open, width: int) -> None:
    """Mail clients and viewers of CI systems do not run scripts."""
    report = report_of({name: result(jobs(HOSTILE, succeeded=1, failed_again=1)) for name in HOSTILE})
    page = open_page(report, java_script_enabled=False, viewport={"width": width, "height": 900})
    assert page.locator("h1").inner_text() == report["headline"]
    assert page.locator("noscript p").first.inner_text().startswith("The filter, the timeline")
    assert page.locator("main:visible").count() == 1
    assert page.locator("main:visible h2").all_inner_texts() == ["What is left to do", "Workspaces"]
    commands = [way["command"] for workspace in report["workspaces"] for way in workspace["next_steps"]]
    assert page.locator(".command code").all_inner_texts() == commands
    assert set(page.locator(".step li strong").all_inner_texts()) == set(HOSTILE)
    assert set(page.locator("tbody th").all_inner_texts()) == set(HOSTILE)
    assert page.locator("img, iframe, object, embed, form:visible").count() == 0
    assert page.locator("[role=region][tabindex='0']:visible").count() == 1, "what scrolls is reached by keyboard"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


#: A script that returns the durations of nine changes of the filter, ms, without painting. Each shows other instances than the one before.
MEASURE = """async () => {
    const found = [], select = document.getElementById("standing");
    const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
    for (let turn = 0; turn < 9; turn += 1) {
        const begun = performance.now();
        select.value = turn % 2 ? "" : "succeeded";
        select.dispatchEvent(new Event("change"));
        found.push(performance.now() - begun);
        await painted();
    }
    return found;
}"""


def test_ten_thousand_instances_filter_like_a_thousand(open_page: Open) -> None:
    """Only visible rows are created. With ten times the instances, the filter takes less than five times as long and creates no more rows."""

    def many(number: int) -> dict[str, t.Any]:
        names = [f"job_{index:02}" for index in range(10)]
        amount = number // 100
        return report_of({f"workspace_{index}": result(jobs(names, succeeded=amount - 1, failed_again=1)) for index in range(10)})

    spent = {}
    for number in (1_000, 10_000):
        page = open_page(many(number))
        assert shown(page) == f"Showing {number:,} of {number:,} instances"
        spent[number] = statistics.median(page.evaluate(MEASURE))
        assert rows(page).count() <= 200
        assert page.locator(".lane").count() <= 24
        page.locator("#rows tbody tr").last.scroll_into_view_if_needed()
        eventually(rows(page)).not_to_have_count(100)
        page.context.close()
    print(f"filter: {spent[1_000]:.0f} ms for 1,000 instances, {spent[10_000]:.0f} ms for 10,000")
    assert spent[10_000] < 5 * spent[1_000]
