package meaning

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// message is a request as the API reads it.
type message struct {
	Method  string
	Path    []string // segments, decoded
	Query   map[string][]string
	Header  map[string][]string
	Cookies map[string]string
	Media   string
	Body    any // JSON data, the fields of a form, or text; nil for none
}

// expect returns the request that the file means for the values that the caller gives,
// by the names of the inputs. refused reports that there is none that could carry them.
func (f *file) expect(u *unit, given map[string]any) (want *message, refused bool) {
	value := func(p *param) (any, bool) { return u.value(p, given) }
	want = &message{
		Method: f.op.method, Path: []string{"v1"}, Query: map[string][]string{},
		Header: map[string][]string{"Accept": {"application/json"}}, Cookies: map[string]string{},
	}
	for _, s := range f.op.path {
		text := s.before + s.after
		if s.p != nil {
			v, ok := value(s.p)
			if s.p.supplied {
				v, ok = any(secret), true
			}
			text = s.before + textOf(v) + s.after
			refused = refused || !ok || textOf(v) == "" || text == "." || text == ".."
		}
		want.Path = append(want.Path, text)
	}
	inQuery := map[*param]bool{}
	for _, q := range f.op.query {
		if q.p == nil {
			want.Query[q.name] = []string{q.before}
			continue
		}
		inQuery[q.p] = true
		v, ok := value(q.p)
		text := strings.Join(textsOf(v), ",") // the style of a path
		if ok {
			want.Query[q.name] = []string{text}
		}
		refused = refused || f.op.method != "GET" && (!ok || text == "")
	}
	for _, p := range f.op.params {
		v, ok := value(p)
		if !ok || inQuery[p] {
			continue
		}
		switch p.in {
		case "query":
			want.Query[p.name] = textsOf(v)
		case "header":
			text := textOf(v)
			want.Header[http.CanonicalHeaderKey(p.name)] = []string{text}
			refused = refused || strings.Trim(text, " \t") != text || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
		case "cookie":
			want.Cookies[p.name] = textOf(v)
		}
	}
	f.credential(want)
	f.expectBody(want, value)
	return want, refused
}

// value is that of a parameter; false for none.
func (u *unit) value(p *param, given map[string]any) (any, bool) {
	s, ok := u.sources[p]
	switch {
	case !ok:
		return nil, false
	case s.in == nil:
		return s.literal, true
	}
	v, ok := given[s.in.name]
	if !ok {
		v, ok = s.in.def, s.in.def != nil
	}
	if ok && s.before+s.after != "" {
		return s.before + textOf(v) + s.after, true
	}
	return v, ok
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

func textsOf(v any) []string {
	items, ok := v.([]any)
	if !ok {
		return []string{textOf(v)}
	}
	var out []string
	for _, item := range items {
		out = append(out, textOf(item))
	}
	return out
}

const (
	answered = "by step/1"
	branch   = "north/7"
	secret   = "m-secret-0451"
	token    = "m-token-77"
)

// credential adds the one of the API. That of digest has a part that changes: its
// scheme and user are what is compared.
func (f *file) credential(want *message) {
	switch f.auth.kind {
	case "bearer":
		want.Header["Authorization"] = []string{"Bearer " + secret}
	case "oauth2":
		want.Header["Authorization"] = []string{"Bearer " + token}
	case "basic":
		want.Header["Authorization"] = []string{"Basic YWRhOm0tc2VjcmV0LTA0NTE="}
	case "digest":
		want.Header["Authorization"] = []string{`Digest username="ada"`}
	case "apikey-header":
		want.Header[http.CanonicalHeaderKey(f.auth.key)] = []string{secret}
	case "apikey-cookie":
		want.Cookies[f.auth.key] = secret
	case "apikey-query":
		want.Query[f.auth.key] = []string{secret}
	}
}

func (f *file) expectBody(want *message, value func(*param) (any, bool)) {
	fields := map[string]any{}
	switch f.op.body {
	case "whole", "fields":
		for _, p := range f.op.params {
			if v, ok := value(p); ok && p.in == "body" {
				fields[p.name] = v
			}
		}
		switch whole, ok := fields["body"]; {
		case f.op.body == "whole" && ok:
			want.Media, want.Body = "application/json", plain(whole)
		case f.op.body == "fields" && len(fields) > 0:
			want.Media, want.Body = "application/json", plain(fields)
		}
	case "form": // the parameters themselves are the fields
		for _, p := range f.op.shape {
			if v, ok := value(orNone(p.p)); ok {
				fields[p.p.name] = v
			}
		}
		want.form("application/x-www-form-urlencoded", fields)
	case "json", "formUrlEncoded", "multipartForm":
		for _, p := range f.op.shape {
			v, ok := value(orNone(p.p))
			switch {
			case p.p == nil:
				fields[p.name] = p.before
			case ok && p.before != "":
				fields[p.name] = p.before + textOf(v)
			case ok:
				fields[p.name] = v
			}
		}
		switch f.op.body {
		case "json":
			want.Media, want.Body = "application/json", plain(fields)
		case "formUrlEncoded":
			want.form("application/x-www-form-urlencoded", fields)
		default:
			want.form("multipart/form-data", fields)
		}
	case "text", "xml", "sparql":
		out := ""
		for _, p := range f.op.shape {
			v, _ := value(orNone(p.p))
			text := textOf(v)
			switch f.op.body {
			case "xml":
				text = escapeXML(text)
			case "sparql": // SPARQL 1.1, sections 19.2 and 19.7
				text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "<", `\u003C`, ">", `\u003E`).Replace(text)
			}
			out += "<" + p.name + ">" + p.before + text + "</" + p.name + ">"
		}
		want.Media, want.Body = map[string]string{"text": "text/plain", "xml": "application/xml", "sparql": "application/sparql-query"}[f.op.body], "<all>"+out+"</all>"
	}
}

func orNone(p *param) *param {
	if p == nil {
		return &param{}
	}
	return p
}

func (m *message) form(media string, fields map[string]any) {
	out := map[string]any{}
	for name, v := range fields {
		out[name] = textsOf(v)
	}
	if len(out) > 0 { // a form without fields is no body
		m.Media, m.Body = media, out
	}
}

// escapeXML escapes the characters that mean something in XML 1.0, and those that a
// reader would change; what XML cannot hold is U+FFFD.
func escapeXML(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\'':
			b.WriteString("&#39;")
		case r == '\t':
			b.WriteString("&#x9;")
		case r == '\n':
			b.WriteString("&#xA;")
		case r == '\r':
			b.WriteString("&#xD;")
		case r < ' ':
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain is a value as a reader of JSON has it.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the generator makes JSON only
	}
	return decoded(text)
}

func decoded(text []byte) any {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "no JSON: " + string(text)
	}
	return v
}
