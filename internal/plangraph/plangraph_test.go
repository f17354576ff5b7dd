package plangraph_test

import (
	"slices"
	"testing"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/graph"
	"github.com/capstan-run/capstan/internal/plangraph"
)

func TestPictureOfAPlan(t *testing.T) {
	g := plangraph.Of(&document.Plan{
		Capability: "ships",
		Inputs:     []document.Input{{Name: "imo", Type: "string"}},
		Steps: []document.Step{
			{ID: "get-ship", Kind: "operation", Effect: "read", Method: "GET", Path: "/ships/{imo}", Binds: []document.Bind{{Param: "imo", From: "inputs.imo"}}},
			{ID: "call-port", Kind: "external", Until: "get-ship.\n ok"},
			{ID: "log", Kind: "operation", Effect: "write", Binds: []document.Bind{{Param: "text", From: `"get-ship"`, Expr: `"get-ship" + steps["call-port"].note`}}},
		},
		Outputs: []document.Output{{Name: "name", Source: "get-ship.name"}},
	})
	want := []graph.Edge{
		{From: "inputs.imo", To: "get-ship", Label: "imo"},
		{From: "get-ship", To: "call-port"},
		{From: "call-port", To: "log", Label: "text"},
		{From: "get-ship", To: "outputs.name"},
	}
	if !slices.Equal(g.Edges, want) {
		t.Errorf("edges %v, want %v", g.Edges, want)
	}
	if len(g.Nodes) != 5 || g.Nodes[2].Kind != graph.External || g.Nodes[2].Notes[0] != "until get-ship. ok" {
		t.Errorf("nodes %v", g.Nodes)
	}
}
