package dialect

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/speakeasy-api/jsonpath/pkg/jsonpath"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Overlay is a document of the OpenAPI Overlay Specification 1.0
// (https://spec.openapis.org/overlay/v1.0.0.html): actions that add to a
// capability, or remove from it, where its file cannot be edited. Apply
// it with [Source.With]. Only Builtin may be changed, before the first use.
type Overlay struct {
	Name string // as given to ReadOverlay; positions use it as their file
	// Builtin reports that the overlay ships with capstan. A target of it that
	// matches nothing is no news to the user and gives no warning.
	Builtin bool

	tree    node.Tree
	only    []condition
	actions []*action
}

// condition is one entry of x-capstan-applies-to.
type condition struct{ key, value string }

type action struct {
	target *node.Node // the JSONPath as written
	path   *jsonpath.JSONPath
	update *node.Node // nil when there is none
	remove bool
	// was holds what the target was when the overlay was written, nil when the
	// action acts on anything.
	was   *node.Node
	needs []need
}

// need is one entry of x-capstan-needs: a place elsewhere in the file.
type need struct {
	target string
	path   *jsonpath.JSONPath
	is     *node.Node // null: nothing is there
}

// ReadOverlay parses an overlay. The Overlay is nil when the text cannot be
// parsed; one returned together with errors must not be applied. name and src
// are as for [Read].
func ReadOverlay(name string, src []byte) (*Overlay, diag.List) {
	f, root, diags := node.Parse(name, src)
	if root == nil {
		return nil, diags
	}
	o := &Overlay{Name: name, tree: node.Tree{Main: f, Root: root}}
	d := overlayReader{node.NewDecoder(&o.tree, true)}
	overlayKeys().Read(d.Decoder, root, o)
	return o, append(diags, d.Diags...).Sort()
}

// Applies reports whether the overlay is meant for s: each entry of its
// x-capstan-applies-to (name, provider, providerId, api) equals the
// capability's own. Without that extension an overlay is meant for any.
func (o *Overlay) Applies(s *Source) bool {
	for _, c := range o.only {
		if node.FirstText(s.doc.Root, []string{c.key}) != c.value {
			return false
		}
	}
	return true
}

// Targeted reports whether the overlay names the capability it is meant for,
// by an x-capstan-applies-to with at least one entry.
func (o *Overlay) Targeted() bool { return len(o.only) > 0 }

// overlayReader decodes an overlay.
type overlayReader struct{ *node.Decoder }

func (d overlayReader) version(n *node.Node) {
	if v := d.Loose(n, "overlay"); v.IsSet() && v.Value != "1.0" && !strings.HasPrefix(v.Value, "1.0.") {
		d.Report(n, "unsupported-version", "overlay version %s is not supported", v.Value).Hint = "write overlay: 1.0.0"
	}
}

func (d overlayReader) readActions(n *node.Node, o *Overlay) {
	o.actions = node.DecodeEach(d.List(n, "actions"), d.action)
	if n != nil && n.Kind == node.SequenceNode && len(n.Content) == 0 {
		d.Report(n, "empty-value", "an overlay needs at least one action")
	}
}

func (d overlayReader) action(n *node.Node) *action {
	a := new(action)
	if !actionKeys().Read(d.Decoder, n, a) {
		return nil
	}
	if a.update == nil && !node.Has(n, "remove") && !a.remove {
		d.Report(n, "overlay-action", "this action does nothing").Hint = `give it an "update", or "remove: true"`
	}
	target := d.Text(a.target, "target")
	if !target.IsSet() {
		return nil
	}
	if a.path = d.path(a.target, target); a.path == nil {
		return nil
	}
	return a
}

func (d overlayReader) needs(n *node.Node) []need {
	o := d.Object(n, "x-capstan-needs")
	if o == nil {
		return nil
	}
	var needs []need
	for k, v := range node.Entries(n) {
		if path := d.path(k, d.Text(k, "a target")); path != nil {
			needs = append(needs, need{target: k.Value, path: path, is: v})
		}
	}
	return needs
}

// path compiles a target, pointing at the place in it that is wrong.
func (d overlayReader) path(n *node.Node, target spec.Str) *jsonpath.JSONPath {
	path, err := compile(target.Value)
	if err == nil {
		return path
	}
	message := err.Error()
	at := pathError.FindStringSubmatch(message)
	if at != nil {
		message = at[2]
	}
	r := d.Report(n, "overlay-path", "target is not JSONPath: %s", message)
	r.Hint = `write a path such as $.steps[?@.id=="create-organization"]`
	if at != nil {
		offset, _ := strconv.Atoi(at[1])
		r.Pos, r.EndColumn = target.Span(min(offset, utf8.RuneCountInString(target.Value)-1), 1)
	}
	return nil
}

// pathError is how the library places an error, by an offset from 0.
var pathError = lazyregexp.New(`^Error at line 1, column (\d+): ([^\n]*)`)

// maxSearches bounds the ".." in one path, each of which may multiply the work
// by the depth of the document.
const maxSearches = 2

// maxPath bounds the text of a path: the library recurses by its nesting.
const maxPath = 8192 // bytes

// maxCommas bounds the alternatives in one path: each list of them multiplies
// the nodes that the rest of the path begins at ("[*,*][*,*]").
const maxCommas = 8

// unquoted returns a path without the strings in it.
func unquoted(path string) string {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		if end := closingQuote(path[i:]); end > 0 {
			i += end
			continue
		}
		out.WriteByte(path[i])
	}
	return out.String()
}

// closingQuote returns the place of the quote that ends the string at the start
// of s, 0 when there is none.
func closingQuote(s string) int {
	if s[0] != '\'' && s[0] != '"' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case s[0]:
			return i
		case '\\':
			i++
		}
	}
	return 0
}

// compile parses a JSONPath (RFC 9535). A filter that begins at the root again
// searches the document for every node that it is asked about.
func compile(target string) (*jsonpath.JSONPath, error) {
	if len(target) > maxPath {
		return nil, fmt.Errorf("it is %d bytes long, at most %d are allowed", len(target), maxPath)
	}
	bare := unquoted(target)
	again := max(strings.Count(bare, "$")-1, 0)
	if again > 1 {
		return nil, errors.New("its filters begin at the root ($) more than once")
	}
	if strings.Count(bare, ",") > maxCommas {
		return nil, fmt.Errorf("it has more than %d commas; write several actions", maxCommas)
	}
	if strings.Count(bare, "..")+again > maxSearches {
		return nil, fmt.Errorf("it searches the whole document more than %d times", maxSearches)
	}
	return jsonpath.NewPath(target)
}
