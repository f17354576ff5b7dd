package rules

import (
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// isThere reports whether a value is written and is not nothing.
func isThere(v *node.Node) bool {
	switch {
	case v == nil, node.IsNull(v):
		return false
	case v.Kind == node.ScalarNode:
		return v.Value != "" && v.Value != "false" && v.Value != "0"
	case v.Kind == node.SequenceNode:
		return len(v.Content) > 0
	}
	return true
}

func isNotThere(v *node.Node) bool { return !isThere(v) }

func isEmpty(v *node.Node) bool { return len(items(v)) == 0 }

func endsNotInExample(v *node.Node) bool {
	return !isText(v) || !strings.HasSuffix(v.Value, "example.com")
}

func isNoExample(v *node.Node) bool { return !isText(v) || !strings.Contains(v.Value, "example.com") }

func endsInNoSlash(v *node.Node) bool { return !isText(v) || !strings.HasSuffix(v.Value, "/") }

func hasNoQuery(v *node.Node) bool { return !isText(v) || !strings.Contains(v.Value, "?") }

func isNotHere(v *node.Node) bool { return !isText(v) || v.Value != "." }

func isLocal(v *node.Node) bool {
	return !isText(v) || isOpen(v.Value) || v.Value == "localhost" || v.Value == "127.0.0.1"
}

func isHTTPS(v *node.Node) bool {
	return !isText(v) || isOpen(v.Value) || strings.HasPrefix(v.Value, "https://")
}

// isOpen reports whether a text begins with a variable, so that what it will be is not
// known.
func isOpen(s string) bool {
	return strings.HasPrefix(strings.TrimSpace(s), "{") || strings.HasPrefix(s, "$")
}

func isEncrypted(v *node.Node) bool { return isHTTPS(v) || localURI.MatchString(v.Value) }

var localURI = lazyregexp.New(`^https?://(localhost|127\.0\.0\.1|\[::1\])(:|/|$)`)

func isNotPublic(v *node.Node) bool { return !isText(v) || !publicURI.MatchString(v.Value) }

var publicURI = lazyregexp.New(`^https?://[^/]+\.(com|net|org|io|co|app|dev|cloud|ai)(:|/|$)`)

func isViewType(v *node.Node) bool { return isText(v) && viewType.MatchString(v.Value) }

var viewType = lazyregexp.New(`(?i)^text/html\s*;\s*profile\s*=\s*"?mcp-app"?\s*$`)
