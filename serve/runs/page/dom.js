// Small helpers to build the page. Text is only ever set as text: nothing that
// a server or a person wrote is read as markup.
import { stringify } from "./numbers.js";

// h makes an element: h("p", {class: "soft"}, "text", otherElement).
export function h(tag, attributes, ...children) { return build(document.createElement(tag), attributes, children); }

// s makes an element of a drawing, as h does.
export function s(tag, attributes, ...children) { return build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children); }

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return element;
}

const marks = {
  running: "●", succeeded: "✓", failed: "✗", timed_out: "✗", cancelled: "✗",
  waiting: "◆", in_doubt: "?", pending: "○", skipped: "–",
};

// status is a badge that tells by word and sign, not by colour alone.
export function status(word) {
  return h("span", { class: "status " + word }, h("span", { class: "dot", "aria-hidden": "true" }, marks[word] ?? "●"), words(word));
}

// mocked marks a run that a mock answered in place of the APIs.
export function mocked() { return h("span", { class: "mock", title: "Nothing is sent: a mock answers in place of the APIs" }, "mock"); }

export function words(word) { return word.replaceAll("_", " ").replaceAll("-", " "); }

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

// when shows a time; short leaves out today's date.
export function when(text, short) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  return h("time", { datetime: text, title: clock.format(at) }, short && today ? hour.format(at) : clock.format(at));
}

// took shows milliseconds as a person would say them.
export function took(ms) {
  if (!ms) return "";
  if (ms < 1000) return ms + " ms";
  if (ms < 60000) return (ms / 1000).toFixed(1) + " s";
  const minutes = Math.round(ms / 60000);
  if (minutes < 60) return minutes + " min";
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return [hours + " h", minutes % 60 && (minutes % 60) + " min"].filter(Boolean).join(" ");
  return [Math.floor(hours / 24) + " d", hours % 24 && (hours % 24) + " h"].filter(Boolean).join(" ");
}

const long = 600; // characters of a value that are shown at once

// value shows a JSON value; an address is a link.
export function value(v) {
  if (v === null || v === undefined) return h("span", { class: "soft" }, "none");
  const text = typeof v === "string" ? v : stringify(v);
  if (text.length > long) return h("details", {}, h("summary", {}, `${text.length} characters`), h("code", {}, text));
  if (typeof v !== "string") return h("code", {}, text);
  if (/^https?:\/\/\S+$/.test(v)) return h("a", { href: v, rel: "noopener noreferrer", target: "_blank" }, v);
  return h("span", {}, v);
}

// say tells those who listen instead of looking.
export function say(text) { document.getElementById("said").textContent = text; }

// show puts a view into the page.
export function show(title, ...children) {
  document.title = title + " · Capstan";
  document.getElementById("main").replaceChildren(...children.flat(Infinity));
}

// fault shows why something did not work.
export function fault(problem) {
  return h("section", { class: "problem", role: "alert" },
    h("h2", {}, problem.title ?? "That did not work"), h("p", {}, problem.detail ?? String(problem.message ?? problem)));
}
