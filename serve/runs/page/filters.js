// Which runs a list shows: fields for the filters of the API, kept in the address, so that a
// link shares what is seen.
import { h, say, words } from "./dom.js";

const statuses = ["running", "waiting", "in_doubt", "succeeded", "failed", "timed_out", "cancelled"];
const reasons = { external: "a person", timer: "a time", in_doubt: "a write in doubt" };

// runFilters returns the fields, and query(), which is that of the API. path is the address of
// the view without its query, query what the address has; changed is called when another list
// is asked for. capabilities are offered to choose from, where there are any; steps and inputs
// are suggested.
export function runFilters({ path, query, capabilities, steps = [], inputs = [], signal, changed }) {
  const given = new URLSearchParams(query);
  const chips = h("ul", { class: "plain chips", "aria-label": "Filters in use" });
  let typed;
  signal.addEventListener("abort", () => clearTimeout(typed));

  // keep writes the address: what is typed replaces it, what is chosen is a step that
  // "back" undoes.
  const keep = (step) => {
    const text = given.toString();
    history[step ? "pushState" : "replaceState"](null, "", path + (text ? "?" + text : ""));
    draw();
    changed();
  };
  const set = (name, value, step) => {
    if (value) given.set(name, value);
    else given.delete(name);
    keep(step);
  };
  const soon = (name) => (event) => {
    clearTimeout(typed);
    typed = setTimeout(() => set(name, event.target.value.trim()), 300);
  };

  const pick = (name, label, options) => {
    const now = given.get(name) ?? "";
    if (now && !options.some(([value]) => value === now)) options.push([now, words(now.replaceAll(",", ", "))]);
    return h("label", {}, label, h("select", { onchange: (event) => set(name, event.target.value, true) },
      h("option", { value: "" }, "all"), options.map(([value, text]) => h("option", { value, selected: value === now }, text))));
  };
  const day = (name, label) => h("label", {}, label, h("input", {
    type: "date", name, value: plainDay(given.get(name)), onchange: (event) => set(name, event.target.value, true),
  }));
  const waitsFor = h("input", { name: "waiting", value: given.get("waiting"), autocomplete: "off", spellcheck: "false", list: "waits-for", oninput: soon("waiting") });
  const pairs = [pairOf("label", "Label", []), pairOf("input", "Input", inputs)];

  // add takes the pairs that were filled in. A name has one value.
  const add = (event) => {
    event.preventDefault();
    for (const pair of pairs) {
      const text = pair.take();
      if (!text) continue;
      const name = text.slice(0, text.indexOf(":") + 1);
      const others = given.getAll(pair.name).filter((other) => !other.startsWith(name));
      given.delete(pair.name);
      for (const other of [...others, text]) given.append(pair.name, other);
      keep(true);
    }
  };
  const remove = (name, value) => {
    const others = given.getAll(name).filter((other) => other !== value);
    given.delete(name);
    for (const other of others) given.append(name, other);
    say("The filter was removed");
    keep(true);
    (chips.querySelector("button") ?? summary).focus();
  };

  // draw shows, each with a button to remove it, the filters that no field shows.
  function draw() {
    const shown = ["since", "before"].filter((name) => given.get(name) && !plainDay(given.get(name))).map((name) => [name, given.get(name)]);
    for (const { name } of pairs) for (const value of given.getAll(name)) shown.push([name, value]);
    chips.replaceChildren(...shown.map(([name, value]) => {
      const text = `${name} ${pairs.some((p) => p.name === name) ? value.replace(":", ": ") : value}`;
      return h("li", { class: "chip" }, text, h("button", { type: "button", class: "remove", "aria-label": "Remove the filter " + text, onclick: () => remove(name, value) }, "×"));
    }));
    chips.hidden = shown.length === 0;
  }

  const summary = h("summary", {}, "More filters");
  const open = ["label", "input", "since", "before", "waiting"].some((name) => given.has(name));
  const element = h("form", { class: "filters", role: "search", "aria-label": "Filter the runs", onsubmit: add },
    h("div", { class: "fields" },
      h("label", {}, "Search", h("input", { type: "search", name: "q", value: given.get("q"), autocomplete: "off", oninput: soon("q") })),
      pick("status", "Status", statuses.map((s) => [s, words(s)])),
      capabilities && pick("capability", "Capability", capabilities.map((c) => [c.name, c.title]))),
    h("details", { open }, summary,
      h("div", { class: "fields" },
        h("label", {}, "Waits for", waitsFor),
        day("since", "Started since (UTC)"), day("before", "Started before (UTC)")),
      h("datalist", { id: "waits-for" }, Object.entries(reasons).map(([value, text]) => h("option", { value }, text)), steps.map((s) => h("option", { value: s }))),
      h("div", { class: "fields" }, pairs.map((p) => p.element))),
    chips);
  draw();
  return { element, query: () => new URLSearchParams(given) };
}

// plainDay returns a day as the field for one takes it, "" for what is none.
function plainDay(text) { return /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") ? text : ""; }

// pairOf is a name and a value, of labels or of inputs.
function pairOf(name, label, suggested) {
  const names = h("input", { autocomplete: "off", spellcheck: "false", "aria-label": label + " name", placeholder: "name", list: suggested.length ? name + "-names" : undefined });
  const values = h("input", { autocomplete: "off", spellcheck: "false", "aria-label": label + " value", placeholder: "value" });
  return {
    name,
    element: h("fieldset", {}, h("legend", {}, label), names, values, h("button", { class: "small" }, "Add", h("span", { class: "unseen" }, ` this ${name} as a filter`)),
      suggested.length > 0 && h("datalist", { id: name + "-names" }, suggested.map((value) => h("option", { value })))),
    take() {
      const text = names.value.trim() && `${names.value.trim()}:${values.value.trim()}`;
      if (!text) return "";
      names.value = values.value = "";
      names.focus();
      return text;
    },
  };
}
