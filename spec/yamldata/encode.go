package yamldata

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// Encode returns v as a YAML document, in the shape and order that its JSON
// form has: `json` tags and MarshalJSON methods count, `yaml` tags do not. It
// is how a command prints the YAML twin of its JSON document.
func Encode(v any) ([]byte, error) {
	var doc bytes.Buffer
	enc := json.NewEncoder(&doc)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot be written as YAML: %w", err)
	}
	// JSON is YAML, so the parser keeps the order of keys, which decoding to a
	// map would lose.
	var root yaml.Node
	if err := yaml.Unmarshal(controls.ReplaceAllFunc(doc.Bytes(), escape), &root); err != nil {
		return nil, fmt.Errorf("cannot be written as YAML: %w", err)
	}
	plain(&root, 0)
	var out bytes.Buffer
	y := yaml.NewEncoder(&out)
	y.SetIndent(2)
	if err := y.Encode(&root); err != nil {
		return nil, fmt.Errorf("cannot be written as YAML: %w", err)
	}
	err := y.Close()
	return out.Bytes(), err
}

// controls are the characters that JSON lets stand and YAML does not.
var controls = lazyregexp.New(`[\x{7f}-\x{9f}\x{feff}]`)

func escape(c []byte) []byte { return fmt.Appendf(nil, `\u%04x`, []rune(string(c))[0]) }

// plain takes JSON's braces and quotes off; the encoder puts quotes back where
// a string would read as something else. Values deeper than are indented
// stay JSON.
func plain(n *yaml.Node, depth int) {
	if depth > jsonvalue.MaxIndent {
		return
	}
	if len(n.Content) > 0 || n.Kind == yaml.ScalarNode && !oldBool(n.Value) {
		n.Style = 0
	}
	for _, c := range n.Content {
		plain(c, depth+1)
	}
}

// oldBool reports whether YAML 1.1 readers take a plain s for a boolean.
func oldBool(s string) bool {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return true
	}
	return false
}
