package request_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// This file reads a request as a server does that follows OpenAPI 3.1.1, sections
// 4.8.12 and 4.8.14, and RFC 6570. It shares nothing with the encoders: it splits
// at the delimiters first and undoes percent-encoding then.

// readWire compares what arrived with what was asked.
func readWire(op *wireOp, a *wireAsk, got arrived) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if got.method != op.Method {
		fault("method %s", got.method)
	}
	w := &wireReader{op: op, ask: a, fault: fault}
	path, query, _ := strings.Cut(got.target, "?")
	w.path(path)
	w.query(query)
	w.headers(got)
	w.cookies(got.header)
	w.body(got)
	return faults
}

type wireReader struct {
	counted bool // inner lists of scalars are counted too, as in forms
	op      *wireOp
	ask     *wireAsk
	fault   func(string, ...any)
}

// same holds a decoded value against the one that was asked for.
func (w *wireReader) same(p *wireParam, got any, err error) {
	want, asked := w.ask.values[p]
	switch {
	case err != nil:
		w.fault("%s %q cannot be read: %v", p.In, p.Name, err)
	case !asked && got != nil:
		w.fault("%s %q was not asked for and is %q", p.In, p.Name, got)
	case asked:
		want := asTexts(want, p.Reserved && !p.JSON)
		if text, isText := want.(string); isText && p.Kind == "list" && !p.JSON {
			want = []any{text} // a list of one and its item are the same text
		}
		if d := cmp.Diff(want, got); d != "" {
			w.fault("%s %q (-asked +read):\n%.600s", p.In, p.Name, d)
		}
	}
}

// asTexts is a value with its scalars as text, as every place but JSON has them.
// Ready-made triplets in a reserved text stand for what they encode.
func asTexts(v any, reserved bool) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = asTexts(v[i], reserved)
		}
		return out
	case object:
		out := object{}
		for k := range v {
			out[k] = asTexts(v[k], reserved)
		}
		return out
	case string:
		if reserved {
			return withoutTriplets(v)
		}
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return string(v)
	}
	return v
}

func withoutTriplets(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil && !strings.ContainsAny(s[i+1:i+3], "+-_") {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// --- path

func (w *wireReader) path(raw string) {
	template, _, _ := strings.Cut(w.op.Path, "?")
	want := strings.Split("/v1"+template, "/")
	got := strings.Split(raw, "/")
	if len(want) != len(got) {
		w.fault("the path %s is not of the form %s", raw, template)
		return
	}
	for i := range want {
		if got[i] == "" && want[i] != "" || got[i] == "." || got[i] == ".." {
			w.fault("the path %s names another resource", raw)
		}
		readings := matches(want[i], got[i])
		if len(readings) != 1 {
			w.fault("the segment %s can be read as %s in %d ways", got[i], want[i], len(readings))
			continue
		}
		for name, text := range readings[0] {
			p := w.find("path", name)
			v, err := readPath(p, text)
			w.same(p, v, err)
		}
	}
	for _, p := range w.op.Params {
		if _, asked := w.ask.values[p]; asked && p.In == "path" && !strings.Contains(w.op.Path, "{"+p.Name+"}") {
			w.fault("path parameter %q has no place", p.Name)
		}
	}
}

// matches lists the ways in which text is a template with a value for each name.
func matches(template, text string) []map[string]string {
	before, rest, found := strings.Cut(template, "{")
	if !strings.HasPrefix(text, before) {
		return nil
	}
	text = text[len(before):]
	if !found {
		if text != "" {
			return nil
		}
		return []map[string]string{{}}
	}
	name, after, _ := strings.Cut(rest, "}")
	var out []map[string]string
	for n := 1; n <= len(text); n++ {
		for _, m := range matches(after, text[n:]) {
			m[name] = text[:n]
			out = append(out, m)
		}
	}
	return out
}

func (w *wireReader) find(in, name string) *wireParam {
	for _, p := range w.op.Params {
		if p.In == in && p.Name == name {
			return p
		}
	}
	return &wireParam{Name: name, In: in, Kind: "text"}
}

func readPath(p *wireParam, raw string) (any, error) {
	if p.JSON {
		return readJSONText(raw)
	}
	sep := ","
	switch p.Style {
	case "label":
		if raw[0] != '.' {
			return nil, errors.New("no dot")
		}
		raw = raw[1:]
		if p.Explode {
			sep = "."
		}
	case "matrix":
		if raw[0] != ';' {
			return nil, errors.New("no semicolon")
		}
		return readMatrix(p, raw[1:])
	}
	return readJoined(p, raw, sep, p.Explode, url.PathUnescape)
}

func readMatrix(p *wireParam, raw string) (any, error) {
	if p.Explode && p.Kind == "object" {
		return readJoined(p, raw, ";", true, url.PathUnescape)
	}
	var items []any
	pieces := strings.Split(raw, ";")
	for _, piece := range pieces {
		name, v, _ := strings.Cut(piece, "=")
		if name != p.Name {
			return nil, fmt.Errorf("the name is %q", name)
		}
		text, err := url.PathUnescape(v)
		if err != nil {
			return nil, err
		}
		items = append(items, text)
	}
	if p.Explode && p.Kind == "list" {
		return items, nil
	}
	if len(pieces) > 1 {
		return nil, errors.New("several values")
	}
	_, v, _ := strings.Cut(raw, "=")
	return readJoined(p, v, ",", false, url.PathUnescape)
}

// readJoined reads a value of one text whose parts stand between separators.
func readJoined(p *wireParam, raw, sep string, explode bool, unescape func(string) (string, error)) (any, error) {
	if p.Kind == "text" {
		return readText(raw, unescape)
	}
	var parts []any
	for _, piece := range strings.Split(raw, sep) {
		if explode && p.Kind == "object" {
			name, v, found := strings.Cut(piece, "=")
			if !found {
				return nil, fmt.Errorf("the field %q has no value", piece)
			}
			n, err := unescape(name)
			if err != nil {
				return nil, err
			}
			parts = append(parts, n)
			piece = v
		}
		text, err := unescape(piece)
		if err != nil {
			return nil, err
		}
		parts = append(parts, text)
	}
	if p.Kind == "list" {
		return parts, nil
	}
	if len(parts)%2 != 0 {
		return nil, fmt.Errorf("%d parts are no pairs", len(parts))
	}
	out := object{}
	for i := 0; i < len(parts); i += 2 {
		name := parts[i].(string)
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("field %q stands twice", name)
		}
		out[name] = parts[i+1]
	}
	return out, nil
}

func readText(raw string, unescape func(string) (string, error)) (any, error) { return unescape(raw) }

func readJSONText(raw string) (any, error) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return nil, err
	}
	return readJSON([]byte(text))
}

