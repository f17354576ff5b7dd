package dialect

import (
	"sync"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// overlayValue is a value that overlayReader has a method for.
func overlayValue[T any](form func() *keys.Schema, read func(d overlayReader, n *node.Node, to *T)) keys.Value[T] {
	return keys.Value[T]{Schema: form, Read: func(d *node.Decoder, n *node.Node, _ string, to *T) { read(overlayReader{d}, n, to) }}
}

func anything() *keys.Schema { return &keys.Schema{} }

// appliesTo is the extension by which an overlay names its capability.
const appliesTo = "x-capstan-applies-to"

var overlayKeys = sync.OnceValue(func() keys.Mapping[Overlay] {
	about, only := infoKeys(), conditionKeys()
	return keys.Mapping[Overlay]{
		What: "the overlay",
		Doc:  "An OpenAPI Overlay 1.0 document: actions that add to a capability, or remove from it, where its file cannot be edited.",
		Keys: []keys.Key[Overlay]{
			{
				Name: "overlay", Needed: true, Example: `"1.0.0"`, Doc: "The version of the standard: 1.0.0.",
				Value: overlayValue(func() *keys.Schema {
					return &keys.Schema{AnyOf: []*keys.Schema{{Type: "string", Pattern: `^1\.0(\..*)?$`}, {Const: "1.0"}}}
				}, func(d overlayReader, n *node.Node, _ *Overlay) { d.version(n) }),
			},
			{
				Name: "info", Needed: true, Example: `{"title": "Onboarding, made runnable", "version": "1.0.0"}`, Doc: "What the overlay is.",
				Value: overlayValue(about.Schema, func(d overlayReader, n *node.Node, o *Overlay) { about.Read(d.Decoder, n, o) }),
			},
			{Name: "extends", Example: `"b2b-enterprise-onboarding.yaml"`, Doc: "The file that it is for. For people: see " + appliesTo + ".", Value: keys.Any[Overlay]()},
			{
				Name: appliesTo, Example: `{"providerId": "workos", "name": "B2B Enterprise Onboarding"}`,
				Doc:   "The capability that the overlay is meant for, by keys of its file; it is passed over for others. Beside a file, it acts in place of the overlay that ships with Capstan.",
				Value: overlayValue(only.Schema, func(d overlayReader, n *node.Node, o *Overlay) { only.Read(d.Decoder, n, o) }),
			},
			{
				Name: "actions", Needed: true, Example: `[{"target": "$.steps[?@.id == 'inspect']", "update": {"all": true}}]`,
				Doc: "What is changed, one after the other.",
				Value: overlayValue(func() *keys.Schema { return &keys.Schema{Type: "array", MinItems: 1, Items: actionKeys().Schema()} },
					func(d overlayReader, n *node.Node, o *Overlay) { d.readActions(n, o) }),
			},
		},
	}
})

// note is a text of an overlay that is checked and not kept.
func note(name, doc, example string, needed bool) keys.Key[Overlay] {
	return keys.Key[Overlay]{Name: name, Doc: doc, Example: example, Needed: needed, Value: keys.Loose(func(*Overlay) *spec.Str { return new(spec.Str) })}
}

func infoKeys() keys.Mapping[Overlay] {
	return keys.Mapping[Overlay]{
		What: "info",
		Doc:  "What the overlay is, for people.",
		Keys: []keys.Key[Overlay]{
			note("title", "What people call it.", `"Onboarding, made runnable"`, true),
			note("version", "Its own version.", `"1.0.0"`, true),
			{Name: "description", Doc: "What it is for.", Example: `"Gives each step its values."`, Value: keys.Any[Overlay]()},
		},
	}
}

func conditionKeys() keys.Mapping[Overlay] {
	m := keys.Mapping[Overlay]{What: appliesTo, Doc: "Keys of the capability's file with the values that they must have."}
	for _, k := range []struct{ name, example string }{{"provider", `"WorkOS"`}, {"providerId", `"workos"`}, {"name", `"B2B Enterprise Onboarding"`}, {"api", `"workos"`}} {
		m.Keys = append(m.Keys, keys.Key[Overlay]{
			Name: k.name, Example: k.example, Doc: "What `" + k.name + "` is in the file.",
			Value: overlayValue(keys.Scalar, func(d overlayReader, n *node.Node, o *Overlay) {
				if s := d.Loose(n, k.name); s.IsSet() {
					o.only = append(o.only, condition{k.name, s.Value})
				}
			}),
		})
	}
	return m
}

var actionKeys = sync.OnceValue(func() keys.Mapping[action] {
	return keys.Mapping[action]{
		What: "an action",
		Doc:  "A change of every place that the target selects.",
		Keys: []keys.Key[action]{
			{
				Name: "target", Needed: true, Example: `"$.steps[?@.id == 'inspect']"`, Doc: "The places, as JSONPath (RFC 9535).",
				Value: overlayValue(func() *keys.Schema { return &keys.Schema{Type: "string", Pattern: `^\$`} },
					func(_ overlayReader, n *node.Node, a *action) { a.target = n }),
			},
			{Name: "description", Example: `"The published file has no values."`, Doc: "Why, for people.", Value: keys.Any[action]()},
			{
				Name: "x-capstan-was", Example: `{"source": "verify-directory.data[0].id"}`,
				Doc:   "What the place was when the overlay was written: the action acts only where it is so still. null is for a key that was not written.",
				Value: overlayValue(anything, func(_ overlayReader, n *node.Node, a *action) { a.was = n }),
			},
			{
				Name: "x-capstan-needs", Example: `{"$.steps[?@.id == 'verify-directory']": {}}`,
				Doc: "Other places, by their JSONPath, with what they must hold for the action to act: {} is anything, null is nothing.",
				Value: overlayValue(func() *keys.Schema { return &keys.Schema{Type: "object"} },
					func(d overlayReader, n *node.Node, a *action) { a.needs = d.needs(n) }),
			},
			{
				Name: "update", Similar: true, Example: `{"with": {"port": "{{ inputs.harbour }}"}}`,
				Doc:   "What is written there: it is merged into a mapping, added to a list, and takes the place of anything else.",
				Value: overlayValue(anything, func(_ overlayReader, n *node.Node, a *action) { a.update = n }),
			},
			{
				Name: "remove", Similar: true, Default: "false", Example: "true", Doc: "The places are removed.",
				Value: keys.Boolean(func(a *action) *bool { return &a.remove }),
			},
		},
		Shape: func(s *keys.Schema) {
			s.AnyOf = []*keys.Schema{{Required: []string{"update"}}, {Required: []string{"remove"}}}
		},
	}
})
