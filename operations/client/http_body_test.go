package client

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

func gzipped(s string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	zw.Write([]byte(s))
	zw.Close()
	return b.Bytes()
}

// What is wrong is the packing or the connection, and the error says which.
func TestBrokenGzip(t *testing.T) {
	whole := gzipped(`{"a":"` + strings.Repeat("x", 1000) + `"}`)
	corrupt := bytes.Clone(whole)
	corrupt[len(corrupt)/2] ^= 0xff
	badSum := bytes.Clone(whole)
	badSum[len(badSum)-8] ^= 0xff
	tests := []struct {
		name   string
		body   []byte
		hangUp bool
		reason operations.Reason
		want   string
	}{
		{"not packed", []byte("plain text, not packed"), false, operations.ReasonPacked, "says that its answer is packed with gzip, and it cannot be unpacked"},
		{"shorter than a head", []byte{0x1f}, false, operations.ReasonPacked, "cannot be unpacked"},
		{"corrupt", corrupt, false, operations.ReasonPacked, "cannot be unpacked"},
		{"wrong checksum", badSum, false, operations.ReasonPacked, "cannot be unpacked"},
		{"cut off by the server", whole[:len(whole)-12], false, operations.ReasonPacked, "cannot be unpacked"},
		{"cut off by the network", whole[:len(whole)-12], true, operations.ReasonReset, "closed the connection before a complete answer"},
		{"head cut off by the network", whole[:4], true, operations.ReasonReset, "closed the connection before a complete answer"},
	}
	for _, tt := range tests {
		srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			if tt.hangUp {
				w.Header().Set("Content-Length", "100000")
			}
			w.Write(tt.body)
			if tt.hangUp {
				http.NewResponseController(w).Flush()
				hangUp(w)
			}
		})
		for _, tr := range []*http.Transport{{}, {DisableCompression: true}} {
			t.Run(tt.name, func(t *testing.T) {
				_, err := once(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
				optest.WantCallError(t, err, operations.Sent, tt.reason, tt.want)
				_, err = once(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
				optest.WantCallError(t, err, operations.Sent, tt.reason, "the server answered 200, so it took effect, but its answer cannot be read: ")
			})
		}
	}
}

func TestGzipIsAskedForWhereItHelps(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "asked:"+r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip") // and then nothing
	})
	for _, tt := range []struct {
		req  operations.Request
		want string
	}{
		{operations.Request{Op: optest.JSON("GET")}, "asked:gzip"},
		{operations.Request{Op: optest.JSON("POST")}, "asked:gzip"},
		{operations.Request{Op: optest.JSON("HEAD")}, "asked:"},
		{operations.Request{Op: optest.JSON("GET"), Header: http.Header{"Range": {"bytes=0-9"}}}, "asked:"},
		{operations.Request{Op: optest.JSON("GET"), Header: http.Header{"Accept-Encoding": {"identity"}}}, "asked:identity"},
	} {
		tt.req.BaseURL = srv.URL
		resp, err := once(Options{})(t.Context(), &tt.req)
		if err != nil || resp.RequestID != tt.want || len(resp.Body) != 0 || resp.DecodeErr != nil {
			t.Errorf("got %+v, %v, want %s", resp, err, tt.want)
		}
	}
}

func TestOtherPackingIsSaid(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(422)
		w.Write([]byte{0x8b, 0x02, 0x80, '{', '}'})
	})
	resp, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
	if err != nil || !strings.Contains(fmt.Sprint(resp.DecodeErr), "the answer is packed with br, which was not asked for") {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if got := operations.ExplainResponse(resp).Message; got != "Unprocessable Entity" {
		t.Errorf("the message is %q", got)
	}
}

