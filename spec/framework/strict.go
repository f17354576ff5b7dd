package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// checkForm holds the file to the published rules of its version: which keys
// there are, which of them are needed, and the form of their values.
func (f *frame) checkForm() {
	if f.known {
		f.strictly(f.doc.Root, kindFile, false)
	}
}

// rulesOf returns the rules of a kind in the file's version.
func (f *frame) rulesOf(k kind) []rule {
	var out []rule
	for _, r := range forms()[k] {
		if f.edition >= r.from && (r.to == 0 || f.edition <= r.to) {
			out = append(out, r)
		}
	}
	return out
}

// strictly checks one mapping. keyed reports that it stands in a mapping from
// names, so that it has none itself.
func (f *frame) strictly(n *node.Node, k kind, keyed bool) {
	if n.Kind != node.MappingNode {
		if n.Kind == node.ScalarNode && n.Value == "" || node.IsNull(n) { // all else is reported by the decoder
			f.misform(n, string(k), "a mapping of keys to values", "write its keys below it, or remove it")
		}
		return
	}
	k = f.exactKind(n, k)
	rules := f.rulesOf(k)
	if len(rules) == 0 {
		return
	}
	rules = slices.DeleteFunc(rules, func(r rule) bool { return keyed && r.is == isListed })
	var accepted []string
	for _, r := range rules {
		accepted = append(accepted, r.key)
		v := node.Value(n, r.key)
		switch {
		case v == nil && r.need && !respelt(n, k, r.key):
			f.strictNeeds(n, k, r.key)
		case v != nil:
			f.strictValue(v, r, n)
		}
	}
	o := &node.Object{Decoder: f.Decoder, Node: n, Asked: accepted}
	o.ReportCut(diag.Error)
	for key := range node.Entries(n) {
		if !slices.Contains(accepted, key.Value) && !o.IsCut(key) {
			f.strictUnknown(key, k, accepted)
		}
	}
	f.strictTogether(n, k)
}

// respelt reports whether a key stands there under another version's name,
// which is reported as an unknown key.
func respelt(n *node.Node, k kind, name string) bool {
	for key := range node.Entries(n) {
		if wasCalled(k, key.Value, name) {
			return true
		}
	}
	return false
}

func (f *frame) strictUnknown(key *node.Node, k kind, accepted []string) {
	r := f.Report(key, "unknown-key", "unknown key %q in %s of %s", key.Value, k, f.edition)
	if suggest.Explain(r, key.Value, "", accepted); r.Hint == "" {
		r.Hint = "accepted keys: " + strings.Join(accepted, ", ")
	}
	if k == kindAuth && keyPlaces[key.Value] != "" {
		r.Hint = fmt.Sprintf("write key with the name, value with the secret, and placement: %s", keyPlaces[key.Value])
	}
	for _, name := range accepted {
		if wasCalled(k, name, key.Value) || wasCalled(k, key.Value, name) {
			r.Hint = fmt.Sprintf("write %s in this version", name)
			r.Replace(key.Value, name, true)
		}
	}
}

// exactKind distinguishes the items of one list.
func (f *frame) exactKind(n *node.Node, k kind) kind {
	typ := node.FirstText(n, []string{"type"})
	switch k {
	case kindConsumed, kindAggregate, kindBind:
		if f.isImport(n) {
			return kindImport
		}
	case kindExposure:
		if f.isImport(n) {
			return kindImport
		}
		if exact, ok := map[string]kind{"rest": kindRest, "api": kindRest, "mcp": kindMCP, "skill": kindSkillServer, "control": kindControlExposure}[typ]; ok {
			return exact
		}
	case kindStep:
		switch typ {
		case "lookup":
			return kindLookupStep
		case "script":
			return kindScriptStep
		}
		return kindCallStep
	}
	return k
}

