// One run: where it stands, what it asks of a person, when its steps happened.
import { follow, get, picture, post } from "./api.js";
import { fault, h, mocked, say, show, status, took, value, when, words } from "./dom.js";
import { inputForm } from "./form.js";
import { labelLinks } from "./list.js";
import { timeLine } from "./timeline.js";
import { todo } from "./todo.js";
import { happened, times } from "./words.js";

export async function runView(id, signal) {
  const path = "runs/" + encodeURIComponent(id);
  const view = new View(id, path, signal);
  view.run = await get(path, signal);
  view.about = await get("capabilities/" + encodeURIComponent(view.run.capability), signal).catch(() => undefined);
  if (signal.aborted) return;
  view.render();
  view.draw();
  view.follow();
}

const focusable = "a[href], button, input, select, textarea, summary";

function over(run) { return ["succeeded", "failed", "timed_out", "cancelled"].includes(run.status); }

class View {
  constructor(id, path, signal) {
    Object.assign(this, { id, path, signal, events: [], polls: {}, shown: {}, clear: false, stands: "" });
    this.parts = Object.fromEntries(["head", "todo", "problem", "outputs", "line", "steps", "about", "graph", "history"].map((name) => [name, h("div")]));
    this.open = false;
    this.line = timeLine();
    this.parts.line.append(this.line.element);
    signal.addEventListener("abort", () => { clearTimeout(this.timer); clearTimeout(this.tick); });
  }

  // follow takes the run's events until it ends.
  follow() {
    const last = this.events.reduce((n, e) => Math.max(n, e.seq), 0);
    follow(this.id, (event) => this.happened(event), this.signal, last).then(() => this.signal.aborted || this.refresh());
  }

