package conformance

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// upstream is the HTTP service that a capability consumes: the first route that matches
// and is not used up answers.
type upstream struct {
	*httptest.Server
	mu       sync.Mutex
	routes   []*route
	ordered  bool
	received []*received
}

type route struct {
	spec doc
	used int
}

// received is a request that the upstream got.
type received struct {
	*http.Request
	path    string
	body    []byte
	matched bool
}

func (r *received) String() string {
	return r.Method + " " + r.RequestURI + " " + show(string(r.body))
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(u.answer))
	t.Cleanup(u.Close)
	return u
}

// program sets the routes of a case.
func (u *upstream) program(c doc) {
	for _, spec := range list(c["upstream"]) {
		if spec, ok := spec.(doc); ok {
			u.routes = append(u.routes, &route{spec: spec})
		}
	}
	u.ordered, _ = c["ordered"].(bool)
}

func (u *upstream) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a part of it fails the case
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	reply := u.reply(&received{Request: r, path: escapesUpper(raw), body: body})
	if d, ok := reply["delay"]; ok {
		time.Sleep(time.Duration(number(d) * float64(time.Second)))
	}
	if reply["drop"] == true {
		panic(http.ErrAbortHandler)
	}
	data := []byte(text(reply["body"]))
	if v, ok := reply["json"]; ok {
		w.Header().Set("Content-Type", "application/json")
		data = []byte(jsonvalue.Compact(v))
	} else if v, ok := reply["base64"]; ok {
		data, _ = base64.StdEncoding.DecodeString(text(v))
		w.Header()["Content-Type"] = nil
	}
	for name, v := range mapping(reply["headers"]) {
		w.Header().Set(name, text(v))
	}
	status := http.StatusOK
	if v, ok := reply["status"]; ok {
		status = int(number(v))
	}
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// reply finds the answer to a request, and keeps the request.
func (u *upstream) reply(r *received) doc {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.received = append(u.received, r)
	for i, route := range u.routes {
		if times, ok := route.spec["times"]; ok && route.used >= int(number(times)) {
			continue
		}
		if r.check(route.spec["when"], false) != nil {
			if u.ordered {
				break
			}
			continue
		}
		r.matched = true
		if d, ok := route.spec["digest"].(doc); ok && !digested(r.Request, d) {
			return doc{"status": 401, "headers": doc{"WWW-Authenticate": fmt.Sprintf(`Digest realm=%q, qop="auth", algorithm=MD5, nonce="5f4dcc3b5aa765d6"`, text(d["realm"]))}}
		}
		reply, _ := route.spec["reply"].(doc)
		if all, ok := route.spec["replies"].([]any); ok {
			reply, _ = all[min(route.used, len(all)-1)].(doc)
		}
		route.used++
		if u.ordered && (route.spec["times"] == nil || route.used >= int(number(route.spec["times"]))) {
			u.routes = append(u.routes[:i:i], u.routes[i+1:]...)
		}
		return reply
	}
	return doc{"status": 501, "body": "the stub has no route for " + r.String()}
}

// take returns the requests since the last call, and an error where one was not expected.
func (u *upstream) take() (got []*received, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	got, u.received = u.received, nil
	for _, r := range got {
		if !r.matched {
			err = fmt.Errorf("the upstream got an unexpected request: %v", r)
		}
	}
	return got, err
}

// check compares a request with a mapping or "METHOD /path"; exact is about the query.
func (r *received) check(want any, exact bool) error {
	w, ok := want.(doc)
	if line, isText := want.(string); isText {
		method, path, _ := strings.Cut(line, " ")
		w = doc{"method": method, "path": path}
	} else if !ok && want != nil {
		return fmt.Errorf("the case has a request %s", show(want))
	}
	for name, v := range w {
		if err := r.checkPart(name, v, exact); err != nil {
			return err
		}
	}
	return nil
}

func (r *received) checkPart(name string, want any, exact bool) error {
	switch name {
	case "method":
		return compare(want, r.Method, false, "method")
	case "path":
		if path, ok := want.(string); ok {
			want = escapesUpper(path)
		}
		return compare(want, r.path, false, "path")
	case "query":
		for name, v := range mapping(want) {
			if _, test := v.(doc); !test {
				mapping(want)[name] = texts(v)
			}
		}
		return compare(want, values(r.URL.RawQuery), !exact, "query")
	case "headers":
		return compareHeaders(mapping(want), r.Header)
	case "no_headers":
		return without(list(want), r.Header)
	case "json", "subset":
		got, err := decoded(string(r.body))
		if err != nil {
			return fmt.Errorf("the body is %w", err)
		}
		return compare(want, got, name == "subset", "body")
	case "form":
		return compare(want, values(string(r.body)), false, "form")
	case "parts":
		parts, err := r.parts()
		if err != nil {
			return err
		}
		return compare(want, parts, true, "parts")
	case "base64":
		return compare(want, base64.StdEncoding.EncodeToString(r.body), false, "body")
	case "empty":
		return compare(want, len(r.body) == 0, false, "the body being empty")
	case "body":
		return compare(want, string(r.body), false, "body")
	}
	return fmt.Errorf("the case has an unknown part of a request: %s", name)
}

// values are those of a query or form: a text, or a list of several.
func values(encoded string) doc {
	out := doc{}
	parsed, _ := url.ParseQuery(encoded) // what is broken is missing
	for name, all := range parsed {
		out[name] = all[0]
		if len(all) > 1 {
			out[name] = texts(anys(all))
		}
	}
	return out
}

func (r *received) parts() ([]any, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return nil, fmt.Errorf("the body is %q, want multipart", kind)
	}
	var out []any
	for in := multipart.NewReader(bytes.NewReader(r.body), params["boundary"]); ; {
		part, err := in.NextPart()
		if err != nil {
			return out, nil
		}
		data, _ := io.ReadAll(part)
		entry := doc{"name": part.FormName(), "value": string(data)}
		if name := part.FileName(); name != "" {
			entry["filename"] = name
		}
		if kind := part.Header.Get("Content-Type"); kind != "" {
			entry["contentType"] = kind
		}
		out = append(out, entry)
	}
}

func compareHeaders(want doc, got http.Header) error {
	for name, v := range want {
		all := got.Values(name)
		if len(all) == 0 {
			return fmt.Errorf("the header %s is missing", name)
		}
		if _, test := v.(doc); !test {
			v = text(v)
		}
		if err := compare(v, strings.Join(all, ", "), false, "header "+name); err != nil {
			return err
		}
	}
	return nil
}

func without(names []any, got http.Header) error {
	for _, name := range names {
		if all := got.Values(text(name)); len(all) > 0 {
			return fmt.Errorf("there is a header %s: %q", name, all)
		}
	}
	return nil
}

var (
	escape      = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	digestField = regexp.MustCompile(`(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))`)
)

func escapesUpper(path string) string { return escape.ReplaceAllStringFunc(path, strings.ToUpper) }

// digested checks a Digest credential (RFC 7616, MD5).
func digested(r *http.Request, want doc) bool {
	sum := func(parts ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":")))) }
	f := map[string]string{}
	for _, m := range digestField.FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
		f[m[1]] = m[2] + m[3]
	}
	user := text(want["username"])
	return f["username"] == user && f["response"] == sum(sum(user, f["realm"], text(want["password"])), f["nonce"], f["nc"], f["cnonce"], f["qop"], sum(r.Method, f["uri"]))
}
