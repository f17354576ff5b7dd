package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// bindings finds the values of a file's binds. What comes from the environment
// is looked up when it is first needed; files are read when the file is loaded.
type bindings struct {
	file  *spec.Framework
	creds *keyring
	// found holds the values of binds with a location, by "namespace.NAME".
	found map[string]string
	// absent says why a bind with a location has none, by "namespace.NAME".
	absent map[string]string
	// open are binds whose values are no secret: they stand in a base URI.
	open map[string]bool
	// data are binds that select whose data is requested, in the path of an
	// operation or as the name of a user or client. They are hidden in texts like
	// any other, but kept in answers: a later step may need them.
	data map[string]bool
}

func newBindings(f *spec.Framework, creds *keyring) *bindings {
	b := &bindings{file: f, creds: creds, found: map[string]string{}, absent: map[string]string{}, open: map[string]bool{}, data: map[string]bool{}}
	mark := func(marks map[string]bool, is bool, text spec.Str, uri bool) {
		if t, _, _ := plan.NewVariables(f.Binds).Text(text.Value, uri); t != nil {
			for _, key := range t.Keys() {
				marks[key] = is
			}
		}
	}
	for _, c := range f.Consumes {
		mark(b.open, true, c.BaseURI, true)
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
	for _, c := range f.Consumes {
		if a := c.Auth; a != nil {
			mark(b.data, true, a.Username, false)
			mark(b.data, true, a.ClientID, false)
		}
	}
	for _, c := range f.Consumes { // what authenticates anywhere is a credential everywhere
		if a := c.Auth; a != nil {
			for _, text := range []spec.Str{a.Token, a.Value, a.Password, a.ClientSecret} {
				mark(b.data, false, text, false)
			}
		}
	}
	return b
}

// learn has the value of a bind hidden from now on.
func (b *bindings) learn(key, value string) {
	switch {
	case b.open[key]:
	case b.data[key]:
		b.creds.redactor.AddData(value)
	default:
		b.creds.redactor.Add(value)
	}
}

// load reads the files. A key that a file lacks is an error; a file that is not
// there yet is one only when something needs it.
func (b *bindings) load(reach *reach) diag.List {
	var problems diag.List
	for _, bind := range b.file.Binds {
		if !bind.Location.IsSet() {
			continue
		}
		values, err := readBinds(bind, reach)
		if err != nil {
			pos, end := bind.Location.Whole()
			d := diag.Diagnostic{
				Code: "unreadable-bind", Severity: diag.Warning, Pos: pos, EndColumn: end,
				Message: fmt.Sprintf("the values of %q cannot be read: %v", bind.Namespace.Value, err),
				Hint:    "nothing that needs them can run",
			}
			if refused := outOfReach(err); refused != nil {
				d.Code, d.Hint = refused.Code, refused.Hint+"; nothing that needs them can run"
				err = fmt.Errorf("%w; %s", err, refused.Hint)
			}
			problems.Add(d)
		}
		for _, k := range bind.Keys {
			key := bind.Namespace.Value + "." + k.Name.Value
			v, ok := values[k.Key.Value]
			switch {
			case err != nil:
				b.absent[key] = err.Error()
			case !ok:
				pos, end := k.Key.Whole()
				problems.Add(diag.Diagnostic{
					Code: "missing-bind-key", Pos: pos, EndColumn: end,
					Message: fmt.Sprintf("%s has no key %q, which %s is bound to", bind.Location.Value, k.Key.Value, k.Name.Value),
					Hint:    hintKeys(values),
				})
			default:
				b.found[key] = v
				b.learn(key, v)
			}
		}
	}
	return problems
}

func hintKeys(values map[string]string) string {
	var keys []string
	for k := range values {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return "the file has no keys"
	}
	slices.Sort(keys)
	return "it has " + strings.Join(keys[:min(len(keys), 8)], ", ")
}

// readBinds reads a file of values: YAML, JSON, or lines of NAME=value.
func readBinds(bind *spec.Bind, reach *reach) (map[string]string, error) {
	path, err := locate(bind.File, bind.Location.Value)
	if err != nil {
		return nil, err
	}
	text, err := reach.text(path, "values of "+bind.Namespace.Value)
	switch {
	case outOfReach(err) != nil:
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

// values looks binds up by "namespace.NAME". missing lists those without a
// value.
func (b *bindings) values(ctx context.Context, keys []string) (values map[string]any, missing []document.Env, err error) {
	values = make(map[string]any, len(keys))
	for _, key := range keys {
		v, env, err := b.value(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		if env != nil {
			if !slices.ContainsFunc(missing, func(m document.Env) bool { return m.Name == env.Name && m.For == env.For }) {
				missing = append(missing, *env)
			}
			continue
		}
		values[key] = v
	}
	return values, missing, nil
}

func (b *bindings) value(ctx context.Context, key string) (string, *document.Env, error) {
	if v, ok := b.found[key]; ok {
		return v, nil, nil
	}
	env := b.describe(key)
	if env.Problem != "" {
		return "", &env, nil
	}
	get := b.creds.get
	if b.open[key] {
		get = b.creds.plain
	}
	v, ok, err := get(ctx, env.Name)
	if err != nil {
		env.Problem = err.Error()
		return "", &env, nil
	}
	if !ok || v == "" {
		return "", &env, nil
	}
	b.learn(key, v)
	return v, nil, nil
}

// describe says which environment variable a bind reads, or why it has no value.
func (b *bindings) describe(key string) document.Env {
	namespace, name, _ := strings.Cut(key, ".")
	env := document.Env{Name: name, For: namespace}
	if _, ok := b.found[key]; ok {
		env.Set = true
	}
	if why, ok := b.absent[key]; ok {
		env.Problem = why
		return env
	}
	for _, bind := range b.file.Binds {
		for _, k := range bind.Keys {
			if bind.Namespace.Value == namespace && k.Name.Value == name && !bind.Location.IsSet() {
				env.Name = k.Key.Value
			}
		}
	}
	return env
}

// ready checks every bind of the file.
func (f *flows) ready(ctx context.Context) error {
	if !f.opts.sends() {
		return nil
	}
	var keys []string
	for _, b := range f.file.Binds {
		for _, k := range b.Keys {
			keys = append(keys, b.Namespace.Value+"."+k.Name.Value)
		}
	}
	_, missing, err := f.binds.values(ctx, keys)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return &CredentialError{missing}
	}
	return nil
}
