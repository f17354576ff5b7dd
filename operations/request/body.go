package request

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Body returns the body's bytes and content type; nil bytes mean no body.
func Body(req *operations.Request) (body []byte, contentType string, err error) {
	doc := req.Op.Body
	switch {
	case req.Body == nil && doc != nil && doc.Required:
		return nil, "", errors.New("the body is missing; the operation needs one")
	case req.Body == nil:
		return nil, "", nil
	case doc == nil:
		return nil, "", errors.New("the operation takes no body")
	}
	media, err := Media(req)
	if err != nil {
		return nil, "", err
	}
	if raw, ok := req.Body.([]byte); ok {
		return bytesOrEmpty(raw), concrete(media.Type), nil
	}
	body, contentType, err = encodeAs(media, req.Body)
	if err != nil {
		return nil, "", fmt.Errorf("the body %w", err)
	}
	return body, contentType, nil
}

// bytesOrEmpty keeps an empty body apart from none.
func bytesOrEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Media returns the media type of the body to send: the one asked for, which must be
// documented, else the first.
func Media(req *operations.Request) (*operations.Media, error) {
	media := req.Op.Body.Media
	mediaType := wantedMedia(req)
	if mediaType == "" {
		if len(media) == 0 {
			return nil, errors.New("the operation documents no media type for its body; name one")
		}
		return &media[0], nil
	}
	for i := range media {
		if sameMedia(media[i].Type, mediaType) {
			return withParameters(media[i], mediaType), nil
		}
	}
	for i := range media {
		if covers(media[i].Type, mediaType) {
			m := media[i]
			m.Type = mediaType
			return &m, nil
		}
	}
	types := make([]string, len(media))
	for i, m := range media {
		types[i] = m.Type
	}
	return nil, fmt.Errorf("the operation does not take a body of type %q; it takes %s", mediaType, strings.Join(types, ", "))
}

// wantedMedia is the media type that req asks for, "" when it leaves the choice.
// A Content-Type parameter, which only operations made by hand have, wins over
// Request.MediaType, except where that is a multipart type: its boundary belongs
// to the body.
func wantedMedia(req *operations.Request) string {
	base, _, _ := mime.ParseMediaType(req.MediaType)
	if given, _ := req.Arg(operations.InHeader, "Content-Type").(string); given != "" && !strings.HasPrefix(base, "multipart/") {
		return given
	}
	return req.MediaType
}

// withParameters is m under the media type that was asked for, where that has
// more than the documented one: "multipart/form-data; boundary=x".
func withParameters(m operations.Media, asked string) *operations.Media {
	if strings.Contains(asked, ";") {
		m.Type = asked
	}
	return &m
}

func sameMedia(a, b string) bool {
	ta, _, errA := mime.ParseMediaType(a)
	tb, _, errB := mime.ParseMediaType(b)
	return errA == nil && errB == nil && ta == tb
}

// covers reports whether a range ("image/*", "*/*") includes a media type.
func covers(pattern, mediaType string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	return wild && (pattern == "*/*" || strings.HasPrefix(strings.ToLower(mediaType), strings.ToLower(prefix)))
}

// concrete replaces a media range, which no message can carry as its type.
func concrete(mediaType string) string {
	if strings.Contains(mediaType, "*") {
		return "application/octet-stream"
	}
	return mediaType
}

// encodeAs serialises a body. Errors continue a sentence about the body.
func encodeAs(m *operations.Media, v any) ([]byte, string, error) {
	if m.Type == "application/json" { // of most bodies
		b, err := jsonvalue.Encode(v)
		return b, m.Type, err
	}
	base, params, err := mime.ParseMediaType(m.Type)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("has the media type %q, which is not valid", m.Type)
	case operations.IsJSON(m.Type):
		b, err := jsonvalue.Encode(v)
		return b, m.Type, cmp.Or(err, checkCharset(b, params["charset"]))
	case base == "application/x-www-form-urlencoded":
		b, err := encodeForm(m, v)
		return b, m.Type, err
	case base == "multipart/form-data":
		return encodeMultipart(m, v)
	default:
		b, err := rawBytes(m.Schema, v)
		if err == nil && !isBinary(m.Schema) {
			err = checkCharset(b, params["charset"])
		}
		return b, concrete(m.Type), err
	}
}

