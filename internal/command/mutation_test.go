package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
)

// TestMutatedFilesAreReported makes one fault in a sound file. Where it changes what the
// file means it must be reported at its line, or at the nearest mapping around it.
// Left are paths into answers that no document describes, and names that the author
// chooses. CAPSTAN_MUTATIONS sets the number, CAPSTAN_SEED the faults.
func TestMutatedFilesAreReported(t *testing.T) {
	files := validFiles(t)
	random := rand.New(rand.NewPCG(number("CAPSTAN_SEED", 1), 2))
	means := map[string]string{}
	for _, f := range files {
		means[f.path], _ = meaning(t, f, f.text)
	}
	counts := map[string][2]int{} // by kind: reported, changed
	var lost []string
	for range number("CAPSTAN_MUTATIONS", 2000) {
		f := files[random.IntN(len(files))]
		kind := mutations[random.IntN(len(mutations))]
		text, line, ok := kind.make(random, f.text)
		if !ok || bytes.Equal(text, f.text) {
			continue
		}
		means1, problems := meaning(t, f, text)
		found := reportedAt(problems, string(text), line)
		if means1 == means[f.path] && !found {
			continue
		}
		c := counts[kind.name]
		c[1]++
		if found {
			c[0]++
		} else {
			lost = append(lost, fmt.Sprintf("%s: %s:%d: %s; %d problems elsewhere", kind.name, f.path, line, strings.Split(string(text), "\n")[line-1], len(problems)))
		}
		counts[kind.name] = c
	}
	reported, changed := 0, 0
	for kind, c := range counts {
		t.Logf("%s: %d of %d", kind, c[0], c[1])
		reported, changed = reported+c[0], changed+c[1]
	}
	if changed < 100 || reported*100 < changed*95 {
		t.Errorf("%d of %d are reported at their place; not:", reported, changed)
		slices.Sort(lost)
		for _, l := range lost {
			t.Log(l)
		}
	}
}

func number(variable string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(variable), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// meaning is the plans of a file as text, with its problems.
func meaning(t *testing.T, f validFile, text []byte) (string, diag.List) {
	t.Helper()
	opts := f.opts
	opts.Source = text
	file, report := opened(t.Context(), f.path, &opts, engine.NewRunner(nil))
	var b strings.Builder
	if file != nil {
		for _, u := range file.Units() {
			b.WriteString(u.Name + "\n")
			if u.Program != nil {
				plan, err := json.Marshal(u.Program.Plan())
				if err != nil {
					t.Fatal(err)
				}
				b.Write(plan)
			} else if draft := engine.NewRunner(nil).Draft(t.Context(), u); draft.Capability != u.Name {
				t.Errorf("%s: the draft of %s is called %s\n%s", f.path, u.Name, draft.Capability, text)
			}
		}
	}
	return b.String(), report.Diagnostics
}

// reportedAt reports whether a problem is at a line, or at the nearest line above it
// that is indented less.
func reportedAt(problems diag.List, text string, line int) bool {
	lines := strings.Split(text, "\n")
	around := line
	for around > 1 && (indent(lines[around-1]) >= indent(lines[line-1]) || strings.TrimSpace(lines[around-1]) == "") {
		around--
	}
	return slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Pos.Line >= around && d.Pos.Line <= line+1 })
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// mutation makes one fault, in a line; false where the file has no place for it.
type mutation struct {
	name string
	make func(random *rand.Rand, text []byte) (mutated []byte, line int, ok bool)
}

var mutations = []mutation{
	{"a misspelt key or operation", func(random *rand.Rand, text []byte) ([]byte, int, bool) {
		at, word := misspelt(random, text)
		return replaced(text, at, word)
	}},
	{"a misspelt reference", matched(`(?:source: |\{\{ ?|\$\.|until: )([a-z][\w-]{3,})`, func(random *rand.Rand, word string) string {
		i := 1 + random.IntN(len(word)-2)
		return word[:i] + "q" + word[i+1:]
	})},
	{"a key that stands twice", matched(`(?m)^( +\w+: \S+\n)`, func(_ *rand.Rand, line string) string { return line + line })},
	{"a line moved by a column", matched(`(?m)^( +)\w+:`, func(random *rand.Rand, blanks string) string {
		return blanks[1:] + strings.Repeat(" ", 2*random.IntN(2))
	})},
	{"a list in place of a word", matched(`(?m): ([A-Za-z][\w.]+)$`, func(_ *rand.Rand, word string) string { return "[" + word + "]" })},
	{"a word that is missing", matched(`(?m)^ +(?:operation|source|id|name|call|type): (\S+)$`, func(*rand.Rand, string) string { return "" })},
}

// matched replaces the first group of one of the matches.
func matched(pattern string, with func(*rand.Rand, string) string) func(*rand.Rand, []byte) ([]byte, int, bool) {
	return func(random *rand.Rand, text []byte) ([]byte, int, bool) {
		all := regexp.MustCompile(pattern).FindAllSubmatchIndex(text, -1)
		if len(all) == 0 {
			return nil, 0, false
		}
		at := all[random.IntN(len(all))][2:4]
		return replaced(text, at, with(random, string(text[at[0]:at[1]])))
	}
}

func replaced(text []byte, at []int, word string) ([]byte, int, bool) {
	return slices.Concat(text[:at[0]], []byte(word), text[at[1]:]), bytes.Count(text[:at[0]], []byte("\n")) + 1, true
}
