package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// avroSchema is a schema of Avro 1.12 ("Schema Declaration"), as far as reading
// its values needs it: defaults, documentation and most logical types are left
// out. Names are resolved, so a schema that holds itself is a cycle.
type avroSchema struct {
	kind    string        // a primitive type, or record, enum, array, map, union, fixed
	name    string        // of a record, enum or fixed, with its namespace
	fields  []avroField   // of a record
	symbols []string      // of an enum
	parts   []*avroSchema // of a union
	items   *avroSchema   // of an array or a map
	size    int           // of a fixed
	decimal bool          // of bytes and fixed: the digits of a number
	scale   int           // of a decimal
}

type avroField struct {
	name   string
	schema *avroSchema
}

// parseAvro parses a schema apart from all others: the same name may stand
// for different records in two of them.
func parseAvro(src []byte) (*avroSchema, error) {
	var v any
	if err := json.Unmarshal(src, &v); err != nil {
		if strings.ContainsAny(string(src), `{["`) {
			return nil, err
		}
		v = strings.TrimSpace(string(src)) // the name of a type alone
	}
	p := &avroParser{named: map[string]*avroSchema{}}
	return p.schema(v, "", 1)
}

type avroParser struct{ named map[string]*avroSchema }

// schema parses a schema in a namespace.
func (p *avroParser) schema(v any, namespace string, depth int) (*avroSchema, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch v := v.(type) {
	case nil:
		return &avroSchema{kind: "null"}, nil
	case string:
		return p.reference(v, namespace)
	case []any:
		return p.union(v, namespace, depth)
	case map[string]any:
		return p.object(v, namespace, depth)
	}
	return nil, fmt.Errorf("unknown type: %v", v)
}

var avroPrimitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}

// reference returns a primitive type, or one that was declared before.
func (p *avroParser) reference(name, namespace string) (*avroSchema, error) {
	if slices.Contains(avroPrimitives, name) {
		return &avroSchema{kind: name}, nil
	}
	if s := p.named[avroFullName(name, namespace)]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("unknown type: %s", name)
}

func (p *avroParser) union(parts []any, namespace string, depth int) (*avroSchema, error) {
	s := &avroSchema{kind: "union"}
	for _, v := range parts {
		part, err := p.schema(v, namespace, depth+1)
		switch {
		case err != nil:
			return nil, err
		case part.kind == "union":
			return nil, errors.New("a union stands in a union")
		}
		s.parts = append(s.parts, part)
	}
	return s, nil
}

func (p *avroParser) object(m map[string]any, namespace string, depth int) (*avroSchema, error) {
	if parts, ok := m["type"].([]any); ok {
		return p.union(parts, namespace, depth)
	}
	kind, ok := m["type"].(string)
	if !ok {
		return nil, fmt.Errorf("unknown type: %v", m["type"])
	}
	switch kind {
	case "record", "error", "enum", "fixed":
		return p.declare(m, kind, namespace, depth)
	case "array":
		return p.list(m, kind, "items", namespace, depth)
	case "map":
		return p.list(m, kind, "values", namespace, depth)
	}
	s, err := p.reference(kind, namespace)
	if err == nil && kind == "bytes" {
		s.readDecimal(m)
	}
	return s, err
}

func (p *avroParser) list(m map[string]any, kind, key, namespace string, depth int) (*avroSchema, error) {
	v, ok := m[key]
	if !ok {
		return nil, fmt.Errorf("%s without %q", kind, key)
	}
	items, err := p.schema(v, namespace, depth+1)
	return &avroSchema{kind: kind, items: items}, err
}

// declare parses a schema that has a name, by which others refer to it.
func (p *avroParser) declare(m map[string]any, kind, namespace string, depth int) (*avroSchema, error) {
	name, _ := m["name"].(string)
	if own, _ := m["namespace"].(string); own != "" {
		namespace = own
	}
	s := &avroSchema{kind: strings.Replace(kind, "error", "record", 1), name: avroFullName(name, namespace)}
	if name == "" {
		return nil, fmt.Errorf("%s without a name", kind)
	}
	for part := range strings.SplitSeq(s.name, ".") {
		if !isAvroName(part) {
			return nil, fmt.Errorf("%q is no name", s.name)
		}
	}
	if p.named[s.name] != nil {
		return nil, fmt.Errorf("%q is declared twice", s.name)
	}
	namespace = s.name[:max(strings.LastIndex(s.name, "."), 0)]
	p.named[s.name] = s
	aliases, _ := m["aliases"].([]any)
	for _, alias := range aliases {
		if alias, ok := alias.(string); ok {
			p.named[avroFullName(alias, namespace)] = s
		}
	}
	switch s.kind {
	case "record":
		return s, p.record(s, m["fields"], namespace, depth)
	case "enum":
		return s, s.enum(m["symbols"])
	}
	return s, s.fixed(m)
}

func (p *avroParser) record(s *avroSchema, list any, namespace string, depth int) error {
	fields, ok := list.([]any)
	if !ok {
		return fmt.Errorf("record %s without fields", s.name)
	}
	for _, v := range fields {
		f, _ := v.(map[string]any)
		name, _ := f["name"].(string)
		if !isAvroName(name) {
			return fmt.Errorf("record %s has a field without a name", s.name)
		}
		if slices.ContainsFunc(s.fields, func(f avroField) bool { return f.name == name }) {
			return fmt.Errorf("record %s has two fields %s", s.name, name)
		}
		typ, ok := f["type"]
		if !ok {
			return fmt.Errorf("field %s of record %s has no type", name, s.name)
		}
		schema, err := p.schema(typ, namespace, depth+1)
		if err != nil {
			return err
		}
		s.fields = append(s.fields, avroField{name, schema})
	}
	return nil
}

func (s *avroSchema) enum(list any) error {
	symbols, _ := list.([]any)
	for _, v := range symbols {
		symbol, _ := v.(string)
		if !isAvroName(symbol) {
			return fmt.Errorf("enum %s has a symbol that is no name", s.name)
		}
		if slices.Contains(s.symbols, symbol) {
			return fmt.Errorf("enum %s has symbol %s twice", s.name, symbol)
		}
		s.symbols = append(s.symbols, symbol)
	}
	if len(s.symbols) == 0 {
		return fmt.Errorf("enum %s has no symbols", s.name)
	}
	return nil
}

func (s *avroSchema) fixed(m map[string]any) error {
	size, ok := avroNumber(m["size"])
	if !ok || size < 0 {
		return fmt.Errorf("fixed %s without a size", s.name)
	}
	s.size = size
	s.readDecimal(m)
	return nil
}

// readDecimal reads the logical type "decimal" of bytes or a fixed. One that cannot
// be is ignored, as the specification wants it.
func (s *avroSchema) readDecimal(m map[string]any) {
	precision, _ := avroNumber(m["precision"])
	scale, known := avroNumber(m["scale"])
	if m["logicalType"] != "decimal" || precision <= 0 || scale < 0 || scale > precision || !known && m["scale"] != nil {
		return
	}
	if s.size > 0 && float64(precision) > math.Floor(math.Log10(math.Pow(2, 8*float64(s.size))-1)) {
		return
	}
	s.decimal, s.scale = true, scale
}

// avroNumber reads a whole number of a schema.
func avroNumber(v any) (int, bool) {
	f, ok := v.(float64)
	return int(f), ok && f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32
}

func avroFullName(name, namespace string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}

func isAvroName(s string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	return s != "" && strings.Contains(letters, s[:1]) && strings.Trim(s, letters+"0123456789") == ""
}
