package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/document"
)

func input(name string) []document.Read { return []document.Read{{Input: name}} }

func step(ids ...string) []document.Read {
	var reads []document.Read
	for _, id := range ids {
		reads = append(reads, document.Read{Step: id, Path: []string{"name"}})
	}
	return reads
}

func TestNodesAndEdges(t *testing.T) {
	p := &document.Plan{
		Capability: "moor",
		Inputs:     []document.Input{{Name: "imo", Type: "string"}, {Name: "imo_list", Type: "array of string"}},
		Steps: []document.Step{
			{ID: "get", Kind: "operation", Method: "GET", Path: "/ships", Effect: "read",
				Binds: []document.Bind{{Param: "imo", Reads: input("imo")}, {Param: "kind", From: `"get-ship"`}}},
			{ID: "get-ship", Kind: "operation", Method: "POST", Path: "/ships", Effect: "write", When: "len(inputs.imo_list) > 0", Reads: input("imo_list")},
			{ID: "pilot", Kind: "external", Needs: []string{"get"}, Until: "pilot.\n ok", Reads: step("pilot"),
				Binds: []document.Bind{{Param: "text", Reads: append(step("get-ship"), input("imo")...)}}},
		},
		Outputs: []document.Output{{Name: "name", Type: "string", Reads: step("get-ship", "get", "get-ship")}},
	}
	want := Graph{
		Title: "moor",
		Nodes: []Node{
			{ID: "inputs.imo", Label: "imo", Kind: Input, Notes: []string{"string"}},
			{ID: "inputs.imo_list", Label: "imo_list", Kind: Input, Notes: []string{"array of string"}},
			{ID: "get", Label: "get", Kind: Read, Notes: []string{"GET /ships"}},
			{ID: "get-ship", Label: "get-ship", Kind: Write, Notes: []string{"POST /ships", "only when len(inputs.imo_list) > 0"}},
			{ID: "pilot", Label: "pilot", Kind: External, Notes: []string{"until pilot. ok"}},
			{ID: "outputs.name", Label: "name", Kind: Output, Notes: []string{"string"}},
		},
		Edges: []Edge{
			{From: "inputs.imo", To: "get", Label: "imo"},
			{From: "inputs.imo_list", To: "get-ship"},
			{From: "get", To: "get-ship"},
			{From: "inputs.imo", To: "pilot", Label: "text"},
			{From: "get-ship", To: "pilot", Label: "text"},
			{From: "get", To: "pilot"},
			{From: "get", To: "outputs.name"},
			{From: "get-ship", To: "outputs.name"},
		},
	}
	if diff := cmp.Diff(want, Of(p)); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
}

// Steps that send nothing have kinds of their own.
func TestStepsOfAFlow(t *testing.T) {
	g := Of(&document.Plan{Steps: []document.Step{
		{ID: "people", Kind: "operation", Method: "GET", Path: "/people", Effect: "read"},
		{ID: "skipper", Kind: "lookup", Lookup: &document.Lookup{Index: "people", Match: "code"}, Needs: []string{"people"}},
		{ID: "note", Kind: "mock", Binds: []document.Bind{{Param: "text", In: "value", Reads: step("skipper")}}},
	}})
	want := Graph{
		Nodes: []Node{
			{ID: "people", Label: "people", Kind: Read, Notes: []string{"GET /people"}},
			{ID: "skipper", Label: "skipper", Kind: Lookup, Notes: []string{"in people by code"}},
			{ID: "note", Label: "note", Kind: Mock},
		},
		Edges: []Edge{{From: "people", To: "skipper"}, {From: "skipper", To: "note", Label: "text"}},
	}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
}
