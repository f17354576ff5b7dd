package form

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/internal/keys"
)

// Schema returns the JSON Schema of files: of any version with the forms and spellings of
// loose files, or, for strict, of the newest version.
func Schema(strict bool) *keys.Schema {
	m := &former{strict: strict, made: map[Kind]bool{}}
	return m.file()
}

// former makes the schema of each kind once, under $defs.
type former struct {
	strict bool
	defs   keys.Properties
	made   map[Kind]bool
}

func (m *former) file() *keys.Schema {
	s := m.mapping(KindFile)
	if m.strict {
		s.Required = append(s.Required, editions[Newest].family)
	}
	s.Defs = m.defs
	return s
}

// named refers to the schema of a kind.
func (m *former) named(k Kind) *keys.Schema {
	words := strings.Fields(string(k))
	if words[0] == "a" || words[0] == "an" || words[0] == "the" {
		words = words[1:]
	}
	name := strings.ReplaceAll(strings.Join(words, "-"), "'s", "s")
	if !m.made[k] {
		m.made[k] = true
		at := len(m.defs)
		m.defs = append(m.defs, keys.Property{Name: name})
		m.defs[at].Schema = m.mapping(k)
	}
	return &keys.Schema{Ref: "#/$defs/" + name}
}

// rules are those of a kind: of the newest version, or of any.
func (m *former) rules(k Kind) []Rule {
	switch {
	case m.strict:
		return Rules(k, Newest)
	case k == KindFile:
		return slices.Concat(accepted()[k].rules, accepted()[KindUntitled].rules)
	}
	return accepted()[k].rules
}

func (m *former) mapping(k Kind) *keys.Schema {
	s := &keys.Schema{Type: "object", Description: meaningOf(k, "").doc, Closed: m.strict}
	for _, r := range m.rules(k) {
		about := meaningOf(k, r.Key)
		v := m.value(k, r)
		v.Describe(about.doc, about.fallback, about.example)
		s.Properties = append(s.Properties, keys.Property{Name: r.Key, Schema: v})
		if m.strict && r.Need && r.Is != IsListed {
			s.Required = append(s.Required, r.Key)
		}
		if !m.strict {
			s.Properties = append(s.Properties, m.olderSpellings(k, r)...)
		}
	}
	if kinds := m.exact(k); kinds != nil {
		s.Closed, s.Properties, s.Required = false, typed(s.Properties), nil
		s.AllOf = kinds
		if m.strict {
			s.Required = []string{"type"}
		}
	}
	if m.strict {
		stateTogether(s, k)
	}
	return s
}

// typed keeps the properties that choose among the exact kinds.
func typed(all keys.Properties) keys.Properties {
	return slices.DeleteFunc(all, func(p keys.Property) bool { return p.Name != "type" })
}

func (m *former) olderSpellings(k Kind, r Rule) (out keys.Properties) {
	for _, s := range Older(k, r.Key) {
		v := m.value(k, r)
		v.Describe("An older or other name for `"+r.Key+"`.", "", "")
		v.Deprecated = true
		out = append(out, keys.Property{Name: s.Was, Schema: v})
	}
	return out
}

// exact chooses the schema of a mapping by its type, for kinds that have several; nil for
// others.
func (m *former) exact(k Kind) []*keys.Schema {
	var choice []*keys.Schema
	add := func(typ string, exact Kind) {
		is := &keys.Schema{Required: []string{"type"}, Properties: keys.Properties{{Name: "type", Schema: &keys.Schema{Enum: []string{typ}}}}}
		choice = append(choice, &keys.Schema{If: is, Then: m.named(exact)})
	}
	switch {
	case k == KindExposure:
		for _, typ := range []string{"rest", "mcp", "skill", "control"} {
			add(typ, ExposureKinds[typ])
		}
	case k == KindStep && m.strict:
		add("lookup", KindLookupStep)
		add("script", KindScriptStep)
		add("call", KindCallStep)
	}
	return choice
}

// item is an item of a list or of a mapping from names.
func (m *former) item(k Kind) *keys.Schema {
	s := m.named(k)
	switch k {
	case KindConsumed, KindAggregate, KindBind, KindExposure:
		s = &keys.Schema{
			If: &keys.Schema{Required: []string{"import"}}, Then: m.named(KindImport), Else: s,
		}
	}
	if m.strict {
		return s
	}
	return &keys.Schema{AnyOf: []*keys.Schema{s, {Type: "string"}, {Type: "number"}, {Type: "boolean"}, {Type: "null"}}}
}

func (m *former) value(k Kind, r Rule) *keys.Schema {
	if m.strict {
		return m.strictly(k, r)
	}
	return m.loosely(k, r)
}

func plain(one []string) *keys.Schema {
	out := &keys.Schema{}
	if len(one) > 0 {
		out.AnyOf = append(out.AnyOf, &keys.Schema{Type: "string", Enum: one})
	}
	out.AnyOf = append(out.AnyOf, &keys.Schema{Type: "string"}, &keys.Schema{Type: "number"}, &keys.Schema{Type: "boolean"}, &keys.Schema{Type: "null"})
	return out
}

