package meaning

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// texts are values of text inputs: plain ones, and those that a place could take for
// something else.
var texts = []string{"B7", "a", "two words", "ü", "x,y", "a/b", "a&b=c", "50%", "%41", "q?", "#1", "a+b", `"`, `\`, "{{x}}", "{y}", "$.a", "null", "true", "7", "<a>", "it's", ";", "😀", "..", ".", "", " x", "l\ni"}

func (f *file) valueOf(typ string) any {
	switch typ {
	case "integer":
		return pick[any](f, 0, 7, -3, 451, json.Number("18446744073709551617"))
	case "boolean":
		return f.chance(50)
	case "array":
		out := list{f.text1()}
		for range f.IntN(3) {
			out = append(out, f.text1())
		}
		return out
	case "object":
		return object{"title": f.text1(), "pages": f.IntN(900), "of": list{true, nil, object{"deep": f.text1()}}}
	}
	return f.text1()
}

func (f *file) text1() string {
	if f.chance(70) {
		return pick(f, texts[:4]...)
	}
	return pick(f, texts...)
}

// given chooses the values that a caller gives: all that are required, and some others.
func (f *file) given(u *unit) map[string]any {
	out := map[string]any{}
	for _, in := range u.inputs {
		if in.idle {
			continue
		}
		if v := f.valueOf(in.typ); in.required || f.chance(60) {
			out[in.name] = v
		}
	}
	return out
}

// request is a call of a REST operation; false where a request could not carry the
// values.
func (f *file) request(u *unit, given map[string]any) (*http.Request, bool) {
	path := ""
	for _, s := range u.route {
		if s.form == "" {
			path += "/" + s.before
			continue
		}
		text := textOf(given[s.spelt])
		path += "/" + strings.ReplaceAll(url.PathEscape(text), ".", "%2E")
		if text == "" {
			return nil, false
		}
	}
	query, header, body := url.Values{}, http.Header{}, map[string]any{}
	for _, in := range u.inputs {
		v, ok := given[in.name]
		if !ok || in.in == "path" {
			continue
		}
		switch in.in {
		case "header":
			if text := textOf(v); strings.Trim(text, " ") != text || strings.Contains(text, "\n") {
				return nil, false
			}
			header.Set(in.name, textOf(v))
		case "cookie":
			if text := textOf(v); strings.ContainsAny(text, "\"\\;, \nü😀") {
				return nil, false
			}
			header.Add("Cookie", in.name+"="+textOf(v))
		case "body":
			body[in.name] = v
		default:
			switch {
			case in.typ != "object":
				query[in.name] = textsOf(v)
			case in.in == "query":
				query.Set(in.name, strings.TrimSpace(encoded(v)))
			default:
				body[in.name] = v
			}
		}
	}
	r := httptest.NewRequest(f.op.method, path+"?"+query.Encode(), nil)
	if len(body) > 0 {
		r = httptest.NewRequest(f.op.method, path+"?"+query.Encode(), strings.NewReader(encoded(body)))
		header.Set("Content-Type", "application/json")
	}
	r.Header = header
	r.Host = "127.0.0.1:8080"
	return r, true
}

// message is a call of the Model Context Protocol.
func rpc(method, name string, params object) *http.Request {
	params["_meta"] = object{"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": object{}}
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(encoded(object{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})))
	r.Host = "127.0.0.1:9090"
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name,
	} {
		r.Header.Set(k, v)
	}
	return r
}

// address is that of a resource; false where it could not carry the values.
func (u *unit) address(given map[string]any) (string, bool) {
	out := "data:/"
	for _, s := range u.route {
		if s.form == "" {
			out += "/" + s.before
			continue
		}
		text := textOf(given[s.spelt])
		out += "/" + url.PathEscape(text)
		if text == "" {
			return "", false
		}
	}
	return out, true
}
