package formats

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/charset"
	web "golang.org/x/net/html/charset"
)

// decodeXML turns an XML document into data. The root element is dropped: the
// value is its content. An element becomes an object of its attributes and
// child elements, by their names without prefix; those that share a name
// become an array, in the document's order. An element with neither is its
// text as written, "" when that is blank, or nil with xsi:nil. Text
// beside attributes or children stands, trimmed, under the key "". Comments,
// processing instructions and namespace declarations leave no trace; CDATA is
// text.
//
// Entities are those of XML itself and character references. A document type
// with an internal subset is refused, and an external one never read.
func decodeXML(body []byte, mediaType string) (any, error) {
	text, label := body, charset.Declared(body, mediaType)
	if label != "" {
		var err error
		if text, err = utf8Text(body, mediaType); err != nil {
			return nil, err
		}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = func(declared string, r io.Reader) (io.Reader, error) {
		if label != "" {
			return r, nil // it is UTF-8 by now, however it is labelled
		}
		return web.NewReaderLabel(declared, r)
	}
	t := &xmlTree{dec: dec, left: newBudget()}
	v, err := t.read()
	if err != nil {
		line, column := dec.InputPos()
		var syntax *xml.SyntaxError
		switch {
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("line %d: %s", syntax.Line, syntax.Msg)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errCut
		}
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return v, nil
}

// xmlTree builds the value while the document is read, with the elements that
// are open on a stack of its own.
type xmlTree struct {
	dec  *xml.Decoder
	left *budget
	open []*xmlElement
	root any
	done bool
}

type xmlElement struct {
	name   string
	fields map[string]any
	many   map[string]bool // fields that are arrays because they stood more than once
	text   strings.Builder
	isNil  bool
}

func (t *xmlTree) read() (any, error) {
	for {
		token, err := t.dec.Token()
		if errors.Is(err, io.EOF) {
			if !t.done {
				return nil, errors.New("there is no element")
			}
			return t.root, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			err = t.start(token)
		case xml.EndElement:
			t.end()
		case xml.CharData:
			err = t.chars(token)
		case xml.Directive:
			err = checkDirective(token)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (t *xmlTree) start(token xml.StartElement) error {
	switch {
	case t.done:
		return fmt.Errorf("a second root element <%s>", token.Name.Local)
	case len(t.open) >= maxDepth:
		return errTooDeep
	}
	if err := t.left.take(1 + len(token.Attr)); err != nil {
		return err
	}
	e := &xmlElement{name: token.Name.Local}
	for _, a := range token.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == schemaInstance && a.Name.Local == "nil":
			e.isNil = a.Value == "true" || a.Value == "1"
		default:
			e.put(a.Name.Local, a.Value)
		}
	}
	t.open = append(t.open, e)
	return nil
}

// schemaInstance is the namespace of xsi:nil (XML Schema 1.1, part 1, 2.7).
const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

func (t *xmlTree) end() {
	last := len(t.open) - 1
	e := t.open[last]
	t.open = t.open[:last]
	if last == 0 {
		t.root, t.done = e.value(), true
		return
	}
	t.open[last-1].put(e.name, e.value())
}

func (t *xmlTree) chars(text xml.CharData) error {
	if len(t.open) > 0 {
		t.open[len(t.open)-1].text.Write(text)
		return nil
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return errors.New("text outside the root element")
	}
	return nil
}

func (e *xmlElement) put(name string, v any) {
	old, twice := e.fields[name]
	switch {
	case e.fields == nil:
		e.fields = map[string]any{name: v}
	case !twice:
		e.fields[name] = v
	case e.many[name]:
		e.fields[name] = append(old.([]any), v)
	default:
		if e.many == nil {
			e.many = map[string]bool{}
		}
		e.many[name] = true
		e.fields[name] = []any{old, v}
	}
}

func (e *xmlElement) value() any {
	text := e.text.String()
	trimmed := strings.TrimSpace(text)
	switch {
	case e.fields == nil && trimmed != "":
		return text
	case e.fields == nil && e.isNil:
		return nil
	case e.fields == nil:
		return ""
	case trimmed != "":
		e.fields[""] = trimmed
	}
	return e.fields
}

// checkDirective lets a document type through that only names one.
func checkDirective(d xml.Directive) error {
	if bytes.ContainsAny(d, "[") {
		return errors.New("the document declares entities or elements of its own, which are not read")
	}
	return nil
}
