package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// corpusDir holds public files, for whoever works on Capstan. A clone has none.
const corpusDir = "../../shared/corpus/framework"

// tally counts the files of one version, and what is in them.
type tally struct {
	files, units, sound, callable, mocked int
	documented, shaped                    int // units of files with a document at hand, and those of them that the mock answers
}

func (t *tally) add(o tally) {
	t.files, t.units, t.sound, t.callable, t.mocked = t.files+o.files, t.units+o.units, t.sound+o.sound, t.callable+o.callable, t.mocked+o.mocked
	t.documented, t.shaped = t.documented+o.documented, t.shaped+o.shaped
}

func (t tally) String() string {
	return fmt.Sprintf("%5d files %5d units %5d sound %5d callable %5d with values on the mock", t.files, t.units, t.sound, t.callable, t.mocked)
}

// TestCorpusUnits loads every public framework file there is. Each of its units is sound
// and can be called, or has a reason of its own with its place. The table has, for every
// version, how many are sound, answer a stub of what they consume, and answer on the mock
// with values.
func TestCorpusUnits(t *testing.T) {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skipf("the corpus is not here (%s)", corpusDir)
	}
	versions, reasons, shared := map[string]tally{}, map[string]int{}, map[string]int{}
	var all tally
	err := filepath.WalkDir(corpusDir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		version, ok := frameworkVersion(t, path)
		if !ok {
			return nil
		}
		f, err := engine.Open(t.Context(), path, &engine.LoadOptions{Project: "none"})
		if err != nil {
			reasons[reasonOf(t, path, err)]++
			return nil
		}
		row := versions[version]
		one := countUnits(t, f, reasons)
		row.add(one)
		all.add(one)
		versions[version] = row
		for _, d := range f.Spec().Problems(f.Report().Diagnostics).File.Errors() {
			shared[d.Code]++
			t.Logf("%s keeps all %d units from running: %s", path, len(f.Units()), d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		t.Logf("%-14s %s", v, versions[v])
	}
	t.Logf("%-14s %s", "all", all)
	for _, c := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return reasons[b] - reasons[a] }) {
		t.Logf("%4d units, or files that are no YAML, for %s", reasons[c], c)
	}
	if len(shared) > 0 {
		t.Errorf("units are lost to what is wrong with their files: %v", shared)
	}
	if all.callable < all.sound {
		t.Errorf("%d of %d sound units cannot be called", all.sound-all.callable, all.sound)
	}
	if all.mocked*100 < all.callable*60 {
		t.Errorf("of %d units, %d answer on the mock with values", all.callable, all.mocked)
	}
	if all.documented > 0 {
		t.Logf("of %d units of files with a document at hand %d answer on the mock", all.documented, all.shaped)
		if all.shaped*100 < all.documented*60 {
			t.Errorf("that is less than 60 %%")
		}
	}
}

// countUnits judges the units of a file, and counts the first reasons of those that are
// not sound.
func countUnits(t *testing.T, f *engine.File, reasons map[string]int) tally {
	path := f.Report().File
	stubbed, mocked := engine.NewRunner(&engine.Options{Caller: stub}), engine.NewRunner(&engine.Options{Mock: true})
	documented := slices.ContainsFunc(f.Report().Files, func(f document.File) bool { return strings.HasPrefix(f.As, "OpenAPI document of") })
	out := tally{files: 1, units: len(f.Units())}
	for _, u := range f.Units() {
		if documented {
			out.documented++
		}
		if u.Program == nil {
			reasons[reasonOf(t, path+" "+u.Name, f.ErrOf(u))]++
			continue
		}
		out.sound++
		if _, err := stubbed.Call(t.Context(), u.Program, sample(u.Program)); err != nil {
			t.Errorf("no answer: %s %s: %v", path, u.Name, err)
			continue
		}
		out.callable++
		if res, err := mocked.Run(t.Context(), u.Program, needed(u.Program), nil); err == nil && hasValues(res.Outputs) {
			out.mocked++
			if documented {
				out.shaped++
			}
		}
	}
	return out
}

// needed are inputs that fit, without those that may be left out.
func needed(p *engine.Program) engine.Inputs {
	in := sample(p)
	for _, x := range p.Inputs() {
		if !x.Required {
			delete(in, x.Name)
		}
	}
	return in
}

