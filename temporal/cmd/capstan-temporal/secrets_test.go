package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// The values of TestSecrets, no two ways of writing which are alike.
const (
	// Credentials, which the API repeats in its answers and in its errors.
	bearerKey = `sk_live_"w7+Qx/9Zt<k>W3mB\5Fq`
	queryKey  = `sk_test_V"4+zN/8rC<d>Y6pJ\2Hs`

	// Values that the capability marks as sensitive.
	inputCode    = `code_T5"+bG/3nX<f>K9vD\7La`  // an input
	badNote      = `bad_c_M2"+hW/6qS<j>P4yR\8Ne` // an input that is refused
	goodNote     = `good_Z9"+uE/5tA<g>H3xB\6Ic`  // the one that replaces it
	answerToken  = `token_J7"+kO/2mQ<r>U8wF\4Gd` // in an answer
	signalPin    = `pin_X3"+aV/9eL<s>C5zT\7Yb`   // in what a person enters
	answerPass   = `pass_R6"+dN/4pH<u>E2jM\9Kf`  // an output
	settledPass  = `pass_B8"+gI/7oW<v>Q3cS\5Ah`  // in a settlement
	onboardLink  = `https://portal.example/D4"+xP/8lZ<w>G6nU\3Tj`
	organisation = `Onboarded_F7+yK5mR9` // not sensitive
	labelled     = `Labelled_V2+tC6bX8q` // not sensitive
)

var (
	credentials = []string{bearerKey, queryKey}
	sensitive   = []string{inputCode, badNote, goodNote, answerToken, signalPin, answerPass, settledPass, onboardLink}
	plain       = []string{organisation, labelled}
)

// No credential enters what the server and the blob store keep. With a key nothing that a run
// works on is there in clear; without one the values are.
func TestSecrets(t *testing.T) {
	for name, key := range map[string]string{"encrypted": testKey, "in clear": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			server := devserver.Test(t, devserver.Options{})
			store := t.TempDir()
			s := newShell(t, server, "WORKOS_API_KEY="+bearerKey, "HARBOUR_API_KEY="+queryKey, keyVariable+"="+key, blobsVariable+"=file://"+store)
			keepsSecrets(t, s)
			kept, index := decoded(t, server, key, store)
			if err := server.Stop(); err != nil {
				t.Fatal(err)
			}
			holdsNone(t, "the server's index", index, append(credentials, sensitive...))
			holdsNone(t, "the histories", kept, credentials)
			for _, secret := range append(sensitive, plain...) {
				if !holds(kept, secret) {
					t.Errorf("no history has %s: the test is of no use", secret)
				}
			}
			raw, blobs := files(t, server.Options.Database+"*"), files(t, filepath.Join(store, "*", "*"))
			holdsNone(t, "the database", raw, credentials)
			holdsNone(t, "the blob store", blobs, credentials)
			if key != "" {
				holdsNone(t, "the database", raw, append(sensitive, plain...))
				holdsNone(t, "the blob store", blobs, append(sensitive, plain...))
			} else if !holds(raw, labelled) || !holds(raw, signalPin) {
				t.Error("the values are not found in clear: the test is of no use")
			}
			holdsNone(t, "the log", files(t, filepath.Join(s.dir, "*.log")), append(credentials, sensitive...))
		})
	}
}

