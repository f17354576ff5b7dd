package skills_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/skills"
	"github.com/capstan-run/capstan/spec/yamldata"
)

func TestDownload(t *testing.T) {
	h, dir := served(t, map[string]string{"guide.md": "# Orders\n", "more/tips.txt": "tip\n", "run.sh": "echo", ".env": "SECRET"})
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	w := ask(h, "GET", "/skills/orders/download")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/zip" || w.Header().Get("Content-Disposition") != "attachment; filename=orders.zip" {
		t.Fatal(w.Code, w.Header())
	}
	var got []string
	for _, f := range unzip(t, w) {
		got = append(got, fmt.Sprintf("%s %o", f.Name, f.Mode()))
	}
	want := []string{"SKILL.md 644", "guide.md 644", "more/tips.txt 644", "run.sh 755"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := os.Chtimes(filepath.Join(dir, "guide.md"), time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if again := ask(h, "GET", "/skills/orders/download"); !bytes.Equal(again.Body.Bytes(), w.Body.Bytes()) {
		t.Error("the same files gave another zip")
	}
}

func TestSkillFileIsMadeWhereThereIsNone(t *testing.T) {
	h, _ := served(t, map[string]string{"guide.md": "g"})
	want := `---
name: orders
description: Working with orders
license: MIT
compatibility: 'any agent: all'
argument-hint: an order number
allowed-tools: list-orders
user-invocable: false
disable-model-invocation: true
metadata:
  team: sales
---

# orders

Working with orders

## Tools

- ` + "`list-orders`: List orders (call `list-orders` of `order-rest` over REST)\n- `how-to`: Guide (read `guide.md`)\n"
	if diff := cmp.Diff(want, content(t, unzip(t, ask(h, "GET", "/skills/orders/download"))[0])); diff != "" {
		t.Error(diff)
	}
	h, _ = served(t, map[string]string{"Skill.md": "own"})
	files := unzip(t, ask(h, "GET", "/skills/orders/download"))
	if len(files) != 1 || content(t, files[0]) != "own" {
		t.Errorf("the folder's own SKILL.md does not stand alone: %d files", len(files))
	}
}

func TestSizesAreBounded(t *testing.T) {
	sparse := func(name string, size int64) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name                 string
		fill                 func(t *testing.T, dir string)
		file, list, download int
	}{
		{"a file of 10 MiB", sparse("guide.md", 10<<20), 200, 200, 200},
		{"a larger file", sparse("guide.md", 10<<20+1), 403, 200, 403},
		{"more than 50 MiB", func(t *testing.T, dir string) {
			for i := range 6 {
				sparse(fmt.Sprint(i), 9<<20)(t, dir)
			}
		}, 404, 200, 403},
		{"5,001 files", func(t *testing.T, dir string) {
			for i := range 5001 {
				sparse(fmt.Sprint(i), 0)(t, dir)
			}
		}, 404, 403, 403},
		{"20,001 hidden files", func(t *testing.T, dir string) {
			for i := range 20001 {
				sparse(fmt.Sprintf(".%d", i), 0)(t, dir)
			}
		}, 404, 403, 403},
		{"folders too deep", func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 40)), 0o755); err != nil {
				t.Fatal(err)
			}
		}, 404, 403, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, dir := served(t, nil)
			c.fill(t, dir)
			got := [3]int{ask(h, "HEAD", "/skills/orders/contents/guide.md").Code, ask(h, "HEAD", "/skills/orders/contents").Code, ask(h, "HEAD", "/skills/orders/download").Code}
			if want := [3]int{c.file, c.list, c.download}; got != want {
				t.Errorf("file, list, download: %v, want %v", got, want)
			}
		})
	}
}

func unzip(t *testing.T, w *httptest.ResponseRecorder) []*zip.File {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r.File
}

func names(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var out []string
	for _, f := range unzip(t, w) {
		out = append(out, f.Name)
	}
	return out
}

func content(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFrontMatterHoldsHostileTexts(t *testing.T) {
	x, o := exposure(t, orders, folder(t, nil))
	x.Skills[0].Description.Value = "a\n---\nname: \"b\" <c> \u0085\x7f\ufeff"
	h := skills.New(x, o)
	got := content(t, unzip(t, ask(h, "GET", "/skills/orders/download"))[0])
	front, _, _ := strings.Cut(got, "\n---\n\n")
	if v, err := yamldata.Decode([]byte(front)); err != nil || v.(map[string]any)["description"] != x.Skills[0].Description.Value {
		t.Errorf("%v, %v of\n%s", v, err, got)
	}
}
