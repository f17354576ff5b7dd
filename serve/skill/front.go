package skill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// Limits of the Agent Skills specification, in characters.
const (
	maxName          = 64
	maxDescription   = 1024
	maxCompatibility = 500
)

// front is the front matter of SKILL.md: the fields that the specification
// knows, and no others.
type front struct {
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	License       string            `json:"license,omitempty"`
	Compatibility string            `json:"compatibility,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	AllowedTools  string            `json:"allowed-tools,omitempty"`
}

// tidy makes the texts fit for a front matter.
func (f front) tidy() front {
	f.Description = clip(frontText(f.Description), maxDescription)
	f.License = frontText(f.License)
	f.Compatibility = clip(frontText(f.Compatibility), maxCompatibility)
	for k, v := range f.Metadata {
		f.Metadata[k] = frontText(v)
	}
	return f
}

// render writes the front matter with its fences.
func (f front) render() ([]byte, error) {
	text, err := yamldata.Encode(f)
	if err != nil {
		return nil, fmt.Errorf("the skill's front matter: %w", err)
	}
	return bytes.Join([][]byte{[]byte("---\n"), text, []byte("---\n")}, nil), nil
}

// data is the front matter as a reader of the YAML finds it.
func (f front) data() (map[string]any, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(text, &out)
}

// frontText makes text fit for a front matter: one line, without the marks that some
// readers take for its end ("---") or for markup.
func frontText(s string) string {
	s = strings.NewReplacer("<", "", ">", "").Replace(columns.OneLine(s))
	for strings.Contains(s, "---") {
		s = strings.ReplaceAll(s, "---", "--")
	}
	return s
}

var nameForm = lazyregexp.New(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// skillName checks the name that was asked for, or makes one of another name.
func skillName(asked, other string) (string, error) {
	if asked != "" {
		if len(asked) > maxName || !nameForm.MatchString(asked) {
			return "", fmt.Errorf("a skill cannot be called %q: use lower-case letters, digits and single hyphens, at most %d", asked, maxName)
		}
		return asked, nil
	}
	name := slug(other)
	if name == "" {
		return "", fmt.Errorf("no skill's name can be made of %q: give one", other)
	}
	return name, nil
}
