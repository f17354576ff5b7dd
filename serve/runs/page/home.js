// The lists: what can be run, and what was.
import { get } from "./api.js";
import { fault, h, mocked, show, status, when, words } from "./dom.js";

export async function capabilitiesView(signal) {
  const { capabilities } = await get("capabilities", signal);
  const recent = runsTable("limit=10", signal);
  show("Capabilities",
    h("h1", { tabindex: "-1" }, "Capabilities"),
    h("ul", { class: "plain capabilities" }, capabilities.map((c) =>
      h("li", { class: "card" }, h("a", { href: "#/capabilities/" + encodeURIComponent(c.name) }, c.title), h("p", {}, c.description ?? "")))),
    h("section", { "aria-labelledby": "recent" }, h("h2", { id: "recent" }, "Recent runs"), recent));
}

export async function runsView(signal) {
  const { capabilities } = await get("capabilities", signal);
  const place = h("div");
  const pick = (label, options) => h("label", {}, label, h("select", { onchange: list },
    h("option", { value: "" }, "all"), options.map(([value, text]) => h("option", { value }, text))));
  const byStatus = pick("Status", ["running", "waiting", "in_doubt", "succeeded", "failed", "timed_out", "cancelled"].map((s) => [s, words(s)]));
  const byCapability = pick("Capability", capabilities.map((c) => [c.name, c.title]));
  const search = h("input", { type: "search", name: "q", autocomplete: "off", oninput: soon });
  const bySearch = h("label", {}, "Search", search);
  let typed;
  function soon() {
    clearTimeout(typed);
    typed = setTimeout(list, 300);
  }
  signal.addEventListener("abort", () => clearTimeout(typed));
  let shown = new AbortController();
  function list() {
    shown.abort();
    shown = new AbortController();
    const query = new URLSearchParams();
    for (const [name, label] of [["status", byStatus], ["capability", byCapability]]) {
      const chosen = label.querySelector("select").value;
      if (chosen) query.set(name, chosen);
    }
    if (search.value.trim()) query.set("q", search.value.trim());
    place.replaceChildren(runsTable(query.toString(), AbortSignal.any([signal, shown.signal])));
  }
  show("Runs", h("h1", { tabindex: "-1" }, "Runs"),
    h("section", { "aria-label": "Runs" }, h("div", { class: "filters" }, bySearch, byStatus, byCapability), place));
  list();
}

// runsTable is a list of runs that keeps itself up to date.
function runsTable(query, signal) {
  const place = h("div", {}, h("p", { class: "soft" }, "One moment…"));
  const older = h("div");
  let known = "";
  const refresh = async () => {
    try {
      const page = await get("runs?" + query, signal);
      const now = JSON.stringify(page.runs);
      if (now === known) return;
      known = now;
      place.replaceChildren(page.runs.length ? table(page.runs) : h("p", { class: "soft" }, "There are none."));
      older.replaceChildren(...more(query, page.next, older, signal));
    } catch (error) {
      if (!signal.aborted) place.replaceChildren(fault(error));
    }
  };
  const timer = setInterval(() => document.hidden || refresh(), 2000);
  signal.addEventListener("abort", () => clearInterval(timer));
  refresh();
  return h("div", {}, place, older);
}

// more is the button for the next page, if there is one.
function more(query, next, place, signal) {
  if (!next || query.includes("limit=")) return [];
  const button = h("button", {
    onclick: async () => {
      const page = await get(`runs?${query}&cursor=${encodeURIComponent(next)}`, signal);
      button.replaceWith(table(page.runs), ...more(query, page.next, place, signal));
    },
  }, "Older runs");
  return [button];
}

function table(runs) {
  return h("table", { class: "runs" },
    h("thead", {}, h("tr", {}, ["Run", "Status", "Waits for", "Started"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, runs.map((r) => h("tr", {},
      h("td", {}, h("a", { href: "#/runs/" + encodeURIComponent(r.run) }, r.title || r.capability), r.mock && mocked(), h("br"),
        h("span", { class: "soft" }, r.title ? r.capability + " " : ""), h("span", { class: "id soft" }, r.run)),
      h("td", {}, status(r.status)),
      h("td", { class: "wide" }, waits(r)),
      h("td", { class: "wide" }, when(r.started, true))))));
}

function waits(run) {
  const w = run.waiting;
  if (!w) return "";
  if (w.reason === "timer") return h("span", { class: "soft" }, w.step, run.due ? [", again at ", when(run.due, true)] : "");
  if (w.reason === "in_doubt") return [h("code", {}, w.step), " is to be settled"];
  return [h("code", {}, w.step), h("span", { class: "unseen" }, ": " + (w.description ?? ""))];
}
