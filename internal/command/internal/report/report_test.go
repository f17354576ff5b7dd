package report

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// Every text of a run may come from outside: nothing of it becomes markup.
func TestTextsAreNoMarkup(t *testing.T) {
	const evil = `<script>alert("x")</script>&'`
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	due := at.Add(time.Hour)
	run := &document.Run{
		Run: evil, Capability: evil, Title: evil, Status: durable.StatusInDoubt, Source: evil, Servers: []string{evil}, Labels: map[string]string{evil: evil},
		Started: at, Updated: at.Add(time.Minute), Due: &due, Mock: true,
		Inputs: map[string]any{evil: evil, "pin": "1234-secret"}, SensitiveInputs: []string{"pin"},
		Outputs: map[string]any{"link": "token-secret", evil: []any{evil}}, SensitiveOutputs: []string{"link"},
		Steps:   []document.StepRun{{ID: evil, Status: durable.StatusInDoubt, HTTPStatus: 502, Attempts: 2, DurationMS: 5}, {ID: "later", Status: durable.StatusPending}},
		Waiting: &document.Waiting{Step: evil, Description: evil, With: map[string]any{"token": "with-secret"}, Sensitive: []string{"token"}},
		Error:   &document.Error{Step: evil, Message: evil, Hint: evil, RequestID: evil},
		Events:  []durable.Event{{Time: at, Kind: durable.EventIntent, Step: evil}, {Time: at.Add(time.Second), Kind: durable.EventWaiting, Step: evil, Message: evil}},
	}
	plan := &document.Plan{Capability: evil, Steps: []document.Step{
		{ID: evil, Kind: "operation", Method: "POST", Path: evil, Binds: []document.Bind{{Param: evil, In: "body", From: evil, Rule: evil}}}, {ID: "later", Kind: "external"},
	}}
	for _, p := range []*document.Plan{plan, nil} {
		var b strings.Builder
		if err := Write(&b, Page{Run: run, Plan: p, Now: at, Words: func(e durable.Event) string { return e.Kind + " " + e.Message }}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, bad := range []string{"<script", `alert("x")`, "secret", "href=", "src="} {
			if strings.Contains(text, bad) {
				t.Errorf("the page has %q:\n%s", bad, text)
			}
		}
		for _, want := range []string{"&lt;script&gt;", "<strong>in doubt</strong>", "[redacted]", "502", "2030-01-02 03:04:05 UTC", "<h2>History</h2>"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		if graph := strings.Contains(text, "capstan-graph"); graph != (p != nil) {
			t.Errorf("the page has a graph: %v", graph)
		}
		if foreign := regexp.MustCompile(`https?://\S*|url\([^#]`).FindString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "")); foreign != "" {
			t.Errorf("the page names %s", foreign)
		}
	}
}

// What scrolls sideways on a phone is reached without a mouse, and the ground is named, as
// tools that measure the contrast need.
func TestThePageCanBeUsedByKeyboard(t *testing.T) {
	run := &document.Run{Run: "run_1", Status: durable.StatusSucceeded, Steps: []document.StepRun{{ID: "one", Status: durable.StatusSucceeded}}, Events: []durable.Event{{Kind: durable.EventStarted}}}
	plan := &document.Plan{Steps: []document.Step{{ID: "one", Kind: "operation", Binds: []document.Bind{{Param: "name", In: "body", From: "inputs.name"}}}}}
	var b strings.Builder
	if err := Write(&b, Page{Run: run, Plan: plan, Words: func(e durable.Event) string { return e.Kind }}); err != nil {
		t.Fatal(err)
	}
	regions := regexp.MustCompile(`<div class="scroll"[^>]*>`).FindAllString(b.String(), -1)
	if len(regions) < 3 {
		t.Errorf("%d regions scroll, want 3 or more", len(regions))
	}
	for _, region := range regions {
		if !regexp.MustCompile(`tabindex="0" role="region" aria-label="[^"]+"`).MatchString(region) {
			t.Errorf("%s cannot be reached with the keyboard, or has no name", region)
		}
	}
	if !strings.Contains(b.String(), "background:Canvas;color:CanvasText") {
		t.Error("the page does not name its ground")
	}
}

// Every attempt and wait of a step is drawn in its row, and stands in words behind it.
func TestTheTimeLineShowsAttemptsAndWaits(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	until := at.Add(3 * time.Second)
	run := &document.Run{
		Run: "run_1", Capability: "moor", Status: durable.StatusWaiting, Started: at, Updated: at.Add(5 * time.Second),
		Steps: []document.StepRun{{ID: "book", Status: durable.StatusSucceeded, Attempts: 2, HTTPStatus: 201}, {ID: "inspect", Status: durable.StatusWaiting}, {ID: "leave", Status: durable.StatusPending}},
		Events: []durable.Event{
			{Time: at, Kind: durable.EventIntent, Step: "book", Attempt: 1}, {Time: at.Add(time.Second), Kind: durable.EventRetry, Step: "book", Attempt: 1, Until: &until},
			{Time: at.Add(4 * time.Second), Kind: durable.EventDone, Step: "book", DurationMS: 4000}, {Time: at.Add(5 * time.Second), Kind: durable.EventWaiting, Step: "inspect"},
		},
	}
	var b strings.Builder
	if err := Write(&b, Page{Run: run, Now: at.Add(50 * time.Hour), Words: func(durable.Event) string { return "" }}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<td>2<td>201 Created<td>4s<td class="track">`, `<rect class="failed" x="0.000%"`, `<rect class="pause"`, `<rect class="sent"`, `<rect class="person"`, `<rect class="break"`,
		"<td>attempt 1, failed<td>", "<td>waits to be sent again<td>", "<td>attempt 2<td>", "<td>waits for a person<td>", "so far", "drawn shorter",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
