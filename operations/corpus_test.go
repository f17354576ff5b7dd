package operations_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
)

// corpusDir holds public OpenAPI documents of many providers, when it is there.
const corpusDir = "../../shared/corpus"

// corpus returns the OpenAPI documents of the corpus.
func corpus(t *testing.T) []string {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	if err != nil {
		t.Skipf("the corpus of public documents is not beside the repository: %v", err)
	}
	var files []string
	for line := range strings.Lines(string(index)) {
		columns := strings.Split(line, "\t")
		if len(columns) > 1 && (columns[1] == "openapi" || strings.Contains(columns[0], "/resources/openapi/")) {
			files = append(files, filepath.Join(corpusDir, filepath.FromSlash(columns[0])))
		}
	}
	return files
}

// Every public document compiles, except Swagger 2.0 and what is no OpenAPI
// document, and every operation of it can be used.
func TestCorpusCompiles(t *testing.T) {
	compiled, count := 0, 0
	var refused []string
	for _, file := range corpus(t) {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		index, problems := operations.Compile("api", doc, &operations.CompileOptions{Path: file})
		if index == nil {
			refused = append(refused, problems.Err().Error())
			if problems[0].Code != "openapi-version" {
				t.Errorf("%s: %v", file, problems)
			}
			continue
		}
		compiled++
		set := open(t, index)
		for _, id := range set.IDs() {
			count++
			useOperation(t, lookup(t, set, id))
		}
	}
	t.Logf("%d documents with %d operations compiled, %d refused:\n%s", compiled, count, len(refused), strings.Join(refused, "\n"))
}

// useOperation asks an operation whatever the engine asks.
func useOperation(t *testing.T, op *operations.Operation) {
	t.Helper()
	if r := op.Resource(); r.Name == "" && op.Path != "/" && !strings.HasPrefix(op.Path, "/{") {
		t.Errorf("%s %s: no resource", op.Method, op.Path)
	}
	for _, p := range op.Params {
		if p.Schema == nil || p.Style == "" {
			t.Errorf("%s: parameter %s is incomplete", op.ID, p.Name)
		}
		p.Schema.Flatten().OneValue()
	}
	for _, r := range op.Responses {
		for _, m := range r.Media {
			if operations.IsJSON(m.Type) && r.Status == "200" {
				op.CheckResponse(200, m.Type, map[string]any{"id": "1"})
			}
		}
	}
}

// kin-openapi reads the same documents by its own means: whatever it finds in
// one, so do we.
func TestCorpusAgreesWithKinOpenAPI(t *testing.T) {
	for _, file := range corpus(t) {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		index, _ := operations.Compile("api", doc, &operations.CompileOptions{Path: file})
		if index == nil {
			continue
		}
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = true
		kin, err := loader.LoadFromDataWithPath(doc, &url.URL{Path: filepath.ToSlash(file)})
		if err != nil {
			t.Logf("kin-openapi refuses %s: %.200v", file, err)
			continue
		}
		set := open(t, index)
		ours := map[string]operationShape{}
		for _, id := range set.IDs() {
			op := lookup(t, set, id)
			ours[op.Method+" "+op.Path] = shapeOf(op)
		}
		if diff := cmp.Diff(kinShapes(kin), ours); diff != "" {
			t.Errorf("%s (-kin +capstan): %.2000s", file, diff)
		}
	}
}

// operationShape is what both libraries are asked about an operation.
type operationShape struct {
	Params, Body, Answers, Result, Required []string
}

func shapeOf(op *operations.Operation) operationShape {
	var s operationShape
	for _, p := range op.Params {
		if len(p.Description) > 0 || p.In != operations.InPath { // see kinShapes
			s.Params = append(s.Params, fmt.Sprintf("%s %s %v", p.In, p.Name, p.Required))
		}
	}
	if op.Body != nil {
		for _, m := range op.Body.Media {
			s.Body = append(s.Body, m.Type)
		}
	}
	for _, r := range op.Responses {
		s.Answers = append(s.Answers, strings.ToUpper(r.Status))
	}
	for _, r := range op.Responses {
		if r.Status == "200" && r.JSON() != nil {
			schema := r.JSON().Schema
			for _, p := range schema.Properties {
				s.Result = append(s.Result, p.Name+" "+strings.Join(withoutNull(p.Schema.Types), " "))
			}
			s.Required = slices.Clone(schema.Required)
		}
	}
	return s.sorted()
}

func (s operationShape) sorted() operationShape {
	for _, list := range []*[]string{&s.Params, &s.Body, &s.Answers, &s.Result, &s.Required} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
		if len(*list) == 0 {
			*list = nil
		}
	}
	return s
}

func withoutNull(types []string) []string {
	return slices.DeleteFunc(slices.Clone(types), func(s string) bool { return s == "null" })
}

// kinShapes asks kin-openapi. Path parameters without a description are left
// out, because we add those the document forgets.
func kinShapes(doc *openapi3.T) map[string]operationShape {
	out := map[string]operationShape{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			var s operationShape
			for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
				if v := p.Value; kinKeeps(path, v) {
					s.Params = append(s.Params, fmt.Sprintf("%s %s %v", v.In, v.Name, v.Required || v.In == "path"))
				}
			}
			if op.RequestBody != nil {
				for media := range op.RequestBody.Value.Content {
					s.Body = append(s.Body, media)
				}
			}
			for status := range op.Responses.Map() {
				s.Answers = append(s.Answers, strings.ToUpper(status))
			}
			if ok := op.Responses.Value("200"); ok != nil {
				kinResult(&s, ok.Value.Content)
			}
			out[method+" "+path] = s.sorted()
		}
	}
	return out
}

func kinKeeps(path string, p *openapi3.Parameter) bool {
	switch p.In {
	case "path":
		return p.Description != "" && strings.Contains(path, "{"+p.Name+"}")
	case "header":
		return !slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(p.Name))
	}
	return true
}

func kinResult(s *operationShape, content openapi3.Content) {
	media := content["application/json"]
	if media == nil || media.Schema == nil {
		return
	}
	for name, p := range media.Schema.Value.Properties {
		s.Result = append(s.Result, name+" "+strings.Join(withoutNull(kinTypes(p.Value)), " "))
	}
	s.Required = slices.Clone(media.Schema.Value.Required)
}

// kinTypes reads a schema's types as we do: "X or null" as X, properties without
// a type as an object.
func kinTypes(s *openapi3.Schema) []string {
	for _, list := range []openapi3.SchemaRefs{s.AnyOf, s.OneOf} {
		if len(list) == 2 && len(s.AllOf) == 0 {
			for i, part := range list {
				if part.Value.Type.Is("null") {
					return kinTypes(list[1-i].Value)
				}
			}
		}
	}
	if types := s.Type.Slice(); types != nil || len(s.Properties) == 0 {
		return types
	}
	return []string{"object"}
}