// readJSON decodes JSON; scalars become text, as asTexts has them.
func readJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return asTexts(v, false), nil
}

// --- query

type piece struct{ name, raw string }

func pieces(raw, sep string) ([]piece, error) {
	var out []piece
	if raw == "" {
		return nil, nil
	}
	for _, one := range strings.Split(raw, sep) {
		name, v, found := strings.Cut(one, "=")
		if !found {
			return nil, fmt.Errorf("%q has no value", one)
		}
		n, err := url.PathUnescape(name)
		if err != nil {
			return nil, err
		}
		out = append(out, piece{n, v})
	}
	return out, nil
}

func (w *wireReader) query(raw string) {
	if strings.Contains(raw, "+") {
		w.fault("the query %s holds a plus, which half of the servers read as a space", raw)
	}
	all, err := pieces(raw, "&")
	if err != nil {
		w.fault("query: %v", err)
		return
	}
	_, template, _ := strings.Cut(w.op.Path, "?")
	fixed, _ := pieces(template, "&")
	for _, f := range fixed {
		i := slices.IndexFunc(all, func(p piece) bool { return p.name == f.name })
		if i < 0 {
			w.fault("the query lacks %q of the path", f.name)
			continue
		}
		if name, isValue := strings.CutPrefix(f.raw, "{"); isValue {
			p := w.find("path", strings.TrimSuffix(name, "}"))
			v, err := readPath(p, all[i].raw)
			w.same(p, v, err)
		} else if all[i].raw != f.raw {
			w.fault("%q of the path is %q", f.name, all[i].raw)
		}
		all = slices.Delete(all, i, i+1)
	}
	w.named(w.params("query"), all, url.PathUnescape)
}

func (w *wireReader) params(in string) []*wireParam {
	var out []*wireParam
	for _, p := range w.op.Params {
		if p.In == in {
			out = append(out, p)
		}
	}
	return out
}