// keepsSecrets has runs that have the secrets wherever runs have values: in arguments, answers
// and errors, in what a person enters, in a settlement and in a correction.
func keepsSecrets(t *testing.T, s *shell) {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(indiscreet))
	t.Cleanup(api.Close)
	for name, text := range harbour {
		s.file(t, name, text)
	}
	s.file(t, "code.txt", inputCode+noise(200<<10)) // for the blob store
	worker := s.process(t, "worker")
	s.writes(t, worker, "executing the runs")
	flags := []string{"--base-url", api.URL, "--pace", "none", "--label", "name=" + labelled, "-o", "json"}

	onboarded := s.ends(t, "waiting", append([]string{"run", "b2b-enterprise-onboarding", "-i", "organization_name=" + organisation, "-i", "domains=acme.com", "-i", "admin_email=it@acme.com"}, flags...)...)
	s.ends(t, "succeeded", "resume", onboarded, "--wait", "--done", "send-portal-link", "-o", "json")

	for ship, note := range map[string]string{"fine": goodNote, "lost": goodNote, "left": goodNote, "refused": badNote, "corrected": badNote} {
		run := s.ends(t, "waiting", append([]string{"run", "berth.yaml", "-i", "ship=" + ship, "-i", "code=@code.txt", "-i", "note=" + note}, flags...)...)
		sign := []string{"resume", run, "--done", "sign=" + object(t, "pin", signalPin), "-o", "json"}
		switch ship {
		case "fine":
			s.ends(t, "succeeded", sign...)
		case "lost":
			s.ends(t, "in_doubt", sign...)
			if err := s.run(t.Context(), nil, "runs", "resolve", run, "book", "--happened="+object(t, "pass", settledPass)); err != nil {
				t.Fatal(err)
			}
			s.ends(t, "succeeded", "resume", run, "-o", "json")
		case "left":
			s.ends(t, "in_doubt", sign...)
		case "refused":
			s.ends(t, "failed", sign...)
		case "corrected":
			s.ends(t, "failed", sign...)
			s.ends(t, "succeeded", "resume", run, "-i", "note="+goodNote, "-o", "json")
		}
	}
	s.kill(t, worker)
}

