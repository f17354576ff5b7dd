package connect

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// Binds are the values that a file names in place of writing them, from files or
// the environment. It is immutable.
type Binds struct {
	file   *spec.File
	strict bool
	within *reach.Reach
	// open are binds whose values are no secret: they stand in the host of a base URI.
	open map[string]bool
	// data are binds that select whose data is requested, in the path of a base URI or
	// an operation, or as the name of a user or client. They are hidden in texts like
	// any other, but kept in answers: a later step may need them.
	data map[string]bool
}

// NewBinds returns the binds of a file.
func NewBinds(f *spec.File, strict bool, within *reach.Reach) *Binds {
	b := &Binds{file: f, strict: strict, within: within, open: map[string]bool{}, data: map[string]bool{}}
	mark := func(marks map[string]bool, is bool, text spec.Str, uri bool) {
		if t, _, _ := plan.NewVariables(f.Binds).Text(text.Value, uri); t != nil {
			for _, key := range t.Keys() {
				marks[key] = is
			}
		}
	}
	for _, c := range f.APIs {
		host, path := splitBase(c.BaseURI.Value)
		mark(b.open, true, spec.Str{Value: host}, true)
		mark(b.data, true, spec.Str{Value: path}, true)
		for _, op := range c.Operations {
			mark(b.data, true, op.Path, true)
			for _, p := range op.Params {
				if p.In.Value != string(operations.InPath) || p.Value == nil {
					continue
				}
				if text, ok := p.Value.Scalar.(string); ok {
					mark(b.data, true, spec.Str{Value: text}, false)
				}
			}
		}
	}
	for _, c := range f.APIs {
		for _, a := range c.Auth.All() {
			mark(b.data, true, a.Username, false)
			mark(b.data, true, a.ClientID, false)
			mark(b.open, true, a.Region, false)
			mark(b.open, true, a.Service, false)
		}
	}
	for _, c := range f.APIs { // a credential anywhere is one everywhere
		for _, a := range c.Auth.All() {
			for _, text := range []spec.Str{a.Token, a.Value, a.Password, a.ClientSecret, a.TokenSecret} {
				mark(b.data, false, text, false)
			}
		}
	}
	return b
}

// splitBase splits a base URI before its path.
func splitBase(uri string) (host, path string) {
	start := 0
	if scheme, _, ok := strings.Cut(uri, "://"); ok && scheme != "" && strings.Trim(scheme, wordBytes) == "" {
		start = len(scheme) + len("://")
	}
	if i := strings.IndexByte(uri[start:], '/'); i >= 0 {
		return uri[:start+i], uri[start+i:]
	}
	return uri, ""
}

const wordBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// NoBinds are the binds of a file that has none.
var NoBinds = NewBinds(&spec.File{}, false, nil)

// Check reports files of values that cannot be read and keys that they lack.
func (b *Binds) Check() diag.List {
	_, _, problems := b.read(func(path, namespace string) ([]byte, error) {
		return b.within.Text(path, "values of "+namespace)
	})
	return problems
}

// Files returns the files of values.
func (b *Binds) Files() []string {
	var out []string
	for _, bind := range b.file.Binds {
		if path, err := reach.Locate(bind.File, bind.Location.Value); err == nil && bind.Location.IsSet() {
			out = append(out, path)
		}
	}
	return out
}

// Keys returns all binds, as "namespace.NAME".
func (b *Binds) Keys() []string {
	var keys []string
	for _, bind := range b.file.Binds {
		for _, k := range bind.Keys {
			keys = append(keys, bind.Namespace.Value+"."+k.Name.Value)
		}
	}
	return keys
}

// read reads the files: the values by "namespace.NAME", and why one is absent. A
// key that a file lacks is an error; a file that does not exist yet is one only
// when something needs it.
func (b *Binds) read(text func(path, namespace string) ([]byte, error)) (values, absent map[string]string, problems diag.List) {
	values, absent = map[string]string{}, map[string]string{}
	for _, bind := range b.file.Binds {
		if !bind.Location.IsSet() {
			continue
		}
		found, err := readBinds(bind, text)
		if err != nil {
			pos, end := bind.Location.Whole()
			d := diag.Diagnostic{
				Code: "unreadable-bind", Severity: diag.Warning, Pos: pos, EndColumn: end,
				Message: fmt.Sprintf("the values of %q cannot be read: %v", bind.Namespace.Value, err),
				Hint:    "nothing that needs them can run",
			}
			if refused := reach.Refused(err); refused != nil {
				d.Code, d.Hint = refused.Code, refused.Hint+"; nothing that needs them can run"
				err = reach.Hinted(err)
			}
			problems.Add(d)
		}
		for _, k := range bind.Keys {
			key := bind.Namespace.Value + "." + k.Name.Value
			v, ok := found[k.Key.Value]
			switch {
			case err != nil:
				absent[key] = err.Error()
			case !ok:
				absent[key] = fmt.Sprintf("%s has no key %q", bind.Location.Value, k.Key.Value)
				pos, end := k.Key.Whole()
				problems.Add(diag.Diagnostic{
					Code: "missing-bind-key", Pos: pos, EndColumn: end,
					Message: absent[key] + fmt.Sprintf(", which %s is bound to", k.Name.Value),
					Hint:    hintKeys(found),
				})
			default:
				values[key] = v
			}
		}
	}
	return values, absent, problems
}