// named gives every piece to the parameter of its name, what is left over to the
// object whose fields are pieces of their own.
func (w *wireReader) named(params []*wireParam, all []piece, unescape func(string) (string, error)) {
	var spread *wireParam
	for _, p := range params {
		if p.Kind == "object" && p.Explode && p.Style != "deepObject" && !p.JSON {
			spread = p
			continue
		}
		var mine, rest []piece
		for _, x := range all {
			documented := slices.ContainsFunc(params, func(other *wireParam) bool { return other.Name == x.name })
			if x.name == p.Name || p.Style == "deepObject" && !documented && strings.HasPrefix(x.name, p.Name+"[") {
				mine = append(mine, x)
			} else {
				rest = append(rest, x)
			}
		}
		all = rest
		if p.Style == "deepObject" {
			w.deep(p, mine, unescape)
			continue
		}
		v, err := readNamed(p, mine, unescape)
		w.same(p, v, err)
	}
	if spread == nil {
		if len(all) > 0 {
			w.fault("arrived unasked: %v", all)
		}
		return
	}
	var got any
	if len(all) > 0 {
		fields := object{}
		for _, x := range all {
			text, err := unescape(x.raw)
			if _, twice := fields[x.name]; twice || err != nil {
				w.fault("field %q stands twice or cannot be read: %v", x.name, err)
			}
			fields[x.name] = text
		}
		got = fields
	}
	w.same(spread, got, nil)
}

func readNamed(p *wireParam, mine []piece, unescape func(string) (string, error)) (any, error) {
	if len(mine) == 0 {
		return nil, nil
	}
	if p.Kind == "list" && p.Explode && !p.JSON {
		var out []any
		for _, x := range mine {
			text, err := unescape(x.raw)
			if err != nil {
				return nil, err
			}
			out = append(out, text)
		}
		return out, nil
	}
	if len(mine) > 1 {
		return nil, fmt.Errorf("it stands %d times", len(mine))
	}
	if p.JSON {
		text, err := unescape(mine[0].raw)
		if err != nil {
			return nil, err
		}
		return readJSON([]byte(text))
	}
	sep := map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}[p.Style]
	if sep == "" {
		sep = ","
	}
	return readJoined(p, mine[0].raw, sep, false, unescape)
}

// deep compares a deepObject by the texts at each bracketed place: whether one
// text is a list is the schema's affair. An empty list or object has no place.
func (w *wireReader) deep(p *wireParam, mine []piece, unescape func(string) (string, error)) {
	got := map[string][]string{}
	for _, x := range mine {
		text, err := unescape(x.raw)
		if err != nil {
			w.fault("%v", err)
		}
		got[x.name] = append(got[x.name], text)
	}
	want := map[string][]string{}
	if v, asked := w.ask.values[p]; asked {
		_, isObject := v.(object)
		_, isList := v.([]any)
		if !isObject && (!isList || p.Kind == "object") {
			w.fault("deepObject %q was sent and is no object", p.Name)
		}
		w.deepTexts(want, p.Name, asTexts(v, p.Reserved), 0)
	}
	if d := cmp.Diff(want, got); d != "" {
		w.fault("deepObject %q (-asked +read):\n%.600s", p.Name, d)
	}
}

func (w *wireReader) deepTexts(out map[string][]string, at string, v any, depth int) {
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			out[at] = append(out[at], "an empty object")
		}
		for _, k := range keys(v) {
			if strings.ContainsAny(k, "[]") {
				k = "ambiguous " + k
			}
			w.deepTexts(out, at+"["+k+"]", v[k], depth+1)
		}
	case []any:
		if len(v) == 0 {
			out[at] = append(out[at], "an empty list")
		}
		flat := !w.counted && depth > 0 && !slices.ContainsFunc(v, func(item any) bool { _, isText := item.(string); return !isText })
		inner := *w
		inner.counted = true
		for i, item := range v {
			place := fmt.Sprintf("%s[%d]", at, i)
			if flat {
				place = at
			}
			inner.deepTexts(out, place, item, depth+1)
		}
	case string:
		out[at] = append(out[at], v)
	default:
		out[at] = append(out[at], "null")
	}
}

// --- headers and cookies

func (w *wireReader) headers(got arrived) {
	own := []string{"Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Cookie", "User-Agent"}
	seen := map[string]bool{}
	for _, p := range w.params("header") {
		name := http.CanonicalHeaderKey(p.Name)
		values := got.header[name]
		if name == "Host" {
			values = []string{got.host}
		}
		v, asked := w.ask.values[p]
		if !asked {
			continue
		}
		if seen[name] {
			w.fault("header %q was asked for twice", p.Name)
		}
		seen[name] = true
		if len(values) != 1 {
			w.fault("header %q = %q stands %d times", p.Name, v, len(values))
			continue
		}
		w.header(p, values[0])
	}
	for name := range got.header {
		if !seen[name] && !slices.Contains(own, name) {
			w.fault("header %q was not asked for", name)
		}
	}
}