// An error's status and message are worth more than its length.
func TestOversizedErrorsKeepTheirMessage(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	tests := []struct {
		name, body string
		packed     bool
		want       string
	}{
		{"message first", `{"code":"e1","message":"no such thing","trace":"` + long + `"}`, false, "no such thing (e1)"},
		{"packed", `{"message":"no such thing","trace":"` + long + `"}`, true, "no such thing"},
		{"message too far", `{"trace":"` + long + `","message":"no such thing"}`, false, `{"trace":"xxx`},
		{"text", "no such thing " + long, false, "no such thing xxx"},
		{"page", "<html><title>Not here</title>" + long, false, "Not here"},
	}
	for _, tt := range tests {
		for _, announced := range []bool{false, true} {
			srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				body := []byte(tt.body)
				if tt.packed {
					body = gzipped(tt.body)
					w.Header().Set("Content-Encoding", "gzip")
				}
				w.Header().Set("X-Request-Id", "req_1")
				w.Header().Set("Content-Type", "application/json")
				if announced {
					w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				}
				w.WriteHeader(404)
				w.Write(body)
			})
			t.Run(tt.name, func(t *testing.T) {
				resp, err := once(Options{MaxBody: 1 << 10})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
				if err != nil {
					t.Fatal(err)
				}
				if resp.Status != 404 || resp.RequestID != "req_1" || len(resp.Body) != 1<<10 || resp.Value != nil || resp.IsJSON {
					t.Errorf("got %+v", resp)
				}
				if !strings.Contains(fmt.Sprint(resp.DecodeErr), "the answer is too large: ") {
					t.Errorf("it does not say that it is cut: %v", resp.DecodeErr)
				}
				if got := operations.ExplainResponse(resp).String(); !strings.HasPrefix(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		}
	}
}

// A write that succeeded took effect, whatever became of its answer.
func TestUnreadAnswersToWrites(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 4<<10)) },
		"announced": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "4096")
			w.Write(nil)
		},
		"truncated": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write(nil)
			http.NewResponseController(w).Flush()
			hangUp(w)
		},
	}
	for name, h := range handlers {
		for status, want := range map[int]string{
			201: "the server answered 201, so it took effect, but its answer cannot be read: ",
			202: "the server answered 202, so it accepted the request, but its answer cannot be read: ",
		} {
			srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Request-Id", "req_1")
				h(withStatusCode{w, status}, r)
			})
			_, err := once(Options{MaxBody: 1 << 10})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
			e := optest.CallError(t, err)
			if e.Status != status || e.RequestID != "req_1" || !strings.HasPrefix(e.Detail, want) || !operations.IsInDoubt(err) {
				t.Errorf("%s: got %d, %s, %v", name, e.Status, e.RequestID, err)
			}
			if text := err.Error(); strings.Contains(text, "may have") || !strings.Contains(text, "(request id req_1)") {
				t.Errorf("%s: got %s", name, text)
			}
		}
	}
}

// withStatusCode sends another status than 200 at the handler's first Write.
type withStatusCode struct {
	http.ResponseWriter
	status int
}

func (w withStatusCode) Write(p []byte) (int, error) {
	w.WriteHeader(w.status)
	return w.ResponseWriter.Write(p)
}

func (w withStatusCode) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A HEAD announces the size of what a GET would bring, and brings nothing.
func TestHeadOfALargeAnswer(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "99999999") })
	resp, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("HEAD"), BaseURL: srv.URL})
	if err != nil || resp.Status != 200 {
		t.Errorf("got %+v, %v", resp, err)
	}
}

// raw starts a listener that answers every connection with the same bytes.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(conn, make([]byte, 16))
			io.WriteString(conn, answer)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestWhatIsNotHTTP(t *testing.T) {
	for answer, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.6\r\n":             "is not an HTTP server; check the base URL and its port",
		"220 mail.example ESMTP ready\r\n":    "is not an HTTP server",
		"HTTP/1.1 abc nonsense\r\n\r\n":       "is not an HTTP server",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n": "is not an HTTP server",
		"\x15\x03\x01\x00\x02\x02\x0a\r\n":    "speaks TLS; write https:// in the base URL",
	} {
		at := raw(t, answer)
		_, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "http://" + at})
		optest.WantCallError(t, err, operations.Sent, operations.ReasonNotHTTP, want)
		for _, leak := range []string{"net/http", "malformed"} {
			if strings.Contains(err.Error(), leak) {
				t.Errorf("%q: got %v", answer, err)
			}
		}
	}
}

// A body is read whole whatever its announced size, and an honest one without growing.
func TestBodiesAreReadWhole(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 513, 10_000, 300_000} {
		text := strings.Repeat("x", n)
		for _, announced := range []int64{-1, 0, int64(n / 2), int64(n), int64(n) + 1, 1 << 40} {
			got, err := readAll(strings.NewReader(text), announced, 1<<20)
			if err != nil || string(got) != text {
				t.Errorf("%d bytes of %d announced: %d, %v", n, announced, len(got), err)
			}
		}
	}
	text := strings.Repeat("x", 5000)
	if got := testing.AllocsPerRun(100, func() { _, _ = readAll(strings.NewReader(text), 5000, 5000) }); got > 2 {
		t.Errorf("%v allocations", got)
	}
}
