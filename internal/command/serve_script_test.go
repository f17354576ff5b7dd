package command

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	servedAt    = regexp.MustCompile(`http://[^/\s]+`)
	answeredRun = regexp.MustCompile(`"run":"(run_[0-9a-z]+)"`)
)

// ask sends a request to a server that `capstan serve` announced in a file, and
// writes the status and the body of the answer to the file "answer":
//
//	ask ANNOUNCED METHOD PATH [BODY]
//
// PATH may hold variables, BODY is a file and may, too. $RUN is the run in the
// answer, if there is one. What is posted to /mcp is a request of the 2026-07-28
// era. $KEY is sent as a bearer key.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: ask ANNOUNCED METHOD PATH [BODY]")
	}
	url := servedAt.FindString(ts.ReadFile(args[0]))
	body := ""
	if len(args) == 4 {
		body = os.Expand(ts.ReadFile(args[3]), ts.Getenv)
	}
	r, err := http.NewRequest(args[1], url+args[2], strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Prefer", "wait=30")
	if key := ts.Getenv("KEY"); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	var call struct {
		Method string
		Params struct{ Name string }
	}
	if args[2] == "/mcp" && json.Unmarshal([]byte(body), &call) == nil {
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		r.Header.Set("Mcp-Method", call.Method)
		r.Header.Set("Mcp-Name", call.Params.Name)
	}
	res, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), append([]byte(res.Status+"\n"), answer...), 0o600))
	if m := answeredRun.FindSubmatch(answer); m != nil {
		ts.Setenv("RUN", string(m[1]))
	}
}
