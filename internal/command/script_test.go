package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(awayFromHome{m}, map[string]func(){"capstan": func() { Main(Options{}) }})
}

// awayFromHome keeps tests that run commands in process out of the user's own
// directories; scripts have their own.
type awayFromHome struct{ m *testing.M }

func (a awayFromHome) Run() int {
	home, err := os.MkdirTemp("", "capstan-home-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	for _, name := range []string{"HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, home); err != nil {
			panic(err)
		}
	}
	return a.m.Run()
}

// TestScript runs the command line as users meet it. Beside testscript's own
// commands there are "upstream NAME.stub", which serves a stub file on loopback
// until the script ends, and "requested" and "release", see upstream_test.go,
// "ask", see serve_script_test.go, "listed" and "says".
//
// Under the race detector, with which a process takes a second to start, there are only
// the scripts of commands with more than one goroutine of their own.
func TestScript(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if underRace {
		for _, name := range []string{"serve", "resume", "interrupt", "park"} {
			some, err := filepath.Glob(filepath.Join(dir, name+"*.txtar"))
			if err != nil || len(some) == 0 {
				t.Fatalf("scripts of %s: %d, %v", name, len(some), err)
			}
			files = append(files, some...)
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		Files:         files,
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			repo, err := os.Getwd()
			if err != nil {
				return err
			}
			e.Setenv("WORKOS", repo+"/../../capabilities/workos")
			e.Setenv("HARBOUR", repo+"/testdata/harbour")
			e.Setenv("FJORD", repo+"/testdata/fjord")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_STATE_HOME", e.WorkDir+"/.state")
			e.Values[stubKey{}] = newStubServer()
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"upstream": upstream, "requested": requested, "listed": listed,
			"release": release, "says": says, "ask": ask,
		},
	})
}

// says waits until a file has a line with the given text.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: says FILE TEXT")
	}
	for started := time.Now(); ; {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(text), args[1]) {
			return
		}
		if time.Since(started) > 2*time.Minute { // long before go test gives up without a reason
			ts.Fatalf("%s does not say %q:\n%s", args[0], args[1], text)
		}
		time.Sleep(time.Millisecond) // the machine is for the command that is to say it
	}
}

// listed waits until a run has the given status. Further arguments are flags of
// `capstan runs list`.
func listed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: listed STATUS [FLAG...]")
	}
	for {
		err := ts.Exec("capstan", append([]string{"runs", "list", "-q", "--status"}, args...)...)
		if err == nil && ts.ReadFile("stdout") != "" { // the directory may not be there yet
			return
		}
	}
}
