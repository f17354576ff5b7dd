// The page for people: which view an address shows.
import { capabilityView } from "./capability.js";
import { fault, h, show } from "./dom.js";
import { capabilitiesView, runsView } from "./home.js";
import { runView } from "./run.js";

const views = [
  [/^#?\/?$/, capabilitiesView, "#/"],
  [/^#\/runs$/, runsView, "#/runs"],
  [/^#\/capabilities\/([^/]+)$/, (signal, query, name) => capabilityView(name, query, signal), "#/"],
  [/^#\/runs\/([^/]+)$/, (signal, query, id) => runView(id, signal), "#/runs"],
];

let current = new AbortController();

async function go(first) {
  if (location.hash === "#main") return; // the skip link
  const [path, query = ""] = location.hash.split(/\?(.*)/s);
  current.abort();
  const mine = (current = new AbortController());
  for (const [pattern, view, nav] of views) {
    const match = pattern.exec(path);
    if (!match) continue;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.getAttribute("href") === nav) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    try {
      await view(mine.signal, query, ...match.slice(1).map(decodeURIComponent));
    } catch (error) {
      if (!mine.signal.aborted) show("Problem", h("h1", { tabindex: "-1" }, "That did not work"), fault(error));
    }
    if (!first && !mine.signal.aborted) document.querySelector("main h1")?.focus();
    return;
  }
  show("Not found", h("h1", { tabindex: "-1" }, "There is nothing here"), h("p", {}, h("a", { href: "#/" }, "What can be run")));
}

addEventListener("hashchange", () => go(false));
go(true);
