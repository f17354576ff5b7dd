package conformance

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// TestCases plays the cases of the project.
func TestCases(t *testing.T) { playAll(t, "testdata") }

// TestSharedCases plays those beside the repository.
func TestSharedCases(t *testing.T) {
	const dir = "../../../../shared/conformance/cases"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no cases beside the repository")
	}
	playAll(t, dir)
}

func playAll(t *testing.T, dir string) {
	for _, file := range cases(t, dir) {
		t.Run(named(file), func(t *testing.T) {
			if err := newPlay(t, read(t, file)).play(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func cases(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	return files
}

func named(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

func read(t *testing.T, file string) doc {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := yamldata.Decode(src)
	c := mapping(v)
	if err != nil || c["name"] != named(file) || c["why"] == nil {
		t.Fatalf("%s is no case of its name with a why: %v", file, err)
	}
	return c
}

// play is one case on its way.
type play struct {
	*testing.T
	c       doc
	dir     string
	up      *upstream
	marks   *strings.Replacer
	at      map[int]string // addresses of exposures by their number in the case
	clients map[string]*client
	stdio   func(doc, map[string]string) (int, http.Header, string, error)
}

// firstPort is that of @PORT1@. Exposures are asked through their handlers, so that
// nothing listens there.
const firstPort = 4711

func newPlay(t *testing.T, c doc) *play {
	p := &play{T: t, dir: t.TempDir(), up: newUpstream(t), at: map[int]string{}, clients: map[string]*client{}}
	pairs := []string{"@UPSTREAM@", p.up.URL, "@DIR@", p.dir, "@UPSTREAM_PORT@", p.up.URL[strings.LastIndexByte(p.up.URL, ':')+1:]}
	for i := range 6 {
		pairs = append(pairs, fmt.Sprintf("@PORT%d@", i+1), fmt.Sprint(firstPort+i))
	}
	p.marks = strings.NewReplacer(pairs...)
	p.c = mapping(p.fill(c))
	p.up.program(p.c)
	return p
}

// fill puts values in the place of marks; a text that is only a port is a number.
func (p *play) fill(v any) any {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "@PORT") && len(v) == len("@PORT1@") {
			return firstPort + int(v[len("@PORT")]-'1')
		}
		return p.marks.Replace(v)
	case []any:
		for i := range v {
			v[i] = p.fill(v[i])
		}
	case doc:
		for name := range v {
			v[name] = p.fill(v[name])
		}
	}
	return v
}

// play loads the file and makes the calls of the case. The error is the first thing that
// is otherwise than the case has it.
func (p *play) play() error {
	for name, v := range mapping(p.c["files"]) {
		data := []byte(text(v))
		if binary, ok := v.(doc); ok {
			data, _ = base64.StdEncoding.DecodeString(text(binary["base64"]))
		}
		path := filepath.Join(p.dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return err
		}
	}
	p.Setenv("HOME", p.dir)
	for name, v := range mapping(p.c["env"]) {
		p.Setenv(name, text(v))
	}
	how, err := mapping(p.c["serve"]), p.serve()
	for _, key := range []string{"load_error", "load_error_ok"} {
		pattern, given := how[key]
		switch {
		case given && err != nil:
			return matches(text(pattern), err.Error(), "the error")
		case given && key == "load_error":
			return errors.New("a file is served that should be refused")
		}
	}
	if err != nil {
		return err
	}
	for i, c := range list(p.c["calls"]) {
		if err := p.call(mapping(c)); err != nil {
			return fmt.Errorf("call %d: %w", i+1, err)
		}
	}
	return nil
}

// serve makes the handlers of the file's exposures.
func (p *play) serve() error {
	runner := engine.NewRunner(nil)
	file, err := engine.Open(p.Context(), filepath.Join(p.dir, "capability.yaml"), &engine.LoadOptions{Project: "none"})
	if err != nil {
		return err
	}
	if err := runner.Ready(p.Context(), file); err != nil {
		return err
	}
	in, write := io.Pipe()
	read, out := io.Pipe()
	o := &serve.Options{In: in, Out: out}
	ends, err := serve.Exposures(p.Context(), runner, file, o)
	if err != nil {
		return err
	}
	for _, end := range ends {
		if end.Handler() == nil {
			server, done := serve.New(o), make(chan error)
			if err := server.Replace([]*serve.Endpoint{end}); err != nil {
				return err
			}
			go func() { done <- server.Run(p.Context()) }()
			p.Cleanup(func() { _ = write.Close(); _ = out.Close(); <-done })
			p.stdio = overPipe(write, bufio.NewReader(read))
			continue
		}
		ts := httptest.NewServer(end.Handler())
		p.Cleanup(func() { ts.CloseClientConnections(); ts.Close(); end.Close() })
		var port int
		if _, err := fmt.Sscanf(end.Address[strings.LastIndexByte(end.Address, ':'):], ":%d", &port); err != nil {
			return err
		}
		p.at[port-firstPort+1] = ts.URL
	}
	return nil
}

// call makes a call of the case, and compares its answer, and what it sent.
func (p *play) call(c doc) error {
	ask := p.callHTTP
	if c["mcp"] != nil {
		ask = p.callMCP
	}
	err := ask(c, mapping(c["expect"]))
	got, unexpected := p.up.take()
	if err := errors.Join(err, unexpected); err != nil {
		return err
	}
	if _, given := c["upstream"]; !given {
		return nil
	}
	var wants []any
	if c["upstream"] != nil {
		wants = list(c["upstream"])
	}
	if len(wants) != len(got) {
		return fmt.Errorf("the upstream got %d requests, want %d: %v", len(got), len(wants), got)
	}
	for _, want := range wants {
		i := 0
		if c["upstream_any_order"] == true {
			i = max(0, slices.IndexFunc(got, func(r *received) bool { return r.check(want, true) == nil }))
		}
		if err := got[i].check(want, true); err != nil {
			return fmt.Errorf("the upstream got %v: %w", got[i], err)
		}
		got = slices.Delete(got, i, i+1)
	}
	return nil
}

func (p *play) address(c doc) string {
	port := 1
	if v, ok := c["port"]; ok {
		port = int(number(v))
	}
	return p.at[port]
}

func (p *play) callHTTP(c, expect doc) error {
	method, path, _ := strings.Cut(text(c["http"]), " ")
	headers, body := map[string]string{}, text(c["body"])
	if v, ok := c["json"]; ok {
		headers["Content-Type"], body = "application/json", jsonvalue.Compact(v)
	} else if form, ok := c["form"]; ok {
		fields := url.Values{}
		for name, v := range mapping(form) {
			fields.Set(name, text(v))
		}
		headers["Content-Type"], body = "application/x-www-form-urlencoded", fields.Encode()
	} else if v, ok := c["base64"]; ok {
		data, _ := base64.StdEncoding.DecodeString(text(v))
		body = string(data)
	}
	for name, v := range mapping(c["headers"]) {
		headers[name] = text(v)
	}
	res, err := ask(p.T, method, p.address(c)+path, headers, body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err == nil {
		err = errors.Join(answered(expect, res.StatusCode, res.Header), content(expect, string(data)))
	}
	if err != nil {
		return fmt.Errorf("%s %s is answered %d %s: %w", method, path, res.StatusCode, show(string(data)), err)
	}
	return nil
}

func (p *play) callMCP(c, expect doc) error {
	method, params := text(c["mcp"]), mapping(c["params"])
	if c["tool"] != nil {
		args := c["args"]
		if args == nil {
			args = doc{}
		}
		params = doc{"name": c["tool"], "arguments": args}
	}
	if c["params"] == nil && c["tool"] == nil {
		params = nil
	}
	headers := map[string]string{}
	for name, v := range mapping(c["headers"]) {
		headers[name] = text(v)
	}
	answer, status, header, err := p.client(c).request(method, params, headers)
	if err == nil {
		err = errors.Join(answered(expect, status, header), result(expect, answer))
	}
	if err != nil {
		return fmt.Errorf("%s %s is answered %s: %w", method, text(c["tool"]), show(answer), err)
	}
	return nil
}

func (p *play) client(c doc) *client {
	path, version := "/", legacyVersion
	if v := text(c["path"]); v != "" {
		path = v
	}
	if v := text(c["protocol"]); v != "" {
		version = v
	}
	modern := c["era"] == "modern"
	if modern {
		version = modernVersion
	}
	key := p.address(c) + path + version
	if p.clients[key] == nil {
		send := p.stdio
		if send == nil {
			send = overHTTP(p.T, p.address(c)+path)
		}
		p.clients[key] = &client{modern: modern, version: version, send: send}
	}
	return p.clients[key]
}

// ask sends a request as it is written, and follows nothing.
func ask(t *testing.T, method, address string, headers map[string]string, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, v := range headers {
		r.Header.Set(name, v)
	}
	return http.DefaultTransport.RoundTrip(r)
}