func (w *wireReader) header(p *wireParam, raw string) {
	if p.JSON {
		v, err := readJSON([]byte(raw))
		w.same(p, v, err)
		return
	}
	v, err := readJoined(p, raw, ",", p.Explode, func(s string) (string, error) { return s, nil })
	w.same(p, v, err)
}

func (w *wireReader) cookies(h http.Header) {
	all, err := pieces(h.Get("Cookie"), "; ")
	if err != nil || len(h["Cookie"]) > 1 {
		w.fault("cookies: %v, %v", h["Cookie"], err)
		return
	}
	w.named(w.params("cookie"), all, url.PathUnescape)
}

// --- body

func (w *wireReader) body(got arrived) {
	if w.op.Media == "" {
		if len(got.body) > 0 {
			w.fault("there is a body: %s", got.body)
		}
		return
	}
	media, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	wantMedia, _, _ := mime.ParseMediaType(w.op.Media)
	if err != nil || media != wantMedia {
		w.fault("the body is said to be %q: %v", got.header.Get("Content-Type"), err)
		return
	}
	switch media {
	case "application/json":
		v, err := readJSON(got.body)
		if err != nil {
			w.fault("the body is not JSON: %v", err)
		}
		if d := cmp.Diff(asTexts(w.ask.body, false), v); d != "" {
			w.fault("JSON body (-asked +read):\n%.600s", d)
		}
	case "text/plain":
		text := string(got.body)
		if params["charset"] == "iso-8859-1" {
			text = latin1Text(got.body)
		}
		if text != w.ask.body {
			w.fault("text body: read %.200q", text)
		}
	case "multipart/form-data":
		w.parts(got.body, params["boundary"])
	default:
		w.form(string(got.body))
	}
}

func latin1Text(b []byte) string {
	var out []rune
	for _, c := range b {
		out = append(out, rune(c))
	}
	return string(out)
}

func (w *wireReader) form(raw string) {
	all, err := pieces(raw, "&")
	if err != nil {
		w.fault("form: %v", err)
		return
	}
	for i, p := range all { // a plus is a space here, in names too
		all[i].name = strings.ReplaceAll(p.name, "+", " ")
	}
	var fields []*wireParam
	for _, f := range w.op.Fields {
		as := *f
		v, given := w.ask.body.(object)[f.Name]
		if !given {
			continue
		}
		if as.Style == "" && !as.JSON { // the defaults: lists repeat, objects are JSON
			_, isObject := v.(object)
			as.JSON, as.Explode = isObject, true
			if list, _ := v.([]any); slices.ContainsFunc(list, isContainer) {
				as.Style, as.Kind = "deepObject", "list"
			}
		}
		fields = append(fields, &as)
	}
	inner := &wireReader{op: &wireOp{Params: fields}, ask: &wireAsk{values: map[*wireParam]any{}}, fault: w.fault, counted: true}
	for _, f := range fields {
		inner.ask.values[f] = w.ask.body.(object)[f.Name]
	}
	inner.named(fields, all, url.QueryUnescape)
}

func isContainer(v any) bool {
	switch v.(type) {
	case []any, object:
		return true
	}
	return false
}

func (w *wireReader) parts(body []byte, boundary string) {
	got := map[string][]any{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			w.fault("multipart: %v", err)
			return
		}
		data, err := io.ReadAll(part)
		if err != nil {
			w.fault("multipart: %v", err)
		}
		var v any = string(data)
		if part.Header.Get("Content-Type") == "application/json" {
			if v, err = readJSON(data); err != nil {
				w.fault("part %q: %v", part.FormName(), err)
			}
		}
		got[part.FormName()] = append(got[part.FormName()], v)
	}
	want := map[string][]any{}
	for name, v := range w.ask.body.(object) {
		if list, ok := v.([]any); ok {
			want[name] = asTexts(list, false).([]any)
			continue
		}
		want[name] = []any{asTexts(v, false)}
	}
	if d := cmp.Diff(want, got); d != "" {
		w.fault("multipart (-asked +read):\n%.600s", d)
	}
}
