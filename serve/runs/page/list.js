// A list of runs, newest first, that keeps itself up to date.
import { get } from "./api.js";
import { fault, h, mocked, say, status, when } from "./dom.js";

const page = 50; // runs that are asked for at once
const most = 200; // the most that the server gives at once
const pause = 2000; // ms between two looks, at least; ten times what a look takes

// runList returns the list of the runs that a query of the API asks for. few is how many are
// shown, where there is no way to older ones.
export function runList(query, signal, { few, capability = true, heard = false } = {}) {
  const body = h("tbody");
  const table = h("table", { class: "runs", hidden: true },
    h("thead", {}, h("tr", {}, ["Run", "Status", "Waits for", "Started"].map((text) => h("th", { scope: "col" }, text)))), body);
  const note = h("p", { class: "soft" }, "One moment…");
  const problem = h("div");
  const older = h("button", { hidden: true, onclick: () => more() }, "Older runs");
  const rows = new Map(); // by run, in the order shown
  let next;
  let told = !heard;

  const ask = (limit, cursor) => {
    const asked = new URLSearchParams(query);
    asked.set("limit", limit);
    if (cursor) asked.set("cursor", cursor);
    return get("runs?" + asked, signal);
  };

  // rowOf returns the row of a run: the one that is there, where nothing has changed.
  const rowOf = (run) => {
    const text = JSON.stringify(run);
    const old = rows.get(run.run);
    if (old?.text === text) return old;
    const fresh = { text, element: rowElement(run, capability) };
    if (old?.element.contains(document.activeElement)) fresh.focus = true;
    return fresh;
  };

  const show = (list) => {
    rows.clear();
    for (const [run, row] of list) rows.set(run, row);
    const wanted = [...rows.values()].map((row) => row.element);
    for (const element of [...body.children]) if (!wanted.includes(element)) element.remove();
    wanted.forEach((element, i) => body.children[i] === element || body.insertBefore(element, body.children[i] ?? null));
    for (const row of rows.values()) {
      if (row.focus) row.element.querySelector("a").focus();
      row.focus = false;
    }
    table.hidden = rows.size === 0;
    note.hidden = rows.size > 0;
    note.textContent = "There are none.";
    older.hidden = few !== undefined || !next;
    problem.replaceChildren();
    if (!told) say(rows.size === 0 ? "There are no such runs" : `${next ? "More than " : ""}${rows.size} ${rows.size === 1 ? "run" : "runs"}`);
    told = true;
  };

  // look brings the newest runs up to date, as many of those shown as the server gives at
  // once. Older ones stay.
  const look = async () => {
    const limit = few ?? Math.min(most, Math.max(page, rows.size));
    const answer = await ask(limit);
    const list = answer.runs.map((run) => [run.run, rowOf(run)]);
    const rest = rows.size > limit ? [...rows].slice(limit) : [];
    const seen = new Set(list.map(([run]) => run));
    if (rest.length === 0) next = answer.next;
    show([...list, ...rest.filter(([run]) => !seen.has(run))]);
  };

  const more = async () => {
    older.disabled = true;
    try {
      const answer = await ask(page, next);
      next = answer.next;
      const first = answer.runs[0]?.run;
      show([...rows, ...answer.runs.map((run) => [run.run, rowOf(run)])]);
      say(`${rows.size} runs are shown`);
      if (older.hidden) rows.get(first)?.element.querySelector("a").focus(); // the button is gone
    } catch (error) {
      if (!signal.aborted) problem.replaceChildren(fault(error));
    }
    older.disabled = false;
  };

  const watch = async () => {
    const began = performance.now();
    if (!document.hidden && !older.disabled) {
      try { await look(); } catch (error) {
        if (signal.aborted) return;
        note.hidden = true;
        problem.replaceChildren(fault(error));
        if (error.status === 400) return; // asked again it is no better
      }
    }
    if (!signal.aborted) timer = setTimeout(watch, Math.max(pause, 10 * (performance.now() - began)));
  };
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));
  watch();
  return h("div", {}, problem, note, table, older);
}

function rowElement(run, capability) {
  return h("tr", {},
    h("td", {}, h("a", { href: "#/runs/" + encodeURIComponent(run.run) }, run.title || run.capability), run.mock && mocked(),
      h("div", { class: "soft" }, capability && run.title && h("a", { class: "soft", href: "#/capabilities/" + encodeURIComponent(run.capability) }, run.capability), capability && run.title && " ", h("span", { class: "id" }, run.run)),
      labelLinks(untold(run))),
    h("td", {}, status(run.status)),
    h("td", { class: "wide" }, waits(run)),
    h("td", { class: "wide" }, when(run.started, true)));
}

// untold returns the labels that the title of a run does not show.
function untold(run) {
  return Object.fromEntries(Object.entries(run.labels ?? {}).filter(([name, value]) => run.title !== value && !(run.title ?? "").includes(`${name}=${value}`)));
}

// labelLinks are the labels of a run, each a link to the runs that have it. The key that made a
// start harmless to repeat is of no use to a reader.
export function labelLinks(labels, all) {
  const names = Object.keys(labels ?? {}).filter((name) => all || name !== "idempotency-key");
  return names.length > 0 && h("ul", { class: "plain chips", "aria-label": "Labels" }, names.map((name) => h("li", {},
    h("a", { class: "chip", href: "#/runs?" + new URLSearchParams({ label: name + ":" + labels[name] }) }, name + ": " + labels[name]))));
}

function waits(run) {
  const w = run.waiting;
  if (run.unreadable) return "cannot be read: " + run.unreadable;
  if (!w) return "";
  if (w.reason === "timer") return h("span", { class: "soft" }, h("code", {}, w.step), run.due ? [", again at ", when(run.due, true)] : "");
  if (w.reason === "in_doubt") return [h("code", {}, w.step), " is to be settled"];
  return [h("code", {}, w.step), h("span", { class: "unseen" }, ": " + (w.description ?? ""))];
}
