package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What is done before main is done for every command: packages of ours do next to
// nothing there. Allocations are counted, as they are always the same;
// bench/limits.txt bounds the sum of all packages.
func TestStart(t *testing.T) {
	const (
		most    = 200 // allocations of one package of ours
		mostAll = 500
	)
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