  // happened takes an event; the run itself is asked for once they pause.
  happened(event) {
    if (event.kind === "poll") this.polls[event.step] = event;
    const known = this.events.findIndex((e) => e.seq === event.seq);
    if (known >= 0) this.events[known] = event;
    else this.events.push(event);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 120);
  }

  async refresh() {
    try {
      this.run = await get(this.path + (this.clear ? "?show-sensitive=true" : ""), this.signal);
    } catch {
      return; // what is shown stays; the stream comes back
    }
    if (this.signal.aborted) return;
    this.render();
    this.draw();
  }

  // draw draws the time line, and again while the run goes on: every second while something is
  // sent, now and then while it waits.
  async draw() {
    clearTimeout(this.tick);
    try {
      if (!document.hidden) this.line.show(await get(this.path + "/timeline", this.signal));
    } catch {
      if (this.signal.aborted) return; // else what is shown stays
    }
    clearTimeout(this.tick);
    if (!over(this.run)) this.tick = setTimeout(() => this.draw(), this.run.status === "running" ? 1000 : 20000);
  }

  render() {
    const run = this.run;
    if (!document.getElementById("run-title")) {
      show("Run " + run.run, h("h1", { id: "run-title", tabindex: "-1" }, this.about?.title ?? run.capability), Object.values(this.parts));
    }
    document.getElementById("run-title").textContent = this.about?.title ?? run.capability;
    const stands = run.due ? "going on" : run.status + run.waiting?.step; // a poll between two looks is no news
    if (this.stands && this.stands !== stands && !run.due) say(`The run is ${words(run.status)}` + (run.waiting ? ": " + run.waiting.description : ""));
    this.stands = stands;
    this.part("head", [run.status, run.updated, run.due, this.about?.name], () => this.head());
    // What somebody is filling in is not to be replaced by the same thing.
    this.part("todo", [run.waiting, run.status === "in_doubt" && run.error, run.due], () => todo(this));
    this.part("problem", [run.status === "in_doubt" ? null : run.error, this.about?.name], () => this.problem());
    this.part("outputs", run.outputs, () => this.outputs());
    this.part("steps", [run.steps, this.polls, this.about?.name], () => this.steps());
    this.part("about", [run.inputs, run.labels, run.servers, run.mock, run.updated, this.about?.name], () => this.started());
    this.part("graph", run.steps.map((s) => s.status), () => this.graph());
    this.part("history", this.events.map((e) => [e.seq, e.tries]), () => this.history());
  }

  // part draws a part of the view again when what it shows has changed.
  part(name, state, draw) {
    const text = JSON.stringify(state) + this.clear;
    if (this.shown[name] === text) return;
    this.shown[name] = text;
    const focused = [...this.parts[name].querySelectorAll(focusable)].indexOf(document.activeElement);
    this.parts[name].replaceChildren(...[draw()].flat().filter(Boolean));
    if (focused >= 0) this.parts[name].querySelectorAll(focusable)[focused]?.focus();
  }

  head() {
    const run = this.run;
    return h("div", { class: "head" }, status(run.status), run.mock && mocked(), run.title && h("strong", {}, run.title), this.capability(),
      h("span", { class: "soft" }, "started ", when(run.started, true)),
      run.due && run.status !== "running" && h("span", { class: "soft" }, "goes on ", when(run.due, true)),
      !over(run) && h("button", { class: "end", onclick: () => this.cancel() }, "Cancel this run"));
  }

  // capability is a link, unless it is not served any more.
  capability() {
    const name = this.run.capability;
    return this.about ? h("a", { href: "#/capabilities/" + encodeURIComponent(name) }, name) : h("span", {}, name);
  }

  // started is what the run was started with, and which run it is.
  started() {
    const run = this.run;
    const inputs = Object.keys(run.inputs ?? {});
    const labels = labelLinks(run.labels, true);
    const row = (name, ...what) => [h("dt", {}, name), h("dd", {}, what)];
    return h("div", { class: "columns" },
      h("section", { "aria-labelledby": "inputs" }, h("h2", { id: "inputs" }, "Inputs"), inputs.length ? this.values(run.inputs) : h("p", { class: "soft" }, "It takes none.")),
      h("section", { "aria-labelledby": "about" }, h("h2", { id: "about" }, "About this run"), h("dl", {},
        row("run", h("span", { class: "id" }, run.run)),
        row("capability", this.capability(), " (", h("a", { href: "#/runs?" + new URLSearchParams({ capability: run.capability }) }, "all its runs"), ")"),
        run.mock && row("server", mocked(), " Nothing is sent: a mock answers in place of the APIs."),
        run.servers?.map((server) => row("server", h("code", {}, server))),
        labels && row("labels", labels),
        row("started", when(run.started)), row("last change", when(run.updated)))));
  }

  async cancel() {
    if (!confirm("Cancel this run? What its steps did so far stays as it is.")) return;
    await this.act(() => post(this.path + "/cancel"));
  }

  async retry() {
    await this.act(() => post(this.path + "/retry"));
    this.follow();
    document.getElementById("run-title")?.focus();
  }

  // act does something to the run and shows what became of it.
  async act(what) {
    try {
      await what();
    } catch (error) {
      this.parts.problem.replaceChildren(fault(error));
      this.shown.problem = "";
      return;
    }
    await this.refresh();
  }

  problem() {
    const e = this.run.status === "in_doubt" ? undefined : this.run.error; // else it is to be settled
    const again = ["failed", "timed_out"].includes(this.run.status);
    return e && h("section", { class: "problem", "aria-labelledby": "problem" },
      h("h2", { id: "problem" }, e.step ? `Step ${e.step}: ` : "", words(this.run.status)),
      h("p", {}, e.message), e.hint && h("p", { class: "soft" }, e.hint), e.request_id && h("p", { class: "soft" }, "request id " + e.request_id),
      again && h("div", { class: "buttons" }, h("button", { class: "primary", onclick: () => this.retry() }, "Try again from this step")),
      again && this.correction());
  }

  // correction is a form for inputs that no step has used yet.
  correction() {
    if (!this.about?.inputs?.length) return "";
    const form = inputForm(this.about.inputs.map((i) => ({ ...i, required: false, schema: { ...i.schema, default: undefined } })));
    const problems = h("div");
    const submit = async (event) => {
      event.preventDefault();
      problems.replaceChildren();
      const inputs = form.inputs();
      if (!inputs) return;
      try {
        await post(this.path + "/retry", { inputs });
      } catch (error) {
        const rest = form.faults(error.errors ?? []);
        if (rest.length || !error.errors?.length) problems.replaceChildren(fault(rest.length ? { detail: rest.join("; ") } : error));
        return;
      }
      await this.refresh();
      this.follow();
      document.getElementById("run-title")?.focus();
    };
    return h("details", { class: "buttons" }, h("summary", {}, "Correct inputs"),
      h("form", { novalidate: true, onsubmit: submit }, h("p", { class: "hint" }, "A field that is left empty stays as it is."), form.element, problems,
        h("div", { class: "buttons" }, h("button", {}, "Correct and try again"))));
  }

  outputs() {
    const names = Object.keys(this.run.outputs ?? {});
    return names.length > 0 && h("section", { "aria-labelledby": "outputs" }, h("h2", { id: "outputs" }, "Outputs"), this.values(this.run.outputs));
  }

  // values is a list of names and values; hidden ones can be shown.
  values(values) {
    return h("dl", {}, Object.entries(values).map(([name, v]) => [
      h("dt", {}, name.replaceAll("_", " ")),
      h("dd", {}, v === "[redacted]" ? [h("span", { class: "soft" }, "hidden"), this.reveal(name)] : value(v)),
    ]));
  }

  reveal(name) {
    return h("button", { class: "small", "aria-label": "Show " + name.replaceAll("_", " "), onclick: () => { this.clear = true; this.refresh(); } }, "Show");
  }

  steps() {
    const about = Object.fromEntries((this.about?.steps ?? []).map((s) => [s.id, s]));
    return h("section", { "aria-labelledby": "steps" }, h("h2", { id: "steps" }, "Steps"),
      h("ol", { class: "plain steps" }, this.run.steps.map((s) => h("li", {},
        h("span", {}, status(s.status)),
        h("div", { class: "what" }, h("code", {}, s.id), about[s.id]?.description && h("p", {}, about[s.id].description), this.polling(s), s.error && h("p", { class: "fault" }, s.error.message)),
        h("span", { class: "soft" }, [s.http_status, took(s.duration_ms)].filter(Boolean).join(" · "))))));
  }

  polling(step) {
    const poll = this.polls[step.id];
    if (!poll || ["succeeded", "failed", "timed_out", "cancelled"].includes(step.status)) return "";
    return h("p", {}, `looked ${times(poll.tries ?? 0)}`, poll.until ? [", again at ", when(poll.until, true)] : "");
  }

  // graph is drawn by the server; the picture before stays until the next is there.
  graph() {
    const place = h("div", { class: "graph" }, this.drawn ?? "");
    picture(this.path + "/graph.svg").then((address) => {
      this.signal.addEventListener("abort", () => URL.revokeObjectURL(address));
      this.drawn = h("img", { src: address, alt: "The steps listed above, each in the colour of its outcome, and how values flow between them" });
      place.replaceChildren(this.drawn);
    }, (error) => this.signal.aborted || place.replaceChildren(fault(error)));
    return h("section", { "aria-labelledby": "graph" }, h("h2", { id: "graph" }, "How values flow"), place);
  }

  history() {
    return h("section", {}, h("details", { open: this.open, ontoggle: (e) => { this.open = e.target.open; } }, h("summary", {}, `History (${this.events.length})`),
      h("table", { class: "history" }, h("thead", { class: "unseen" }, h("tr", {}, ["Time", "What", "Step", "More"].map((t) => h("th", { scope: "col" }, t)))),
        h("tbody", {}, this.events.map((e) => h("tr", {}, h("td", {}, when(e.time, true)), h("td", {}, happened(e)), h("td", {}, e.step ? h("code", {}, e.step) : ""),
          h("td", {}, e.message ?? "")))))));
  }
}
