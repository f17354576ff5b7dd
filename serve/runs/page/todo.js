// What a run asks of a person: to do a step, or to find out what became of a request.
import { post } from "./api.js";
import { h } from "./dom.js";
import { parse } from "./numbers.js";

// todo is the part of a run's view that asks; "" when nothing is asked.
export function todo(view) {
  const { run } = view;
  if (run.status === "in_doubt" && run.error && !run.due) return settle(view);
  if (run.status === "waiting" && run.waiting && run.waiting.reason !== "timer") return finish(view);
  return "";
}

function finish(view) {
  const w = view.run.waiting;
  const result = resultField("Result", "What later steps may read. Leave it empty where there is none; JSON is taken as such, anything else as text.");
  const submit = (event) => {
    event.preventDefault();
    tell(view, event.target, w.step, { result: result.read() });
  };
  return h("section", { class: "todo", "aria-labelledby": "todo" },
    h("h2", { id: "todo" }, "To be done: ", h("code", {}, w.step)),
    h("p", {}, w.description),
    w.with && Object.keys(w.with).length > 0 && view.values(w.with),
    h("form", { onsubmit: submit }, result.element, h("div", { class: "buttons" }, h("button", { class: "primary" }, "Mark as done"))));
}

function settle(view) {
  const e = view.run.error;
  const result = resultField("What it answered", "The answer that was lost, as JSON: later steps read it.");
  const form = h("form", { onsubmit: (event) => event.preventDefault() }, result.element, h("div", { class: "buttons" },
    h("button", { class: "primary", onclick: () => tell(view, form, e.step, { happened: true, result: result.read() }) }, "It happened"),
    h("button", { onclick: () => tell(view, form, e.step, { happened: false }) }, "It did not happen")));
  return h("section", { class: "todo", "aria-labelledby": "todo" },
    h("h2", { id: "todo" }, "In doubt: ", h("code", {}, e.step)), h("p", {}, e.message), e.hint && h("p", { class: "soft" }, e.hint), form);
}

function resultField(label, about) {
  const control = h("textarea", { id: "result", rows: 2, "aria-describedby": "result-about", spellcheck: "false" });
  return {
    element: h("div", {}, h("label", { for: "result" }, label, " ", h("small", {}, "(optional)")), control, h("p", { class: "hint", id: "result-about" }, about)),
    read() {
      const given = control.value.trim();
      if (given === "") return null;
      try { return parse(given); } catch { return given; }
    },
  };
}

async function tell(view, form, step, body) {
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  await view.act(() => post(`${view.path}/steps/${encodeURIComponent(step)}`, body));
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  document.getElementById("run-title")?.focus();
}
