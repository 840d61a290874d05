// Copyright (c) 2026 dataarts.factory contributors
// SPDX-License-Identifier: GPL-3.0-or-later
// The report's page. Every text of the data becomes a text node, never markup. Rows are made when they are needed, a hundred at a time.
"use strict";
(() => {
  const CHUNK = 100, LANES = 24, STEPS_SHOWN = 25, NAMED = 5, LINES = 12, PRINTED = 1000;
  const STANDINGS = {
    failed_again: ["failed again", "bad", "bad"], refused: ["rejected", "bad", "stop"], rejected: ["rejected", "bad", "stop"], not_rerunnable: ["not rerunnable", "warn", "stop"],
    blocked: ["needs a person", "warn", "person"], stopped: ["stopped", "warn", "stop"], skipped: ["skipped", "warn", "stop"], unknown: ["unknown", "warn", "unknown"], to_rerun: ["to rerun", "go", "again"],
    waiting: ["waiting", "go", "wait"], running: ["running", "go", "run"], succeeded: ["succeeded", "good", "good"],
    other: ["left alone", "muted", "muted"], already_done: ["fine before", "muted", "good"],
  };
  const STEPS = {
    in_progress: ["in progress", "go", "wait"], unsent: ["not sent yet", "warn", "wait"], workspace: ["not worked on", "bad", "stop"], incomplete: ["incomplete", "bad", "bad"],
  };
  const OUTCOMES = {
    no_result: ["not worked on", "bad", "stop"], broken: ["broken", "bad", "bad"], in_progress: ["in progress", "go", "wait"],
    planned: ["planned", "go", "again"], succeeded: ["succeeded", "good", "good"],
  };
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
  const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  const known = (standing) => STANDINGS[standing] || STEPS[standing] || [standing, "warn", "unknown"];
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  const two = (number) => String(number).padStart(2, "0");
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  let zone = "local";
  function parts(ms) {
    const at = new Date(zone === "utc" ? ms : ms - new Date(ms).getTimezoneOffset() * 60000);
    return { year: at.getUTCFullYear(), day: `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()}`, clock: `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`, second: at.getUTCSeconds() };
  }
  const moment = (ms) => { const at = parts(ms); return `${at.day} ${at.clock}:${two(at.second)}`; };
  const short = (ms, withDay) => { const at = parts(ms); return withDay ? `${at.day} ${at.clock}` : `${at.clock}:${two(at.second)}`; };
  function offset(ms) {
    const minutes = -new Date(ms).getTimezoneOffset();
    return `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  }
  const full = (ms) => `${moment(ms)} ${parts(ms).year} ${zone === "utc" ? "UTC" : offset(ms)}`;
  function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000)), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (hours >= 24) return `${Math.floor(hours / 24)}d ${hours % 24}h`;
    if (hours) return `${hours}h ${two(minutes % 60)}m`;
    return minutes ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
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
    row.search = [row.host, row.job_name, known(row.standing)[0], row.status, row.reason, row.error_message, row.history, row.instance_id, row.request_id, new Date(row.plan_time).toISOString()]
      .join("\n").toLowerCase();
    return row;
  });
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
    (!filter.standing || row.standing === filter.standing) && filter.text.toLowerCase().split(/\s+/).every((word) => row.search.includes(word));

  /** Set some of the filter's fields, show what passes, and keep it in the address so that a link shows the same. */
  function choose(change, jump) {
    Object.assign(filter, change);
    for (const name of Object.keys(filter)) if ($(name).value !== filter[name]) $(name).value = filter[name];
    const kept = new URLSearchParams(Object.entries(filter).filter(([, value]) => value));
    history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
    apply();
    if (jump) { $("instances").focus({ preventScroll: true }); $("filter").scrollIntoView(); }
  }
  function apply() {
    passing = Object.values(filter).some(Boolean) ? rows.filter(passes) : rows;
    $("shown").textContent = `Showing ${passing.length.toLocaleString("en")} of ${counted(rows.length, "instance")}${unlisted()}`;
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
    return left > 0 ? `; ${left.toLocaleString("en")} more needed nothing and are not listed` : "";
  }
  function options(select, all, values) {
    select.replaceChildren(el("option", { value: "" }, all), ...values.map(([value, label]) => el("option", { value, dir: "auto" }, label)));
  }
  function setUpFilter() {
    options($("workspace"), "all", report.workspaces.map((workspace) => [workspace.host, workspace.host]));
    options($("job"), "all", [...new Set(rows.map((row) => row.job_name))].sort().map((name) => [name, name]));
    options($("standing"), "all", places.filter((name) => listed[name]).map((name) => [name, `${known(name)[0]} (${listed[name]})`]));
    let due;
    $("text").addEventListener("input", () => { clearTimeout(due); due = setTimeout(() => choose({ text: $("text").value.trim() }), 80); });
    for (const name of ["workspace", "job", "standing"]) $(name).addEventListener("change", () => choose({ [name]: $(name).value }));
    $("zone").addEventListener("change", () => { zone = $("zone").value; showAll(); });
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
        el("strong", {}, number.toLocaleString("en")), badge([word, number ? kind : "muted", symbol]));
      button.addEventListener("click", () => choose({ standing: filter.standing === name ? "" : name }, true));
      return button;
    }));
    $("bar").replaceChildren(...order.filter((name) => numberOf(name) && !["other", ...DONE_BEFORE].includes(name)).map((name) => {
      const piece = el("i", { "data-tone": known(name)[1] });
      piece.style.flexGrow = numberOf(name);
      return piece;
    }));
    $("facts").replaceChildren(...facts().filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, named(value)))));
    $("footer").textContent = `Written ${full(report.written_at)} by dataarts.factory. The same is in report.json, for programs, and in report.xml, as JUnit.`;
  }
  function facts() {
    const run = report.run, requests = sum(report.workspaces.map((workspace) => workspace.requests));
    const having = (name) => report.workspaces.map((workspace) => workspace[name]).filter((value) => value !== null);
    const from = having("planned_after"), to = having("planned_before"), since = [...new Set(having("since"))];
    return [
      ["Instances planned", from.length ? `${short(Math.min(...from), true)} to ${short(Math.max(...to), true)}` : ""],
      ["Since", since.length > 3 ? `${moment(Math.min(...since))} and later` : since.map(full).join(", ")],
      ["Reruns sent", report.check_mode ? "" : `${counted(report.totals.rerun, "instance")}${report.totals.adopted ? `, ${report.totals.adopted} by an earlier run` : ""}`],
      ["Requests", requests ? counted(requests, "request") : ""],
      ["Took", duration(report.elapsed * 1000)],
      ["Run by", [run.user, run.controller].filter(Boolean).join(" on ") + (run.awx_job_id ? `, AWX job ${run.awx_job_id}` : "")],
      ["Playbook", run.playbook],
    ];
  }

  // ---- What is left to do

  function showSteps(most = STEPS_SHOWN) {
    const steps = report.workspaces.flatMap((workspace, at) => workspace.next_steps.map((step) => ({ ...step, workspace, at })));
    steps.sort((a, b) => ranks.indexOf(a.standing) - ranks.indexOf(b.standing));
    const urgent = ["workspace", "incomplete"];
    steps.sort((a, b) => urgent.includes(b.standing) - urgent.includes(a.standing));
    if (report.next_step) steps.unshift({ ...report.next_step, workspace: null });
    $("todo-title").textContent = report.check_mode ? "How to go on" : steps.length ? "What is left to do" : "Nothing is left to do";
    const cards = steps.slice(0, most).map(card);
    if (!steps.length) cards.push(el("p", { class: "sheet fine" }, icon("good"), report.check_mode ? "Nothing is due in this selection." : "Every instance is where it should be."));
    if (steps.length > most) {
      const more = el("button", { type: "button", class: "plain" }, `Show ${steps.length - STEPS_SHOWN} more`);
      more.addEventListener("click", () => { const next = steps.slice(STEPS_SHOWN).map(card); more.replaceWith(...next); next[0].querySelector("button")?.focus(); });
      cards.push(more);
    }
    $("steps").replaceChildren(...cards);
  }
  function card(step) {
    const kind = known(step.standing), place = step.workspace;
    const title = el("h3", {}, badge(kind), place ? el("span", {}, named(place.host), step.instances ? `: ${counted(step.instances, "instance")}` : "") : counted(step.instances, "instance"));
    const parts = [title];
    const same = place && step.instances ? rows.filter((row) => row.workspace === step.at && belongs(row, step.standing)) : [];
    if (same.length) parts.push(el("ul", {}, same.slice(0, NAMED).map((row) => el("li", {}, el("strong", {}, named(row.job_name)), ` planned ${moment(row.plan_time)}`, why(row)))));
    if (same.length > NAMED) {
      const all = el("button", { type: "button", class: "link" }, `Show all ${same.length.toLocaleString("en")} in the list`);
      all.addEventListener("click", () => choose({ workspace: place.host, standing: same[0].standing, job: "", text: "" }, true));
      parts.push(el("p", {}, all));
    }
    if (place && !step.instances) parts.push(el("p", { class: "error" }, named(place.msg)));
    parts.push(el("p", { class: "text" }, step.text));
    if (step.command) parts.push(command(step));
    return el("article", { class: "step", "data-tone": kind[1] }, parts);
  }
  function belongs(row, standing) {
    const unsent = row.status !== "running" && row.status !== "waiting" && !row.attempts;
    if (standing === "in_progress" || standing === "unsent") return ["running", "waiting"].includes(row.standing) && unsent === (standing === "unsent");
    return row.standing === standing;
  }
  function command(step) {
    const awx = report.run.awx_job_id;
    const code = el("code", {}, step.command);
    const button = el("button", { type: "button", class: "plain", "aria-label": `Copy the ${awx ? "variables" : "command"}${step.workspace ? ` for ${step.workspace.host}` : ""}` }, "Copy");
    button.addEventListener("click", () => copy(code, button));
    const lead = awx ? el("p", { class: "text" }, `Launch the job template again${step.limit ? " with the limit " : ""}`, step.limit ? named(step.limit) : "", " with these extra variables:") : null;
    return el("div", {}, lead, el("div", { class: "command" }, el("pre", { tabindex: "0" }, code), button));
  }
  async function copy(code, button) {
    const done = await navigator.clipboard.writeText(code.textContent).then(() => true, () => false);
    if (!done) getSelection().selectAllChildren(code);
    button.textContent = done ? "Copied" : "Selected";
    $("said").textContent = done ? "Copied." : "The text is selected; copy it with the keyboard.";
    setTimeout(() => { button.textContent = "Copy"; $("said").textContent = ""; }, 2000);
  }
  const why = (row) => [
    row.reason ? el("span", { class: "why" }, " ", named(row.reason)) : null,
    row.error_message ? el("span", { class: "error" }, " ", named(row.error_message)) : null,
    row.history ? el("span", { class: "why" }, " ", named(row.history)) : null,
  ];

  // ---- What other runs had rerun before

  function showCauses() {
    const causes = report.reasons.filter((cause) => cause.reason || cause.nodes.length);
    $("why").hidden = causes.length === 0;
    const head = ["Instances", "Reason", "Nodes", "Jobs", "Workspaces", "Log of one of them"].map((text) => el("th", { scope: "col", class: /^(Instances|Jobs|Workspaces)$/.test(text) ? "number" : false }, text));
    const number = (value) => el("td", { class: "number" }, value.toLocaleString("en"));
    const body = causes.map((cause) => el("tr", {},
      number(cause.count), el("th", { scope: "row" }, named(cause.reason || "unknown")), el("td", {}, named([cause.nodes.join(", "), cause.node_types.join(", ")].filter(Boolean).join("; "))),
      number(cause.jobs), number(cause.workspaces), el("td", {}, named(cause.log_path || ""))));
    $("causes").replaceChildren(el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
  }

  function showDownstream() {
    const groups = report.downstream;
    $("below").hidden = groups.length === 0;
    const number = (value) => el("td", { class: "number" }, value.toLocaleString("en"));
    const head = ["Instances", "Part of the plan", "What"].map((text) => el("th", { scope: "col", class: text === "What" ? false : "number" }, text));
    const body = groups.map((group) => el("tr", {}, number(group.count), number(group.joined), el("th", { scope: "row" }, named(group.text))));
    $("dependants").replaceChildren(el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
  }

  const LISTED = 25;
  function showRerunBefore() {
    const all = report.rerun_before, left = all.length - LISTED;
    $("before").hidden = all.length === 0;
    const body = all.slice(0, LISTED).map((row) => el("tr", {},
      el("th", { scope: "row" }, named(row.host)), el("td", {}, named(row.job_name)), el("td", {}, el("span", { class: "when" }, moment(row.plan_time))),
      el("td", { class: "number" }, row.reruns.toLocaleString("en")), el("td", {}, el("span", { class: "when" }, moment(row.last))),
      el("td", {}, named(row.users)), el("td", {}, named(row.purposes))));
    const head = ["Workspace", "Job", "Planned", "Reruns", "Last", "By", "For"].map((text) => el("th", { scope: "col", class: text === "Reruns" ? "number" : false }, text));
    $("reruns").replaceChildren(el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
    $("reruns-left").hidden = left <= 0;
    $("reruns-left").textContent = `and ${left.toLocaleString("en")} more, in report.json`;
  }

  // ---- Workspaces

  function showWorkspaces() {
    const columnsInOrder = ["rerun", "to_rerun", "adopted", ...places.filter((name) => !DONE_BEFORE.includes(name))].filter((name, at, all) => all.indexOf(name) === at);
    const core = report.check_mode ? ["failed", "to_rerun"] : ["failed", "rerun", "succeeded", "running", "waiting", "failed_again"];
    const columns = [...core, ...columnsInOrder.filter((name) => !core.includes(name) && report.totals[name])];
    const words = { failed: "failed", rerun: "rerun", adopted: "rerun before" };
    const head = ["Workspace", "Outcome", ...columns.map((name) => words[name] || known(name)[0]), "Took", "Message"];
    const body = report.workspaces.map((workspace) => {
      const open = el("button", { type: "button", class: "link", title: "Show its instances" }, named(workspace.host));
      open.addEventListener("click", () => choose({ workspace: workspace.host, job: "", standing: "", text: "" }, true));
      return el("tr", {},
        el("th", { scope: "row" }, open, workspace.workspace_id ? el("span", { class: "id" }, named(workspace.workspace_id)) : null),
        el("td", {}, badge(OUTCOMES[workspace.state])),
        columns.map((name) => { const number = workspace.counts?.[name]; return el("td", { class: number ? "number" : "number zero" }, number === undefined ? "–" : number.toLocaleString("en")); }),
        el("td", { class: "number" }, duration(workspace.elapsed * 1000)),
        el("td", {}, el("details", {}, el("summary", {}, workspace.problems.length ? `read (${counted(workspace.problems.length, "problem")})` : "read"), [workspace.msg, ...(workspace.purpose ? [`Purpose: ${workspace.purpose}`] : []), ...workspace.problems].map((text) => el("p", {}, named(text))))));
    });
    $("workspaces").replaceChildren(el("thead", {}, el("tr", {}, head.map((text, at) => el("th", { scope: "col", class: at > 1 && at < head.length - 1 ? "number" : false }, text)))), el("tbody", {}, body));
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
    $("lanes").replaceChildren(...groups.map((group) => el("section", { class: "sheet group", "aria-label": `Timeline of ${group[0][0].host}` }, el("div", { class: "head" }, el("h3", {}, named(group[0][0].host)), axis(), el("span")), group.map((lane) => laneOf(lane, width)))));
    if (ordered.length > lanesShown) {
      const more = el("button", { type: "button", class: "plain" }, `Show ${counted(Math.min(LANES, ordered.length - lanesShown), "more job")} of ${ordered.length}`);
      more.addEventListener("click", () => { lanesShown += LANES; showTimeline(); $("lanes").querySelectorAll(".lane button")[lanesShown - LANES]?.focus(); });
      $("lanes").append(more);
    }
    if (!ordered.length) $("lanes").append(el("p", { class: "sheet none" }, "No instance passes the filter."));
  }
  function laneWidth() {
    const room = $("lanes").clientWidth, rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return room < 44 * rem ? room - 2.2 * rem : room - 2.2 * rem - (14 + 8.5 + 2.2) * rem;
  }
  function axis() {
    const half = ([low, high], label, share) => {
      const day = high - low > 86400000 / 2;
      const piece = el("div", {}, el("span", {}, short(low, day)), el("b", {}, label), el("span", {}, short(high, day)));
      piece.style.width = `${share * 100}%`;
      return piece;
    };
    return el("div", { class: "axis", "aria-hidden": "true" }, past ? half(past, now ? "run before" : "last run", LEFT) : null, now ? half(now, "rerun", past ? 1 - LEFT : 1) : null);
  }
  function laneOf(lane, width) {
    const name = lane[0].job_name, standings = {};
    for (const row of lane) standings[row.standing] = (standings[row.standing] || 0) + 1;
    const title = el("button", { type: "button", class: "link", title: "Show its instances" }, named(name));
    title.addEventListener("click", () => choose({ workspace: lane[0].host, job: name, standing: "", text: "" }, true));
    const sums = Object.entries(standings).map(([standing, number]) => { const [word, tone, sign] = known(standing); return badge([`${number} ${word}`, tone, sign]); });
    return el("div", { class: "lane" }, title, el("div", { class: "chart" }, chart(lane, width)), el("div", { class: "sum" }, sums));
  }
  function describe(lane) {
    const span = (values) => { const range = reach(values.filter((value) => value !== null)); return range ? `${moment(range[0])} to ${moment(range[1])}` : "none"; };
    const reruns = lane.filter((row) => row.rerun);
    return `${counted(lane.length, "instance")}; runs before: ${span(lane.flatMap((row) => [row.start_time_before, row.end_time_before]))}` +
      (reruns.length ? `; ${counted(reruns.length, "rerun")}: ${span(reruns.flatMap((row) => [row.start_time, row.end_time]))}` : "");
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
      sample("a run that failed", ["bad", "line", "M4 7H38"], ["bad", "end", cross(38, 7)]),
      sample("a run that succeeded", ["good", "line", "M4 7H38"], ["good", "full end", dot(38, 7)]),
      ...(now ? [sample("still running", ["go", "line", "M4 7H38"], ["go", "end", arrow(38, 7)]), sample("sent, not started", ["go", "hollow", diamond(23, 7)])] : []));
    if (past && now) $("legend").append(el("li", {}, "Left the run before, right the rerun, each on a scale of its own."));
  }

  // ---- Instances

  const COLUMNS = ["Decision", "Workspace and job", "Planned", "Run before", "Rerun", "Why"];
  let rowsShown = 0;
  function showRows() {
    rowsShown = 0;
    $("rows").replaceChildren(el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, COLUMNS.map((text) => el("th", { scope: "col", role: "columnheader" }, text)))));
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
    $("more").textContent = `Show more; ${left.toLocaleString("en")} are left`;
  }
  const when = (from, to) => (from === null ? "–" : [el("span", { class: "when" }, moment(from)), el("span", { class: "id" }, to === null ? "not ended" : duration(to - from))]);
  function rowOf(row, index) {
    const cell = (label, attributes, ...children) => el("td", { role: "cell", "data-label": label, ...attributes }, ...children);
    const rerun = row.rerun ? when(row.start_time, row.end_time) : row.sent_time === null ? "–" : [el("span", { class: "when" }, moment(row.sent_time)), el("span", { class: "id" }, "sent")];
    const ids = [row.instance_id ? `instance ${row.instance_id}` : "", row.attempts > 1 ? `${row.attempts} attempts` : "", row.request_id ? `request ${row.request_id}` : ""].filter(Boolean);
    return el("tr", { role: "row", "aria-rowindex": index },
      cell("Decision", {}, badge(known(row.standing))),
      el("th", { scope: "row", role: "rowheader" }, named(row.job_name), el("span", { class: "id" }, named(row.host))),
      cell("Planned", {}, el("span", { class: "when" }, moment(row.plan_time))),
      cell("Run before", {}, when(row.start_time_before, row.end_time_before)),
      cell("Rerun", {}, rerun),
      cell("Why", { class: "reason" }, why(row), ids.length ? el("span", { class: "id" }, named(ids.join(", "))) : null));
  }

  // ---- Together

  function showAll() {
    showSummary();
    showSteps();
    showWorkspaces();
    showCauses();
    showDownstream();
    showRerunBefore();
    choose({});
  }
  setUpFilter();
  showLegend();
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
    $("paper").replaceChildren($("shown").textContent, ...(chosen.length ? [", chosen by ", named(chosen.join(", "))] : []),
      left > 0 ? `. On paper are the first ${rowsShown.toLocaleString("en")}; all are in report.json.` : ".");
  });
  addEventListener("hashchange", () => { const wanted = new URLSearchParams(location.hash.slice(1)); if ([...wanted.keys()].some((name) => Object.hasOwn(filter, name))) choose(Object.fromEntries(Object.keys(filter).map((name) => [name, wanted.get(name) ?? ""]))); });
})();
