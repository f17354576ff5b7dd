// The lists: what can be run, and what was.
import { get } from "./api.js";
import { h, show } from "./dom.js";
import { runFilters } from "./filters.js";
import { runList } from "./list.js";

export async function capabilitiesView(signal) {
  const { capabilities } = await get("capabilities", signal);
  show("Capabilities",
    h("h1", { tabindex: "-1" }, "Capabilities"),
    h("ul", { class: "plain capabilities" }, capabilities.map((c) =>
      h("li", { class: "card" }, h("a", { href: "#/capabilities/" + encodeURIComponent(c.name) }, c.title), h("p", {}, c.description ?? "")))),
    h("section", { "aria-labelledby": "recent" }, h("h2", { id: "recent" }, "Recent runs"), runList("", signal, { few: 10 })));
}

export async function runsView(signal, query) {
  const { capabilities } = await get("capabilities", signal);
  show("Runs", h("h1", { tabindex: "-1" }, "Runs"), h("section", { "aria-label": "Runs" }, filteredRuns({ path: "#/runs", query, capabilities, signal })));
}

// filteredRuns is a list of runs with its filters. fixed is what the view always asks for.
export function filteredRuns({ fixed = {}, signal, ...about }) {
  const place = h("div");
  let shown = new AbortController();
  const list = (heard) => {
    shown.abort();
    shown = new AbortController();
    const query = filters.query();
    for (const [name, value] of Object.entries(fixed)) query.set(name, value);
    place.replaceChildren(runList(query, AbortSignal.any([signal, shown.signal]), { capability: !fixed.capability, heard }));
  };
  const filters = runFilters({ ...about, signal, changed: () => list(true) });
  list(false);
  return [filters.element, place];
}
