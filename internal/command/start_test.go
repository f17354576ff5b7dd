package command

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What is done before main is done for every command: packages of ours do next to
// nothing there, and those of others that do most are not in the binary. Allocations
// are counted, as they are always the same; bench/limits.txt bounds their sum.
func TestStart(t *testing.T) {
	const (
		most    = 200 // allocations of one package of ours
		mostAll = 500
	)
	unwanted := []string{ // they make thousands before main; their parts, or others, do the same without
		"github.com/santhosh-tekuri/jsonschema/v6", "github.com/getkin/kin-openapi/openapi3",
		"github.com/bufbuild/protocompile", "github.com/yuin/goldmark/extension",
	}
	trace := exec.Command(os.Args[0], "-test.run=^$")
	trace.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := trace.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all, seen := 0, 0
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) allocs$`).FindAllStringSubmatch(string(out), -1) {
		seen++
		n, _ := strconv.Atoi(m[2])
		if slices.Contains(unwanted, m[1]) {
			t.Errorf("%s is in the binary: %d allocations before main", m[1], n)
		}
		if strings.HasPrefix(m[1], "github.com/capstan-run/capstan/") {
			all += n
			if n > most {
				t.Errorf("%s makes %d allocations before main, at most %d are allowed: make tables when they are first used", m[1], n, most)
			}
		}
	}
	if all > mostAll || seen < 100 {
		t.Errorf("packages of ours make %d allocations before main, %d packages were seen", all, seen)
	}
}

// A command line that begins with a command makes that one alone.
func TestOneCommandIsMade(t *testing.T) {
	for _, c := range (&app{}).commands() {
		made := (&app{args: []string{c.Name(), "--help"}}).commands()
		if len(made) != 1 || made[0].Name() != c.Name() {
			t.Errorf("%q makes %d commands, want itself", c.Name(), len(made))
		}
	}
}
