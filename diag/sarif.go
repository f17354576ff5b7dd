package diag

import (
	"cmp"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// sarifSink writes a log of the Static Analysis Results Interchange Format (SARIF)
// 2.1.0, the results before the rules that they are of.
type sarifSink struct {
	stream
	version string
	rules   []sarifRule
	index   map[string]int // of rules, by code
}

func newSARIF(w io.Writer, o SinkOptions) Sink {
	s := &sarifSink{index: map[string]int{}}
	if number, ok := strings.CutPrefix(o.Version, "v"); ok {
		s.version = number // anything else is none, such as "(devel)"
	}
	head := `{"$schema": "` + sarifSchema + `", "version": "2.1.0", "runs": [{"columnKind": "unicodeCodePoints",` + "\n"
	if o.Root != "" {
		head += `"originalUriBaseIds": ` + s.json(map[string]sarifArtifact{sarifRoot: {URI: fileURI(o.Root + "/")}}) + ",\n"
	}
	s.stream = newStream(w, head+`"results": [`)
	return s
}

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifRoot   = "%SRCROOT%" // stands for SinkOptions.Root
)

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifMessage      `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Related      []sarifLocation   `json:"relatedLocations,omitempty"`
	Fixes        []sarifFix        `json:"fixes,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   *sarifProperties  `json:"properties,omitempty"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifLocation struct {
	ID       *int          `json:"id,omitempty"` // of a related one
	Physical sarifPlace    `json:"physicalLocation"`
	Message  *sarifMessage `json:"message,omitempty"`
}

type sarifPlace struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"` // the one just after
}

type sarifFix struct {
	Description sarifMessage  `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"` // one a file
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion  `json:"deletedRegion"`
	Inserted sarifMessage `json:"insertedContent"`
}

type sarifRule struct {
	ID      string       `json:"id"`
	Short   sarifMessage `json:"shortDescription"`
	Full    sarifMessage `json:"fullDescription"`
	Help    sarifMessage `json:"help"`
	HelpURI string       `json:"helpUri,omitempty"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

func (s *sarifSink) Add(o *Outcome) {
	s.begin()
	problems := o.inFiles()
	prints := fingerprints(problems, newTexts(o.Sources))
	for i, d := range problems {
		s.item(s.result(d, prints[i]))
	}
	s.flush()
}

func (s *sarifSink) Close() error {
	tool := sarifTool{sarifDriver{Name: "capstan", Version: s.version, InformationURI: project, Rules: append([]sarifRule{}, s.rules...)}}
	return s.end("\n],\n\"tool\": " + s.json(tool) + "}]}\n")
}

func (s *sarifSink) result(d Diagnostic, fingerprint string) sarifResult {
	r := sarifResult{
		RuleID: d.Code, RuleIndex: s.rule(d.Code), Level: sarifLevel(d.Severity), Message: sarifMessage{Text: d.body()},
		Locations: []sarifLocation{{Physical: sarifAt(d.Pos, d.end())}}, Fingerprints: map[string]string{"capstan/v1": fingerprint},
	}
	if len(d.Rules) > 0 {
		r.Properties = &sarifProperties{Tags: d.Rules}
	}
	for _, other := range d.Related {
		if other.Pos.File == "" {
			continue
		}
		at := sarifLocation{ID: new(int), Physical: sarifAt(other.Pos, 0)}
		if *at.ID = len(r.Related); other.Message != "" {
			at.Message = &sarifMessage{Text: other.Message}
		}
		r.Related = append(r.Related, at)
	}
	if d.Fix != nil {
		r.Fixes = []sarifFix{{sarifMessage{Text: cmp.Or(d.Hint, d.Message)}, sarifChanges(d.Fix.Edits)}}
	}
	return r
}

func sarifChanges(edits []Edit) (changes []sarifChange) {
	for _, e := range edits {
		at := sarifAt(e.Pos, e.EndColumn)
		i := slices.IndexFunc(changes, func(c sarifChange) bool { return c.Artifact == at.Artifact })
		if i < 0 {
			i, changes = len(changes), append(changes, sarifChange{Artifact: at.Artifact})
		}
		changes[i].Replacements = append(changes[i].Replacements, sarifReplacement{at.Region, sarifMessage{Text: e.New}})
	}
	return changes
}

// rule returns the index of the rule of a code, which is described once.
func (s *sarifSink) rule(code string) int {
	if i, ok := s.index[code]; ok {
		return i
	}
	e, ok := Explain(code)
	if !ok {
		e.Title, e.Text = code, code
	}
	s.rules = append(s.rules, sarifRule{
		ID: code, HelpURI: e.URL, Short: sarifMessage{Text: e.Title}, Full: sarifMessage{Text: e.Text}, Help: sarifMessage{Text: e.Text, Markdown: e.Text},
	})
	s.index[code] = len(s.rules) - 1
	return s.index[code]
}

func sarifLevel(s Severity) string {
	if s == Info {
		return "note"
	}
	return s.String()
}

func sarifAt(p Pos, end int) sarifPlace {
	place := sarifPlace{sarifArtifact{URI: (&url.URL{Path: p.File}).String(), Base: sarifRoot}, sarifRegion{max(p.Line, 1), p.Column, end}}
	if filepath.IsAbs(p.File) {
		place.Artifact = sarifArtifact{URI: fileURI(p.File)}
	}
	return place
}

// fileURI returns the file: URI of an absolute path with slashes.
func fileURI(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
