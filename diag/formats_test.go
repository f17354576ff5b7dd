package diag_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/capstan-run/capstan/diag"
)

var update = flag.Bool("update", false, "rewrite testdata/formats")

// outcomes are those of five files with everything that a format has to carry: text
// that each would take for its own syntax, columns behind characters of several bytes,
// places without a line, and units that run, do not, and cannot for the file's reasons.
func outcomes() []*diag.Outcome {
	at := func(file string, line, column int) diag.Pos { return diag.Pos{File: file, Line: line, Column: column} }
	moor := "name: Moor\noutputs:\n  - {name: größe, source: get-ship.nmae}\n"
	field := diag.Diagnostic{
		Code: "unknown-field", Pos: at("moor.yaml", 3, 36), EndColumn: 40, Message: `unknown field "nmae" in the result of step "get-ship"`, Hint: `did you mean "name"?`,
		Notes: []string{"a note"}, Related: []diag.Related{{Pos: at("fleet.openapi.yaml", 2, 1), Message: "described here"}, {Message: "and nowhere"}},
		Fix: &diag.Fix{Safe: true, Edits: []diag.Edit{{Pos: at("moor.yaml", 3, 36), EndColumn: 40, Old: "nmae", New: "name"}}},
	}
	odd := diag.Diagnostic{
		Code: "no-such-code", Severity: diag.Warning, Pos: at("moor.yaml", 1, 1),
		Message: "50% of <a href=\"x\">&amp;</a>, a|b: `c` *d* [e](f) @g\r\x1b[31m ]]> \ufffe\nand a second line",
	}
	own := diag.Diagnostic{Code: "unknown-call", Pos: at("port/lights & co.yaml", 2, 3), Message: "unknown call"}
	shared := diag.Diagnostic{Code: "unknown-key", Pos: at("port/lights & co.yaml", 1, 0), Message: "unknown key"}
	note := diag.Diagnostic{Code: "lenient-form", Severity: diag.Info, Pos: at("port/lights & co.yaml", 3, 1), EndColumn: 4, Message: "lenient", Fix: &diag.Fix{Edits: []diag.Edit{
		{Pos: at("port/lights & co.yaml", 3, 1), EndColumn: 2, Old: "c", New: "d"}, {Pos: at("port/lights & co.yaml", 1, 1), EndColumn: 1, New: "# "},
	}}}
	elsewhere := diag.Diagnostic{Code: "unknown-key", Pos: at("/abs/part.yaml", 1, 1), Message: "unknown key"}
	whole := diag.Diagnostic{Code: "unreadable-file", Pos: diag.Pos{File: "gone.yaml"}, Message: "gone.yaml does not exist"}
	flagged := diag.Diagnostic{Code: "bad-value", Pos: diag.Pos{File: "--override a.b=c"}, Message: "no step"}
	return []*diag.Outcome{
		{
			File: "moor.yaml", Dialect: "composition", Version: "0.1", Invalid: true,
			Units:    []diag.Unit{{Name: "moor", Problems: diag.List{odd, field}}},
			Problems: diag.List{odd, field}, Sources: map[string][]byte{"moor.yaml": []byte(moor)},
		},
		{
			File: "port/lights & co.yaml", Dialect: "framework", Version: "1.0", Runnable: true, Invalid: true,
			Units: []diag.Unit{
				{Name: "light.own", Problems: diag.List{own}},
				{Name: "light.ok", Runnable: true, Problems: diag.List{note}},
				{Name: "light.shared", Problems: diag.List{shared, elsewhere}},
				{Name: "light.shared-too", Problems: diag.List{shared, elsewhere}},
			},
			Problems: diag.List{elsewhere, shared, own, note}, Sources: map[string][]byte{"port/lights & co.yaml": []byte("a: 1\nb: 2\nc: 3\n")},
		},
		{File: "sound.yaml", Dialect: "composition", Version: "0.1", Runnable: true, Units: []diag.Unit{{Name: "sound", Runnable: true}}},
		{File: "gone.yaml", Invalid: true, Units: []diag.Unit{}, Problems: diag.List{flagged, whole}},
		{File: "again.yaml", Dialect: "composition", Version: "0.1", Invalid: true, Units: []diag.Unit{{Name: "again", Problems: diag.List{elsewhere}}}},
	}
}

