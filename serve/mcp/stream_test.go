package mcp_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/mcp"
)

// tape is the answer to a request that is still being served.
type tape struct {
	header http.Header
	mu     sync.Mutex
	status int
	sent   bytes.Buffer // flushed
	text   bytes.Buffer // not yet
}

func (w *tape) Header() http.Header { return w.header }

func (w *tape) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func (w *tape) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.text.Write(p)
}

func (w *tape) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = io.Copy(&w.sent, &w.text)
}

// read is the status and what has reached the client.
func (w *tape) read() (int, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status, w.sent.String()
}

// sending is a request that is being served.
type sending struct {
	*tape
	cut  context.CancelFunc // ends the connection
	done chan struct{}      // closed when it was served
}

// send serves a request in the background, without a network, so that time can
// be synthetic.
func send(t *testing.T, s *mcp.Server, method, body string, headers map[string]string) *sending {
	ctx, cut := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, method, "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	out := &sending{&tape{header: http.Header{}}, cut, make(chan struct{})}
	go func() {
		defer close(out.done)
		s.Handler().ServeHTTP(out, req)
		out.Flush()
	}()
	return out
}

const waitCall = `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"wait"}}`

// sessionOf opens a session of a version, with the headers of its requests.
func sessionOf(t *testing.T, s *mcp.Server, version string) map[string]string {
	t.Helper()
	opened := send(t, s, http.MethodPost, strings.Replace(hello, "2025-06-18", version, 1), nil)
	<-opened.done
	id := opened.header.Get("Mcp-Session-Id")
	if id == "" {
		t.Fatalf("no session: %s", opened.sent.String())
	}
	return map[string]string{"Mcp-Session-Id": id, "Mcp-Protocol-Version": version}
}

// callWait calls the tool "wait" in an era.
func callWait(t *testing.T, s *mcp.Server, version string) *sending {
	t.Helper()
	if version != modern {
		return send(t, s, http.MethodPost, waitCall, sessionOf(t, s, version))
	}
	body := strings.Replace(waitCall, `"name":"wait"`, `"name":"wait","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`, 1)
	return send(t, s, http.MethodPost, body, map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "wait"})
}

// held offers a tool "wait" that answers once it is released.
func held() (offer *mcp.Offer, release func(), ended chan error) {
	released, ended := make(chan struct{}), make(chan error, 1)
	return &mcp.Offer{Name: "held", Tools: []mcp.Tool{{
		Name: "wait",
		Call: func(ctx context.Context, _ *mcp.ToolCall) (*mcp.ToolResult, error) {
			select {
			case <-released:
			case <-ctx.Done():
			}
			ended <- ctx.Err()
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text("the answer")}}, ctx.Err()
		},
	}}}, sync.OnceFunc(func() { close(released) }), ended
}

const comment = ": still here\n\n"

// A proxy that cuts idle connections sees none: the answer begins at once, and a
// comment comes every 15 seconds.
func TestACallBeginsItsStreamAtOnceAndKeepsItAlive(t *testing.T) {
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modern} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				offer, release, _ := held()
				s := newServer(t, offer, nil)
				call := callWait(t, s, version)
				time.Sleep(time.Second) // one that is complete before is no stream
				synctest.Wait()
				begun := 1
				if version == "2025-11-25" {
					begun = 0 // the SDK begins it, with an id to resume it by
				}
				for _, after := range []int{0, 1, 2, 3, 4} {
					status, sent := call.read()
					if status != http.StatusOK || sent == "" || strings.Count(sent, comment) != begun+after {
						t.Errorf("%d comments after %d times 15 s, status %d: %q", strings.Count(sent, comment), after, status, sent)
					}
					time.Sleep(15 * time.Second)
					synctest.Wait()
				}
				release()
				<-call.done
				_, sent := call.read()
				if strings.Count(sent, "the answer") != 1 {
					t.Errorf("got %q", sent)
				}
				time.Sleep(time.Minute) // nothing is written to an answer that is over
				if _, later := call.read(); later != sent {
					t.Errorf("got %q afterwards", later)
				}
				s.Close()
			})
		})
	}
}

func TestTheStreamOfASessionIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offer, _, _ := held()
		s := newServer(t, offer, nil)
		headers := sessionOf(t, s, "2025-11-25")
		stream := send(t, s, http.MethodGet, "", headers)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if status, sent := stream.read(); status != http.StatusOK || strings.Count(sent, comment) != 4 {
			t.Errorf("status %d, got %q", status, sent)
		}
		s.Close()
		<-stream.done
	})
}

// A call of the stateless era that is complete at once is plain JSON, unless its
// client asked for progress.
func TestACallThatIsCompleteAtOnceIsJSON(t *testing.T) {
	for _, tt := range []struct{ meta, want string }{{"", "application/json"}, {`,"progressToken":1`, "text/event-stream"}} {
		synctest.Test(t, func(t *testing.T) {
			offer, release, _ := held()
			release()
			s := newServer(t, offer, nil)
			body := strings.Replace(waitCall, `"name":"wait"`, `"name":"wait","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"`+tt.meta+`}`, 1)
			call := send(t, s, http.MethodPost, body, map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "wait"})
			<-call.done
			if _, sent := call.read(); call.header.Get("Content-Type") != tt.want || strings.HasPrefix(sent, "{") != (tt.meta == "") || !strings.Contains(sent, "the answer") {
				t.Errorf("got %s %q", call.header.Get("Content-Type"), sent)
			}
			s.Close()
		})
	}
}

