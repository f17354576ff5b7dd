package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// page is one Markdown file.
type page struct {
	name string // relative to the root
	text string
}

// block is one fenced block of a page.
type block struct {
	lang, text string
	line       int // of the opening fence
}

// pages returns every page a reader is sent to.
func pages(t *testing.T) (out []page) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "examples/*/README.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			out = append(out, readPage(t, name))
		}
	}
	if len(out) == 0 {
		t.Fatal("no pages found")
	}
	return out
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return page{filepath.ToSlash(rel), strings.ReplaceAll(string(text), "\r\n", "\n")}
}

func (p page) dir() string { return filepath.Join(root, filepath.Dir(filepath.FromSlash(p.name))) }

// blocks returns the fenced blocks of one language.
func (p page) blocks(lang string) (out []block) {
	var open *block
	for i, line := range strings.Split(p.text, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case !fence && open != nil:
			open.text += line + "\n"
		case fence && open == nil:
			open = &block{lang: info, line: i + 1}
		case fence:
			if open.lang == lang {
				out = append(out, *open)
			}
			open = nil
		}
	}
	return out
}

// A link to another page or file of ours leads somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(p.dir(), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s, which is not there", p.name, m[1])
			}
		}
	}
}
