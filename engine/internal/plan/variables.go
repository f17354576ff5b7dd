package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/spec"
)

// Variables are the binds of a framework file, by which texts name them.
type Variables struct {
	binds []*spec.Bind
	used  []string
}

// NewVariables returns the variables of a file.
func NewVariables(binds []*spec.Bind) *Variables { return &Variables{binds: binds} }

// environment is the namespace that stands for the process environment even
// where no bind declares it.
const environment = "env"

// Find looks a dotted name up: NAME of any bind, or namespace.NAME. key is
// "namespace.NAME", under which the value is kept; used is how many parts of the
// name it took. {{env.NAME}} is an environment variable in any case.
func (v *Variables) Find(parts []string) (key string, used int, ok bool) {
	for _, b := range v.binds {
		for _, k := range b.Keys {
			switch name := k.Name.Value; {
			case len(parts) > 1 && parts[0] == b.Namespace.Value && parts[1] == name:
				return v.use(b.Namespace.Value + "." + name), 2, true
			case parts[0] == name:
				return v.use(b.Namespace.Value + "." + name), 1, true
			}
		}
	}
	if len(parts) > 1 && (parts[0] == environment || parts[0] == "$env") {
		return v.use(environment + "." + parts[1]), 2, true
	}
	return "", 0, false
}

func (v *Variables) use(key string) string {
	if !slices.Contains(v.used, key) {
		v.used = append(v.used, key)
	}
	return key
}

// Names returns the names that the binds declare.
func (v *Variables) Names() []string {
	var out []string
	for _, b := range v.binds {
		for _, k := range b.Keys {
			out = append(out, k.Name.Value)
		}
	}
	return out
}

// VariableText is a text that reads nothing but binds: a base URI, a credential.
type VariableText struct {
	text *template.Text
	keys []string
}

// Text compiles a text that may read binds only. Plain environment forms, $NAME
// and ${NAME}, are read where they are the whole text. Names that stand for
// nothing are returned.
func (v *Variables) Text(src string, uri bool) (t *VariableText, unknown []string, problems []eval.Problem) {
	if name, ok := shellName(src); ok {
		src = "{{" + environment + "." + name + "}}"
	}
	parse := template.Parse
	if uri {
		parse = template.ParseURI
	}
	text, problems := parse(src)
	if text == nil {
		return nil, nil, problems
	}
	out := &VariableText{text: text}
	for _, p := range text.Placeholders() {
		key, _, ok := v.Find(p.Names)
		if !ok {
			unknown = append(unknown, p.Name)
			key = v.use(environment + "." + p.Name)
		}
		out.keys = append(out.keys, key)
	}
	return out, unknown, problems
}

// shellName takes NAME from $NAME, ${NAME} and $env.NAME.
func shellName(s string) (string, bool) {
	name, ok := strings.CutPrefix(s, "$")
	if !ok {
		return "", false
	}
	name = strings.TrimPrefix(name, "env.")
	if inner, braced := strings.CutPrefix(name, "{"); braced {
		if name, ok = strings.CutSuffix(inner, "}"); !ok {
			return "", false
		}
	}
	upper := func(r rune) bool { return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_') }
	return name, name != "" && !strings.ContainsFunc(name, upper)
}

// Source returns the text as it was written.
func (t *VariableText) Source() string { return t.text.Source() }

// Keys returns the binds that the text reads.
func (t *VariableText) Keys() []string { return t.keys }

// Render fills the text in. ok is false when a bind has no value.
func (t *VariableText) Render(values map[string]any) (s string, ok bool) {
	return t.text.Render(func(i int) (any, bool) {
		v, found := values[t.keys[i]]
		return v, found && v != nil
	})
}