// A call that cannot be made still has the status of its fault.
func TestACallThatIsRefusedBeginsNoStream(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	if a := ask(t, url, "tools/call", map[string]any{"name": "nope"}); a.status != http.StatusBadRequest || a.fault() == nil {
		t.Errorf("got %d %v", a.status, a.body)
	}
}

var eventID = regexp.MustCompile(`(?m)^id: (\S+)$`)

// lastID is the last event that a client saw.
func lastID(t *testing.T, s *sending) string {
	t.Helper()
	_, sent := s.read()
	all := eventID.FindAllStringSubmatch(sent, -1)
	if len(all) == 0 {
		t.Fatalf("no event has an id: %q", sent)
	}
	return all[len(all)-1][1]
}

// cutOff is a call whose connection was cut, and the headers to resume it.
func cutOff(t *testing.T, s *mcp.Server) map[string]string {
	t.Helper()
	headers := sessionOf(t, s, "2025-11-25")
	call := send(t, s, http.MethodPost, waitCall, headers)
	time.Sleep(time.Second) // one that is complete before is no stream
	synctest.Wait()
	call.cut()
	<-call.done
	headers["Last-Event-Id"] = lastID(t, call)
	return headers
}

// resumable runs a test with a call whose connection was cut.
func resumable(t *testing.T, test func(t *testing.T, s *mcp.Server, headers map[string]string, release func(), ended chan error)) {
	synctest.Test(t, func(t *testing.T) {
		offer, release, ended := held()
		s := newServer(t, offer, nil)
		test(t, s, cutOff(t, s), release, ended)
		release()
		s.Close()
	})
}

func TestACutCallIsResumedByEventID(t *testing.T) {
	answered := func(t *testing.T, s *sending) {
		t.Helper()
		<-s.done
		if status, sent := s.read(); status != http.StatusOK || strings.Count(sent, "the answer") != 1 {
			t.Errorf("status %d, got %q", status, sent)
		}
	}
	t.Run("before it is answered", func(t *testing.T) {
		resumable(t, func(t *testing.T, s *mcp.Server, headers map[string]string, release func(), _ chan error) {
			again := send(t, s, http.MethodGet, "", headers)
			time.Sleep(20 * time.Minute) // it is kept alive again
			synctest.Wait()
			if _, sent := again.read(); strings.Count(sent, comment) != 81 {
				t.Errorf("%d comments", strings.Count(sent, comment))
			}
			release()
			answered(t, again)
		})
	})
	t.Run("after it is answered", func(t *testing.T) {
		resumable(t, func(t *testing.T, s *mcp.Server, headers map[string]string, release func(), ended chan error) {
			release()
			if err := <-ended; err != nil {
				t.Errorf("the call ended: %v", err)
			}
			synctest.Wait()
			answered(t, send(t, s, http.MethodGet, "", headers))
		})
	})
	t.Run("cut again", func(t *testing.T) {
		resumable(t, func(t *testing.T, s *mcp.Server, headers map[string]string, release func(), _ chan error) {
			for range 3 {
				time.Sleep(50 * time.Second)
				again := send(t, s, http.MethodGet, "", headers)
				time.Sleep(50 * time.Second)
				again.cut()
				<-again.done
			}
			again := send(t, s, http.MethodGet, "", headers)
			synctest.Wait()
			release()
			answered(t, again)
		})
	})
}

// A call whose client does not come back is given up, and what it sent forgotten.
func TestACutCallThatNoClientResumesIsGivenUp(t *testing.T) {
	resumable(t, func(t *testing.T, s *mcp.Server, headers map[string]string, _ func(), ended chan error) {
		time.Sleep(59 * time.Second)
		select {
		case err := <-ended:
			t.Fatalf("the call ended early: %v", err)
		default:
		}
		time.Sleep(2 * time.Second)
		if err := <-ended; err == nil {
			t.Error("the call was not cancelled")
		}
		again := send(t, s, http.MethodGet, "", headers)
		<-again.done
		if status, sent := again.read(); status != http.StatusBadRequest {
			t.Errorf("status %d, got %q", status, sent)
		}
	})
}

// Without an event that it could name, a client cannot come back.
func TestACutCallOfAnOldVersionIsCancelledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offer, _, ended := held()
		s := newServer(t, offer, nil)
		call := callWait(t, s, "2025-06-18")
		synctest.Wait()
		began := time.Now()
		call.cut()
		if err := <-ended; err == nil || !time.Now().Equal(began) {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		s.Close()
	})
}

func TestEndingASessionOrTheServerEndsCutCalls(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *mcp.Server, headers map[string]string){
		"session": func(t *testing.T, s *mcp.Server, headers map[string]string) {
			<-send(t, s, http.MethodDelete, "", map[string]string{"Mcp-Session-Id": headers["Mcp-Session-Id"]}).done
		},
		"server": func(t *testing.T, s *mcp.Server, _ map[string]string) {
			s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			resumable(t, func(t *testing.T, s *mcp.Server, headers map[string]string, _ func(), ended chan error) {
				began := time.Now()
				end(t, s, headers)
				if err := <-ended; err == nil || !time.Now().Equal(began) {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
		})
	}
}

// What one caller was answered is resumed by no other.
func TestACutCallIsResumedByItsCallerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offer, release, _ := held()
		inner := newServer(t, offer, nil)
		headers := cutOff(t, inner)
		release()
		synctest.Wait()
		req := httptest.NewRequestWithContext(access.WithCaller(t.Context(), "eve"), http.MethodGet, "/", nil)
		req.Header.Set("Accept", "text/event-stream")
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		inner.Handler().ServeHTTP(w, req)
		if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "the answer") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		inner.Close()
		time.Sleep(2 * time.Minute)
	})
}
