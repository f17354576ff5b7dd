// One capability: its form, its steps and its drawing.
import { get, picture, post } from "./api.js";
import { fault, h, say, show } from "./dom.js";
import { inputForm } from "./form.js";
import { filteredRuns } from "./home.js";
import { stringify } from "./numbers.js";

export async function capabilityView(name, query, signal) {
  const path = "capabilities/" + encodeURIComponent(name);
  const c = await get(path, signal);
  show(c.title,
    h("h1", { tabindex: "-1" }, c.title),
    h("p", {}, c.description ?? ""),
    h("div", { class: "columns" }, startSection(c, path), h("div", {}, stepsSection(c), outputsSection(c))),
    runsSection(c, query, signal),
    graphSection(c, path, signal));
}

function startSection(c, path) {
  const form = inputForm(c.inputs);
  const problems = h("div");
  const button = h("button", { class: "primary" }, "Start a run");
  let asked = { body: "", key: "" };
  const submit = async (event) => {
    event.preventDefault();
    problems.replaceChildren();
    const inputs = form.inputs();
    if (!inputs) return;
    const body = stringify(inputs);
    if (asked.body !== body) asked = { body, key: random() }; // pressed twice is one run
    button.disabled = true;
    try {
      const run = await post(path + "/runs", { inputs }, { "Idempotency-Key": asked.key });
      say("The run was started");
      location.hash = "#/runs/" + encodeURIComponent(run.run);
    } catch (error) {
      const rest = form.faults(error.errors ?? []);
      if (rest.length || !error.errors?.length) problems.replaceChildren(fault(rest.length ? { detail: rest.join("; ") } : error));
      else say("Some inputs are not right");
    } finally {
      button.disabled = false;
    }
  };
  return h("section", { "aria-labelledby": "start" }, h("h2", { id: "start" }, "Run it"),
    h("form", { novalidate: true, onsubmit: submit }, form.element,
      c.inputs.length === 0 && h("p", { class: "soft" }, "It takes no inputs."), problems, h("div", { class: "buttons" }, button)));
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

function stepsSection(c) {
  return h("section", { "aria-labelledby": "steps" }, h("h2", { id: "steps" }, "What it does"),
    h("ol", {}, c.steps.map((s) => h("li", {},
      h("code", {}, s.id), " ", h("span", { class: "soft" }, s.kind === "external" ? "(done by a person)" : s.effect ? `(${s.effect})` : ""),
      s.description && h("div", { class: "hint" }, s.description)))));
}

function outputsSection(c) {
  if (!c.outputs.length) return "";
  return h("section", { "aria-labelledby": "gives" }, h("h2", { id: "gives" }, "What it gives"),
    h("ul", {}, c.outputs.map((o) => h("li", {}, h("code", {}, o.name), " ", h("span", { class: "soft" }, o.type + (o.sensitive ? ", sensitive" : ""))))));
}

function runsSection(c, query, signal) {
  return h("section", { "aria-labelledby": "runs" }, h("h2", { id: "runs" }, "Its runs"), filteredRuns({
    path: "#/capabilities/" + encodeURIComponent(c.name), query, fixed: { capability: c.name },
    steps: c.steps.map((s) => s.id), inputs: c.inputs.map((i) => i.name), signal,
  }));
}

function graphSection(c, path, signal) {
  const place = h("div", { class: "graph" });
  picture(path + "/graph.svg").then((address) => {
    signal.addEventListener("abort", () => URL.revokeObjectURL(address));
    place.append(h("img", { src: address, alt: `How values flow through ${c.title}: from its inputs through the steps listed above to its outputs` }));
  }, (error) => place.append(fault(error)));
  return h("section", { "aria-labelledby": "graph" }, h("h2", { id: "graph" }, "How values flow"), place);
}
