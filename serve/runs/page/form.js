// A form made from what a capability takes.
import { h } from "./dom.js";
import { number, parse, stringify } from "./numbers.js";

// inputForm returns the fields and what reads them. inputs() throws nothing: what
// cannot be read is marked at its field and gives undefined.
export function inputForm(inputs) {
  const fields = inputs.map(field);
  return {
    element: h("div", {}, fields.map((f) => f.element)),
    inputs() {
      fields.forEach((f) => f.fault(""));
      const values = {};
      let bad;
      for (const f of fields) {
        try {
          const v = f.read();
          if (v !== undefined) values[f.name] = v;
          else if (f.required) throw new Error("this is needed");
        } catch (error) {
          f.fault(error.message);
          bad ??= f;
        }
      }
      bad?.focus();
      return bad ? undefined : values;
    },
    // faults shows what the server said of the inputs and returns what belongs
    // to no field.
    faults(errors) {
      const rest = [];
      let first;
      for (const e of errors) {
        const f = fields.find((f) => e.pointer === "/inputs/" + f.name.replaceAll("~", "~0").replaceAll("/", "~1"));
        if (!f) { rest.push(e.detail); continue; }
        f.fault(e.detail);
        first ??= f;
      }
      first?.focus();
      return rest;
    },
  };
}

let count = 0;

function field(input) {
  const id = "field" + ++count;
  const { control, read, hint } = controlOf(input, id);
  const about = [input.description, hint, limits(input.schema ?? {})].filter(Boolean).join(" ");
  const fault = h("p", { class: "fault", id: id + "-fault", hidden: true });
  control.setAttribute("aria-describedby", (about ? id + "-about " : "") + id + "-fault");
  if (input.required) control.setAttribute("aria-required", "true");
  return {
    name: input.name, required: input.required, read,
    focus: () => control.focus(),
    fault(text) {
      fault.textContent = text;
      fault.hidden = !text;
      control.setAttribute("aria-invalid", text ? "true" : "false");
    },
    element: h("div", {},
      h("label", { for: id }, input.name.replaceAll("_", " "), " ", h("small", {}, input.required ? "(required)" : "(optional)")),
      control, about && h("p", { class: "hint", id: id + "-about" }, about), fault),
  };
}

// controlOf chooses how a value is given, by its schema.
function controlOf(input, id) {
  const schema = input.schema ?? {};
  const preset = schema.default;
  if (schema.enum || schema.type === "boolean") {
    const options = schema.enum ?? [true, false];
    const control = h("select", { id }, h("option", { value: "" }, preset !== undefined ? "default: " + text(preset) : input.required ? "choose one" : "not given"),
      options.map((v) => h("option", { value: stringify(v) }, v === true ? "yes" : v === false ? "no" : text(v))));
    return { control, read: () => (control.value === "" ? undefined : parse(control.value)) };
  }
  if (schema.type === "integer" || schema.type === "number") {
    const control = h("input", { id, inputmode: "decimal", value: preset });
    return { control, read: () => numberOf(control.value, schema.type) };
  }
  if (schema.type === "array" && schema.items?.type !== "object" && schema.items?.type !== "array") {
    const control = h("textarea", { id, rows: 3 });
    control.value = (preset ?? []).map(text).join("\n");
    const one = schema.items?.type;
    return { control, hint: "One per line.", read: () => lines(control.value, one) };
  }
  if (schema.type === "string") {
    const control = h("input", { id, value: preset, autocomplete: "off", spellcheck: "false" });
    return { control, read: () => (control.value === "" ? undefined : control.value) };
  }
  const control = h("textarea", { id, rows: 4, spellcheck: "false" });
  control.value = preset === undefined ? "" : stringify(preset, 2);
  return { control, hint: "As JSON" + members(schema) + ".", read: () => json(control.value) };
}

// members names the members of an object, those that it needs first.
function members(schema) {
  const needed = schema.required ?? [];
  const others = Object.keys(schema.properties ?? {}).filter((name) => !needed.includes(name));
  return [needed.length ? ", with " + needed.join(", ") : "", others.length ? (needed.length ? "; it may have " : ", which may have ") + others.join(", ") : ""].join("");
}

// limits words what a value has to fit, beside its type and a choice of values.
function limits(schema) {
  const words = {
    minimum: "at least", exclusiveMinimum: "more than", maximum: "at most", exclusiveMaximum: "less than",
    maxLength: "characters, at most", minItems: "items, at least", maxItems: "items, at most", pattern: "matches",
  };
  const all = Object.entries(words).filter(([key]) => schema[key] !== undefined).map(([key, word]) => word + " " + text(schema[key]));
  if (schema.minLength > 1) all.push("characters, at least " + text(schema.minLength));
  const choice = schema.items?.enum;
  if (choice) all.push("each one of " + choice.map(text).join(", "));
  return all.length ? "Accepted: " + all.join("; ") + "." : "";
}

function text(v) { return typeof v === "string" ? v : stringify(v); }

function numberOf(given, type) {
  if (given.trim() === "") return undefined;
  const n = Number(given);
  if ((!Number.isFinite(n) && number(given.trim()) === undefined) || (type === "integer" && !Number.isInteger(n))) throw new Error(type === "integer" ? "give a whole number" : "give a number");
  return number(given.trim()) ?? n; // with its digits
}

function lines(given, type) {
  const all = given.split("\n").map((line) => line.trim()).filter(Boolean);
  if (all.length === 0) return undefined;
  if (type === "integer" || type === "number") return all.map((line) => numberOf(line, type));
  if (type === "boolean") return all.map((line) => line === "true" || line === "yes");
  return all;
}

function json(given) {
  if (given.trim() === "") return undefined;
  try { return parse(given); } catch { throw new Error("this is not JSON; text goes in double quotes"); }
}