func (f *frame) strictValue(v *node.Node, r rule, holder *node.Node) {
	switch r.is {
	case isWords, isListed:
		f.strictText(v, r)
	case isInteger:
		if v.Kind != node.ScalarNode || v.ShortTag() != "!!int" {
			f.misform(v, r.key, "a whole number", "write digits without quotes")
		}
	case isBoolean:
		if v.Kind != node.ScalarNode || v.ShortTag() != "!!bool" {
			f.misform(v, r.key, "true or false", "write it without quotes")
		}
	case isTexts:
		f.strictTexts(v, r)
	case isMapping:
		if v.Kind != node.MappingNode {
			f.misform(v, r.key, "a mapping of keys to values", "write its keys below it")
			return
		}
		f.strictly(v, r.kind, false)
	case isList:
		f.strictItems(v, r, node.SequenceNode)
	case isNamed:
		f.strictNamed(v, r)
	case isWith:
		f.strictWith(v, r)
	case isKeys:
		f.strictKeys(v)
	case isShapes:
		f.strictShapes(v, holder)
	}
	if r.key == "body" && v.Kind == node.MappingNode {
		f.strictly(v, kindBody, false)
	}
}

func (f *frame) misform(v *node.Node, what, want, hint string) {
	f.Report(v, "wrong-type", "%s must be %s in %s, found %s", what, want, f.edition, node.Describe(v)).Hint = hint
}

func (f *frame) strictText(v *node.Node, r rule) {
	switch {
	case v.Kind != node.ScalarNode || !node.IsText(v):
		f.misform(v, r.key, "text", fmt.Sprintf("put it in quotes: %q", v.Value))
	case len(r.one) > 0 && !slices.Contains(r.one, v.Value):
		suggest.Explain(f.Report(v, "bad-value", "%s cannot be %q in %s", r.key, node.Shorten(v.Value), f.edition), v.Value, "write one of ", r.one)
	case r.like != nil && !r.like.MatchString(v.Value):
		f.Report(v, "bad-value", "%s %q does not have the form that %s wants", r.key, node.Shorten(v.Value), f.edition).Hint = "write text that matches " + r.like.String()
	}
}

func (f *frame) strictTexts(v *node.Node, r rule) {
	if v.Kind != node.SequenceNode {
		f.misform(v, r.key, "a list of texts", "put a dash before each")
		return
	}
	for _, item := range v.Content {
		f.strictText(item, rule{key: "an item of " + r.key})
	}
}

func (f *frame) strictItems(v *node.Node, r rule, kind node.Kind) {
	switch {
	case v.Kind != kind && kind == node.SequenceNode:
		f.misform(v, r.key, "a list", "put a dash before the first key of each item")
	case v.Kind != kind:
		f.misform(v, r.key, "a mapping from names", "write each name as a key with its item below it")
	case len(v.Content) == 0 && r.key != "inputParameters" && r.key != "mappings":
		f.Report(v, "empty-value", "%s is empty", r.key).Hint = "add an item, or remove " + r.key
	default:
		each(v, func(item *node.Node) { f.strictly(item, r.kind, kind == node.MappingNode) })
	}
}

// strictNamed checks collections that went from a list to a mapping.
func (f *frame) strictNamed(v *node.Node, r rule) {
	want := node.Kind(node.MappingNode)
	if f.edition < firstNew || f.edition <= lastOld && v.Kind == node.SequenceNode {
		want = node.SequenceNode
	}
	f.strictItems(v, r, want)
}

// strictKeys checks a bind's variables: their names are in capitals since
// 1.0.0-alpha3, unlike those of parameters.
func (f *frame) strictKeys(v *node.Node) {
	for name, key := range node.Entries(v) { // all else is reported by the decoder
		if f.edition >= naftikoAlpha3 && !likeVariable.MatchString(name.Value) {
			f.Report(name, "bad-value", "variable %q is not in capitals, as %s wants", node.Shorten(name.Value), f.edition).Hint =
				"write " + strings.ToUpper(strings.ReplaceAll(name.Value, "-", "_"))
		}
		f.strictText(key, rule{key: "the key of " + name.Value, like: likeExtended})
	}
}

func (f *frame) strictWith(v *node.Node, r rule) {
	if v.Kind != node.MappingNode {
		f.misform(v, r.key, "a mapping of names to values", "write name: value")
		return
	}
	for name, item := range node.Entries(v) {
		if item.Kind != node.ScalarNode || node.IsNull(item) || item.ShortTag() == "!!bool" {
			f.misform(item, "with "+name.Value, "text or a number", "put a text or a template in quotes")
		}
	}
}
