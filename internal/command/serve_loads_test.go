package command

import (
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
)

// opened counts how often each file is read.
type openedFS struct {
	fstest.MapFS
	mu    sync.Mutex
	times map[string]int
}

func (f *openedFS) Open(name string) (fs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times[name]++
	return f.MapFS.Open(name)
}

func (f *openedFS) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

// A file is read once to be served, whatever its dialect.
func TestServingLoadsEachFileOnce(t *testing.T) {
	files := &openedFS{times: map[string]int{}, MapFS: fstest.MapFS{
		"berths.openapi.yaml": {Data: []byte(stalledDocument)}, "berths.yaml": {Data: []byte(stalledCapability)},
		".capstan.yaml": {Data: []byte("apis: {berths: {openapi: berths.openapi.yaml}}\n")},
		"face.yaml": {Data: []byte(`ikanos: 1.0.0-beta5
info: {display: Face, description: A face}
capability:
  exposes:
  - {type: mcp, port: 3111, namespace: desk, tools: [{name: now, description: constant, outputParameters: [{name: v, type: string, value: good}]}]}
`)},
	}}
	a, _, stderr := newTestApp("")
	a.flags.state = noState
	f := &serveFlags{keepRuns: 3}
	f.send.mock = true
	d, err := a.deploy([]string{"berths.yaml", "face.yaml"}, f)
	if err != nil {
		t.Fatal(err)
	}
	d.opened.FS = files
	endpoints, _, err := d.load(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	t.Cleanup(func() {
		d.close()
		_ = d.rt.Close()
	})
	if len(endpoints) != 3 {
		t.Errorf("%d endpoints are served", len(endpoints))
	}
	for name := range files.MapFS {
		if n := files.times[name]; name != ".capstan.yaml" && n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
}
