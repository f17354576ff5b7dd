package command

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/operations"
)

// assignment is one NAME=VALUE of the command line.
//
//	name=text      converted to the wanted type
//	name:=json     taken as JSON
//	name=@file     the file's text, converted like text; "@-" is stdin
//	name:=@file    the file's JSON
type assignment struct {
	name string
	text string
	json bool
	file string // the file that text was read from
}

// parseAssignment splits s and reads the file it names.
func (a *app) parseAssignment(ctx context.Context, s string) (assignment, error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" || name == ":" {
		return assignment{}, fmt.Errorf("%q is no assignment: write name=value, name:=json or name=@file", s)
	}
	as := assignment{text: value}
	as.name, as.json = strings.CutSuffix(name, ":")
	if file, isFile := strings.CutPrefix(value, "@"); isFile {
		data, err := a.readFile(ctx, file)
		if err != nil {
			return as, err
		}
		as.text, as.file = string(data), file
	}
	return as, nil
}

// readFile reads a file, or stdin for "-".
func (a *app) readFile(ctx context.Context, name string) ([]byte, error) {
	if name == "-" {
		return term.ReadAll(ctx, a.io.In)
	}
	return os.ReadFile(name)
}

// gather turns assignments into values. typeOf returns the type a name wants; a
// name it does not know is passed on as text, for the owner of the names to
// refuse. Every mistake is collected, under the name it belongs to.
func (a *app) gather(ctx context.Context, args []string, typeOf func(name string) wantedType) (map[string]any, []engine.InputProblem) {
	values := map[string]any{}
	var problems []engine.InputProblem
	for _, arg := range args {
		as, err := a.parseAssignment(ctx, arg)
		if err != nil {
			problems = append(problems, engine.InputProblem{Name: as.name, Message: err.Error()})
			continue
		}
		want := typeOf(as.name)
		if want.list && as.enumerates() && times(args, as.name) == 1 {
			problems = append(problems, as.severalAtOnce())
			continue
		}
		v, err := as.value(want)
		if err != nil {
			problems = append(problems, engine.InputProblem{Name: as.name, Message: err.Error(), Hint: as.hint(want)})
			continue
		}
		if p := add(values, as, want, v); p != nil {
			problems = append(problems, *p)
		}
	}
	return values, problems
}

// add sets one value; repeating a name lengthens an array and nothing else.
func add(values map[string]any, as assignment, want wantedType, v any) *engine.InputProblem {
	old, again := values[as.name]
	item := want.kind == "array" && !as.json
	switch {
	case item && want.list && as.text == "" && old == nil:
		values[as.name] = []any{}
	case item && want.list && as.text == "":
	case !again && item:
		values[as.name] = []any{v}
	case !again:
		values[as.name] = v
	case item:
		list, ok := old.([]any)
		if !ok {
			return &engine.InputProblem{Name: as.name, Message: "given both as JSON and as an item", Hint: "use one form for the whole array"}
		}
		values[as.name] = append(list, v)
	case want.kind == "array":
		hint := fmt.Sprintf("write one list, %s:='[..., ...]', or one item each time, %s=VALUE", as.name, as.name)
		return &engine.InputProblem{Name: as.name, Message: "given as a whole list more than once", Hint: hint}
	default:
		return &engine.InputProblem{Name: as.name, Message: "given more than once", Hint: "only an array takes several values"}
	}
	return nil
}

// value converts the assignment's text to the wanted type: for an array, to one
// item of it.
func (as assignment) value(want wantedType) (any, error) {
	if as.json {
		return parseJSON([]byte(as.text))
	}
	if !want.bytes && !utf8.ValidString(as.text) {
		return nil, notUTF8([]byte(as.text))
	}
	if want.file && as.file != "" {
		return as.part(want), nil
	}
	if want.list && as.text == "" {
		return nil, nil
	}
	if want.kind == "array" {
		if looksLikeArray(as.text) {
			return nil, fmt.Errorf("%s is JSON, and name=value gives one item as text", columns.Cut(as.text, 40))
		}
		want = wantedType{kind: want.item}
	}
	return want.convert(as.text)
}

// enumerates reports whether a text of the command line is several words with nothing but
// commas between them, "a.com,b.com": a list, as other commands have it.
func (as assignment) enumerates() bool {
	words := strings.Split(as.text, ",")
	return !as.json && as.file == "" && len(words) > 1 && !slices.Contains(words, "") && !strings.ContainsAny(as.text, " \t\n\"'{}[]")
}

// severalAtOnce is the problem with a text that enumerates what should be items.
func (as assignment) severalAtOnce() engine.InputProblem {
	words := strings.Split(as.text, ",")
	whole, _ := json.Marshal([]string{as.text}) // texts are always JSON
	hint := fmt.Sprintf("for %d items write -i %s=%s -i %s=%s", len(words), as.name, words[0], as.name, words[1])
	if len(words) > 2 {
		hint += " ..."
	}
	return engine.InputProblem{
		Name: as.name, Message: fmt.Sprintf("%q would be one item of the list, with a comma in it", columns.Cut(as.text, 40)),
		Hint: hint + fmt.Sprintf("; for the one item write -i %s:='%s'", as.name, whole),
	}
}

// times counts the assignments of a name.
func times(args []string, name string) int {
	n := 0
	for _, arg := range args {
		if given, _, _ := strings.Cut(arg, "="); strings.TrimSuffix(given, ":") == name {
			n++
		}
	}
	return n
}

// part returns a file as a part of a form, under its own name.
func (as assignment) part(want wantedType) map[string]any {
	out := map[string]any{operations.FileValue: as.text}
	if want.bytes {
		out[operations.FileValue] = base64.StdEncoding.EncodeToString([]byte(as.text))
	}
	if as.file != "-" {
		out[operations.FileName] = filepath.Base(as.file)
	}
	return out
}

func (as assignment) hint(want wantedType) string {
	switch {
	case want.kind == "array":
		return fmt.Sprintf("repeat %s=VALUE for each item, or write %s:='[...]'", as.name, as.name)
	case want.kind == "object" || want.kind == "any":
		return fmt.Sprintf("write %s:='{...}' or %s:=@file.json", as.name, as.name)
	}
	return ""
}

// looksLikeArray reports whether text was surely meant as a JSON array.
func looksLikeArray(text string) bool {
	if !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return false
	}
	v, err := parseJSON([]byte(text))
	_, isList := v.([]any)
	return err == nil && isList
}