func written(t *testing.T, format string, outcomes []*diag.Outcome) []byte {
	t.Helper()
	var b bytes.Buffer
	sink := diag.NewSink(format, &b, diag.SinkOptions{Version: "v1.2.3", Root: "/home/me/my repo"})
	for _, o := range outcomes {
		sink.Add(o)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every format is as it was; `go test ./diag -update` accepts a change.
func TestFormats(t *testing.T) {
	if diag.NewSink("nosuch", io.Discard, diag.SinkOptions{}) != nil {
		t.Error("there is a sink of no format")
	}
	for _, format := range diag.Formats() {
		got := written(t, format, outcomes())
		golden := filepath.Join("testdata", "formats", format+".want")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

// full takes some bytes and no more.
type full int

func (f *full) Write(p []byte) (int, error) {
	if int(*f) < len(p) {
		return 0, errFull
	}
	*f -= full(len(p))
	return len(p), nil
}

var errFull = errors.New("no space left")

func TestSinksReportAFullDisk(t *testing.T) {
	for _, format := range diag.Formats() {
		for room := range 3 {
			left := full(room * 60)
			sink := diag.NewSink(format, &left, diag.SinkOptions{})
			for _, o := range outcomes() {
				sink.Add(o)
			}
			if err := sink.Close(); !errors.Is(err, errFull) {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

// strict decodes JSON into v, with no key that v does not have.
func strict(t *testing.T, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("a second value: %v", err)
	}
}

func TestSARIF(t *testing.T) {
	for _, list := range [][]*diag.Outcome{outcomes(), nil, outcomes()[2:3]} {
		data := written(t, "sarif", list)
		var log sarif.Report
		strict(t, data, &log)
		if _, err := sarif.FromBytes(data, sarif.WithStrictValidation()); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
		run := log.Runs[0]
		problems := 0
		for _, o := range list {
			problems += len(o.Problems)
		}
		if len(log.Runs) != 1 || len(run.Results) != problems || *run.ColumnKind != "unicodeCodePoints" {
			t.Errorf("%d runs, %d results of %d, %s", len(log.Runs), len(run.Results), problems, *run.ColumnKind)
		}
		for _, r := range run.Results {
			rule := run.Tool.Driver.Rules[r.RuleIndex]
			if *rule.ID != *r.RuleID || len(r.PartialFingerprints) == 0 {
				t.Errorf("%+v", r)
			}
			if _, known := diag.Explain(*rule.ID); known != (rule.HelpURI != nil) {
				t.Errorf("rule %s: %v", *rule.ID, rule.HelpURI)
			}
			if *r.RuleID == "lenient-form" && (len(r.Fixes) != 1 || len(r.Fixes[0].ArtifactChanges) != 1 || len(r.Fixes[0].ArtifactChanges[0].Replacements) != 2) {
				t.Errorf("fixes %+v", r.Fixes)
			}
			for _, l := range append(slices.Clone(r.Locations), r.RelatedLocations...) {
				uri, base := *l.PhysicalLocation.ArtifactLocation.URI, l.PhysicalLocation.ArtifactLocation.URIBaseID
				if absolute := strings.Contains(uri, ":"); absolute == (base != nil) || strings.ContainsAny(uri, ` \<`) {
					t.Errorf("URI %q with base %v", uri, base)
				}
			}
		}
	}
}

// A fingerprint outlives lines that are added above, and is of one problem alone.
func TestFingerprintsOutliveMovedLines(t *testing.T) {
	prints := func(text string, lines ...int) (out []string) {
		o := &diag.Outcome{File: "f.yaml", Sources: map[string][]byte{"f.yaml": []byte(text)}}
		for _, line := range lines {
			o.Problems.Add(diag.Diagnostic{Code: "c", Pos: diag.Pos{File: "f.yaml", Line: line, Column: 1}, Message: "as in line " + string(rune('0'+line))})
		}
		var issues []struct{ Fingerprint string }
		if err := json.Unmarshal(written(t, "gitlab", []*diag.Outcome{o}), &issues); err != nil {
			t.Fatal(err)
		}
		for _, i := range issues {
			out = append(out, i.Fingerprint)
		}
		return out
	}
	before, after := prints("a: 1\nb: 2\na: 1\n", 1, 2, 3), prints("# new\n\na: 1\n  b: 2\na: 1\n", 3, 4, 5)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("lines moved:\n%s", diff)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(before)))) != 3 {
		t.Errorf("two problems have one fingerprint: %v", before)
	}
	if slices.Contains(prints("a: 1\nb: 3\na: 1\n", 2), before[1]) {
		t.Error("another line has the same fingerprint")
	}
}

func TestGitLab(t *testing.T) {
	var issues []struct {
		Description string `json:"description"`
		CheckName   string `json:"check_name"`
		Fingerprint string `json:"fingerprint"`
		Severity    string `json:"severity"`
		Location    struct {
			Path  string `json:"path"`
			Lines struct {
				Begin int `json:"begin"`
			} `json:"lines"`
		} `json:"location"`
	}
	strict(t, written(t, "gitlab", nil), &issues)
	strict(t, written(t, "gitlab", outcomes()), &issues)
	seen := map[string]bool{}
	for _, i := range issues {
		if i.Description == "" || i.CheckName == "" || i.Location.Path == "" || i.Location.Lines.Begin < 1 || seen[i.Fingerprint] ||
			!slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, i.Severity) {
			t.Errorf("%+v", i)
		}
		seen[i.Fingerprint] = true
	}
	if len(issues) != 8 {
		t.Errorf("%d issues", len(issues))
	}
}

func TestRDJSON(t *testing.T) {
	type position struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	}
	type location struct {
		Path  string `json:"path"`
		Range *struct {
			Start position `json:"start"`
			End   position `json:"end"`
		} `json:"range"`
	}
	var result struct {
		Source struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"source"`
		Diagnostics []struct {
			Message  string   `json:"message"`
			Location location `json:"location"`
			Severity string   `json:"severity"`
			Code     struct {
				Value string `json:"value"`
				URL   string `json:"url"`
			} `json:"code"`
			Suggestions []struct {
				Range struct {
					Start position `json:"start"`
					End   position `json:"end"`
				} `json:"range"`
				Text string `json:"text"`
			} `json:"suggestions"`
			Related []struct {
				Message  string   `json:"message"`
				Location location `json:"location"`
			} `json:"related_locations"`
		} `json:"diagnostics"`
	}
	strict(t, written(t, "rdjson", nil), &result)
	strict(t, written(t, "rdjson", outcomes()), &result)
	line := "  - {name: größe, source: get-ship.nmae}"
	for _, d := range result.Diagnostics {
		if d.Message == "" || d.Location.Path == "" || !slices.Contains([]string{"ERROR", "WARNING", "INFO"}, d.Severity) {
			t.Errorf("%+v", d)
		}
		if r := d.Location.Range; d.Code.Value == "unknown-field" && line[r.Start.Column-1:r.End.Column-1] != "nmae" {
			t.Errorf("bytes %d to %d are %q", r.Start.Column, r.End.Column, line[r.Start.Column-1:r.End.Column-1])
		}
		if s := d.Suggestions; d.Code.Value == "unknown-field" && (len(s) != 1 || s[0].Text != "name" || s[0].Range != *d.Location.Range) {
			t.Errorf("suggestions %+v", s)
		}
	}
	if len(result.Diagnostics) != 8 {
		t.Errorf("%d diagnostics", len(result.Diagnostics))
	}
}

// node is an XML element, whatever it is.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// shape is what an element may have: its attributes, those in required among them, and
// its children in their order.
type shape struct {
	required, optional []string
	children           []string
}

func (n node) check(t *testing.T, shapes map[string]shape) {
	t.Helper()
	s, ok := shapes[n.XMLName.Local]
	if !ok {
		t.Fatalf("unknown element %s", n.XMLName.Local)
	}
	for _, a := range n.Attrs {
		if !slices.Contains(s.required, a.Name.Local) && !slices.Contains(s.optional, a.Name.Local) {
			t.Errorf("<%s> has %s", n.XMLName.Local, a.Name.Local)
		}
	}
	for _, name := range s.required {
		if n.attr(name) == "" {
			t.Errorf("<%s> lacks %s", n.XMLName.Local, name)
		}
	}
	last := 0
	for _, c := range n.Children {
		i := slices.Index(s.children, c.XMLName.Local)
		if i < last {
			t.Errorf("<%s> has <%s> here", n.XMLName.Local, c.XMLName.Local)
		}
		last = max(i, last)
		c.check(t, shapes)
	}
}

func decodeXML(t *testing.T, data []byte) (root node) {
	t.Helper()
	if err := xml.Unmarshal(data, &root); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return root
}

func TestJUnit(t *testing.T) {
	shapes := map[string]shape{
		"testsuites": {optional: []string{"name"}, children: []string{"testsuite"}},
		"testsuite":  {required: []string{"name", "tests"}, optional: []string{"failures", "errors", "skipped"}, children: []string{"testcase"}},
		"testcase":   {required: []string{"name", "classname"}, children: []string{"skipped", "error", "failure", "system-out"}},
		"failure":    {required: []string{"type", "message"}},
		"skipped":    {}, "system-out": {},
	}
	decodeXML(t, written(t, "junit", nil)).check(t, shapes)
	root := decodeXML(t, written(t, "junit", outcomes()))
	root.check(t, shapes)
	verdicts := map[string]string{} // the first child of each case
	for _, suite := range root.Children {
		for _, c := range suite.Children {
			verdict := "passed"
			if len(c.Children) > 0 && c.Children[0].XMLName.Local != "system-out" {
				verdict = c.Children[0].XMLName.Local
			}
			verdicts[c.attr("name")] = verdict
		}
	}
	want := map[string]string{
		"moor": "failure", "light.own": "failure", "light.ok": "passed", "light.shared": "skipped", "light.shared-too": "skipped",
		"port/lights & co.yaml": "failure", "sound": "passed", "gone.yaml": "failure",
		"again.yaml": "failure", "again": "skipped",
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCheckstyle(t *testing.T) {
	shapes := map[string]shape{
		"checkstyle": {required: []string{"version"}, children: []string{"file"}},
		"file":       {required: []string{"name"}, children: []string{"error"}},
		"error":      {required: []string{"line", "severity", "message", "source"}, optional: []string{"column"}},
	}
	decodeXML(t, written(t, "checkstyle", nil)).check(t, shapes)
	root := decodeXML(t, written(t, "checkstyle", outcomes()))
	root.check(t, shapes)
	places := map[string]int{}
	for _, f := range root.Children {
		places[f.attr("name")] += len(f.Children)
	}
	want := map[string]int{"moor.yaml": 2, "port/lights & co.yaml": 3, "/abs/part.yaml": 1, "gone.yaml": 2}
	if !maps.Equal(places, want) {
		t.Errorf("%v", places)
	}
}

// A command is read as GitHub's runner reads it: the properties end at the first "::"
// behind them, are split at commas, and both are unescaped.
func TestGitHubCommands(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(string(written(t, "github", outcomes())), "\n"), "\n")
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	n := 0
	for _, o := range outcomes() {
		for _, d := range o.Problems {
			head, data, ok := strings.Cut(strings.TrimPrefix(lines[n], "::"), "::")
			n++
			command, list, _ := strings.Cut(head, " ")
			properties := map[string]string{}
			for _, p := range strings.Split(list, ",") {
				name, value, _ := strings.Cut(p, "=")
				properties[name] = unescape.Replace(value)
			}
			if !ok || !slices.Contains([]string{"error", "warning", "notice"}, command) || properties["title"] != d.Code {
				t.Errorf("%s: %v", command, properties)
			}
			if d.Pos.Line > 0 && properties["file"] != d.Pos.File {
				t.Errorf("%s is %q", d.Pos.File, properties["file"])
			}
			if first, _, _ := strings.Cut(d.Message, "\r"); !strings.Contains(unescape.Replace(data), first) {
				t.Errorf("%q is %q", d.Message, data)
			}
		}
	}
	if n != len(lines) {
		t.Errorf("%d lines for %d problems", len(lines), n)
	}
}

// A summary stays below the size that GitHub shows, and counts the rest.
func TestMarkdownIsBounded(t *testing.T) {
	o := &diag.Outcome{File: "f.yaml", Invalid: true}
	for range 500 {
		o.Problems.Add(diag.Diagnostic{Code: "unknown-key", Pos: diag.Start("f.yaml"), Message: strings.Repeat("x", 5000)})
	}
	text := written(t, "markdown", []*diag.Outcome{o, o})
	if len(text) > 1<<20 || !bytes.Contains(text, []byte("2 files, 2 invalid: 1000 errors, 0 warnings, 0 notes\n")) || !bytes.Contains(text, []byte(" more |\n")) {
		t.Errorf("%d bytes: ...%s", len(text), text[len(text)-300:])
	}
}

// The address of an explanation has the anchor that GitHub gives its heading.
func TestURLs(t *testing.T) {
	for _, code := range diag.Codes() {
		e, _ := diag.Explain(code)
		_, anchor, ok := strings.Cut(e.URL, "#"+code+"-")
		if !ok || anchor == "" || strings.ContainsAny(anchor, " `:.,()\"'/") || diag.URL(code) != e.URL {
			t.Errorf("%s: %q", code, e.URL)
		}
	}
	if e, _ := diag.Explain("unknown-field"); !strings.HasPrefix(e.URL, "https://github.com/capstan-run/capstan/blob/main/docs/diagnostics.md#unknown-field-") {
		t.Errorf("%q", e.URL)
	}
	if diag.URL("no-such-code") != "" {
		t.Error("a code that no problem has is explained")
	}
}
