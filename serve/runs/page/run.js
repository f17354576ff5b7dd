// One run: where it stands, what it asks of somebody, what happened.
import { follow, get, picture, post } from "./api.js";
import { fault, h, mocked, say, show, status, took, value, when, words } from "./dom.js";
import { inputForm } from "./form.js";
import { todo } from "./todo.js";

export async function runView(id, signal) {
  const path = "runs/" + encodeURIComponent(id);
  const view = new View(id, path, signal);
  await view.refresh();
  view.about = await get("capabilities/" + encodeURIComponent(view.run.capability), signal).catch(() => undefined);
  view.render();
  view.follow();
}

// happened are the entries of a history in words of people.
const happened = {
  "step-intent": "about to be sent", "step-done": "done", "step-failed": "failed", "step-unusable": "took effect, answer of no use", retry: "sent again",
  "not-before": "asked to wait", poll: "looked", timer: "waits until", waiting: "waits", signal: "marked as done", settled: "settled", cancelled: "to be cancelled",
  reopened: "taken up again", corrected: "inputs corrected",
};

class View {
  constructor(id, path, signal) {
    Object.assign(this, { id, path, signal, events: [], polls: {}, shown: {}, clear: false, stands: "" });
    this.parts = Object.fromEntries(["head", "todo", "problem", "outputs", "steps", "graph", "history"].map((name) => [name, h("div")]));
    this.open = false;
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
    } catch (error) {
      if (this.run === undefined) throw error;
      return; // what is shown stays; the stream comes back
    }
    if (!this.signal.aborted) this.render();
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
    this.part("head", [run.status, run.updated, run.due], () => this.head());
    // What somebody is filling in is not to be replaced by the same thing.
    this.part("todo", [run.waiting, run.status === "in_doubt" && run.error, run.due], () => todo(this));
    this.part("problem", [run.status === "in_doubt" ? null : run.error, this.about?.name], () => this.problem());
    this.part("outputs", run.outputs, () => this.outputs());
    this.part("steps", [run.steps, this.polls, this.about?.name], () => this.steps());
    this.part("graph", run.steps.map((s) => s.status), () => this.graph());
    this.part("history", this.events.map((e) => [e.seq, e.tries]), () => this.history());
  }

  // part draws a part of the view again when what it shows has changed.
  part(name, state, draw) {
    const text = JSON.stringify(state) + this.clear;
    if (this.shown[name] === text) return;
    this.shown[name] = text;
    this.parts[name].replaceChildren(...[draw()].flat().filter(Boolean));
  }

  head() {
    const run = this.run;
    const over = ["succeeded", "failed", "timed_out", "cancelled"].includes(run.status);
    return h("div", { class: "head" }, status(run.status), run.mock && mocked(), run.title && h("strong", {}, run.title), h("a", { href: "#/capabilities/" + encodeURIComponent(run.capability) }, run.capability), h("span", { class: "id soft" }, run.run),
      h("span", { class: "soft" }, "started ", when(run.started, true)),
      run.due && run.status !== "running" && h("span", { class: "soft" }, "goes on ", when(run.due, true)),
      !over && h("button", { class: "end", onclick: () => this.cancel() }, "Cancel this run"));
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
    const e = this.run.error;
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
    return h("p", {}, `looked ${poll.tries === 1 ? "once" : poll.tries + " times"}`, poll.until ? [", again at ", when(poll.until, true)] : "");
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
        h("tbody", {}, this.events.map((e) => h("tr", {}, h("td", {}, when(e.time, true)), h("td", {}, happened[e.kind] ?? words(e.kind)), h("td", {}, e.step ? h("code", {}, e.step) : ""),
          h("td", {}, [e.http_status, e.tries && e.tries + "×", e.by && "by " + e.by, e.message].filter(Boolean).join(" · "))))))));
  }
}
