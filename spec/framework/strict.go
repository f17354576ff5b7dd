package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// checkForm holds the file to the published rules of its version: which keys
// there are, which of them are needed, and the form of their values.
func (f *frame) checkForm() {
	if f.known {
		f.strictly(f.doc.Root, form.KindFile, false)
	}
}

// strictly checks one mapping. keyed reports that it stands in a mapping from
// names, so that it has none itself.
func (f *frame) strictly(n *node.Node, k form.Kind, keyed bool) {
	if n.Kind != node.MappingNode {
		if n.Kind == node.ScalarNode && n.Value == "" || node.IsNull(n) { // all else is reported by the decoder
			f.misform(n, string(k), "a mapping of keys to values", "write its keys below it, or remove it")
		}
		return
	}
	k = f.exactKind(n, k)
	rules := form.Rules(k, f.edition)
	if len(rules) == 0 {
		return
	}
	rules = slices.DeleteFunc(rules, func(r form.Rule) bool { return keyed && r.Is == form.IsListed })
	var accepted []string
	for _, r := range rules {
		accepted = append(accepted, r.Key)
		v := node.Value(n, r.Key)
		switch {
		case v == nil && r.Need && !respelt(n, k, r.Key):
			f.strictNeeds(n, k, r.Key)
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
func respelt(n *node.Node, k form.Kind, name string) bool {
	for key := range node.Entries(n) {
		if form.WasCalled(k, key.Value, name) {
			return true
		}
	}
	return false
}

func (f *frame) strictUnknown(key *node.Node, k form.Kind, accepted []string) {
	r := f.Report(key, "unknown-key", "unknown key %q in %s of %s", key.Value, k, f.edition)
	if suggest.Explain(r, key.Value, "", accepted); r.Hint == "" {
		r.Hint = "accepted keys: " + strings.Join(accepted, ", ")
	}
	if k == form.KindAuth && keyPlaces[key.Value] != "" {
		r.Hint = fmt.Sprintf("write key with the name, value with the secret, and placement: %s", keyPlaces[key.Value])
	}
	for _, name := range accepted {
		if form.WasCalled(k, name, key.Value) || form.WasCalled(k, key.Value, name) {
			r.Hint = fmt.Sprintf("write %s in this version", name)
			r.Replace(key.Value, name, true)
		}
	}
}

// exactKind distinguishes the items of one list.
func (f *frame) exactKind(n *node.Node, k form.Kind) form.Kind {
	typ := node.FirstText(n, []string{"type"})
	switch k {
	case form.KindConsumed, form.KindAggregate, form.KindBind:
		if f.isImport(n) {
			return form.KindImport
		}
	case form.KindExposure:
		if f.isImport(n) {
			return form.KindImport
		}
		if exact, ok := form.ExposureKinds[form.ExposureTypes[typ]]; ok {
			return exact
		}
	case form.KindStep:
		switch typ {
		case "lookup":
			return form.KindLookupStep
		case "script":
			return form.KindScriptStep
		}
		return form.KindCallStep
	}
	return k
}

func (f *frame) strictValue(v *node.Node, r form.Rule, holder *node.Node) {
	switch r.Is {
	case form.IsWords, form.IsListed:
		f.strictText(v, r)
	case form.IsInteger:
		if v.Kind != node.ScalarNode || v.ShortTag() != "!!int" {
			f.misform(v, r.Key, "a whole number", "write digits without quotes")
		}
	case form.IsBoolean:
		if v.Kind != node.ScalarNode || v.ShortTag() != "!!bool" {
			f.misform(v, r.Key, "true or false", "write it without quotes")
		}
	case form.IsTexts:
		f.strictTexts(v, r)
	case form.IsMapping:
		if v.Kind != node.MappingNode {
			f.misform(v, r.Key, "a mapping of keys to values", "write its keys below it")
			return
		}
		f.strictly(v, r.Kind, false)
	case form.IsList:
		f.strictItems(v, r, node.SequenceNode)
	case form.IsNamed:
		f.strictNamed(v, r)
	case form.IsWith:
		f.strictWith(v, r)
	case form.IsKeys:
		f.strictKeys(v)
	case form.IsShapes:
		f.strictShapes(v, holder)
	}
	if r.Key == "body" && v.Kind == node.MappingNode {
		f.strictly(v, form.KindBody, false)
	}
}

func (f *frame) misform(v *node.Node, what, want, hint string) {
	f.Report(v, "wrong-type", "%s must be %s in %s, found %s", what, want, f.edition, node.Describe(v)).Hint = hint
}

func (f *frame) strictText(v *node.Node, r form.Rule) {
	switch {
	case v.Kind != node.ScalarNode || !node.IsText(v):
		f.misform(v, r.Key, "text", fmt.Sprintf("put it in quotes: %q", v.Value))
	case len(r.One) > 0 && !slices.Contains(r.One, v.Value):
		suggest.Explain(f.Report(v, "bad-value", "%s cannot be %q in %s", r.Key, node.Shorten(v.Value), f.edition), v.Value, "write one of ", r.One)
	case r.Like != nil && !r.Like.MatchString(v.Value):
		f.Report(v, "bad-value", "%s %q does not have the form that %s wants", r.Key, node.Shorten(v.Value), f.edition).Hint = "write text that matches " + r.Like.String()
	}
}

func (f *frame) strictTexts(v *node.Node, r form.Rule) {
	if v.Kind != node.SequenceNode {
		f.misform(v, r.Key, "a list of texts", "put a dash before each")
		return
	}
	for _, item := range v.Content {
		f.strictText(item, form.Rule{Key: "an item of " + r.Key})
	}
}

func (f *frame) strictItems(v *node.Node, r form.Rule, kind node.Kind) {
	switch {
	case v.Kind != kind && kind == node.SequenceNode:
		f.misform(v, r.Key, "a list", "put a dash before the first key of each item")
	case v.Kind != kind:
		f.misform(v, r.Key, "a mapping from names", "write each name as a key with its item below it")
	case len(v.Content) == 0 && r.Key != "inputParameters" && r.Key != "mappings":
		f.Report(v, "empty-value", "%s is empty", r.Key).Hint = "add an item, or remove " + r.Key
	default:
		each(v, func(item *node.Node) { f.strictly(item, r.Kind, kind == node.MappingNode) })
	}
}

// strictNamed checks collections that went from a list to a mapping.
func (f *frame) strictNamed(v *node.Node, r form.Rule) {
	want := node.Kind(node.MappingNode)
	if f.edition < form.FirstNew || f.edition <= form.LastOld && v.Kind == node.SequenceNode {
		want = node.SequenceNode
	}
	f.strictItems(v, r, want)
	for name := range node.Entries(v) {
		f.strictText(name, form.Rule{Key: "a name in " + r.Key, Like: r.Like})
	}
}

// strictKeys checks a bind's variables: their names are in capitals since
// 1.0.0-alpha3, unlike those of parameters.
func (f *frame) strictKeys(v *node.Node) {
	for name, key := range node.Entries(v) { // all else is reported by the decoder
		if f.edition >= form.NaftikoAlpha3 && !form.LikeVariable.MatchString(name.Value) {
			f.Report(name, "bad-value", "variable %q is not in capitals, as %s wants", node.Shorten(name.Value), f.edition).Hint =
				"write " + strings.ToUpper(strings.ReplaceAll(name.Value, "-", "_"))
		}
		f.strictText(key, form.Rule{Key: "the key of " + name.Value, Like: form.LikeExtended})
	}
}

func (f *frame) strictWith(v *node.Node, r form.Rule) {
	if v.Kind != node.MappingNode {
		f.misform(v, r.Key, "a mapping of names to values", "write name: value")
		return
	}
	for name, item := range node.Entries(v) {
		if item.Kind != node.ScalarNode || node.IsNull(item) || item.ShortTag() == "!!bool" {
			f.misform(item, "with "+name.Value, "text or a number", "put a text or a template in quotes")
		}
	}
}
