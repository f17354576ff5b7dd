package dialect

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// corpus holds published files of every dialect with a table of what they are.
// It is not part of the repository.
const corpus = "../../../shared/corpus"

type corpusFile struct {
	path, dialect, version string // as the table has it
	source                 *Source
	diags                  diag.List
}

func readCorpus(t *testing.T) []corpusFile {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "INDEX.tsv"))
	if err != nil {
		t.Skipf("no corpus at %s: %v", corpus, err)
	}
	defer f.Close()
	var files []corpusFile
	lines := bufio.NewScanner(f)
	lines.Scan() // header
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		dialect, _, _ := strings.Cut(cells[1], " {")
		dialect = strings.TrimSuffix(dialect, " [steps]")
		file := corpusFile{path: filepath.Join(corpus, cells[0]), dialect: dialect, version: cells[2]}
		file.source, file.diags = readFile(t, file.path)
		files = append(files, file)
	}
	return files
}

func TestCorpus(t *testing.T) {
	files := readCorpus(t)
	t.Run("dialects", func(t *testing.T) { checkDialects(t, files) })
	t.Run("versions", func(t *testing.T) { checkVersions(t, files) })
	t.Run("models", func(t *testing.T) { checkModels(t, files) })
}

// checkDialects compares what is detected with what the corpus's own table
// says, family by family.
func checkDialects(t *testing.T, files []corpusFile) {
	got := map[string]map[spec.Dialect]int{}
	for _, f := range files {
		dialect := f.source.Dialect()
		if f.diags.HasErrors() && f.source.doc.Root == nil {
			dialect = "unreadable"
		}
		if got[f.dialect] == nil {
			got[f.dialect] = map[spec.Dialect]int{}
		}
		got[f.dialect][dialect]++
	}
	want := map[string]map[spec.Dialect]int{
		"A1 spec:Composition":           {spec.DialectComposition: 3},
		"A2 spec:Capabilities":          {spec.DialectCatalogue: 1},
		"naftiko":                       {spec.DialectFramework: 249, spec.DialectSchemaStub: 1}, // the stub gives the word "schema:" for its version
		"ikanos":                        {spec.DialectFramework: 115, spec.DialectTemplate: 1},   // a skeleton with ${{ values }}
		"X framework w/o version key":   {spec.DialectFramework: 12},
		"naftiko{schema} Jan-2026":      {spec.DialectSchemaStub: 5},
		"taxonomy edges (not runnable)": {spec.DialectEdges: 1},
		"INVALID YAML":                  {spec.DialectTemplate: 3, "unreadable": 1},
		"openapi":                       {spec.DialectOpenAPI: 71, spec.DialectUnknown: 1}, // one holds {} alone
		"support data":                  {spec.DialectFleet: 5, spec.DialectFramework: 1, spec.DialectOpenAPI: 17, spec.DialectUnknown: 34, "unreadable": 11},
		"license":                       {"unreadable": 1},
		"B1 k8s workflow":               {spec.DialectSibling: 17},
		"B2 k8s shared/ops":             {spec.DialectSibling: 19},
		"B3 k8s combines+tools":         {spec.DialectSibling: 3},
		"C bare steps":                  {spec.DialectSibling: 2},
		"D bare workflow":               {spec.DialectSibling: 20},
		"E bare workflows[]":            {spec.DialectSibling: 13},
		"F tools/imports":               {spec.DialectSibling: 16},
		"G shared operations":           {spec.DialectSibling: 28},
		"H capabilities list":           {spec.DialectSibling: 14},
		"I consumes only":               {spec.DialectSibling: 15},
		"J capability{} only":           {spec.DialectSibling: 3},
		"Z naftiko-odd":                 {spec.DialectSibling: 3},
		"? name,description,version,type,mcp_tools":                                    {spec.DialectSibling: 2},
		"? name,version,description,tags,adapters,apis":                                {spec.DialectSibling: 1},
		"? name,description,version,provider,category,tags,humanURL,actions,platforms": {spec.DialectSibling: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("detected dialects (-want +got):\n%s", diff)
	}
}

// checkVersions checks the version of every file whose table entry has
// one that is written under the key the dialect is known by.
func checkVersions(t *testing.T, files []corpusFile) {
	for _, f := range files {
		switch {
		case f.dialect != "naftiko" && f.dialect != "ikanos" && f.dialect[0] != 'A' && f.dialect[0] != 'B':
			continue
		case f.version == "schema:":
			continue
		}
		if s := f.source; s.Dialect() != spec.DialectTemplate && s.Version() != f.version {
			t.Errorf("%s: version %q, want %q", f.path, s.Version(), f.version)
		}
	}
}

// checkModels checks that every published file either gives a
// model without errors or exactly one diagnostic that says what it is.
func checkModels(t *testing.T, files []corpusFile) {
	for _, f := range files {
		s := f.source
		if f.diags.HasErrors() {
			continue
		}
		c, diags := s.File(spec.Options{})
		switch {
		case s.Dialect() == spec.DialectComposition && (c == nil || len(diags) > 0):
			t.Errorf("%s does not decode: %v", f.path, diags)
		case !s.Runnable() && (len(diags) != 1 || !strings.Contains(diags[0].Message, "recognised as") && s.Dialect() != spec.DialectUnknown):
			t.Errorf("%s (%s): %v", f.path, s.Dialect(), diags)
		}
		if s.Dialect() == spec.DialectCatalogue {
			if _, diags := s.Catalogue(); len(diags) > 0 {
				t.Errorf("%s does not decode: %v", f.path, diags)
			}
		}
	}
}

func readFile(t *testing.T, path string) (*Source, diag.List) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Read(path, src)
}

// readCases reads the cases that lie beside the corpus.
func readCases(t *testing.T) []corpusFile {
	t.Helper()
	var out []corpusFile
	for _, pattern := range []string{"framework/*.yaml", "framework/shared/*.yaml", "sibling/*.yaml"} {
		names, err := filepath.Glob(filepath.Join(corpus, "../cases", pattern))
		if err != nil || len(names) == 0 {
			t.Skipf("no cases at %s: %v", pattern, err)
		}
		for _, name := range names {
			f := corpusFile{path: name}
			f.source, f.diags = readFile(t, name)
			out = append(out, f)
		}
	}
	return out
}
