// Copyright (c) 2026 dataarts.factory contributors
// SPDX-License-Identifier: GPL-3.0-or-later
// The report's page. Every text of the data becomes a text node, never markup. Rows are made when they are needed, a hundred at a time.
// What it says comes from texts.json, in the language of the reader.
"use strict";
(() => {
  const CHUNK = 100, LANES = 24, STEPS_SHOWN = 25, NAMED = 5, LINES = 12, PRINTED = 1000;
  const STANDINGS = {
    failed_again: ["bad", "bad"], refused: ["bad", "stop"], rejected: ["bad", "stop"], not_rerunnable: ["warn", "stop"],
    blocked: ["warn", "person"], stopped: ["warn", "stop"], skipped: ["warn", "stop"], unknown: ["warn", "unknown"], to_rerun: ["go", "again"],
    waiting: ["go", "wait"], running: ["go", "run"], succeeded: ["good", "good"], other: ["muted", "muted"], already_done: ["muted", "good"],
  };
  const STEPS = { in_progress: ["go", "wait"], unsent: ["warn", "wait"], workspace: ["bad", "stop"], incomplete: ["bad", "bad"] };
  const OUTCOMES = {
    no_result: ["not_worked_on", "bad", "stop"], broken: ["broken", "bad", "bad"], in_progress: ["in_progress", "go", "wait"],
    planned: ["planned", "go", "again"], succeeded: ["succeeded", "good", "good"],
  };
  /** Standings that are called otherwise than their key. */
  const CALLED = { refused: "rejected", workspace: "not_worked_on" };
  const ALWAYS = ["succeeded", "failed_again"], DONE_BEFORE = ["already_done"];
  const SVG = "http://www.w3.org/2000/svg";
  const report = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  $("main").hidden = false;

  // ---- Small tools

  /** An element with attributes (undefined and false ones are left out) and children: nodes, or texts. */
  function el(tag, attributes = {}, ...children) {
    const svg = ["svg", "path", "use", "line"].includes(tag);
    const made = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== false) made.setAttribute(name, value);
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }
  /** A name from outside: its direction of writing changes nothing around it. */
  const named = (text) => el("bdi", {}, text);
  const icon = (name) => el("svg", { class: "icon", "aria-hidden": "true" }, el("use", { href: `#icon-${name}` }));
  const badge = ([word, tone, sign]) => el("span", { class: "badge", "data-tone": tone }, icon(sign), word);
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const amount = (number) => number.toLocaleString("en");

  // ---- Languages: that of the address, else the browser's; texts.json has every text in each of them

  const LANGUAGES = ["en", "zh"];
  const wantedLanguage = new URLSearchParams(location.hash.slice(1)).get("language");
  let language = LANGUAGES.includes(wantedLanguage) ? wantedLanguage : /^zh\b/i.test(navigator.language) ? "zh" : "en";
  let chosenLanguage = LANGUAGES.includes(wantedLanguage);
  const inLanguage = (texts) => texts[LANGUAGES.indexOf(language)];
  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (_all, name) => (typeof values[name] === "number" ? amount(values[name]) : values[name]));
  }
  /** The text of a key, with its values; of two forms the first is for one. */
  function say(key, values = {}) {
    const [one, many] = inLanguage(report.catalogue[key]).split("|");
    return filled(many !== undefined && values.n !== 1 ? many : one, values);
  }
  /** The same as children of an element: what is in the values may be nodes. */
  function sayNodes(key, values) {
    return inLanguage(report.catalogue[key]).split(/\{(\w+)\}/).map((part, at) => (at % 2 ? values[part] : part));
  }
  const CHINESE = new Map(Object.entries(report.chinese));
  /** What Ansible's modules say, in the reader's language as far as the catalogue knows it. */
  const message = (text) => inZone((language === "zh" && CHINESE.get(text)) || text);

  // ---- Times: one form, in the zone of the reader, which is named once; a time with another offset has its own behind it

  const two = (number) => String(number).padStart(2, "0");
  let zone = "local";
  function parts(ms) {
    const at = new Date(zone === "utc" ? ms : ms - new Date(ms).getTimezoneOffset() * 60000);
    return { year: at.getUTCFullYear(), day: `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`, clock: `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`, second: at.getUTCSeconds() };
  }
  const plain = (ms) => { const at = parts(ms); return `${at.year}-${at.day} ${at.clock}:${two(at.second)}`; };
  const moment = (ms) => (offset(ms) === offset(report.written_at) ? plain(ms) : `${plain(ms)} ${offset(ms)}`);
  const short = (ms, withDay) => { const at = parts(ms); return withDay ? `${at.day} ${at.clock}` : `${at.clock}:${two(at.second)}`; };
  function offset(ms) {
    if (zone === "utc") return "UTC";
    const minutes = -new Date(ms).getTimezoneOffset();
    return `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  }
  const full = (ms) => `${plain(ms)} ${offset(ms)}`;
  /** A text with its times in UTC as those of the reader's zone; what could be pasted is left as it is. */
  function inZone(text) {
    return text && text.replace(/(?<![\w=@"'{/:.-])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{3})?Z(?![\w"'/-])/g, (all, at) => {
      const ms = Date.parse(`${at}Z`);
      return Number.isNaN(ms) ? all : moment(ms);
    });
  }
  function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000)), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (hours >= 24) return say("days", { days: Math.floor(hours / 24), hours: hours % 24 });
    if (hours) return say("hours", { hours, minutes: two(minutes % 60) });
    return minutes ? say("minutes", { minutes, seconds: two(seconds % 60) }) : say("seconds", { seconds });
  }
  /** How a standing or a step is shown: its word, its tone, its icon. */
  function known(standing) {
    const look = STANDINGS[standing] || STEPS[standing];
    return look ? [say(CALLED[standing] || standing), ...look] : [standing, "warn", "unknown"];
  }

  // ---- The data: rows as objects, worst first over all workspaces

  const shared = new Set(report.shared);
  const places = Object.keys(STANDINGS), ranks = [...places, ...Object.keys(STEPS)];
  const rows = report.rows.map((values) => {
    const row = {};
    report.columns.forEach((name, at) => { row[name] = shared.has(name) && values[at] !== null ? report.texts[values[at]] : values[at]; });
    row.host = report.workspaces[row.workspace].host;
    // A start that another run has not replaced is the run before it all.
    row.rerun = row.start_time !== null && row.start_time !== row.start_time_before;
    return row;
  });
  /** What the filter finds a row by: what is known of it, and what is shown of it in the language and the zone of the reader. */
  function searchText(row) {
    row.search ??= [row.host, row.job_name, known(row.standing)[0], row.standing, row.status, row.reason, message(row.reason), row.error_message, row.history, row.instance_id, row.request_id, new Date(row.plan_time).toISOString(), plain(row.plan_time)]
      .join("\n").toLowerCase();
    return row.search;
  }
  const rank = (row) => { const at = places.indexOf(row.standing); return at < 0 ? places.length : at; };
  rows.sort((a, b) => rank(a) - rank(b) || a.workspace - b.workspace || (a.job_name < b.job_name ? -1 : a.job_name > b.job_name ? 1 : a.plan_time - b.plan_time));
  const listed = {};
  for (const row of rows) listed[row.standing] = (listed[row.standing] || 0) + 1;
  /** How many instances stand somewhere: what the recaps say; what they do not count, by the list. */
  const numberOf = (standing) => (DONE_BEFORE.includes(standing) ? listed[standing] : report.totals[standing]) ?? 0;

  // ---- The filter

  const filter = { text: "", workspace: "", job: "", standing: "" };
  let passing = rows;
  const passes = (row) =>
    (!filter.workspace || row.host === filter.workspace) && (!filter.job || row.job_name === filter.job) &&
    (!filter.standing || row.standing === filter.standing) && filter.text.toLowerCase().split(/\s+/).every((word) => searchText(row).includes(word));

  /** Set some of the filter's fields, show what passes, and keep it in the address so that a link shows the same. */
  function choose(change, jump) {
    Object.assign(filter, change);
    for (const name of Object.keys(filter)) if ($(name).value !== filter[name]) $(name).value = filter[name];
    const kept = new URLSearchParams([...Object.entries(filter).filter(([, value]) => value), ...(chosenLanguage ? [["language", language]] : [])]);
    history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
    apply();
    if (jump) { $("instances").focus({ preventScroll: true }); $("filter").scrollIntoView(); }
  }
  function apply() {
    passing = Object.values(filter).some(Boolean) ? rows.filter(passes) : rows;
    $("shown").textContent = say("showing", { shown: passing.length, n: rows.length }) + unlisted();
    for (const button of $("counts").children) button.setAttribute("aria-pressed", String(button.dataset.standing === filter.standing));
    showRows();
    later(() => { lanesShown = LANES; showTimeline(); });
  }
  /** Do it once the answer to what a person just did is on the screen; what was to be done before is dropped. */
  let waiting;
  function later(work) {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { waiting = requestAnimationFrame(work); });
  }
  /** Instances that the run counted but did not list: there was nothing to do for them. */
  function unlisted() {
    const left = report.totals.selected - rows.length;
    return left > 0 ? say("unlisted", { n: left }) : "";
  }
  function options(select, all, values) {
    select.replaceChildren(el("option", { value: "" }, all), ...values.map(([value, label]) => el("option", { value, dir: "auto" }, label)));
  }
  /** The texts that stand in the page, and the choices of the filter, in the reader's language. */
  function showTexts() {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
    for (const node of document.querySelectorAll("[data-say-label]")) node.setAttribute("aria-label", say(node.dataset.sayLabel));
    $("text").placeholder = say("find-hint");
    for (const node of document.querySelectorAll("[data-message]")) { node.dataset.message ||= node.textContent; node.textContent = message(node.dataset.message); }
    for (const node of document.querySelectorAll("time[data-ms]")) node.textContent = full(Number(node.dataset.ms));
    const headline = message(report.headlines[language]);
    $("headline").textContent = headline;
    document.title = `${headline} | ${say("title")}`;
    options($("workspace"), say("all"), report.workspaces.map((workspace) => [workspace.host, workspace.host]));
    options($("job"), say("all"), [...new Set(rows.map((row) => row.job_name))].sort().map((name) => [name, name]));
    options($("standing"), say("all"), places.filter((name) => listed[name]).map((name) => [name, `${known(name)[0]} (${listed[name]})`]));
    const chosen = zone;
    zone = "local";
    $("zone").replaceChildren(el("option", { value: "local" }, say("of-device", { offset: offset(report.written_at) })), el("option", { value: "utc" }, say("utc")));
    zone = $("zone").value = chosen;
    for (const node of document.querySelectorAll(".zone")) node.textContent = say("zone", { offset: offset(report.written_at) });
    for (const button of $("languages").children) button.setAttribute("aria-pressed", String(button.lang.startsWith(language)));
  }
  function setUpFilter() {
    let due;
    $("text").addEventListener("input", () => { clearTimeout(due); due = setTimeout(() => choose({ text: $("text").value.trim() }), 80); });
    for (const name of ["workspace", "job", "standing"]) $(name).addEventListener("change", () => choose({ [name]: $(name).value }));
    $("zone").addEventListener("change", () => { zone = $("zone").value; showAll(); });
    for (const button of $("languages").children) button.addEventListener("click", () => { language = button.lang.slice(0, 2); chosenLanguage = true; showAll(); });
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    $("filter").addEventListener("reset", (event) => { event.preventDefault(); choose({ text: "", workspace: "", job: "", standing: "" }); });
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) if (Object.hasOwn(filter, name)) filter[name] = value;
  }

  // ---- Summary

  function showSummary() {
    const broken = !report.succeeded || (report.totals.broken > 0 && !report.check_mode);
    const moving = report.totals.running + report.totals.waiting > 0;
    const [tone, sign] = broken ? ["bad", "bad"] : report.check_mode ? ["go", "again"] : moving ? ["go", "wait"] : ["good", "good"];
    $("sign").dataset.tone = tone;
    $("sign").replaceChildren(icon(sign));
    $("mode").hidden = !report.check_mode;
    const order = places.filter((name) => numberOf(name) || (!report.check_mode && ALWAYS.includes(name)));
    $("counts").replaceChildren(...order.map((name) => {
      const [word, kind, symbol] = known(name), number = numberOf(name);
      const button = el("button", { type: "button", "data-standing": name, "data-tone": kind, "data-none": number ? false : "", "aria-pressed": "false" },
        el("strong", {}, amount(number)), badge([word, number ? kind : "muted", symbol]));
      button.addEventListener("click", () => choose({ standing: filter.standing === name ? "" : name }, true));
      return button;
    }));
    $("bar").replaceChildren(...order.filter((name) => numberOf(name) && !["other", ...DONE_BEFORE].includes(name)).map((name) => {
      const piece = el("i", { "data-tone": known(name)[1] });
      piece.style.flexGrow = numberOf(name);
      return piece;
    }));
    $("facts").replaceChildren(...facts().filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, named(value)))));
    $("footer").textContent = say("written", { time: full(report.written_at) });
  }
  function facts() {
    const run = report.run, requests = sum(report.workspaces.map((workspace) => workspace.requests));
    const having = (name) => report.workspaces.map((workspace) => workspace[name]).filter((value) => value !== null);
    const from = having("planned_after"), to = having("planned_before"), since = [...new Set(having("since"))];
    return [
      [say("fact-planned"), from.length ? say("span", { from: moment(Math.min(...from)), to: full(Math.max(...to)) }) : ""],
      [say("fact-since"), since.length > 3 ? say("and-later", { time: full(Math.min(...since)) }) : since.map(full).join(", ")],
      [say("fact-reruns"), report.check_mode ? "" : say("n-instances", { n: report.totals.rerun }) + (report.totals.adopted ? say("earlier-run", { n: report.totals.adopted }) : "")],
      [say("fact-requests"), requests ? say("n-requests", { n: requests }) : ""],
      [say("fact-took"), duration(report.elapsed * 1000)],
      [say("fact-by"), (run.user && run.controller ? say("by-on", run) : run.user || run.controller || "") + (run.awx_job_id ? say("by-awx", { id: run.awx_job_id }) : "")],
      [say("fact-playbook"), run.playbook],
    ];
  }

  // ---- What is left to do

  function showSteps(most = STEPS_SHOWN) {
    const steps = report.workspaces.flatMap((workspace, at) => workspace.next_steps.map((step) => ({ ...step, workspace, at })));
    steps.sort((a, b) => ranks.indexOf(a.standing) - ranks.indexOf(b.standing));
    const urgent = ["workspace", "incomplete"];
    steps.sort((a, b) => urgent.includes(b.standing) - urgent.includes(a.standing));
    if (report.next_step) steps.unshift({ ...report.next_step, workspace: null });
    $("todo-title").textContent = say(report.check_mode ? "go-on" : steps.length ? "todo" : "nothing-left");
    const cards = steps.slice(0, most).map(card);
    if (report.go_on) cards.unshift(el("div", { class: "whole" }, el("p", {}, el("strong", {}, message(report.go_on.text))), command({ ...report.go_on, workspace: null })));
    if (!steps.length) cards.push(el("p", { class: "sheet fine" }, icon("good"), say(report.check_mode ? "nothing-due" : "all-fine")));
    if (steps.length > most) {
      const more = el("button", { type: "button", class: "plain" }, say("show-more", { n: steps.length - STEPS_SHOWN }));
      more.addEventListener("click", () => { const next = steps.slice(STEPS_SHOWN).map(card); more.replaceWith(...next); next[0].querySelector("button")?.focus(); });
      cards.push(more);
    }
    $("steps").replaceChildren(...cards);
  }
  function card(step) {
    const kind = known(step.standing), place = step.workspace;
    const title = el("h3", {}, badge(kind), place ? el("span", {}, named(place.host), step.instances ? say("step-of", { instances: say("n-instances", { n: step.instances }) }) : "") : say("n-instances", { n: step.instances }));
    const parts = [title];
    const same = place && step.instances ? rows.filter((row) => row.workspace === step.at && belongs(row, step.standing)) : [];
    if (same.length) parts.push(el("ul", {}, same.slice(0, NAMED).map((row) => el("li", {}, el("strong", {}, named(row.job_name)), say("step-planned", { time: full(row.plan_time) }), why(row)))));
    if (same.length > NAMED) {
      const all = el("button", { type: "button", class: "link" }, say("show-all", { n: same.length }));
      all.addEventListener("click", () => choose({ workspace: place.host, standing: same[0].standing, job: "", text: "" }, true));
      parts.push(el("p", {}, all));
    }
    if (place && !step.instances) parts.push(el("p", { class: "error" }, named(message(place.msg))));
    parts.push(el("p", { class: "text" }, message(step.text)));
    if (step.command) parts.push(command(step));
    return el("article", { class: "step", "data-tone": kind[1] }, parts);
  }
  function belongs(row, standing) {
    if (standing === "in_progress") return ["running", "waiting"].includes(row.standing);
    return row.standing === (standing === "unsent" ? "to_rerun" : standing);
  }
  function command(step) {
    const awx = report.run.awx_job_id;
    const code = el("code", {}, step.command);
    const button = el("button", { type: "button", class: "plain", "aria-label": say(`copy-${awx ? "variables" : "command"}${step.workspace ? "-for" : ""}`, { workspace: step.workspace?.host }) }, say("copy"));
    button.addEventListener("click", () => copy(code, button));
    const lead = awx ? el("p", { class: "text" }, step.limit ? sayNodes("launch-limit", { limit: named(step.limit) }) : say("launch")) : null;
    return el("div", {}, lead, el("div", { class: "command" }, el("pre", { tabindex: "0" }, code), button));
  }
  async function copy(code, button) {
    const done = await navigator.clipboard.writeText(code.textContent).then(() => true, () => false);
    if (!done) getSelection().selectAllChildren(code);
    button.textContent = say(done ? "copied" : "selected");
    $("said").textContent = say(done ? "copied-said" : "selected-said");
    setTimeout(() => { button.textContent = say("copy"); $("said").textContent = ""; }, 2000);
  }
  const why = (row) => [
    row.reason ? el("span", { class: "why" }, " ", named(message(row.reason))) : null,
    row.error_message ? el("span", { class: "error" }, " ", named(row.error_message)) : null,
    row.history ? el("span", { class: "why" }, " ", named(message(row.history))) : null,
  ];

  // ---- What other runs had rerun before

  /** Fill a table. Each column is its heading and whether it holds numbers; each cell of a line is what it shows, the one of *title* is the line's heading.
      On a narrow screen a line is a card: a cell has its heading before it then. Explicit roles, for a table that is not laid out as one has none. */
  function fill(id, columns, lines, title) {
    const head = columns.map(([text, isNumber]) => el("th", { scope: "col", role: "columnheader", class: isNumber ? "number" : false }, text));
    const body = lines.map((cells) => el("tr", { role: "row" }, cells.map((cell, at) => (at === title
      ? el("th", { scope: "row", role: "rowheader" }, cell)
      : el("td", { role: "cell", "data-label": columns[at][0], class: columns[at][1] ? (cell === "0" || cell === "–" ? "number zero" : "number") : false }, cell)))));
    $(id).setAttribute("role", "table");
    $(id).replaceChildren(el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head)), el("tbody", { role: "rowgroup" }, body));
  }
  const numbers = (key) => [say(key), true], words = (key) => [say(key), false];
  const at = (ms) => el("span", { class: "when" }, moment(ms));

  function showCauses() {
    const causes = report.reasons.filter((cause) => cause.reason || cause.nodes.length);
    $("why").hidden = causes.length === 0;
    fill("causes", [numbers("instances"), words("reason"), words("nodes"), numbers("jobs"), numbers("workspaces"), words("log")], causes.map((cause) => [
      amount(cause.count), named(cause.reason || say("unknown-reason")), named([cause.nodes.join(", "), cause.node_types.join(", ")].filter(Boolean).join("; ")),
      amount(cause.jobs), amount(cause.workspaces), named(cause.log_path || "")]), 1);
  }

  function showDownstream() {
    const groups = report.downstream;
    $("below").hidden = groups.length === 0;
    fill("dependants", [numbers("instances"), numbers("part-of-plan"), words("what")], groups.map((group) => [amount(group.count), amount(group.joined), named(message(group.text))]), 2);
  }

  const LISTED = 25;
  function showRerunBefore() {
    const all = report.rerun_before, left = all.length - LISTED;
    $("before").hidden = all.length === 0;
    const columns = [words("workspace"), words("job"), words("planned-at"), numbers("reruns"), words("last"), words("by"), words("for")];
    fill("reruns", columns, all.slice(0, LISTED).map((row) => [
      named(row.host), named(row.job_name), at(row.plan_time), amount(row.reruns), at(row.last), named(row.users), named(row.purposes)]), 0);
    $("reruns-left").hidden = left <= 0;
    $("reruns-left").textContent = say("more-in-json", { n: left });
  }

  function showOthers() {
    const all = report.not_reruns || [], left = Math.max(0, all.length - LISTED) + (report.not_reruns_left || 0);
    $("others").hidden = all.length === 0;
    const columns = [words("sent-at"), words("workspace"), words("job"), words("action"), numbers("attempts"), words("by"), words("outcome"), words("for")];
    fill("actions", columns, all.slice(0, LISTED).map((row) => [
      at(row.sent), named(row.host), named(row.job_name), report.actions[row.kind][language], amount(row.attempts), named(row.user),
      Object.keys(row.outcomes).map(message).join(", "), named([row.purpose, row.name].filter(Boolean).join(", "))]), 1);
    $("actions-left").hidden = left <= 0;
    $("actions-left").textContent = say("more-in-history", { n: left });
  }
  function showPauses() {
    const pauses = report.open_pauses || [];
    $("paused").hidden = pauses.length === 0;
    fill("pauses", [words("workspace"), words("job"), words("paused-since"), words("by"), words("for"), words("resumed-by")], pauses.map((pause) => [
      named(pause.host), named(pause.job_name), at(pause.sent_time), named(pause.user), named(pause.purpose),
      pause.needed_by.map((run) => say("run", { run })).join(", ") || "–"]), 1);
    $("resume").replaceChildren(...(report.resume ? [el("p", { class: "text" }, say("resume")), command({ ...report.resume, workspace: null })] : []));
  }

  // ---- Workspaces

  function showWorkspaces() {
    const columnsInOrder = ["rerun", "to_rerun", "adopted", ...places.filter((name) => !DONE_BEFORE.includes(name))].filter((name, place, all) => all.indexOf(name) === place);
    const core = report.check_mode ? ["failed", "to_rerun"] : ["failed", "rerun", "succeeded", "running", "waiting", "failed_again"];
    const names = [...core, ...columnsInOrder.filter((name) => !core.includes(name) && report.totals[name])];
    const columns = [words("workspace"), words("outcome"), ...names.map((name) => [["failed", "rerun", "adopted"].includes(name) ? say(name) : known(name)[0], true]), numbers("fact-took"), words("message")];
    fill("workspaces", columns, report.workspaces.map((workspace) => {
      const open = el("button", { type: "button", class: "link", title: say("show-instances") }, named(workspace.host));
      open.addEventListener("click", () => choose({ workspace: workspace.host, job: "", standing: "", text: "" }, true));
      const [word, tone, sign] = OUTCOMES[workspace.state], problems = workspace.problems.length;
      const texts = [message(workspace.msg), ...(workspace.purpose ? [say("purpose", { text: workspace.purpose })] : []), ...workspace.problems.map(message)];
      return [
        [open, workspace.workspace_id ? el("span", { class: "id" }, named(workspace.workspace_id)) : null],
        badge([say(word), tone, sign]),
        ...names.map((name) => (workspace.counts?.[name] === undefined ? "–" : amount(workspace.counts[name]))),
        duration(workspace.elapsed * 1000),
        el("details", {}, el("summary", {}, problems ? say("read-problems", { n: problems }) : say("read")), texts.map((text) => el("p", {}, named(text))))];
    }), 0);
  }

  // ---- Timeline: one lane per job; each instance keeps its line from the run that failed to its rerun

  const reach = (values) => (values.length ? values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]) : null);
  const times = (names) => reach(rows.flatMap((row) => names(row).filter((value) => value !== null)));
  const past = times((row) => [row.start_time_before, row.end_time_before]);
  const now = times((row) => [row.sent_time, ...(row.rerun ? [row.start_time, row.end_time ?? report.written_at] : [])]);
  const LEFT = now ? 0.5 : 1; // how much of a lane the runs before take; the reruns are on a scale of their own
  let lanesShown = LANES;

  function showTimeline() {
    const lanes = new Map();
    for (const row of passing) {
      const key = `${row.workspace}\n${row.job_name}`;
      if (!lanes.has(key)) lanes.set(key, []);
      lanes.get(key).push(row);
    }
    const ordered = [...lanes.values()].sort((a, b) => a[0].workspace - b[0].workspace || rank(a[0]) - rank(b[0]) || (a[0].job_name < b[0].job_name ? -1 : 1));
    const groups = [];
    for (const lane of ordered.slice(0, lanesShown)) {
      if (groups.at(-1)?.[0][0].workspace !== lane[0].workspace) groups.push([]);
      groups.at(-1).push(lane);
    }
    const width = Math.max(160, laneWidth());
    $("lanes").replaceChildren(...groups.map((group) => el("section", { class: "sheet group", "aria-label": say("timeline-of", { workspace: group[0][0].host }) }, el("div", { class: "head" }, el("h3", {}, named(group[0][0].host)), axis(), el("span")), group.map((lane) => laneOf(lane, width)))));
    if (ordered.length > lanesShown) {
      const more = el("button", { type: "button", class: "plain" }, say("show-jobs", { n: Math.min(LANES, ordered.length - lanesShown), all: ordered.length }));
      more.addEventListener("click", () => { lanesShown += LANES; showTimeline(); $("lanes").querySelectorAll(".lane button")[lanesShown - LANES]?.focus(); });
      $("lanes").append(more);
    }
    if (!ordered.length) $("lanes").append(el("p", { class: "sheet none" }, say("none-passes")));
  }
  function laneWidth() {
    const room = $("lanes").clientWidth, rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return room - 2.2 * rem - (matchMedia("(max-width: 75rem)").matches ? 0 : (14 + 10.5 + 2.2) * rem);  // as the style sheet stacks them
  }
  function axis() {
    const half = ([low, high], label, share) => {
      const day = high - low > 86400000 / 2;
      const piece = el("div", {}, el("span", {}, short(low, day)), el("b", {}, label), el("span", {}, short(high, day)));
      piece.style.width = `${share * 100}%`;
      return piece;
    };
    return el("div", { class: "axis", "aria-hidden": "true" }, past ? half(past, say(now ? "run-before" : "last-run"), LEFT) : null, now ? half(now, say("rerun-axis"), past ? 1 - LEFT : 1) : null);
  }
  function laneOf(lane, width) {
    const name = lane[0].job_name, standings = {};
    for (const row of lane) standings[row.standing] = (standings[row.standing] || 0) + 1;
    const title = el("button", { type: "button", class: "link", title: say("show-instances") }, named(name));
    title.addEventListener("click", () => choose({ workspace: lane[0].host, job: name, standing: "", text: "" }, true));
    const sums = Object.entries(standings).map(([standing, number]) => { const [word, tone, sign] = known(standing); return badge([`${number} ${word}`, tone, sign]); });
    return el("div", { class: "lane" }, title, el("div", { class: "chart" }, chart(lane, width)), el("div", { class: "sum" }, sums));
  }
  function describe(lane) {
    const span = (values) => { const range = reach(values.filter((value) => value !== null)); return range ? say("span", { from: moment(range[0]), to: moment(range[1]) }) : say("nothing"); };
    const reruns = lane.filter((row) => row.rerun);
    return say("n-instances", { n: lane.length }) + say("lane-before", { span: span(lane.flatMap((row) => [row.start_time_before, row.end_time_before])) }) +
      (reruns.length ? say("lane-rerun", { reruns: say("n-reruns", { n: reruns.length }), span: span(reruns.flatMap((row) => [row.start_time, row.end_time])) }) : "");
  }
  function chart(lane, width) {
    const lines = Math.min(lane.length, LINES), height = lines * 10 + 8, gap = past && now ? width * LEFT : null;
    const inside = (value, [low, high], from, to) => from + 8 + ((value - low) / Math.max(1, high - low)) * (to - from - 16);
    const left = (value) => inside(value, past, 0, width * LEFT), right = (value) => inside(value, now, past ? width * LEFT : 0, width);
    const paths = new Map();
    const draw = (tone, kind, piece) => { const key = `${tone} ${kind}`; paths.set(key, (paths.get(key) || "") + piece); };
    const byTime = [...lane].sort((a, b) => a.plan_time - b.plan_time);
    byTime.forEach((row, at) => {
      const y = 9 + (at % lines) * 10;
      let last = null;
      if (row.start_time_before !== null) {
        const to = left(row.end_time_before ?? row.start_time_before);
        last = run(draw, ending(row.status_before), left(row.start_time_before), to, y);
      }
      if (!now) return;
      const first = row.sent_time ?? (row.rerun ? row.start_time : null);
      if (first !== null && last !== null) draw("muted", "thread", `M${last} ${y}H${right(first)}`);
      if (row.rerun) run(draw, ending(row.status), right(row.start_time), right(row.end_time ?? report.written_at), y);
      else if (row.sent_time !== null) draw("go", "hollow", diamond(right(row.sent_time), y));
    });
    return el("svg", { viewBox: `0 0 ${width.toFixed(0)} ${height}`, preserveAspectRatio: "none", height, role: "img", "aria-label": describe(lane) },
      gap === null ? null : el("line", { class: "gap", x1: gap, x2: gap, y1: 0, y2: height }),
      [...paths].sort(([a], [b]) => layer(a) - layer(b)).map(([key, d]) => { const [tone, kind] = key.split(" "); return el("path", { "data-tone": tone, class: kind === "thread" ? "thread" : `mark ${kind}`, d }); }));
  }
  /** What is worse is drawn above what is better. */
  const layer = (key) => ["muted", "good", "go", "bad"].indexOf(key.split(" ")[0]);
  function ending(status) {
    if (["success", "forceSuccess", "ignoreSuccess"].includes(status)) return "good";
    return ["running", "waiting"].includes(status) ? "go" : "bad";
  }
  const dot = (x, y) => `M${x - 3.5} ${y}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z`;
  const diamond = (x, y) => `M${x} ${y - 4}l4 4l-4 4l-4 -4z`;
  const cross = (x, y) => `M${x - 3.5} ${y - 3.5}l7 7m0 -7l-7 7`;
  const arrow = (x, y) => `M${x - 2.5} ${y - 4}l5 4l-5 4`;
  /** A run from x to its end, whose shape tells how it ended; returns where it ends. */
  function run(draw, tone, from, to, y) {
    const [a, b] = [Number(from.toFixed(1)), Number(to.toFixed(1))];
    draw(tone, "line", `M${a} ${y}H${b}`);
    if (tone === "good") draw(tone, "full end", dot(b, y));
    else draw(tone, "end", tone === "bad" ? cross(b, y) : arrow(b, y));
    return b;
  }
  function showLegend() {
    const sample = (text, ...marks) => el("li", {}, el("svg", { viewBox: "0 0 46 14", "aria-hidden": "true" }, marks.map(([tone, kind, d]) => el("path", { "data-tone": tone, class: `mark ${kind}`, d }))), text);
    $("legend").replaceChildren(
      sample(say("legend-failed"), ["bad", "line", "M4 7H38"], ["bad", "end", cross(38, 7)]),
      sample(say("legend-succeeded"), ["good", "line", "M4 7H38"], ["good", "full end", dot(38, 7)]),
      ...(now ? [sample(say("legend-running"), ["go", "line", "M4 7H38"], ["go", "end", arrow(38, 7)]), sample(say("legend-sent"), ["go", "hollow", diamond(23, 7)])] : []));
    if (past && now) $("legend").append(el("li", {}, say("legend-scales")));
  }

  // ---- Instances

  const COLUMNS = ["decision", "column-job", "planned-at", "column-before", "column-rerun", "column-why"];
  let rowsShown = 0;
  function showRows() {
    rowsShown = 0;
    $("rows").replaceChildren(el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, COLUMNS.map((key) => el("th", { scope: "col", role: "columnheader" }, say(key))))));
    $("rows").setAttribute("aria-rowcount", String(passing.length + 1));
    $("none").hidden = passing.length > 0;
    moreRows();
  }
  function moreRows(number = CHUNK) {
    const next = passing.slice(rowsShown, rowsShown + number);
    if (next.length) $("rows").append(el("tbody", { role: "rowgroup" }, next.map((row, at) => rowOf(row, rowsShown + at + 2))));
    rowsShown += next.length;
    const left = passing.length - rowsShown;
    $("more").hidden = left === 0;
    $("more").textContent = say("show-left", { n: left });
  }
  const when = (from, to) => (from === null ? "–" : [el("span", { class: "when" }, moment(from)), el("span", { class: "id" }, to === null ? say("not-ended") : duration(to - from))]);
  function rowOf(row, index) {
    const cell = (key, attributes, ...children) => el("td", { role: "cell", "data-cell": key, "data-label": say(key), ...attributes }, ...children);
    const rerun = row.rerun ? when(row.start_time, row.end_time) : row.sent_time === null ? "–" : [el("span", { class: "when" }, moment(row.sent_time)), el("span", { class: "id" }, say("sent"))];
    const ids = [row.instance_id ? say("id-instance", { id: row.instance_id }) : "", row.attempts > 1 ? say("id-attempts", { n: row.attempts }) : "", row.request_id ? say("id-request", { id: row.request_id }) : ""].filter(Boolean);
    return el("tr", { role: "row", "aria-rowindex": index },
      cell("decision", {}, badge(known(row.standing))),
      el("th", { scope: "row", role: "rowheader" }, named(row.job_name), el("span", { class: "id" }, named(row.host))),
      cell("planned-at", {}, at(row.plan_time)),
      cell("column-before", {}, when(row.start_time_before, row.end_time_before)),
      cell("column-rerun", {}, rerun),
      cell("column-why", { class: "reason" }, why(row), ids.length ? el("span", { class: "id" }, named(ids.join(", "))) : null));
  }

  // ---- Together

  function showAll() {
    for (const row of rows) row.search = undefined;
    showTexts();
    showLegend();
    showSummary();
    showSteps();
    showWorkspaces();
    showCauses();
    showDownstream();
    showRerunBefore();
    showOthers();
    showPauses();
    choose({});
  }
  setUpFilter();
  showAll();
  $("more").addEventListener("click", () => {
    const from = rowsShown;
    moreRows();
    const first = $("rows").querySelector(`[aria-rowindex="${from + 2}"]`);
    if (first) { first.tabIndex = -1; first.focus({ preventScroll: true }); }
  });
  new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting) && rowsShown < passing.length) moreRows(); }, { rootMargin: "600px" }).observe($("more"));
  let width = innerWidth, resized;
  addEventListener("resize", () => { if (innerWidth === width) return; width = innerWidth; clearTimeout(resized); resized = setTimeout(showTimeline, 120); });
  // On paper: everything that is left to do, and what passes the filter, up to a thousand instances; what it leaves out it says.
  addEventListener("beforeprint", () => {
    lanesShown = Infinity;
    showSteps(Infinity);
    showTimeline();
    if (rowsShown < PRINTED) moreRows(PRINTED - rowsShown);
    for (const details of document.querySelectorAll("details")) details.open = true;
    const chosen = [filter.workspace, filter.job, filter.standing && known(filter.standing)[0], filter.text].filter(Boolean);
    const left = passing.length - rowsShown;
    $("paper").replaceChildren($("shown").textContent, ...(chosen.length ? [say("chosen-by"), named(chosen.join(", "))] : []),
      left > 0 ? say("paper-left", { n: rowsShown }) : say("paper-end"));
  });
  addEventListener("hashchange", () => { const wanted = new URLSearchParams(location.hash.slice(1)); if ([...wanted.keys()].some((name) => Object.hasOwn(filter, name))) choose(Object.fromEntries(Object.keys(filter).map((name) => [name, wanted.get(name) ?? ""]))); });
})();
