package meaning

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// stub is the API: it remembers the requests that reach it.
type stub struct {
	url string
	mu  sync.Mutex
	got []*message
	// challenges reports that the API asks for digest authentication.
	challenges bool
}

func newStub(t *testing.T) *stub {
	s := &stub{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		_, _ = io.WriteString(w, `{"access_token": "`+token+`", "token_type": "Bearer", "expires_in": 3600}`)
		return
	}
	if s.challenges && r.Header.Get("Authorization") == "" {
		w.Header().Set("WWW-Authenticate", `Digest realm="m", nonce="n", qop="auth"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.URL.Path == "/v1/first" {
		_, _ = io.WriteString(w, `{"found": {"name": "`+answered+`"}}`)
		return
	}
	m := read(r)
	s.mu.Lock()
	s.got = append(s.got, m)
	s.mu.Unlock()
	_, _ = io.WriteString(w, `{}`)
}

func (s *stub) take() []*message {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// transport are the headers of the connection and of the client.
var transport = []string{"Accept-Encoding", "Content-Length", "Content-Type", "Connection", "Cookie", "User-Agent"}

// read takes a request apart as a server does.
func read(r *http.Request) *message {
	m := &message{Method: r.Method, Query: r.URL.Query(), Header: r.Header.Clone(), Cookies: map[string]string{}}
	for s := range strings.SplitSeq(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/") {
		text, err := url.PathUnescape(s)
		if err != nil {
			text = "no segment: " + s
		}
		m.Path = append(m.Path, text)
	}
	if pairs := r.Header.Get("Cookie"); pairs != "" {
		for pair := range strings.SplitSeq(pairs, "; ") {
			name, value, _ := strings.Cut(pair, "=")
			text, err := url.PathUnescape(value)
			if _, twice := m.Cookies[name]; err != nil || twice {
				text = "no cookie: " + pair
			}
			m.Cookies[name] = text
		}
	}
	for _, name := range transport {
		m.Header[name] = nil
		delete(m.Header, name)
	}
	if d := m.Header["Authorization"]; len(d) == 1 && strings.HasPrefix(d[0], "Digest ") {
		d[0], _, _ = strings.Cut(d[0], ",")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 {
		return m
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	m.Media = media
	switch {
	case err != nil:
		m.Body = "no media type: " + err.Error()
	case media == "application/json":
		m.Body = decoded(body)
	case media == "application/x-www-form-urlencoded":
		fields, err := url.ParseQuery(string(body))
		m.Body = data(fields, err)
	case media == "multipart/form-data":
		m.Body = data(parts(multipart.NewReader(strings.NewReader(string(body)), params["boundary"])))
	default:
		m.Body = string(body)
	}
	return m
}

func parts(r *multipart.Reader) (map[string][]string, error) {
	out := map[string][]string{}
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		out[p.FormName()] = append(out[p.FormName()], string(text))
	}
}

func data(fields map[string][]string, err error) any {
	if err != nil {
		return "no form: " + err.Error()
	}
	out := map[string]any{}
	for name, values := range fields {
		out[name] = values
	}
	return out
}
