package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// shape is a JSON Schema 2020-12, ready to be compared with values. A nil shape
// accepts everything. Shapes may be cyclic.
type shape struct {
	load    func(*shape) // fills one that is first wanted; nil for one that is filled
	once    sync.Once
	outline bool // of an [operations.Schema]

	never     bool // the schema "false"
	types     typeSet
	typeNames string
	constant  *any
	enum      []any
	texts     map[string]bool // the strings of a long enum, which has nothing else
	// writeOnly and readOnly are of a property that only requests carry, or only answers.
	writeOnly, readOnly bool

	minLength, maxLength         int
	minItems, maxItems           int
	minProperties, maxProperties int
	minContains, maxContains     int // -1 for no minContains
	bounds                       []bound
	multipleOf                   any
	pattern                      *pattern
	format                       string // of a value that is sent
	unique                       bool

	required      []string
	properties    map[string]*shape
	patterns      []patternShape
	closed        bool // additionalProperties is false
	additional    *shape
	propertyNames *shape
	dependent     map[string]*shape

	items, contains *shape
	prefix          []*shape

	ref                        *shape // beside other keywords
	allOf, anyOf, oneOf        []*shape
	not, when, then, otherwise *shape

	unevaluatedItems, unevaluatedProperties *shape
	// forked reports that a value, or one within it, may be compared with a shape
	// by several ways through this one.
	forked bool
}

// bound is one of the four keywords that bound a number.
type bound struct {
	limit  any
	allows func(order int) bool
	wish   string
}

// pattern is a regular expression, compiled when a text first meets it.
type pattern struct {
	text    string
	compile func() *regexp.Regexp
}

type patternShape struct {
	*pattern
	shape *shape
}

// patternOf reads a pattern. Patterns are ECMA-262 regular expressions; one that
// Go's syntax does not have (look-around, back-references) matches everything, as
// no claim can be checked.
func patternOf(text string) *pattern {
	return &pattern{text, sync.OnceValue(func() *regexp.Regexp {
		re, _ := regexp.Compile(text)
		return re
	})}
}

func (p *pattern) matches(text string) bool {
	re := p.compile()
	return re == nil || re.MatchString(text)
}

// typeSet is a set of JSON's types.
type typeSet uint8

const (
	isNull typeSet = 1 << iota
	isBoolean
	isNumber
	isInteger
	isString
	isArray
	isObject
)

var typeNames = [...]string{"null", "boolean", "number", "integer", "string", "array", "object"}

func (t typeSet) String() string {
	var names []string
	for i, name := range typeNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

func typesOf(names []string) (t typeSet) {
	for _, name := range names {
		if i := slices.Index(typeNames[:], name); i >= 0 {
			t |= 1 << i
		}
	}
	return t
}

// typeOf returns the type of a value, which is a number also when it is whole; 0
// for what is not JSON.
func typeOf(v any) typeSet {
	switch v := v.(type) {
	case nil:
		return isNull
	case bool:
		return isBoolean
	case string:
		return isString
	case []any:
		return isArray
	case map[string]any:
		return isObject
	default:
		if jsonvalue.IsNumber(v) {
			return isNumber
		}
		return 0
	}
}

// typeName returns the name of a value's type; integers are numbers unless they are
// wanted apart.
func typeName(v any, integers bool) string {
	switch t := typeOf(v); {
	case t == 0:
		return "value of no JSON type"
	case integers && jsonvalue.IsInteger(v):
		return isInteger.String()
	default:
		return t.String()
	}
}

func (t typeSet) has(v any) bool {
	of := typeOf(v)
	return t&of != 0 || of == isNumber && t&isInteger != 0 && jsonvalue.IsInteger(v)
}

var boundKinds = [...]struct {
	key string
	bound
}{
	{"minimum", bound{nil, func(order int) bool { return order >= 0 }, "at least %s is documented"}},
	{"maximum", bound{nil, func(order int) bool { return order <= 0 }, "at most %s is documented"}},
	{"exclusiveMinimum", bound{nil, func(order int) bool { return order > 0 }, "more than %s is documented"}},
	{"exclusiveMaximum", bound{nil, func(order int) bool { return order < 0 }, "less than %s is documented"}},
}

// searchable is the length from which a list is indexed before it is searched.
const searchable = 32

// setEnum indexes a long list of strings.
func (s *shape) setEnum(values []any) {
	s.enum = values
	if len(values) < searchable {
		return
	}
	texts := make(map[string]bool, len(values))
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return
		}
		texts[text] = true
	}
	s.texts = texts
}

// lists reports whether v is among the values of the enum.
func (s *shape) lists(v any) bool {
	if s.texts != nil {
		text, ok := v.(string)
		return ok && s.texts[text]
	}
	return slices.ContainsFunc(s.enum, func(e any) bool { return documented(e, v) })
}

// ready returns s when it is filled.
func (s *shape) ready() *shape {
	if s.load != nil {
		s.once.Do(func() { s.load(s) })
	}
	return s
}

// isAbsent reports whether answers, or requests, do not carry a value with the schema.
func (s *shape) isAbsent(answer bool) bool {
	return s.eachPart(func(part *shape) bool { return answer && part.writeOnly || !answer && part.readOnly }, map[*shape]bool{})
}

// mayLack reports whether an answer, or a request, may lack a property that is required:
// OpenAPI requires one that is writeOnly in requests only, one that is readOnly in
// answers only.
func (s *shape) mayLack(name string, answer bool) bool {
	return s.eachPart(func(part *shape) bool {
		property := part.properties[name]
		return property != nil && property.isAbsent(answer)
	}, map[*shape]bool{})
}

// eachPart calls visit with the shapes that s is made of, each once, until it
// returns true.
func (s *shape) eachPart(visit func(*shape) bool, seen map[*shape]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	if visit(s.ready()) || s.ref.eachPart(visit, seen) {
		return true
	}
	for _, list := range [...][]*shape{s.allOf, s.anyOf, s.oneOf} {
		for _, part := range list {
			if part.eachPart(visit, seen) {
				return true
			}
		}
	}
	return false
}