func hintKeys(values map[string]string) string {
	if len(values) == 0 {
		return "the file has no keys"
	}
	keys := slices.Sorted(maps.Keys(values))
	return "it has " + strings.Join(keys[:min(len(keys), 8)], ", ")
}

// readBinds reads a file of values: YAML, JSON, or lines of NAME=value.
func readBinds(bind *spec.Bind, read func(path, namespace string) ([]byte, error)) (map[string]string, error) {
	path, err := reach.Locate(bind.File, bind.Location.Value)
	if err != nil {
		return nil, err
	}
	text, err := read(path, bind.Namespace.Value)
	switch {
	case reach.Refused(err) != nil:
		return nil, err
	case os.IsNotExist(err):
		return nil, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read", path)
	}
	if ext := filepath.Ext(path); ext == ".env" || ext == ".properties" {
		return readEnvFile(string(text)), nil
	}
	v, err := yamldata.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a mapping of keys to values", path)
	}
	out := map[string]string{}
	for k, x := range m {
		if s, err := eval.TextOf(x); err == nil {
			out[k] = s
		}
	}
	return out, nil
}

func readEnvFile(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		out[strings.TrimSpace(name)] = value
	}
	return out
}

// Text compiles a text of the file that binds fill in.
func (b *Binds) Text(s spec.Str, uri bool) (*plan.VariableText, diag.List) {
	var problems diag.List
	t, unknown, wrong := plan.NewVariables(b.file.Binds).Text(s.Value, uri)
	for _, p := range wrong {
		pos, end := s.Span(p.Offset, p.Length)
		problems.Add(diag.Diagnostic{Code: p.Code, Pos: pos, EndColumn: end, Message: p.Message, Hint: p.Hint})
	}
	if slices.ContainsFunc(b.file.Lost, func(l spec.Lost) bool { return l.Binds }) {
		return t, problems // it may be one of those that could not be read, which is reported
	}
	for _, name := range unknown {
		pos, end := s.Span(0, len([]rune(s.Value)))
		problems.Add(b.unbound(diag.Diagnostic{
			Code: "unknown-name", Pos: pos, EndColumn: end, Message: fmt.Sprintf("%q is no bind, and nothing else may stand here", name),
			Hint: fmt.Sprintf("add it to binds, or write {{env.%s}} to read it from the environment", strings.ToUpper(name)),
		}))
	}
	return t, problems
}

// unbound makes a variable that nothing binds a warning, unless the file is held
// to the published form: it is read from the environment, and in a section to
// import it is bound by the importing file.
func (b *Binds) unbound(d diag.Diagnostic) diag.Diagnostic {
	switch {
	case b.file.Section:
		d.Severity = diag.Info
	case !b.strict:
		d.Severity = diag.Warning
	}
	return d
}

// learn has the value of a bind hidden from now on.
func (l *Link) learn(key, value string) {
	switch {
	case l.Binds.open[key]:
	case l.Binds.data[key]:
		l.Keys.Redactor.AddData(value)
	default:
		l.Keys.Redactor.Add(value)
	}
}

// Values looks binds up by "namespace.NAME". missing lists those without a value.
func (l *Link) Values(ctx context.Context, keys []string) (values map[string]any, missing []document.Env) {
	values = make(map[string]any, len(keys))
	for _, key := range keys {
		if v, env := l.value(ctx, key); env != nil {
			missing = addMissing(missing, *env)
		} else {
			values[key] = v
		}
	}
	return values, missing
}

func (l *Link) value(ctx context.Context, key string) (string, *document.Env) {
	env := l.describe(key)
	switch {
	case env.Set:
		return l.values[key], nil
	case env.Problem != "":
		return "", &env
	}
	get := l.Keys.Get
	if l.Binds.open[key] {
		get = l.Keys.Plain
	}
	v, ok, err := get(ctx, env.Name)
	if err != nil {
		env.Problem = err.Error()
		return "", &env
	}
	if !ok || v == "" {
		return "", &env
	}
	l.learn(key, v)
	return v, nil
}

// describe returns the environment variable that a bind reads, or why it has no
// value.
func (l *Link) describe(key string) document.Env {
	namespace, name, _ := strings.Cut(key, ".")
	env := document.Env{Name: name, For: namespace, Problem: l.absent[key]}
	_, env.Set = l.values[key]
	if env.Problem != "" {
		return env
	}
	for _, bind := range l.Binds.file.Binds {
		for _, k := range bind.Keys {
			if bind.Namespace.Value == namespace && k.Name.Value == name && !bind.Location.IsSet() {
				env.Name = k.Key.Value
			}
		}
	}
	return env
}

// look describes a bind and the servers that its value goes to; no command is run
// for it.
func (l *Link) look(ctx context.Context, key string, hosts []string) document.Env {
	env := l.describe(key)
	if env.Problem == "" && !env.Set {
		_, env.Set, _ = l.Keys.There(ctx, []string{env.Name})
	}
	env.Hosts = hosts
	return env
}

// MissingError is returned for a text whose binds have no value.
type MissingError struct{ Missing []document.Env }

func (e *MissingError) Error() string { return "a bind has no value" }