// ends runs the command until a run rests or ends, and returns the run.
func (s *shell) ends(t *testing.T, status string, args ...string) string {
	t.Helper()
	cmd := s.command(t.Context(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, _ := cmd.Output()
	var doc struct{ Run, Status string }
	if err := json.Unmarshal(stdout, &doc); err != nil || doc.Status != status {
		t.Fatalf("%s: the run is %q, want %s\n%s%s", strings.Join(args[:2], " "), doc.Status, status, stdout, stderr.String())
	}
	holdsNone(t, "what is printed", stderr.Bytes(), append(credentials, sensitive...))
	return doc.Run
}

// object is an object of one value.
func object(t *testing.T, name, value string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// harbour is a capability of an API whose key is in its addresses.
var harbour = map[string]string{
	".capstan.yaml": "root: true\napis:\n  harbour: {openapi: harbour.openapi.yaml}\n",
	"berth.yaml": `name: Berth
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: harbour
inputs:
  - {name: ship, type: string, required: true}
  - {name: code, type: string, required: true, sensitive: true}
  - {name: note, type: string, required: true, sensitive: true}
steps:
  - {id: open, capability: berths, operation: openAccount, sensitive: [token], with: {code: '{{ inputs.code }}'}}
  - {id: sign, description: Signs with the token., external: true, sensitive: [pin], with: {token: '{{ open.token }}'}}
  - {id: book, capability: berths, operation: bookBerth, sensitive: [pass], with: {ship: '{{ inputs.ship }}', note: '{{ inputs.note }}', pin: '{{ sign.pin }}'}}
outputs:
  - {name: pass, source: book.pass, sensitive: true}
`,
	"harbour.openapi.yaml": `openapi: 3.1.0
info: {title: harbour, version: '1'}
servers: [{url: https://harbour.example}]
security: [{key: []}]
paths:
  /accounts:
    post:
      operationId: openAccount
      tags: [berths]
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {code: {type: string}}}}}}
      responses: {'201': {description: opened, content: {application/json: {schema: {type: object, properties: {token: {type: string}, echo: {type: string}}}}}}}
  /berths:
    post:
      operationId: bookBerth
      tags: [berths]
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {ship: {type: string}, note: {type: string}, pin: {type: string}}}}}}
      responses: {'201': {description: booked, content: {application/json: {schema: {type: object, properties: {pass: {type: string}, echo: {type: string}}}}}}, '422': {description: refused}}
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: key}
`,
}

// indiscreet is both APIs. It repeats what it was asked in each answer.
func indiscreet(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // a GET has none
	echo := fmt.Sprint(r.Header.Get("Authorization"), " ", r.URL.Query().Get("key"), " ", r.URL)
	answer, status := map[string]any{"id": "thing_1", "echo": echo}, http.StatusOK
	w.Header().Set("X-Request-Id", "req "+url.QueryEscape(echo))
	switch request := r.Method + " " + r.URL.Path; {
	case request == "POST /organizations":
		status, answer["name"] = http.StatusCreated, body["name"]
	case request == "POST /portal/generate_link":
		answer["link"] = onboardLink
	case request == "GET /connections":
		answer["data"] = []any{map[string]any{"id": "conn_1", "state": "active", "echo": echo}}
	case request == "GET /directories":
		answer["data"] = []any{map[string]any{"id": "dir_1", "state": "linked"}}
	case request == "GET /directory_users":
		answer["data"] = []any{map[string]any{"id": "user_1"}}
	case request == "POST /accounts":
		status, answer["token"] = http.StatusCreated, answerToken
	case body["note"] == badNote:
		status, answer["message"] = http.StatusUnprocessableEntity, fmt.Sprint("refused to ", echo, ": ", body["note"], " ", body["pin"])
	case body["ship"] == "lost" || body["ship"] == "left":
		panic(http.ErrAbortHandler)
	default:
		status, answer["pass"] = http.StatusCreated, answerPass
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// decoded returns the histories of a server as a client with its key has them, and what its
// index has of them.
func decoded(t *testing.T, s *devserver.Server, key, store string) (kept, index []byte) {
	t.Helper()
	c, err := keyed(s.Address, key, store)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.Options.Namespace})
	if err != nil {
		t.Fatal(err)
	}
	text := func(m proto.Message) []byte {
		b, err := protojson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, w := range list.GetExecutions() {
		kept = append(kept, text(w.GetMemo())...)
		w.Memo = nil
		index = append(index, text(w)...)
		h, err := c.WorkflowService().GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{Namespace: s.Options.Namespace, Execution: w.GetExecution()})
		if err != nil {
			t.Fatal(err)
		}
		if len(h.GetNextPageToken()) > 0 {
			t.Error("a history has more than a page")
		}
		kept = append(kept, text(h.GetHistory())...)
	}
	return kept, index
}

// keyed is a client that decodes what the server has, with keys as the variable has them.
func keyed(address, keys, store string) (client.Client, error) {
	blobs, err := blob.NewDir(store)
	if err != nil {
		return nil, err
	}
	o := codec.Options{Blobs: blobs}
	if keys != "" {
		if o.Keys, err = codec.ParseKeys(keys); err != nil {
			return nil, err
		}
	}
	c, err := codec.New(o)
	if err != nil {
		return nil, err
	}
	options := client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	if err := c.Configure(&options); err != nil {
		return nil, err
	}
	return client.Dial(options)
}

// noise is a text that cannot be compressed by much.
func noise(size int) string {
	random := rand.NewChaCha8([32]byte{})
	b := make([]byte, size)
	_, _ = random.Read(b) // it never fails
	return base64.StdEncoding.EncodeToString(b)[:size]
}

// files returns the bytes of all files that a pattern matches.
func files(t *testing.T, pattern string) (all []byte) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no files %s: %v", pattern, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func holds(text []byte, secret string) bool { return found(text, secret) != "" }

func holdsNone(t *testing.T, what string, text []byte, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if part := found(text, secret); part != "" {
			i := bytes.Index(text, []byte(part))
			t.Errorf("%s has %q of the secret %s: ...%q...", what, part, secret, text[max(0, i-120):min(len(text), i+120)])
		}
	}
}

// found returns a half of a secret that a text has, however it is written, or "". A half is
// what is left where a database begins a new page in the middle.
func found(text []byte, secret string) string {
	quoted := func(s string, html bool) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		_ = e.Encode(s) // a text can be encoded
		return strings.Trim(strings.TrimSpace(b.String()), `"`)
	}
	forms := map[string]bool{secret: true, url.QueryEscape(secret): true, url.PathEscape(secret): true}
	for _, html := range []bool{true, false} {
		forms[quoted(secret, html)] = true
		forms[quoted(quoted(secret, html), html)] = true
	}
	for form := range forms {
		ways := []string{form, hex.EncodeToString([]byte(form)), strings.ToUpper(hex.EncodeToString([]byte(form)))}
		for _, before := range []string{"", "b", "be"} { // the three places in a group of base64
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				whole := e.EncodeToString([]byte(before + form))
				ways = append(ways, whole[4:len(whole)-4])
			}
		}
		for _, way := range ways {
			for _, half := range []string{way[:len(way)/2], way[len(way)/2:]} {
				if bytes.Contains(text, []byte(half)) {
					return half
				}
			}
		}
	}
	return ""
}
