package command

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
)

// begun writes a composition of operations with init, which must validate, and runs it on
// the mock with made-up inputs. It reports whether the run came to its end: the mock has
// nothing under an id that was made up, its lists may be empty, and no
// pattern is met by chance.
func begun(t *testing.T, set *operations.Set, api []string, ids []string) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "begun.yaml")
	args := slices.Concat([]string{"init", "--config", "none"}, api, []string{"-o", file})
	for _, id := range ids {
		args = append(args, "--operation", id)
	}
	_, problems, code := command(t, args...)
	if strings.Contains(problems, "names no server for") {
		return false // as any composition of this API
	}
	if code != exitDone {
		text, _ := os.ReadFile(file)
		t.Errorf("init %v exits with %d: %s\n%s", ids, code, problems, text)
		return false
	}
	if out, _, code := command(t, "fmt", "--diff", file); code != exitDone || out != "" {
		t.Errorf("%v: fmt lays it out otherwise: %s", ids, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	check := []string{"validate", "--config", "none", file}
	opts := &engine.LoadOptions{Project: "none"}
	if api[0] == "--openapi" {
		check = append(check, api...)
		opts.OpenAPI = map[string]string{"": api[1]}
	}
	if out, problems, code := command(t, check...); code != exitDone {
		t.Errorf("%v: validate exits with %d: %s%s\n%s", ids, code, out, problems, text)
		return false
	}
	prog, err := engine.Load(t.Context(), file, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range prog.Plan().Inputs {
		if len(in.UsedBy) == 0 {
			t.Errorf("%v: nothing uses the input %s\n%s", ids, in.Name, text)
		}
	}
	_, err = engine.NewRunner(&engine.Options{Mock: true}).Run(t.Context(), prog, madeUp(prog, set), nil)
	refused := func(because string) bool { return strings.Contains(err.Error(), because) }
	if err != nil && !refused("the mock knows what this run created") && !refused("select found nothing") && !refused("does not match the pattern") {
		t.Errorf("%v: on the mock: %v\n%s", ids, err, text)
	}
	return err == nil
}

// madeUp are inputs that fit the parameters that they feed.
func madeUp(prog *engine.Program, set *operations.Set) engine.Inputs {
	inputs := engine.Inputs{}
	for _, s := range prog.Plan().Steps {
		op, _ := set.Lookup(s.Operation)
		for _, b := range s.Binds {
			name, ok := strings.CutPrefix(b.From, "inputs.")
			if _, known := inputs[name]; !ok || known {
				continue
			}
			for _, f := range author.Takes(op) {
				if f.Path == b.Param && string(f.In) == b.In {
					inputs[name] = mock.Example(f.Schema, f.Name)
				}
			}
		}
	}
	return inputs
}

// TestInitOfEveryResource begins a composition of the operations of each resource of
// WorkOS: those that create, get and list it.
func TestInitOfEveryResource(t *testing.T) {
	api, err := engine.OpenAPI(t.Context(), "workos", nil)
	if err != nil {
		t.Fatal(err)
	}
	chains := map[string][]string{}
	for _, id := range api.Set.IDs() {
		op, _ := api.Set.Lookup(id)
		name := op.Resource().Name
		if op.Method == "GET" || op.Method == "POST" {
			chains[name] = append(chains[name], id)
		}
	}
	n, done := 0, 0
	for _, name := range slices.Sorted(maps.Keys(chains)) {
		ids := chains[name]
		if len(ids) < 2 {
			continue
		}
		n++
		if begun(t, api.Set, []string{"--api", "workos"}, ids[:min(len(ids), 4)]) {
			done++
		}
	}
	if n < 20 || done < n*8/10 {
		t.Errorf("%d of %d compositions ran to their end", done, n)
	}
}

// TestInitOfCorpus begins compositions of operations that are taken at random, from
// public documents of many providers.
func TestInitOfCorpus(t *testing.T) {
	const dir = "../../../shared/corpus"
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Skipf("the corpus of public documents is not beside the repository: %v", err)
	}
	random := rand.New(rand.NewPCG(number("CAPSTAN_SEED", 1), 13))
	documents, n, done := 0, 0, 0
	for line := range strings.Lines(string(index)) {
		columns := strings.Split(line, "\t")
		if len(columns) < 2 || columns[1] != "openapi" {
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(columns[0]))
		api, err := engine.OpenAPI(t.Context(), file, &engine.LoadOptions{Project: "none"})
		if err != nil || api.Set.Len() < 5 || documents >= int(number("CAPSTAN_DOCUMENTS", 12)) {
			continue
		}
		documents++
		t.Run(filepath.Base(file), func(t *testing.T) {
			for range 2 {
				var ids []string
				for _, i := range random.Perm(api.Set.Len())[:3+random.IntN(3)] {
					ids = append(ids, api.Set.IDs()[i])
				}
				n++
				if begun(t, api.Set, []string{"--openapi", file}, ids) {
					done++
				}
			}
		})
	}
	t.Logf("%d documents; %d of %d compositions ran to their end", documents, done, n)
	if documents < 10 || done < n*6/10 {
		t.Errorf("%d documents; %d of %d compositions ran to their end", documents, done, n)
	}
}

// A person searches for operations, and takes them by number or id.
func TestInitAsksForOperations(t *testing.T) {
	document, err := os.ReadFile("testdata/harbour/harbour.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"harbour.yaml", "second.yaml"} {
		if err := os.WriteFile(name, document, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	person := newTerminal(t)
	ended := person.start("init", "-o", "begun.yaml")
	for _, step := range []struct{ shown, typed string }{
		{"which OpenAPI document? ", "1"},
		{"harbour has 3 operations", "submarine"},
		{"nothing fits", "book a berth"},
		{"  1  bookBerth", "1"},
		{"bookBerth POST /berths", "getShip"},
		{"operation 3: ", ""},
	} {
		person.await(step.shown)
		fmt.Fprintln(person, step.typed)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit %d\n%s", code, person.shown.String())
	}
	text, err := os.ReadFile("begun.yaml")
	if err != nil || !strings.Contains(string(text), "operation: getShip") || !strings.Contains(string(text), "operation: bookBerth") {
		t.Errorf("%v\n%s", err, text)
	}
}
