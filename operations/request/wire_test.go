package request_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// setting is a number from the environment, so that a longer run, or the one
// that failed, needs no change of the code.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// arrived is a request as a server sees it, before anything is decoded.
type arrived struct {
	method, target, host string
	header               http.Header
	body                 []byte
}

// recorder is a server that keeps the requests it gets.
type recorder struct {
	url string
	got chan arrived
}

func newRecorder(t testing.TB) *recorder {
	r := &recorder{got: make(chan arrived, 8)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		body, err := io.ReadAll(hr.Body)
		if err != nil {
			t.Error(err)
		}
		r.got <- arrived{hr.Method, hr.RequestURI, hr.Host, hr.Header, body}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

// take returns the requests that arrived since the last time.
func (r *recorder) take() []arrived {
	var out []arrived
	for {
		select {
		case a := <-r.got:
			out = append(out, a)
		default:
			return out
		}
	}
}

// Whatever is asked of whatever operation, a server that reads it by the rules
// of OpenAPI finds just that, or gets no request. CAPSTAN_WIRE_SEED and
// CAPSTAN_WIRE_COUNT choose other cases.
func TestWhatReachesTheWireIsWhatWasAsked(t *testing.T) {
	const perDocument, perOperation = 10, 10
	seed, count := setting(t, "CAPSTAN_WIRE_SEED", 1), setting(t, "CAPSTAN_WIRE_COUNT", 10_000)
	rec := newRecorder(t)
	send := client.New(client.Options{Retry: client.RetryPolicy{Attempts: 1}, Timeout: 10 * time.Minute})
	sent, refused := 0, 0
	for i := uint64(0); i < count; i += perDocument * perOperation {
		g := &wireGenerator{rand.New(rand.NewPCG(seed, i))}
		doc := g.document(perDocument)
		set := compiledWire(t, doc)
		for _, op := range doc {
			for range perOperation {
				ask := g.ask(op)
				req := ask.request(optest.Lookup(t, set, op.ID), rec.url+"/v1")
				resp, err := send(t.Context(), req)
				got := rec.take()
				switch {
				case err == nil && resp.Status == http.StatusNoContent && len(got) == 1:
					sent++
					for _, fault := range readWire(op, ask, got[0]) {
						t.Errorf("seed %d/%d: %s\nasked %s\nsent  %s %s\n%v\n%.300s", seed, i, fault, ask, got[0].method, got[0].target, got[0].header, got[0].body)
					}
				case operations.IsNotSent(err) && len(got) == 0:
					refused++
					if ask.plain {
						t.Errorf("seed %d/%d: refused %s\n%v", seed, i, ask, err)
					}
				default:
					t.Errorf("seed %d/%d: %d requests for one, %v\nasked %s", seed, i, len(got), err, ask)
				}
			}
			if t.Failed() && os.Getenv("CAPSTAN_WIRE_ALL") == "" {
				t.FailNow()
			}
		}
	}
	t.Logf("%d sent, %d refused", sent, refused)
	if uint64(sent) < count*2/5 {
		t.Errorf("only %d of %d requests were sent", sent, count)
	}
}

func compiledWire(t *testing.T, doc []*wireOp) *operations.Set {
	t.Helper()
	paths := map[string]any{}
	for _, op := range doc {
		paths[op.Path] = map[string]any{"parameters": []any{}, op.lowerMethod(): op.object()}
	}
	text, err := json.Marshal(map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "wire", "version": "1"}, "paths": paths})
	if err != nil {
		t.Fatal(err)
	}
	index, problems := openapi.Compile("wire", text, nil)
	if index == nil {
		t.Fatalf("%v\n%s", problems, text)
	}
	set, err := index.Set()
	if err != nil {
		t.Fatal(err)
	}
	return set
}
