package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
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
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// corpusDir holds public files, for whoever works on Capstan. A clone has none.
const corpusDir = "../../shared/corpus/framework"

// TestCorpusOfFrameworkFilesLoadsAndAnswers loads every public framework file
// there is and calls whatever it exposes against a mock of what it consumes.
func TestCorpusOfFrameworkFilesLoadsAndAnswers(t *testing.T) {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skipf("the corpus is not here (%s)", corpusDir)
	}
	loaded, refused := map[string]int{}, map[string]int{}
	codes := map[string]int{}
	files, called, answered := 0, 0, 0
	failures := map[string]int{}
	err := filepath.WalkDir(corpusDir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		version, ok := frameworkVersion(t, path)
		if !ok {
			return nil
		}
		s, err := open(t.Context(), path, &options{Caller: stub, Project: "none"})
		if err != nil {
			refused[version]++
			for _, d := range refusals(t, path, err) {
				codes[d]++
			}
			return nil
		}
		loaded[version]++
		if len(s.Units()) > 0 {
			files++
		}
		for _, u := range s.Units() {
			called++
			a, err := u.Program.Call(context.Background(), sample(u.Program))
			if err != nil {
				failures[fmt.Sprintf("%s %s: %v", path, u.Name, err)]++
				continue
			}
			_ = a
			answered++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range slices.Sorted(maps.Keys(merged(loaded, refused))) {
		t.Logf("%-28s loaded %3d  refused %3d", v, loaded[v], refused[v])
	}
	for _, c := range slices.SortedFunc(maps.Keys(codes), func(a, b string) int { return codes[b] - codes[a] }) {
		t.Logf("refused for %3d x %s", codes[c], c)
	}
	t.Logf("%d files with something to call, %d calls, %d answered", files, called, answered)
	for f := range failures {
		t.Errorf("no answer: %s", f)
	}
	if files < 200 {
		t.Errorf("only %d files have something to call", files)
	}
}

func merged(a, b map[string]int) map[string]int {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
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

// refusals are the errors of a file that does not load; each says where it is.
func refusals(t *testing.T, path string, err error) []string {
	t.Helper()
	load, ok := err.(*engine.LoadError)
	if !ok {
		t.Errorf("%s: %v is no *LoadError", path, err)
		return nil
	}
	var out []string
	for _, d := range load.Report.Diagnostics {
		if d.Severity != 0 {
			continue
		}
		if d.Pos.File == "" || d.Message == "" {
			t.Errorf("%s: %+v has no place or no message", path, d)
		}
		if code := d.Code; !slices.Contains(out, code) {
			out = append(out, code)
		}
		if os.Getenv("CORPUS_VERBOSE") != "" {
			t.Logf("%s: %s", strings.TrimPrefix(d.Pos.String(), corpusDir), d.Message)
		}
	}
	return out
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
func sample(p *program) engine.Inputs {
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
