package request

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"path"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"golang.org/x/net/http/httpguts"
)

// Part is one part of a multipart/form-data body.
type Part struct {
	Name        string
	Filename    string // "" for a part that is no file
	ContentType string // "" leaves the header out, except for a file
	Data        []byte
}

// encodeMultipart writes multipart/form-data (RFC 7578) with the defaults of
// OpenAPI 3.1.1, section 4.8.14.4: scalars as text, objects as JSON, binary
// values as files named after their property, a part for each item of a list.
// The boundary is derived from the content, so the same body is the same bytes.
func encodeMultipart(m *operations.Media, v any) ([]byte, string, error) {
	obj, ok := jsonvalue.Plain(v).(map[string]any)
	if !ok {
		return nil, "", errors.New("must be an object to be sent as multipart/form-data")
	}
	var parts []Part
	for _, name := range m.Schema.FieldOrder(obj) {
		more, err := partsOf(m, name, obj[name])
		if err != nil {
			return nil, "", fmt.Errorf("has a property %q that %w", name, err)
		}
		parts = append(parts, more...)
	}
	return EncodeParts(parts)
}

func partsOf(m *operations.Media, name string, v any) ([]Part, error) {
	schema := propertySchema(m.Schema, name)
	list, ok := jsonvalue.Plain(v).([]any)
	if !ok {
		p, err := partOf(m, name, schema, v)
		return []Part{p}, err
	}
	if len(list) == 0 {
		return nil, errEmpty
	}
	if schema != nil {
		schema = schema.Items
	}
	var parts []Part
	for _, item := range list {
		p, err := partOf(m, name, schema, item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func partOf(m *operations.Media, name string, schema *operations.Schema, v any) (Part, error) {
	p := Part{Name: name}
	if file, ok := jsonvalue.Plain(v).(map[string]any); ok && schema.IsFile() {
		v = file[operations.FileValue]
		p.Filename, _ = file[operations.FileName].(string)
		p.ContentType, _ = file[operations.FileType].(string)
	}
	if p.ContentType == "" {
		p.ContentType = partType(m.Encoding[name].ContentType, p.Filename)
	}
	_, raw := v.([]byte)
	var err error
	switch jsonvalue.Plain(v).(type) {
	case map[string]any, []any:
		if p.ContentType == "" {
			p.ContentType = "application/json"
		}
		p.Data, err = jsonvalue.Encode(v)
		return p, err
	}
	if p.Filename == "" && (raw || isBinary(schema)) {
		p.Filename = name
	}
	p.Data, err = rawBytes(schema, v)
	return p, err
}

// partType returns the content type of a part from its documented one. A list of
// types ("image/png, image/jpeg") is a list of accepted types: the one that the
// file is named for, if any, is this part's own.
func partType(documented, filename string) string {
	if !strings.ContainsAny(documented, ",*") {
		return documented
	}
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(filename), "."))
	if ending == "jpg" {
		ending = "jpeg"
	}
	for one := range strings.SplitSeq(documented, ",") {
		one = strings.TrimSpace(one)
		if _, subtype, _ := strings.Cut(one, "/"); subtype == ending && ending != "" {
			return one
		}
	}
	return ""
}

// EncodeParts writes a multipart/form-data body (RFC 7578) and returns it with its
// content type. The same parts are the same bytes.
func EncodeParts(parts []Part) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary(parts)); err != nil {
		return nil, "", err
	}
	for _, p := range parts {
		if !httpguts.ValidHeaderFieldValue(p.Name + p.Filename + p.ContentType) {
			return nil, "", fmt.Errorf("has a property %q, whose name or type holds a line break or control character", p.Name)
		}
		pw, err := w.CreatePart(p.header())
		if err != nil {
			return nil, "", err
		}
		if _, err := pw.Write(p.Data); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// boundary cannot occur in the content by accident: it is a hash of it.
func boundary(parts []Part) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%q %q %q %d ", p.Name, p.Filename, p.ContentType, len(p.Data))
		h.Write(p.Data)
	}
	return "capstan-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// header quotes names as RFC 9110, section 5.6.4 does, so that they read back as
// they are.
func (p Part) header() textproto.MIMEHeader {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace
	disposition := `form-data; name="` + quote(p.Name) + `"`
	if p.Filename != "" {
		disposition += `; filename="` + quote(p.Filename) + `"`
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if p.ContentType != "" {
		h.Set("Content-Type", p.ContentType)
	} else if p.Filename != "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	return h
}