// loosely is the schema of a value as loose files write it.
func (m *former) loosely(k Kind, r Rule) *keys.Schema {
	none := &keys.Schema{Type: "null"}
	switch r.Is {
	case IsInteger:
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "integer"}, {Type: "string", Pattern: `^\s*[0-9]*\s*$`}, none}}
	case IsBoolean:
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "boolean"}, {Type: "string", Pattern: `^([Tt]rue|[Ff]alse|TRUE|FALSE)$`}, none}}
	case IsTexts:
		s := plain(nil)
		s.AnyOf = append([]*keys.Schema{{Type: "array", Items: plain(nil)}}, s.AnyOf...)
		return s
	case IsMapping:
		s := &keys.Schema{AnyOf: []*keys.Schema{{Type: "object"}, none}}
		if r.Kind != "" {
			s.AnyOf[0] = m.named(r.Kind)
		}
		switch r.Kind {
		case KindAuth:
			s.AnyOf = append(s.AnyOf, &keys.Schema{Type: "array", Items: m.named(KindAuth)}, &keys.Schema{Type: "string", Pattern: "(?i)^none$"})
		case KindCapability:
			s.AnyOf = append(s.AnyOf, &keys.Schema{Type: "string"})
		}
		return s
	case IsList, IsNamed, IsShapes:
		k := r.Kind
		if r.Is == IsShapes {
			k = KindShape
		}
		item := m.item(k)
		rest := &keys.Schema{AnyOf: append(slices.Clone(item.AnyOf), &keys.Schema{})} // of one item without its list
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array", Items: item}, {Type: "object", Rest: rest}, {Type: "string"}, none}}
	case IsWith, IsKeys:
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "object"}, {Type: "array"}, none}}
	case IsValue:
		return &keys.Schema{}
	}
	s := plain(r.One)
	switch r.Key {
	case "type", "allowed-tools": // of several the first that is not null; of words
		s.AnyOf = append(s.AnyOf, &keys.Schema{Type: "array"})
	case "call":
		s.AnyOf = append(s.AnyOf, &keys.Schema{Type: "object"})
	}
	return s
}

func pattern(like *lazyregexp.Regexp) string {
	if like == nil {
		return ""
	}
	return like.String()
}

// strictly is the schema of a value as the newest version has it.
func (m *former) strictly(k Kind, r Rule) *keys.Schema {
	switch r.Is {
	case IsInteger:
		return &keys.Schema{Type: "integer"}
	case IsBoolean:
		return &keys.Schema{Type: "boolean"}
	case IsTexts:
		return &keys.Schema{Type: "array", Items: &keys.Schema{Type: "string"}}
	case IsMapping:
		if r.Kind == "" {
			return &keys.Schema{Type: "object"}
		}
		return m.named(r.Kind)
	case IsList:
		s := &keys.Schema{Type: "array", Items: m.item(r.Kind)}
		if r.Key != "mappings" {
			s.MinItems = 1
		}
		return s
	case IsNamed:
		if r.Like != nil {
			return &keys.Schema{Type: "object", PatternProperties: keys.Properties{{Name: pattern(r.Like), Schema: m.item(r.Kind)}}, Closed: true}
		}
		return &keys.Schema{Type: "object", Rest: m.item(r.Kind)}
	case IsShapes:
		shape := m.named(KindShape)
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array", Items: shape}, {Type: "object", Rest: shape}}}
	case IsKeys:
		return &keys.Schema{Type: "object", PatternProperties: keys.Properties{{Name: LikeVariable.String(), Schema: &keys.Schema{Type: "string", Pattern: LikeExtended.String()}}}, Closed: true}
	case IsWith:
		return &keys.Schema{Type: "object", Rest: &keys.Schema{AnyOf: []*keys.Schema{{Type: "string"}, {Type: "number"}}}}
	case IsValue:
		return m.strictValue(k, r)
	}
	if k == KindFile && r.Key == editions[Newest].family {
		return &keys.Schema{Type: "string", Enum: []string{editions[Newest].version}}
	}
	return &keys.Schema{Type: "string", Enum: r.One, Pattern: pattern(r.Like)}
}

// strictValue is the schema of the values that have rules of their own.
func (m *former) strictValue(k Kind, r Rule) *keys.Schema {
	switch {
	case k == KindShape && r.Key == "properties":
		return &keys.Schema{Type: "object", Rest: m.named(KindShape)}
	case k == KindShape && r.Key == "items":
		shape := m.named(KindShape)
		return &keys.Schema{AnyOf: []*keys.Schema{shape, {Type: "array", Items: shape}}}
	case r.Key == "body":
		return &keys.Schema{If: &keys.Schema{Type: "object"}, Then: m.named(KindBody)}
	}
	return &keys.Schema{}
}

// stateTogether adds the rules on several keys of a mapping.
func stateTogether(s *keys.Schema, k Kind) {
	rules := Together[k]
	has := func(name string) bool {
		return slices.ContainsFunc(s.Properties, func(p keys.Property) bool { return p.Name == name })
	}
	var all []*keys.Schema
	if len(rules.Needs) > 0 {
		all = append(all, &keys.Schema{Required: rules.Needs})
	}
	for _, names := range rules.OneOf {
		one := &keys.Schema{}
		for _, name := range names {
			if has(name) {
				one.AnyOf = append(one.AnyOf, &keys.Schema{Required: []string{name}})
			}
		}
		if one.AnyOf != nil {
			all = append(all, one)
		}
	}
	if rules.Except != "" && len(all) > 0 {
		all = []*keys.Schema{{AnyOf: []*keys.Schema{{Required: []string{rules.Except}}, {AllOf: all}}}}
	}
	if rules.Apart[0] != "" {
		all = append(all, &keys.Schema{Not: &keys.Schema{Required: rules.Apart[:]}})
	}
	s.AllOf = append(s.AllOf, all...)
}
