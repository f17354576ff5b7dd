// The entries of a history in words of people.
import { when } from "./dom.js";

// happened describes an event of a run: texts and elements.
export function happened(e) {
  const by = e.by ? ", by " + e.by : "";
  const until = (word) => (e.until ? [", ", word, " ", when(e.until, true)] : "");
  const attempt = e.attempt > 1 ? `, attempt ${e.attempt}` : "";
  switch (e.kind) {
    case "started": return "the run was started";
    case "step-intent": return "is sent" + attempt;
    case "step-done": return done(e);
    case "step-failed": return "failed";
    case "step-unusable": return "took effect, but its answer is of no use";
    case "retry": return [`attempt ${e.attempt ?? 1} failed`, until("sent again at")];
    case "not-before": return ["the API asked to wait", until("until")];
    case "poll": return [`looked ${times(e.tries ?? 0)}`, until("again at")];
    case "timer": return ["waits", until("until")];
    case "waiting": return e.message ? "in doubt" : "waits for a person";
    case "signal": return "marked as done" + by;
    case "settled": return "settled" + by;
    case "cancelled": return "cancelling was asked for" + by;
    case "ended": return "the run ended";
    case "reopened": return "tried again";
    case "corrected": return "inputs corrected" + by;
  }
  return e.kind.replaceAll("-", " ");
}

function done(e) {
  switch (e.via) {
    case "probe": return "done: a look at the API found that it had taken effect";
    case "resend": return "done: sent again, it turned out to have taken effect";
    case "signal": return "done, as it was marked";
    case "handler": return "done by a command or a person";
  }
  return e.http_status ? `answered ${e.http_status}` : "done";
}

export function times(n) { return n === 1 ? "once" : n + " times"; }
