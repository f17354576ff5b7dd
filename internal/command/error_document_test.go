package command

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// A machine gets one document whatever went wrong, and with --log-format json
// only records on stderr.
func TestMachinesGetDocumentsAndRecords(t *testing.T) {
	t.Setenv("HARBOUR_API_KEY", "")
	moor, document := filepath.Join("testdata", "harbour", "moor.yaml"), filepath.Join("testdata", "harbour", "harbour.openapi.yaml")
	for name, test := range map[string]struct {
		args []string
		code string
		has  string // in the document
	}{
		"usage":            {[]string{"call", "harbour", "sail", "--openapi", document}, "usage", `"hint": `},
		"call's inputs":    {[]string{"call", "harbour", "getShip", "--openapi", document, "--mock"}, "bad-inputs", `"problems": [`},
		"call's key":       {[]string{"call", "harbour", "getShip", "-p", "imo=1", "--openapi", document}, "missing-credentials", `"name": "HARBOUR_API_KEY"`},
		"run's usage":      {[]string{"run", moor, "--openapi", document, "--mock", "--done", "sail"}, "usage", "there is no such step"},
		"invalid run":      {[]string{"run", moor}, "invalid-capability", `"code": "unknown-api"`},
		"invalid graph":    {[]string{"graph", moor}, "invalid-capability", `"diagnostics": [`},
		"run's inputs":     {[]string{"run", moor, "--openapi", document, "-i", "imo=x", "--state", "none"}, "bad-inputs", "HARBOUR_API_KEY"},
		"engine's finding": {[]string{"run", moor, "--openapi", document, "--state", "none"}, "bad-inputs", "HARBOUR_API_KEY"},
		"waiting":          {[]string{"run", moor, "--openapi", document, "--mock", "-i", "imo=1", "--state", "none"}, "", `"waiting": `},
	} {
		t.Run(name, func(t *testing.T) {
			a, stdout, stderr := newTestApp("")
			if run(t.Context(), append(test.args, "-o", "json", "--log-format", "json"), a.io) == exitDone {
				t.Error("it went well")
			}
			var doc struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal([]byte(stdout.String()), &doc); err != nil || doc.Error.Code != test.code || !strings.Contains(stdout.String(), test.has) {
				t.Errorf("stdout is no document of %q with %s: %v\n%s", test.code, test.has, err, stdout)
			}
			if len(doc.Error.Message) > 300 {
				t.Errorf("a long message: %s", doc.Error.Message)
			}
			for line := range strings.Lines(stderr.String()) {
				var record struct{ Time, Level, Msg string }
				if err := json.Unmarshal([]byte(line), &record); err != nil || record.Msg == "" || record.Level == "" {
					t.Errorf("no record: %s", line)
				}
			}
			if stderr.Len() == 0 {
				t.Error("nothing on stderr")
			}
		})
	}
}
