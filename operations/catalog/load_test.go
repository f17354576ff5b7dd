package catalog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations/catalog"
)

const ships = `openapi: 3.1.0
info: {title: Ships, version: "2"}
paths:
  /ships:
    get:
      operationId: listShips
      responses: {'200': {description: ok}}
    post:
      responses: {'201': {description: made}}
`

func TestLoadCompilesAndThenReadsTheCache(t *testing.T) {
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), ships)
	cacheDir := filepath.Join(dir, "cache")
	set, first, err := catalog.Load(context.Background(), "ships", doc, &catalog.Options{Cache: cacheDir})
	if err != nil || set.Len() != 2 || set.API() != "ships" || set.Title() != "Ships" {
		t.Fatalf("got %v, %v", set, err)
	}
	if len(first) != 1 || first[0].Pos.File != doc || !strings.Contains(first[0].Message, "POST /ships has no operationId") {
		t.Errorf("problems: %v", first)
	}
	entry := onlyEntry(t, cacheDir)
	again, second, err := catalog.Load(context.Background(), "ships", doc, &catalog.Options{Cache: cacheDir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Summaries(), again.Summaries()); diff != "" {
		t.Errorf("from the cache: %s", diff)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the cache lost problems: %s", diff)
	}
	if now := onlyEntry(t, cacheDir); now != entry {
		t.Errorf("entry %s became %s", entry, now)
	}
}

// That an entry is used at all shows in what an altered one leads to.
func TestLoadUsesTheCache(t *testing.T) {
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a.yaml"), ships)
	b := write(t, filepath.Join(dir, "b.yaml"), strings.Replace(ships, "listShips", "listBoats", 1))
	load(t, a, filepath.Join(dir, "cache"))
	aEntry := onlyEntry(t, filepath.Join(dir, "cache"))
	if got := load(t, b, filepath.Join(dir, "other")); got[0] != "listBoats" {
		t.Fatalf("got %v", got)
	}
	// Another document's entry under this document's name is not believed.
	data, err := os.ReadFile(onlyEntry(t, filepath.Join(dir, "other")))
	if err != nil {
		t.Fatal(err)
	}
	write(t, aEntry, string(data))
	if got := load(t, a, filepath.Join(dir, "cache")); got[0] != "listShips" {
		t.Errorf("got %v from a foreign entry", got)
	}
}

func TestLoadNoticesAChangedDocument(t *testing.T) {
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), ships)
	load(t, doc, dir)
	write(t, doc, strings.Replace(ships, "listShips", "listVessels", 1))
	if got := load(t, doc, dir); got[0] != "listVessels" {
		t.Errorf("got %v", got)
	}
}

func TestLoadRepairsADamagedEntry(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut short": func(b []byte) []byte { return b[:len(b)/2] },
		"flipped":   func(b []byte) []byte { b[len(b)-20] ^= 0xff; return b },
		"text":      func([]byte) []byte { return []byte("not a cache entry") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			doc := write(t, filepath.Join(dir, "ships.yaml"), ships)
			cacheDir := filepath.Join(dir, "cache")
			load(t, doc, cacheDir)
			entry := onlyEntry(t, cacheDir)
			good, err := os.ReadFile(entry)
			if err != nil {
				t.Fatal(err)
			}
			write(t, entry, string(damage([]byte(string(good)))))
			if got := load(t, doc, cacheDir); len(got) != 2 {
				t.Errorf("got %v", got)
			}
			if now, _ := os.ReadFile(entry); string(now) != string(good) {
				t.Error("the entry was not repaired")
			}
		})
	}
}

func TestCacheIsPrivate(t *testing.T) {
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), ships)
	cacheDir := filepath.Join(dir, "cache")
	load(t, doc, cacheDir)
	for path, want := range map[string]os.FileMode{
		onlyEntry(t, cacheDir):             0o600,
		filepath.Join(cacheDir, "openapi"): 0o700,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestLoadWorksWithoutACache(t *testing.T) {
	doc := write(t, filepath.Join(t.TempDir(), "ships.yaml"), ships)
	t.Run("a file where the directory should be", func(t *testing.T) {
		load(t, doc, write(t, filepath.Join(t.TempDir(), "file"), ""))
	})
	t.Run("no home", func(t *testing.T) {
		for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData", "home"} {
			t.Setenv(name, "")
		}
		load(t, doc, "")
	})
	t.Run("the user's own", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("HOME", dir)
		t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "c"))
		t.Setenv("LocalAppData", dir)
		load(t, doc, "")
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		onlyEntry(t, filepath.Join(user, "capstan"))
	})
}

// A document in several files is compiled each time: its content is not all in
// one hash.
func TestLoadDoesNotCacheReferencesToFiles(t *testing.T) {
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), strings.Replace(ships, "{description: ok}", "{$ref: 'answers.yaml#/ok'}", 1))
	write(t, filepath.Join(dir, "answers.yaml"), "ok: {description: first}\n")
	cacheDir := filepath.Join(dir, "cache")
	for _, want := range []string{"first", "second"} {
		write(t, filepath.Join(dir, "answers.yaml"), "ok: {description: "+want+"}\n")
		set, problems, err := catalog.Load(context.Background(), "ships", doc, &catalog.Options{Cache: cacheDir})
		if err != nil || problems.HasErrors() {
			t.Fatal(err, problems)
		}
		if got := lookup(t, set, "listShips").Success().Description; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := os.Stat(cacheDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was cached: %v", err)
	}
}

func TestLoadFailures(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := catalog.Load(context.Background(), "ships", filepath.Join(dir, "none.yaml"), &catalog.Options{Cache: dir}); err == nil || !strings.Contains(err.Error(), `cannot read the OpenAPI document of "ships": there is no file`) {
		t.Errorf("missing file: %v", err)
	}
	swagger := write(t, filepath.Join(dir, "old.json"), `{"swagger": "1.2"}`)
	set, problems, err := catalog.Load(context.Background(), "old", swagger, &catalog.Options{Cache: dir})
	if set != nil || err != nil || len(problems) != 1 || problems[0].Code != "openapi-version" {
		t.Errorf("Swagger 1.2: %v, %v, %v", set, problems, err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := catalog.Load(cancelled, "old", swagger, &catalog.Options{Cache: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLoadAtOnce(t *testing.T) {
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), ships)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { load(t, doc, filepath.Join(dir, "cache")) })
	}
	wg.Wait()
	onlyEntry(t, filepath.Join(dir, "cache"))
}

func load(t *testing.T, path, cacheDir string) []string {
	t.Helper()
	set, problems, err := catalog.Load(context.Background(), "ships", path, &catalog.Options{Cache: cacheDir})
	if err != nil || problems.HasErrors() {
		t.Errorf("%v, %v", err, problems)
		return nil
	}
	return set.IDs()
}

func onlyEntry(t *testing.T, cacheDir string) string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(cacheDir, "openapi", "*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("cache holds %v, %v; want one entry", entries, err)
	}
	return entries[0]
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
