package sibling

import (
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
)

// The texts of siblings hold expressions in ${{ }}, {{ }} or ${ }, with words of
// their own for inputs and answers. They are brought to the form of compositions.

// marks matches an expression in a text.
var marks = lazyregexp.New(`\$\{\{(.*?)\}\}|\{\{(.*?)\}\}|\$\{(.*?)\}`)

// bare matches a text that is one reference without marks.
var bare = lazyregexp.New(`^\$((?:inputs?|steps)[.\[].*)$`)

// text is a text with its expressions in the form of compositions.
func (w *writing) text(s string) string {
	if m := bare.FindStringSubmatch(s); m != nil {
		return "{{ " + w.expression(m[1]) + " }}"
	}
	return marks.ReplaceAllStringFunc(s, func(mark string) string {
		return "{{ " + w.expression(inside(mark)) + " }}"
	})
}

func inside(mark string) string {
	m := marks.FindStringSubmatch(mark)
	return strings.TrimSpace(m[1] + m[2] + m[3])
}

// alone returns the expression that a text consists of.
func (w *writing) alone(s spec.Str) (spec.Str, bool) {
	src := strings.TrimSpace(s.Value)
	if at := marks.FindStringIndex(src); at != nil {
		if at[0] > 0 || at[1] < len(src) {
			return s, false
		}
		src = inside(src)
	} else if m := bare.FindStringSubmatch(src); m != nil {
		src = m[1]
	}
	return spec.Reworded(s, w.expression(src)), true
}

var (
	quoted     = lazyregexp.New(`'[^']*'|"[^"]*"`)
	inputsWord = lazyregexp.New(`(^|[^.\w-])(?:input|params|parameters)\.`)
	stepPath   = lazyregexp.New(`(^|[^.\w])steps\.([\pL\pN_][\pL\pN_-]*)`)
	answerWord = lazyregexp.New(`^\.(?:outputs?|response(?:\.body)?|result|body)\b`)
	lengthOf   = lazyregexp.New(`([\pL_][\pL\pN_.\[\]-]*)\.length\b`)
	word       = lazyregexp.New(`(^|[^.\w-])([\pL_][\pL\pN_-]*)`)
	filter     = lazyregexp.New(`^(.*?)\s*\|\s*(\w+)\s*:?\s*(.*)$`)
)

// expression rewrites an expression. What it reads of the inputs is remembered.
func (w *writing) expression(src string) string {
	src = strings.TrimSpace(src)
	if m := filter.FindStringSubmatch(src); m != nil && !strings.Contains(src, "||") {
		of, argument := m[1], strings.Trim(strings.TrimSpace(m[3]), "()")
		switch m[2] {
		case "optional":
			w.optional = true
			return w.expression(of)
		case "default":
			w.optional = true
			return w.expression(of) + " ?? " + argument
		case "join":
			return "join(" + w.expression(of) + ", " + argument + ")"
		}
	}
	var texts []string // kept from being rewritten
	src = quoted.ReplaceAllStringFunc(src, func(s string) string { texts = append(texts, s); return "\x00" })
	src = strings.NewReplacer("===", "==", "!==", "!=").Replace(src)
	src = inputsWord.ReplaceAllString(src, "${1}inputs.")
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(w.ids))) { // a longer name before one that it begins with
		src = strings.ReplaceAll(src, "steps."+name, "steps."+w.ids[name])
	}
	src = w.answers(src)
	src = word.ReplaceAllStringFunc(src, w.name)
	src = lengthOf.ReplaceAllString(src, "len($1)")
	for _, text := range texts {
		src = strings.Replace(src, "\x00", text, 1)
	}
	for _, m := range inputNames.FindAllStringSubmatch(src, -1) {
		w.reads(m[1])
	}
	return src
}

var inputNames = lazyregexp.New(`(?:^|[^.\w-])inputs\.([\pL_][\pL\pN_]*(?:-+[\pL\pN_]+)*)`)

// answers writes steps.ID.outputs.x as ID.x.
func (w *writing) answers(src string) string {
	var out strings.Builder
	for {
		at := stepPath.FindStringSubmatchIndex(src)
		if at == nil {
			return out.String() + src
		}
		id := src[at[4]:at[5]]
		rest := src[at[5]:]
		rest = rest[len(answerWord.FindString(rest)):]
		out.WriteString(src[:at[3]])
		if known := w.ids[id]; known != "" {
			id = known
		}
		out.WriteString(id)
		src = rest
	}
}

// name rewrites a word at the start of a path: the name that a step gave a part of
// its answer, an id that was written otherwise, or an input by its name alone.
func (w *writing) name(match string) string {
	m := word.FindStringSubmatch(match)
	switch before, name := m[1], m[2]; {
	case w.aliases[name] != "":
		return before + w.aliases[name]
	case w.ids[name] != "":
		return before + w.ids[name]
	case w.inputs[name] != nil && name != "inputs":
		return before + "inputs." + name
	}
	return match
}

// value rewrites the texts in a value.
func (w *writing) value(v spec.Value) spec.Value {
	switch v.Kind {
	case spec.Sequence:
		v.Items = append([]spec.Value(nil), v.Items...)
		for i := range v.Items {
			v.Items[i] = w.value(v.Items[i])
		}
	case spec.Mapping:
		v.Fields = append([]spec.Field(nil), v.Fields...)
		for i := range v.Fields {
			v.Fields[i].Value = w.value(v.Fields[i].Value)
		}
	default:
		if s, ok := v.Scalar.(string); ok {
			v.Str = spec.Reworded(v.Str, w.text(s))
			v.Scalar = v.Str.Value
		}
	}
	return v
}
