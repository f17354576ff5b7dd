package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"capstan-temporal": main})
}

// TestScript runs the command as its users do, against one development server. Each script
// has a task queue of its own, and beside testscript's commands
//
//	says FILE TEXT       waits until a file has a text
//	asked N REQUEST      waits until an API has got a request, of N altogether
//	post FILE PATH BODY  sends JSON to the server that announced its address in FILE
//	once FILE FILE PATH BODY  sends JSON with one Idempotency-Key to two servers, many times at
//	                     once, and puts the id of the one run into $RUN
//	deployed COMMAND     holds what temporal/deploy gives a command to its help
//	listed STATUS        waits until a run has a status, and puts its id into $RUN
func TestScript(t *testing.T) {
	server := devserver.Test(t, devserver.Options{})
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			api := &api{asked: map[string]int{}, over: make(chan struct{})}
			served := httptest.NewServer(api)
			e.Defer(func() {
				close(api.over)
				served.Close()
			})
			e.Values[apiKey{}] = api
			e.Setenv("API", served.URL)
			deploy, err := filepath.Abs("../../deploy/kubernetes/capstan-temporal.yaml")
			if err != nil {
				return err
			}
			e.Setenv("DEPLOY", deploy)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("ADDRESS", server.Address)
			e.Setenv("CAPSTAN_RUNTIME", "temporal://"+server.Address+"/default?task-queue="+queue(e.WorkDir))
			e.Setenv("IDLE", "temporal://"+server.Address+"/default?task-queue=idle-"+queue(e.WorkDir))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"says": says, "asked": asked, "listed": listed, "post": post, "once": once, "deployed": deployed},
	})
}

// queue names the task queue of a script by its folder.
func queue(dir string) string {
	return strings.ReplaceAll(dir[strings.LastIndex(dir, "script-"):], "/", "-")
}

// patience is how long a script waits for something, long before go test gives up.
const patience = 2 * time.Minute

// waits looks until done reports true.
func waits(ts *testscript.TestScript, what string, done func() bool) {
	for began := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > patience {
			ts.Fatalf("%s: not within %s", what, patience)
		}
	}
}

func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: says FILE TEXT")
	}
	waits(ts, fmt.Sprintf("%s says %q", args[0], args[1]), func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(text), args[1])
	})
}

func listed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listed STATUS")
	}
	waits(ts, "a run is "+args[0], func() bool {
		if err := ts.Exec("capstan-temporal", "runs", "list", "-q", "--status", args[0]); err != nil {
			return false
		}
		for _, word := range strings.Fields(ts.ReadFile("stdout")) {
			if strings.HasPrefix(word, "run_") {
				ts.Setenv("RUN", word)
				return true
			}
		}
		return false
	})
}

func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: asked N METHOD PATH")
	}
	a := ts.Value(apiKey{}).(*api)
	waits(ts, strings.Join(args, " "), func() bool { return fmt.Sprint(a.count(args[1]+" "+args[2])) == args[0] })
}

func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: post FILE PATH BODY")
	}
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(ts.ReadFile(args[0]))
	resp, err := http.Post(url+args[1], "application/json", strings.NewReader(args[2]))
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Logf("%s\n%s", resp.Status, body)
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("POST %s%s: %s", url, args[1], resp.Status)
	}
}

func once(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: once FILE FILE PATH BODY")
	}
	const each = 5
	answers := make(chan string, 2*each)
	for _, file := range args[:2] {
		url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(ts.ReadFile(file)) + args[2]
		for range each {
			go func() { answers <- startOnce(url, args[3]) }()
		}
	}
	runs := map[string]int{}
	for range 2 * each {
		runs[<-answers]++
	}
	if len(runs) != 1 {
		ts.Fatalf("one key, and %v", runs)
	}
	for run := range runs {
		if !strings.HasPrefix(run, "/runs/run_") {
			ts.Fatalf("answered %s", run)
		}
		ts.Setenv("RUN", strings.TrimPrefix(run, "/runs/"))
	}
}

// startOnce asks for a run with an Idempotency-Key and returns the place of the run, or what
// went wrong.
func startOnce(url, body string) string {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "order-1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return resp.Status
	}
	return resp.Header.Get("Location")
}

func deployed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deployed COMMAND")
	}
	ts.Check(ts.Exec("capstan-temporal", args[0], "--help"))
	help := ts.ReadFile("stdout")
	given := regexp.MustCompile(`(?m)^ *args:\n *- ` + args[0] + `\n((?: *- .*\n)+)`).FindStringSubmatch(ts.ReadFile(ts.Getenv("DEPLOY")))
	if given == nil {
		ts.Fatalf("nothing is deployed as %s", args[0])
	}
	for _, flag := range regexp.MustCompile(`(?m)^ *- (--[a-z-]+)`).FindAllStringSubmatch(given[1], -1) {
		if !strings.Contains(help, " "+flag[1]+" ") {
			ts.Fatalf("%s has no %s", args[0], flag[1])
		}
	}
}

type apiKey struct{}

// api is an API whose first answer to each request is lost: to a POST the connection is
// closed, to a GET it stays open until the caller goes.
type api struct {
	over chan struct{}

	mu    sync.Mutex
	asked map[string]int
}

func (a *api) count(request string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[request]
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := r.Method + " " + r.URL.Path
	a.mu.Lock()
	a.asked[request]++
	first := a.asked[request] == 1
	a.mu.Unlock()
	switch {
	case first && r.Method == http.MethodPost:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	case first:
		select {
		case <-a.over:
		case <-r.Context().Done():
		}
	default:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"id": "berth_1"}`)
	}
}
