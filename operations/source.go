package operations

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
)

// maxNesting bounds how deeply the values of a document may nest. Real
// documents stay below 100.
const maxNesting = 500

// parseDocument reads a JSON or YAML file into nodes. The list holds an error
// exactly when the document is nil; a key written twice is a warning, and the
// last one counts, as in most readers.
func parseDocument(file string, src []byte) (*document, diag.List) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	doc := &document{file: file}
	var problems diag.List
	var err error
	if trimmed := bytes.TrimLeft(src, " \t\r\n"); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(src) {
		doc.root, err = (&jsonReader{doc: doc, src: src, problems: &problems}).read()
	} else {
		doc.root, err = (&yamlReader{doc: doc, problems: &problems}).read(src)
	}
	if err != nil {
		pos := diag.Pos{File: file}
		var at *syntaxError
		if errors.As(err, &at) {
			pos.Line, pos.Column = at.line, at.col
		}
		problems.Errorf(pos, "openapi-unreadable", "cannot read the document: %v", err)
		return nil, problems
	}
	return doc, problems
}

// syntaxError is an error with a place.
type syntaxError struct {
	line, col int
	message   string
}

func (e *syntaxError) Error() string { return e.message }

func warnDuplicate(problems *diag.List, doc *document, n *node, key string) {
	problems.Add(diag.Diagnostic{
		Code: "openapi-fault", Severity: diag.Warning, Pos: doc.pos(n),
		Message: fmt.Sprintf("key %q is written twice in one object; the last one counts", key),
	})
}

// jsonReader reads JSON token by token, which keeps the order of keys.
type jsonReader struct {
	doc      *document
	src      []byte
	dec      *json.Decoder
	problems *diag.List
	// The place up to which lines have been counted.
	offset, line, lineStart int
}

func (r *jsonReader) read() (*node, error) {
	r.line = 1
	r.dec = json.NewDecoder(bytes.NewReader(r.src))
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, errors.New("text follows the end of the JSON value")
	}
	return n, nil
}

func (r *jsonReader) value(depth int) (*node, error) {
	tok, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{}
	r.place(n)
	if depth > maxNesting {
		return nil, &syntaxError{int(n.line), int(n.col), "values nest too deeply"}
	}
	switch tok := tok.(type) {
	case nil:
	case bool:
		n.kind = boolNode(tok).kind
	case string:
		n.kind, n.str = kindString, tok
	case json.Number:
		setNumber(n, tok.String())
	case json.Delim:
		if tok == '[' {
			return n, r.array(n, depth)
		}
		return n, r.object(n, depth)
	}
	return n, nil
}

func (r *jsonReader) array(n *node, depth int) error {
	n.kind = kindArray
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *jsonReader) object(n *node, depth int) error {
	n.kind = kindObject
	seen := make(map[string]int)
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		name := key.(string) // the decoder accepts no other key
		addField(n, seen, name, value, func() { warnDuplicate(r.problems, r.doc, value, name) })
	}
	_, err := r.dec.Token()
	return err
}

// place sets n's position to the end of the token just read, which is close
// enough to find it: JSON documents are rarely written by hand.
func (r *jsonReader) place(n *node) {
	end := int(r.dec.InputOffset())
	for i := r.offset; i < end; i++ {
		if r.src[i] == '\n' {
			r.line, r.lineStart = r.line+1, i+1
		}
	}
	r.offset = end
	n.line, n.col = int32(r.line), int32(utf8.RuneCount(r.src[r.lineStart:end]))
}

// addField appends a field or replaces the earlier one of the same name.
func addField(n *node, seen map[string]int, key string, value *node, duplicate func()) {
	if i, ok := seen[key]; ok {
		duplicate()
		n.fields[i].value = value
		return
	}
	seen[key] = len(n.fields)
	n.fields = append(n.fields, field{key, value})
}

// setNumber makes n the number written as s: an integer where it is whole and
// fits 64 bits, else a float.
func setNumber(n *node, s string) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		n.kind, n.int = kindInt, i
		return
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil {
		n.kind, n.str = kindString, s // out of range, or a form JSON does not have (.inf)
		return
	}
	*n = node{kind: floatNode(f).kind, int: floatNode(f).int, float: floatNode(f).float, line: n.line, col: n.col}
}
