package command

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// misspellable matches the keys of mappings and the names of operations.
var misspellable = lazyregexp.New(`(?m)(?:^[ -]*|[{,] *)([A-Za-z]\w{3,}):(?: |$)|operation: ([\w.]{4,})`)

// TestFixRestoresMisspeltFiles misspells one word of a valid file, by a letter, and
// wants the file back.
func TestFixRestoresMisspeltFiles(t *testing.T) {
	const count = 500
	files := validFiles(t)
	random := rand.New(rand.NewPCG(13, 1))
	restored, reported := 0, 0
	var lost []string
	for reported < count {
		f := files[random.IntN(len(files))]
		at, word := misspelt(random, f.text)
		wrong := slices.Concat(f.text[:at[0]], []byte(word), f.text[at[1]:])
		fixed, found := fixedText(t, f, wrong)
		if !found {
			continue // a name that the author chooses
		}
		reported++
		if bytes.Equal(fixed, f.text) {
			restored++
			continue
		}
		lost = append(lost, fmt.Sprintf("%s: %q for %q", f.path, word, f.text[at[0]:at[1]]))
		if again, _ := fixedText(t, f, fixed); !bytes.Equal(again, fixed) {
			t.Errorf("%s: %q: a second fix changes the file again", f.path, word)
		}
	}
	t.Logf("restored %d of %d", restored, reported)
	if restored < count*9/10 {
		t.Errorf("restored %d of %d; not:", restored, reported)
		for _, l := range lost {
			t.Log(l)
		}
	}
}

// TestFixKeepsAFileValid mends the other spellings of a valid file.
func TestFixKeepsAFileValid(t *testing.T) {
	const path = "../../spec/framework/testdata/lighthouse-loose.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fixed, _ := fixedText(t, validFile{path: path}, text)
	opts := engine.LoadOptions{Source: fixed}
	f, report := opened(t.Context(), path, &opts, engine.NewRunner(nil))
	if bytes.Equal(fixed, text) || f == nil || report.Diagnostics.HasErrors() {
		t.Errorf("changed: %t, then: %v", !bytes.Equal(fixed, text), report.Diagnostics)
	}
}

// validFile is a file of the project without an error, and with nothing to fix.
type validFile struct {
	path string
	text []byte
	opts engine.LoadOptions
}

func validFiles(t *testing.T) []validFile {
	t.Helper()
	var out []validFile
	documents := &engine.Documents{}
	for _, dir := range []string{"../../capabilities", "../../examples", "../../serve/internal/conformance/testdata", "../../engine/testdata/embedded", "../../bench/files", "../../spec/framework/testdata", "../../serve/rest/testdata"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !isYAML(path) {
				return err
			}
			opts := engine.LoadOptions{Documents: documents, Several: true}
			f, report := opened(t.Context(), path, &opts, engine.NewRunner(nil))
			all := fixing{safe: true}
			if f == nil || report.Diagnostics.HasErrors() || len(all.chosen(report.Diagnostics)) > 0 || !isCapability(report) {
				return nil
			}
			text, err := os.ReadFile(path)
			out = append(out, validFile{path, text, opts})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 10 {
		t.Fatalf("%d valid files", len(out))
	}
	return out
}

// misspelt returns the place of a word and the word with one letter left out, doubled,
// swapped with the next, or replaced.
func misspelt(random *rand.Rand, text []byte) (at []int, word string) {
	all := misspellable.FindAllStringSubmatchIndex(string(text), -1)
	m := all[random.IntN(len(all))]
	at = m[2:4]
	if at[0] < 0 {
		at = m[4:6]
	}
	w := text[at[0]:at[1]]
	i := 1 + random.IntN(len(w)-2)
	switch random.IntN(4) {
	case 0:
		return at, string(w[:i]) + string(w[i+1:])
	case 1:
		return at, string(w[:i]) + string(w[i]) + string(w[i:])
	case 2:
		return at, string(w[:i]) + string(w[i+1]) + string(w[i]) + string(w[i+2:])
	}
	return at, string(w[:i]) + "q" + string(w[i+1:])
}

// fixedText returns the text after --fix, and whether it had a problem that the valid
// file has not.
func fixedText(t *testing.T, f validFile, text []byte) (fixed []byte, found bool) {
	t.Helper()
	opts := f.opts
	opts.Source = text
	_, report := opened(t.Context(), f.path, &opts, engine.NewRunner(nil))
	found = report.Diagnostics.HasErrors()
	for _, d := range report.Diagnostics {
		found = found || d.Code == "unknown-key"
	}
	x := fixing{safe: true}
	fixed, err := x.text(t.Context(), f.path, text, &f.opts)
	if err != nil {
		t.Fatal(err)
	}
	return fixed, found
}
