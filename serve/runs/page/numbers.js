// JSON whose numbers keep their digits: an id beyond 2^53, or 10.10, would come
// out of the language's own parser as another number.

const mark = "\u0001number:";
const literal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const token = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const marked = new RegExp('"\\\\u0001number:(' + literal.source.slice(1, -1) + ')"', "g");

// Digits is a number that the language cannot hold as it is written.
class Digits {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
  toJSON() { return mark + this.text; }
}

// number reads a number literal, and returns undefined for what is none.
export function number(text) {
  if (!literal.test(text)) return undefined;
  return String(Number(text)) === text ? Number(text) : new Digits(text);
}

// parse is JSON.parse with the digits of every number.
export function parse(text) {
  const kept = text.replace(token, (t) => (t[0] === '"' || String(Number(t)) === t ? t : JSON.stringify(mark + t)));
  return JSON.parse(kept, (_, v) => {
    const digits = typeof v === "string" && v.startsWith(mark) ? v.slice(mark.length) : "";
    return literal.test(digits) ? new Digits(digits) : v;
  });
}

// stringify is JSON.stringify for what parse returns.
export function stringify(v, indent) {
  return JSON.stringify(v, null, indent).replace(marked, "$1");
}
