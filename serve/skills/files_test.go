package skills_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/skills"
)

func TestFilesAreServedAsTheyAre(t *testing.T) {
	h, _ := served(t, map[string]string{
		"guide.md": "# é\n", "page.html": "<script>1</script>", "logo.svg": "<svg/>", "data.json": "{}", "blob": "\x00\x01",
		"with blank.txt": "b", "empty.txt": "", "naïve.txt": "n", "100%.txt": "p",
	})
	for _, c := range []struct{ path, body, media, disposition string }{
		{"guide.md", "# é\n", "text/markdown; charset=utf-8", ""},
		{"page.html", "<script>1</script>", "text/html; charset=utf-8", "attachment; filename=page.html"},
		{"logo.svg", "<svg/>", "image/svg+xml", "attachment; filename=logo.svg"},
		{"data.json", "{}", "application/json", ""},
		{"blob", "\x00\x01", "application/octet-stream", ""},
		{"with%20blank.txt", "b", "text/plain; charset=utf-8", ""},
		{"empty.txt", "", "text/plain; charset=utf-8", ""},
		{"na%C3%AFve.txt", "n", "text/plain; charset=utf-8", ""},
		{"100%25.txt", "p", "text/plain; charset=utf-8", ""},
	} {
		w := ask(h, "GET", "/skills/orders/contents/"+c.path)
		got := [...]string{fmt.Sprint(w.Code), w.Body.String(), w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"), w.Header().Get("X-Content-Type-Options"), w.Header().Get("Content-Length")}
		want := [...]string{"200", c.body, c.media, c.disposition, "nosniff", fmt.Sprint(len(c.body))}
		if got != want {
			t.Errorf("%s: %q, want %q", c.path, got, want)
		}
	}
}

// TestNothingOutsideIsServed asks for a secret beside the folder, and for
// hidden ones in it, in every spelling.
func TestNothingOutsideIsServed(t *testing.T) {
	parent := folder(t, map[string]string{"secret.txt": "SECRET", "skill/guide.md": "g", "skill/.env": "SECRET", "skill/.git/config": "SECRET", "skill/more/tips.txt": "tip"})
	dir := filepath.Join(parent, "skill")
	x, o := exposure(t, orders, dir)
	h := skills.New(x, o)
	for _, path := range []string{
		"../secret.txt", "%2e%2e/secret.txt", "%2E%2E%2Fsecret.txt", "..%2fsecret.txt", "more/../../secret.txt", "more%2f..%2f..%2fsecret.txt",
		"..%5csecret.txt", `..\secret.txt`, "....//secret.txt", "%252e%252e/secret.txt", "./guide.md", "//guide.md", "more//tips.txt", "more%2ftips.txt",
		".env", "%2eenv", ".git/config", "more/../.env", "guide.md/", "guide.md%00", "guide.md%00.txt", "guide.md/x", "", "/", ".", "..", "%", "%zz",
		parent + "/secret.txt", strings.ReplaceAll(parent, "/", "%2f") + "%2fsecret.txt", "C:/secret.txt", "%c0%ae%c0%ae/secret.txt", "guide.md%0d%0aX:%20y",
		strings.Repeat("a/", 40) + "b", strings.Repeat("a", 5000), strings.Repeat("../", 5000) + "etc/passwd",
	} {
		if w := ask(h, "GET", "/skills/orders/contents/"+path); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(h, "GET", "/skills/orders/contents"); strings.Contains(w.Body.String(), "env") || strings.Contains(w.Body.String(), "git") {
		t.Errorf("hidden files are listed: %s", w.Body)
	}
}

func TestLinksStayInTheFolder(t *testing.T) {
	parent := folder(t, map[string]string{"secret.txt": "SECRET", "out/x.txt": "SECRET", "skill/..data/guide.md": "g", "skill/real/tips.txt": "tip"})
	dir := filepath.Join(parent, "skill")
	for name, to := range map[string]string{
		"guide.md":     "..data/guide.md", // as a mounted ConfigMap has it
		"outside.txt":  "../secret.txt",
		"absolute.txt": filepath.Join(parent, "secret.txt"),
		"out":          "../out",
		"self":         ".",
		"loop.txt":     "loop.txt",
		"inside":       "real",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	x, o := exposure(t, orders, dir)
	h := skills.New(x, o)
	for path, status := range map[string]int{
		"guide.md": 200, "real/tips.txt": 200,
		"outside.txt": 404, "absolute.txt": 404, "out/x.txt": 404, "self/guide.md": 404, "loop.txt": 404, "inside/tips.txt": 404,
	} {
		if w := ask(h, "GET", "/skills/orders/contents/"+path); w.Code != status || strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, status)
		}
	}
	want := `{"name":"orders","files":[{"path":"guide.md","size":1,"type":"text/markdown"},{"path":"real/tips.txt","size":3,"type":"text/plain"}]}` + "\n"
	if w := ask(h, "GET", "/skills/orders/contents"); w.Body.String() != want {
		t.Errorf("listed: %s", w.Body)
	}
	if names := names(t, ask(h, "GET", "/skills/orders/download")); fmt.Sprint(names) != "[SKILL.md guide.md real/tips.txt]" {
		t.Errorf("packed: %v", names)
	}
}

func TestFolderThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	x, o := exposure(t, orders, filepath.Join(dir, "later"))
	h := skills.New(x, o)
	for _, path := range []string{"contents", "contents/guide.md", "download"} {
		if w := ask(h, "GET", "/skills/orders/"+path); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), dir) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "later"), 0o755); err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "GET", "/skills/orders/contents"); w.Code != http.StatusOK {
		t.Errorf("the folder is there now: %d", w.Code)
	}
}

func FuzzPathsStayInTheFolder(f *testing.F) {
	parent := folder(f, map[string]string{"secret.txt": "SECRET", "skill/guide.md": "g", "skill/.env": "SECRET", "skill/more/tips.txt": "tip"})
	x, o := exposure(f, orders, filepath.Join(parent, "skill"))
	h := skills.New(x, o)
	for _, seed := range []string{"guide.md", "more/tips.txt", "../secret.txt", "%2e%2e%2fsecret.txt", ".env", "a\x00b", `..\secret.txt`, "%zz", "more/../.env"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		w := ask(h, "GET", "/skills/orders/contents/"+path)
		if body := w.Body.String(); strings.Contains(body, "SECRET") || w.Code == 200 && body != "g" && body != "tip" || w.Code != 200 && w.Code != 404 {
			t.Errorf("%q: %d %s", path, w.Code, body)
		}
	})
}