// hasValues reports whether there is a value that is neither null nor empty.
func hasValues(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasValues)
	case []any:
		return slices.ContainsFunc(v, hasValues)
	}
	return true
}

// reasonOf returns the code of the first error of what does not load. Each has a place, a
// code and a message.
func reasonOf(t *testing.T, what string, err error) string {
	t.Helper()
	var load *engine.LoadError
	if !errors.As(err, &load) || !load.Report.Diagnostics.HasErrors() {
		t.Errorf("%s has no reason: %v", what, err)
		return "nothing"
	}
	errs := load.Report.Diagnostics.Errors()
	for _, d := range errs {
		if d.Pos.File == "" || d.Pos.Line == 0 || d.Message == "" || d.Code == "" {
			t.Errorf("%s: %+v has no place, no code or no message", what, d)
		}
	}
	return errs[0].Code
}

// frameworkVersion tells whether a file is of the dialect, and its version.
func frameworkVersion(t *testing.T, path string) (string, bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	src, _ := dialect.Read(path, text)
	if src.Dialect() != spec.DialectFramework {
		return "", false
	}
	v := src.Version()
	if v == "" {
		v = "(none)"
	}
	return v, true
}

// stub builds the message of every request, so that a wrong one fails, and
// answers with what the file's own consumes says an answer looks like.
func stub(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	if req.BaseURL == "" && len(req.Op.Servers) == 0 {
		with := *req
		with.BaseURL = "https://api.example.com"
		req = &with
	}
	if _, err := request.Build(ctx, req); err != nil {
		return nil, err
	}
	var v any = map[string]any{"data": []any{}}
	if s := req.Op.Result(); s != nil {
		if x := answerOf(s, 4); x != nil {
			v = x
		}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if r := req.Op.Success(); r != nil && len(r.Media) > 0 && !operations.IsJSON(r.Media[0].Type) {
		header.Set("Content-Type", r.Media[0].Type)
		body = []byte(foreign(r.Media[0].Type))
	}
	return &operations.Response{Status: 200, Header: header, Body: body, Value: v, IsJSON: true}, nil
}

// foreign is a small answer in a format other than JSON.
func foreign(media string) string {
	switch media {
	case "application/xml", "text/xml":
		return "<r><a>1</a></r>"
	case "text/csv":
		return "a,b\n1,2\n"
	case "text/html":
		return "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
	}
	if strings.Contains(media, "avro") {
		return avroFile
	}
	return "a: 1\n"
}

// avroFile is an object container file (Avro 1.11, "Object Container Files")
// with one record, a: "x", and its schema.
var avroFile = func() string {
	b, err := base64.StdEncoding.DecodeString("T2JqAQQWYXZyby5zY2hlbWGYAXsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJSIiwgImZpZWxkcyI6IFt7Im5hbWUiOiAiYSIsICJ0eXBlIjogInN0cmluZyJ9XX0UYXZyby5jb2RlYwhudWxsAAABAgMEBQYHCAkKCwwNDg8CBAJ4AAECAwQFBgcICQoLDA0ODw==")
	if err != nil {
		panic(err)
	}
	return string(b)
}()

func answerOf(s *operations.Schema, depth int) any {
	switch {
	case s == nil || depth == 0:
		return nil
	case s.Is("array") || s.Items != nil:
		return []any{answerOf(s.Items, depth-1)}
	case len(s.Properties) > 0:
		out := map[string]any{}
		for _, p := range s.Properties {
			out[p.Name] = answerOf(p.Schema, depth-1)
		}
		return out
	case s.Is("string"):
		return "a"
	case s.Is("number"):
		return 1
	case s.Is("boolean"):
		return true
	}
	return nil
}

// sample are inputs that fit.
func sample(p *engine.Program) engine.Inputs {
	in := engine.Inputs{}
	for _, x := range p.Inputs() {
		switch x.Type {
		case "integer", "number":
			in[x.Name] = 1
		case "boolean":
			in[x.Name] = true
		case "array":
			in[x.Name] = []any{"a"}
		case "object":
			in[x.Name] = map[string]any{"a": 1}
		default:
			in[x.Name] = "2026-01-02" // fits the one pattern that the files have
		}
	}
	return in
}
