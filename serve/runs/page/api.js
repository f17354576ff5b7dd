// Talks to the server. The key, where one is needed, lives in this module and
// nowhere else.
import { parse, stringify } from "./numbers.js";

const base = new URL("../", import.meta.url);
let key = "";
let asking;

// Problem is an answer that says what is wrong (RFC 9457).
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? "the server answered " + status);
    this.status = status;
    this.title = document.title;
    this.detail = document.detail;
    this.errors = document.errors ?? [];
  }
}

// send asks the server, with a key once it wants one.
async function send(path, init = {}) {
  for (;;) {
    const used = key;
    const headers = { ...init.headers };
    if (used) headers.Authorization = "Bearer " + used;
    const response = await fetch(new URL(path, base), { ...init, headers, credentials: "same-origin" });
    if (response.status !== 401) return response;
    if (used === key) key = "";
    if (!key) await askForKey(used !== "");
  }
}

function askForKey(again) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    const form = document.getElementById("key-form");
    const field = document.getElementById("key");
    if (again) document.getElementById("key-why").textContent = "The server does not know that key. Try another one.";
    form.onsubmit = (event) => {
      event.preventDefault();
      key = field.value.trim();
      field.value = "";
      asking = undefined;
      dialog.close();
      resolve();
    };
    dialog.oncancel = (event) => event.preventDefault(); // nothing works without
    dialog.onclose = () => asking && !dialog.open && dialog.showModal(); // browsers let a second Escape through
    dialog.showModal();
  });
  return asking;
}

// get returns a JSON document.
export async function get(path, signal) {
  return read(await send(path, { signal, headers: { Accept: "application/json" } }));
}

// post sends a JSON document and returns one.
export async function post(path, body, headers = {}) {
  return read(await send(path, {
    method: "POST", body: stringify(body ?? {}),
    headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
  }));
}

async function read(response) {
  const document = await json(response);
  if (!response.ok) throw new Problem(response.status, document);
  return document;
}

// json reads a response's document, an empty one where it has none.
async function json(response) {
  try { return parse(await response.text()); } catch { return {}; }
}

// picture returns an address of a picture that may need the key.
export async function picture(path) {
  const response = await send(path);
  if (!response.ok) throw new Problem(response.status, await json(response));
  return URL.createObjectURL(await response.blob());
}

// follow calls each(event) for what happened in a run after the event numbered last and
// for what comes, until it ends. A connection that breaks is made anew and goes on where it
// was.
export async function follow(run, each, signal, last = 0) {
  for (let over = false; !signal.aborted && !over;) {
    try {
      const response = await send(`runs/${encodeURIComponent(run)}/events`, {
        signal, headers: { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}) },
      });
      if (response.status === 204 || response.status === 404) return;
      if (response.ok) {
        for await (const event of events(response.body)) {
          last = event.id || last;
          each(event.data);
          over = event.kind === "ended"; // a run that failed may have been taken up again
        }
      }
    } catch (error) {
      if (signal.aborted) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

// events reads a stream of server-sent events.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
      }
      if (fields.data) yield { id: Number(fields.id ?? 0), kind: fields.event, data: parse(fields.data) };
    }
  }
}
