package operations

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// part is one part of a multipart/form-data body.
type part struct {
	name        string
	file        bool
	contentType string // "" leaves the header out
	data        []byte
}

// encodeMultipart writes multipart/form-data (RFC 7578) with the defaults of
// OpenAPI 3.1.1, section 4.8.14.4: scalars as text, objects as JSON, binary
// values as files named after their property, a part for each item of a list.
// The boundary is derived from the content, so the same body is the same bytes.
func encodeMultipart(m *Media, v any) ([]byte, string, error) {
	obj, ok := plain(v).(map[string]any)
	if !ok {
		return nil, "", errors.New("must be an object to be sent as multipart/form-data")
	}
	var parts []part
	for _, name := range fieldOrder(obj, m.Schema) {
		if strings.ContainsFunc(name, isControl) {
			return nil, "", fmt.Errorf("has a property %q, whose name no part can carry", name)
		}
		more, err := partsOf(m, name, obj[name])
		if err != nil {
			return nil, "", fmt.Errorf("has a property %q that %w", name, err)
		}
		parts = append(parts, more...)
	}
	return writeParts(parts)
}

func partsOf(m *Media, name string, v any) ([]part, error) {
	schema := propertySchema(m.Schema, name)
	list, ok := plain(v).([]any)
	if !ok {
		p, err := partOf(m, name, schema, v)
		return []part{p}, err
	}
	if len(list) == 0 {
		return nil, errEmpty
	}
	if schema != nil {
		schema = schema.Items
	}
	var parts []part
	for _, item := range list {
		p, err := partOf(m, name, schema, item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func partOf(m *Media, name string, schema *Schema, v any) (part, error) {
	p := part{name: name, contentType: m.Encoding[name].ContentType}
	// A list of types ("image/png, image/jpeg") says what is accepted, not
	// what this is.
	if strings.ContainsAny(p.contentType, ",*") {
		p.contentType = ""
	}
	_, raw := v.([]byte)
	var err error
	switch plain(v).(type) {
	case map[string]any, []any:
		if p.contentType == "" {
			p.contentType = "application/json"
		}
		p.data, err = marshalJSON(v)
		return p, err
	}
	if raw || isBinary(schema) {
		p.file = true
		if p.contentType == "" {
			p.contentType = "application/octet-stream"
		}
	}
	p.data, err = rawBytes(schema, v)
	return p, err
}

func writeParts(parts []part) ([]byte, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary(parts)); err != nil {
		return nil, "", err
	}
	for _, p := range parts {
		pw, err := w.CreatePart(p.header())
		if err != nil {
			return nil, "", err
		}
		if _, err := pw.Write(p.data); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// boundary cannot occur in the content by accident: it is a hash of it.
func boundary(parts []part) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%q %q %d ", p.name, p.contentType, len(p.data))
		h.Write(p.data)
	}
	return "capstan-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// header quotes names as RFC 9110, section 5.6.4 does, so that they read back as
// they are.
func (p part) header() textproto.MIMEHeader {
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.name)
	disposition := `form-data; name="` + name + `"`
	if p.file {
		disposition += `; filename="` + name + `"`
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if p.contentType != "" {
		h.Set("Content-Type", p.contentType)
	}
	return h
}
