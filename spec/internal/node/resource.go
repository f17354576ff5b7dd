package node

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// IsCapability reports whether a document is the cluster resource that holds a
// capability under `spec`.
func IsCapability(root *yaml.Node) bool {
	return FirstText(root, []string{"kind"}) == "Capability" && strings.Contains(FirstText(root, []string{"apiVersion"}), "naftiko")
}

// oneOf returns the document of a file that counts: the only one, or the
// resource among others of its cluster.
func oneOf(f *File, docs []*yaml.Node) (*yaml.Node, diag.List) {
	if len(docs) == 1 {
		return docs[0], nil
	}
	var found *yaml.Node
	for _, doc := range docs {
		if !IsCapability(doc.Content[0]) {
			continue
		}
		if found != nil {
			return nil, diag.List{secondDocument(f, found, doc)}
		}
		found = doc
	}
	if found == nil {
		return nil, diag.List{secondDocument(f, docs[0], docs[1])}
	}
	return found, nil
}

// defaultKey is the key of a ConfigMap that a resource means which names none.
const defaultKey = "capability.yaml"

// referred returns the text that a resource names in a ConfigMap beside it, where it
// stands: the lines before are empty. It is f where the resource names none.
func referred(f *File, root *yaml.Node, docs []*yaml.Node) (*File, diag.List) {
	ref := Value(Value(root.Content[0], "spec"), "specRef")
	if !IsCapability(root.Content[0]) || ref == nil {
		return f, nil
	}
	at, name, key := Value(ref, "configMap"), FirstText(ref, []string{"configMap"}), FirstText(ref, []string{"key"})
	if key == "" {
		key = defaultKey
	}
	if at == nil {
		at = ref
	}
	refuse := func(hint, format string, args ...any) (*File, diag.List) {
		return nil, diag.List{{
			Code: "import", Pos: (&Cursor{File: f}).pos(at.Line, at.Column), Message: fmt.Sprintf(format, args...), Hint: hint,
		}}
	}
	for _, doc := range docs {
		m := doc.Content[0]
		if FirstText(m, []string{"kind"}) != "ConfigMap" || FirstText(m, []string{"metadata", "name"}) != name {
			continue
		}
		text := Value(Value(m, "data"), key)
		switch {
		case text == nil:
			return refuse("add it under data, or name another with key: NAME", "the ConfigMap %q has no %q", name, key)
		case text.Style&yaml.LiteralStyle == 0:
			return refuse("write it as a block: "+key+": |", "the text %q of the ConfigMap %q is no literal block", key, name)
		}
		return block(f, text), nil
	}
	return refuse("put it into the same file, after a line of ---, or write the capability under spec", "there is no ConfigMap %q in this file", name)
}

// block returns the text of a literal block as a file of its own, in which
// everything stands where it stands in f.
func block(f *File, text *yaml.Node) *File {
	first := text.Line // the header's line, from 1: the block begins on the next
	last := first + strings.Count(strings.TrimRight(text.Value, "\n"), "\n") + 1
	end := len(f.Text)
	if last < len(f.lines) {
		end = f.lines[last]
	}
	start := len(f.Text)
	if first < len(f.lines) {
		start = f.lines[first]
	}
	return newFile(f.Name, append([]byte(strings.Repeat("\n", first)), f.Text[start:end]...))
}
