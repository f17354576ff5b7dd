package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// write puts files into a new folder and returns the first's path. @1, @2, ...
// stand for ports, @UP for the upstream.
func write(t testing.TB, upstream string, ports []int, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	return writeIn(t, dir, upstream, ports, files...)
}

func writeIn(t testing.TB, dir, upstream string, ports []int, files ...string) string {
	t.Helper()
	pairs := []string{"@UP", upstream}
	for i, p := range ports {
		pairs = append(pairs, fmt.Sprintf("@%d", i+1), fmt.Sprint(p))
	}
	fill := strings.NewReplacer(pairs...)
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(fill.Replace(files[i+1])), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

// endpoints loads a file and makes what it exposes.
func endpoints(t testing.TB, file string, o *serve.Options) []*serve.Endpoint {
	t.Helper()
	f, err := engine.Open(t.Context(), file, &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	out, err := serve.Exposures(t.Context(), engine.NewRunner(nil), f, o)
	if err != nil {
		t.Fatalf("exposures: %v", err)
	}
	return out
}

// running serves a file until the test ends, or stop is called, which returns
// what Run came to.
func running(t testing.TB, file string, o *serve.Options) (s *serve.Server, stop func() error) {
	t.Helper()
	if o == nil {
		o = &serve.Options{}
	}
	s = serve.New(o)
	if err := s.Replace(endpoints(t, file, o)); err != nil {
		t.Fatal(err)
	}
	return s, run(t, s)
}

// run starts a server. stop ends it and returns what Run came to.
func run(t testing.TB, s *serve.Server) (stop func() error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return stop
}

// client has connections of its own, which end with the test.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// Exposures takes no options for the defaults, and refuses no file.
func TestExposuresOfNothing(t *testing.T) {
	if _, err := serve.Exposures(t.Context(), nil, nil, nil); err == nil || err.Error() != "there is no file to serve" {
		t.Errorf("no file: %v", err)
	}
	up := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(up.Close)
	found := endpoints(t, write(t, up.URL, servetest.FreePorts(t, 1), "passing.yaml", passing), nil)
	if len(found) != 1 || found[0].Type != "rest" {
		t.Errorf("%d endpoints", len(found))
	}
}
