package command

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

func TestOutputsText(t *testing.T) {
	res := &engine.Result{
		Outputs: map[string]any{
			"id": "org_1", "portal_link": "https://example.test/secret", "items": []any{1, "<b>"}, "note": "two\nlines \x1b[31m", "none": nil,
		},
		OutputNames:      []string{"id", "portal_link", "items", "note", "none", "unknown"},
		SensitiveOutputs: []string{"portal_link", "none"},
	}
	a, out, stderr := newTestApp("")
	a.outputs(res, false)
	want := `id:           org_1
portal_link:  [redacted]
items:        [1,"<b>"]
note:         "two\nlines \u001b[31m"
none:         null
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if !strings.Contains(stderr.String(), "--show-sensitive") {
		t.Errorf("nothing says how to see the link: %q", stderr.String())
	}

	a, out, stderr = newTestApp("")
	a.outputs(res, true)
	if !strings.Contains(out.String(), "portal_link:  https://example.test/secret\n") || stderr.Len() > 0 {
		t.Errorf("--show-sensitive: %q, %q", out.String(), stderr.String())
	}
}

func TestWaitingText(t *testing.T) {
	a, out, stderr := newTestApp("")
	a.reportWaiting(&engine.Result{Waiting: &document.Waiting{
		Step: "send-link", Description: "Email the link.", With: map[string]any{"link": "https://example.test/secret", "to": "it@acme.com"},
		Sensitive: []string{"link"}, Resume: "capstan run onboard.yaml --done send-link",
	}}, false)
	want := `waiting: step "send-link" is to be done by somebody else
  Email the link.
  link  [redacted]  (--show-sensitive shows it)
  to    it@acme.com
then: capstan run onboard.yaml --done send-link
`
	if diff := cmp.Diff(want, stderr.String()); diff != "" || out.Len() > 0 {
		t.Errorf("stdout %q, stderr (-want +got):\n%s", out.String(), diff)
	}
}

// Readers of the documents rely on lists being lists.
func TestDocumentsHaveNoNullLists(t *testing.T) {
	for name, doc := range map[string]any{
		"plan": planOfFile(&engine.Report{File: "a.yaml"}), "run": new(app).worded(&engine.Result{}),
	} {
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "null") {
			t.Errorf("%s: %s", name, data)
		}
	}
}

func TestStatusAndExitCode(t *testing.T) {
	for status, want := range map[durable.Status]int{
		durable.StatusSucceeded: 0, durable.StatusFailed: 1, durable.StatusWaiting: 5, durable.StatusInDoubt: 5, durable.StatusTimedOut: 6, durable.StatusCancelled: 130,
	} {
		if got := exitCode(&engine.RunError{Result: &engine.Result{Status: status}}); got != want {
			t.Errorf("%s exits %d, want %d", status, got, want)
		}
	}
	for want, err := range map[int]error{
		0: nil, 2: usagef("x"), 3: &engine.LoadError{Report: &engine.Report{}}, 4: &engine.InputError{}, 5: &engine.WaitingError{},
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%T exits %d, want %d", err, got, want)
		}
	}
	if got := exitCode(&engine.CredentialError{}); got != exitInputs {
		t.Errorf("missing credentials exit %d", got)
	}
}

// What a run needs is a command that can be copied.
func TestNextText(t *testing.T) {
	settle := func(p durable.Policy) document.Next {
		return document.Next{Kind: document.NextSettle, Step: "book", Policy: p, Method: "PUT", Probe: "findBerth"}
	}
	for want, next := range map[string]document.Next{
		"capstan resume run_1 --state here --done pilot": {Kind: document.NextFinish, Step: "pilot"},
		"capstan resume run_1 --state here":              {Kind: document.NextWait, Step: "look"},
		"it goes on from where it stopped with\n  capstan resume run_1 --state here\nand is ended with\n  capstan runs cancel run_1 --state here\nelse a server on the same state, or `capstan resume --all`, takes it up": {Kind: document.NextResume},
		"look": {Kind: document.NextRetry},
		"capstan resume run_1 --state here sends it again: PUT has the same effect once or twice":                                                                    settle(durable.Idempotent),
		"capstan resume run_1 --state here sends it again under the same idempotency key":                                                                            settle(durable.Keyed),
		"look, then say so:\n  capstan runs resolve run_1 --state here book --happened='{...}'\nor\n  capstan runs resolve run_1 --state here book --did-not-happen": settle(durable.Unsafe),
		"it was not sent again; capstan resume run_1 --state here looks it up with findBerth and goes on; where that cannot tell, look yourself, then say so:" +
			"\n  capstan runs resolve run_1 --state here book --happened='{...}'\nor\n  capstan runs resolve run_1 --state here book --did-not-happen": settle(durable.Probed),
	} {
		a, _, _ := newTestApp("")
		a.flags.state = "here"
		if got := a.nextText(&document.Run{Run: "run_1"}, next, "look"); got != want {
			t.Errorf("%+v:\n got %s\nwant %s", next, got, want)
		}
	}
}
