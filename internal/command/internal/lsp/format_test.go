package lsp

import (
	"strings"
	"testing"
)

func TestFormatting(t *testing.T) {
	e := openEditor(t, moor)
	e.open(moor)
	format := func() (edits []textEdit) {
		e.call("textDocument/formatting", documentParams{documentID{e.uri}}, &edits)
		return edits
	}
	if edits := format(); edits == nil || len(edits) > 0 {
		t.Errorf("edits of a text that is laid out: %#v", edits)
	}
	loose := strings.Replace(moor, "  - id: moor-ship\n    operation: moorShip\n", "  -   operation: moorShip # ⚓ 𝄞\n      id: moor-ship\n", 1)
	loose = strings.Replace(loose, "    with:\n      ship:", "      with:\n        ship:", 1)
	e.replace(loose)
	edits := format()
	want := strings.Replace(moor, "operation: moorShip", "operation: moorShip # ⚓ 𝄞", 1)
	if got := applied(loose, edits); got != want {
		t.Errorf("laid out:\n%s", got)
	}
	if len(edits) != 1 || edits[0].Range.Start.Line != 9 || edits[0].Range.End.Line != 13 {
		t.Errorf("edits of lines 9 to 12: %+v", edits)
	}
	e.replace("name: [\n")
	if edits := format(); len(edits) > 0 {
		t.Errorf("edits of a text that is no YAML: %+v", edits)
	}
}
