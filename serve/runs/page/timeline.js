// The time line of a run: a row for each step with its sendings and waits as bars, drawn from
// the places that the server gives, and the same in words.
import { h, s, took, when } from "./dom.js";

const key = [["sent", "sent and answered"], ["failed", "sent, failed"], ["open", "under way"], ["pause", "waits or looks"], ["doubt", "in doubt"]];

// timeLine returns the section, and show(), which draws what the server gives into it.
export function timeLine() {
  const axis = h("th", { scope: "col", class: "axis" });
  const body = h("tbody");
  const list = h("tbody");
  const kinds = h("ul", { class: "plain key soft", "aria-hidden": "true" });
  const element = h("section", { "aria-labelledby": "line" }, h("h2", { id: "line" }, "Time line"), patterns(),
    h("table", { class: "line" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Step"), axis, h("th", { scope: "col" }, "Took"))), body),
    kinds,
    h("details", {}, h("summary", {}, "Each sending and each wait"),
      h("table", { class: "history" }, h("thead", {}, h("tr", {}, ["Step", "What", "From", "Took"].map((t) => h("th", { scope: "col" }, t)))), list)));
  return {
    element,
    show(line) {
      axis.replaceChildren(...axisOf(line));
      body.replaceChildren(...line.rows.map((row) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, row.step)), h("td", { class: "track" }, track(row, line.breaks)),
        h("td", { class: "soft" }, figures(row)))));
      const bars = line.rows.flatMap((row) => row.bars);
      list.replaceChildren(...bars.map((b) => h("tr", {}, h("td", {}, h("code", {}, b.path)),
        h("td", {}, b.text, b.until ? [", until ", when(b.until, true)] : ""), h("td", {}, when(b.from, true)),
        h("td", {}, length(b) + (b.open ? " so far" : "")))));
      const seen = new Set(bars.map((b) => (["poll", "timer", "person"].includes(b.kind) ? "pause" : b.kind)));
      kinds.replaceChildren(...key.filter(([kind]) => seen.has(kind)).map(([kind, text]) =>
        h("li", {}, s("svg", { class: "sample" }, s("rect", { class: "bar " + kind, width: "100%", height: "100%", rx: 2 })), text)));
    },
  };
}

function length(span) { return took(Math.max(new Date(span.to) - new Date(span.from), 0)) || "0 ms"; }

function figures(row) {
  if (row.bars.length === 0) return h("span", { class: "unseen" }, row.status === "pending" ? "not reached" : "nothing was sent");
  return [took(row.took_ms) || "0 ms", row.attempts > 1 && `${row.attempts} attempts`].filter(Boolean).join(" · ");
}

// axisOf is where the axis begins and ends, and what of it is drawn shorter.
function axisOf(line) {
  const wide = line.breaks.filter((cut) => cut.width > 0.08);
  return [
    h("span", { class: "ends" }, when(line.from, true), h("span", { class: "unseen" }, " to "), line.live ? "now" : when(line.to, true)),
    wide.length > 0 && s("svg", { class: "cuts", "aria-hidden": "true" }, wide.map((cut) =>
      s("text", { x: percent(cut.at + cut.width / 2), y: "75%" }, length(cut)))),
    line.breaks.length > 0 && h("span", { class: "unseen" }, line.breaks.map((cut) => [", ", length(cut), " from ", when(cut.from, true), " drawn shorter"])),
  ].filter(Boolean);
}

const least = 0.004; // of the axis: what is shorter is drawn all the same

function track(row, cuts) {
  return s("svg", { "aria-hidden": "true" }, s("rect", { class: "ground", width: "100%", height: "100%", rx: 3 }),
    cuts.map((cut) => s("rect", { class: "cut", x: percent(cut.at), width: percent(cut.width), height: "100%" })),
    row.bars.map((b) => {
      const width = Math.max(b.width, least);
      return s("rect", { class: "bar " + b.kind, x: percent(Math.min(b.at, 1 - width)), y: "15%", width: percent(width), height: "70%", rx: 2 },
        s("title", {}, `${b.text}, ${length(b)}`));
    }));
}

function percent(share) { return (100 * share).toFixed(3) + "%"; }

// patterns are what waits and stretches that are cut short are filled with: no bar is told by
// its colour alone.
function patterns() {
  const hatch = (id, size, angle, d) => s("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` },
    s("rect", { width: size, height: size }), s("path", { d }));
  return s("svg", { class: "unseen", "aria-hidden": "true" }, s("defs", {}, hatch("line-wait", 6, 45, "M1.5 0V6"), hatch("line-doubt", 6, -45, "M1.5 0V6"), hatch("line-cut", 5, 45, "M.5 0V5")));
}