// checkCharset refuses text that is labelled with a charset it is not written
// in: text is always sent as UTF-8.
func checkCharset(text []byte, label string) error {
	switch strings.ToLower(label) {
	case "", "utf-8", "utf8":
		return nil
	}
	if bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7e }) {
		return fmt.Errorf("holds text that is not ASCII, and Capstan does not write the charset %q", label)
	}
	return nil
}

// rawBytes turns a scalar into a body or part: text as it is, base64 decoded
// where the format is binary.
func rawBytes(s *operations.Schema, v any) ([]byte, error) {
	if b, ok := v.([]byte); ok {
		return bytesOrEmpty(b), nil
	}
	text, err := jsonvalue.Text(v)
	if err != nil {
		return nil, err
	}
	if !isBinary(s) {
		return []byte(text), nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("is binary and must be given as base64 text")
	}
	return b, nil
}

func isBinary(s *operations.Schema) bool { return s != nil && s.Format == "binary" }

// encodeForm writes application/x-www-form-urlencoded (OpenAPI 3.1.1, section
// 4.8.14.3): a property with a style in its Encoding Object follows it, one
// with a content type is serialised so, and otherwise scalars and lists follow
// the default style (form, exploded) and objects become JSON. A list of objects,
// for which that style has no form, is written as deepObject.
func encodeForm(m *operations.Media, v any) ([]byte, error) {
	obj, ok := jsonvalue.Plain(v).(map[string]any)
	if !ok {
		return nil, errors.New("must be an object to be sent as a form")
	}
	var pieces []string
	sent := newMessage(&operations.Operation{}) // each name may come from one property only
	sent.taken = make(map[place]string, len(obj))
	for name := range obj {
		sent.taken[place{operations.InBody, name}] = name
	}
	for _, name := range m.Schema.FieldOrder(obj) {
		more, err := formField(m, name, obj[name])
		if err = cmp.Or(err, sent.take(&operations.Param{Name: name, In: operations.InBody}, more)); err != nil {
			return nil, fmt.Errorf("has a property %q that %w", name, err)
		}
		pieces = append(pieces, more...)
	}
	return []byte(strings.Join(pieces, "&")), nil
}

func formField(m *operations.Media, name string, v any) ([]string, error) {
	enc := m.Encoding[name]
	s := styler{name: name, style: enc.Style, explode: enc.Explode, escape: escapeForm, counted: true}
	if enc.AllowReserved {
		s.escape = escapeReserved
	}
	schema := propertySchema(m.Schema, name)
	if enc.Style == "deepObject" || enc.Style == "" && enc.ContentType == "" && isNested(v) {
		return s.deepObject(v, schema)
	}
	if isJSONField(enc, v) {
		b, err := jsonvalue.Encode(v)
		return []string{s.pair(name, string(b))}, err
	}
	if enc.Style == "" {
		s.explode = true
	}
	sh, err := shapeOf(v, schema)
	if err != nil {
		return nil, err
	}
	return s.query(sh)
}

// isJSONField reports whether a form property is written as JSON. A compiled
// Encoding has the style form whether it was written or not, so a JSON content
// type beside it counts.
func isJSONField(enc operations.Encoding, v any) bool {
	if operations.IsJSON(enc.ContentType) {
		return enc.Style == "" || enc.Style == "form"
	}
	_, isObject := jsonvalue.Plain(v).(map[string]any)
	return isObject && enc.Style == "" && enc.ContentType == ""
}

// isNested reports a list with lists or objects in it.
func isNested(v any) bool {
	list, _ := jsonvalue.Plain(v).([]any)
	return slices.ContainsFunc(list, func(item any) bool {
		switch jsonvalue.Plain(item).(type) {
		case []any, map[string]any:
			return true
		}
		return false
	})
}

// propertySchema returns the schema of a named property, looking through
// allOf; nil when none is listed.
func propertySchema(s *operations.Schema, name string) *operations.Schema {
	if s == nil {
		return nil
	}
	properties := s.Flatten().Properties
	if i := slices.IndexFunc(properties, func(p operations.Property) bool { return p.Name == name }); i >= 0 {
		return properties[i].Schema
	}
	return nil
}
