package mcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/mcp"
)

// varied offers tools that answer in every form.
func varied() *mcp.Offer {
	call := func(answer func(c *mcp.ToolCall) (*mcp.ToolResult, error)) func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
		return func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) { return answer(c) }
	}
	echo := call(func(c *mcp.ToolCall) (*mcp.ToolResult, error) {
		return &mcp.ToolResult{Structured: c.Arguments, Content: []mcp.Content{mcp.Text(fmt.Sprintf("%#v <&> \u2028 é \x01", c.Arguments))}}, nil
	})
	schema := func(name string, more dict) dict {
		return dict{"type": "object", "properties": dict{name: more}}
	}
	return &mcp.Offer{Name: "varied <&>", Title: "Varied é", Tools: []mcp.Tool{
		{Name: "echo", Call: echo},
		{Name: "only.structured", InputSchema: schema("page.size", dict{}), Call: call(func(c *mcp.ToolCall) (*mcp.ToolResult, error) {
			return &mcp.ToolResult{Structured: []any{c.Arguments, "<b>"}}, nil
		})},
		{Name: "nothing", Call: call(func(*mcp.ToolCall) (*mcp.ToolResult, error) { return nil, nil })},
		{Name: "fails", Call: call(func(*mcp.ToolCall) (*mcp.ToolResult, error) { return nil, errors.New("it \"failed\" <b>") })},
		{Name: "panics", Call: call(func(*mcp.ToolCall) (*mcp.ToolResult, error) { panic("oh") })},
		{Name: "no-json", Call: call(func(*mcp.ToolCall) (*mcp.ToolResult, error) { return &mcp.ToolResult{Structured: func() {}}, nil })},
		{Name: "mixed", Call: answers(mcp.Text(""), mcp.Image(png, "image/png"), mcp.Audio([]byte("RIFF"), "audio/wav"), mcp.Embed(mcp.Contents{URI: "a:b", Text: "<t>"}), mcp.Text("\xff"))},
		{Name: "asks", Call: call(func(c *mcp.ToolCall) (*mcp.ToolResult, error) {
			return &mcp.ToolResult{Ask: &mcp.Ask{Message: fmt.Sprint("Sure? ", c.CanAsk()), State: "s"}}, nil
		})},
		{Name: "can-ask", Call: call(func(c *mcp.ToolCall) (*mcp.ToolResult, error) {
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(fmt.Sprint(c.CanAsk()))}}, nil
		})},
		{Name: "mirrored", InputSchema: schema("region", dict{"type": "string", "x-mcp-header": "Region"}), Call: echo},
	}}
}

// choice is one of several values; the first is the usual one.
type choice []string

func (c choice) of(r *rand.Rand) string {
	if r.IntN(5) > 0 {
		return c[0]
	}
	return c[r.IntN(len(c))]
}

// any is one of the values, each as often as any other.
func (c choice) any(r *rand.Rand) string { return c[r.IntN(len(c))] }

const (
	versionMeta      = `"io.modelcontextprotocol/protocolVersion":`
	capabilitiesMeta = `"io.modelcontextprotocol/clientCapabilities":`
	infoMeta         = `"io.modelcontextprotocol/clientInfo":`
)

var (
	ids       = choice{`1`, `"a"`, `""`, `"<é\u2028\"\u00e9>"`, `-5`, `9007199254740991`, `9007199254740993`, `1.5`, `1.0`, `-0`, `1e3`, `null`, `true`, `{}`, ``}
	jsonrpcs  = choice{`"2.0"`, `"1.0"`, `2.0`, ``}
	methods   = choice{`"tools/call"`, `"tools\/call"`, `"tools/list"`, `"no/such"`, `"notifications/cancelled"`, `7`, ``}
	toolNames = choice{`"echo"`, `"only.structured"`, `"only_structured"`, `"nothing"`, `"fails"`, `"panics"`, `"no-json"`, `"mixed"`, `"asks"`, `"can-ask"`, `"mirrored"`, `"nope"`, `"\u0065cho"`, `""`, `7`, ``}
	arguments = choice{`{"a":1}`, `{}`, ``, `null`, `[]`, `7`, `{"a":1,"a":2}`, `{"x":{"b":[1,{"c":1,"c":2}]}}`, `{"page.size":1}`, `{"page_size":2}`, `{"page.size":1,"page_size":2}`,
		`{"n":[1e400,1.10,-0,12345678901234567890,1e2]}`, `{"t":"\ud800"}`, `{"t":"\ud83d\ude00 é \u00e9 \n\""}`, "{\"t\":\"\xff\"}", `{"region":"eu"}`, `{"deep":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`,
		`{"deep":` + strings.Repeat("[", 1100) + strings.Repeat("]", 1100) + `}`}
	metas        = choice{``, `"x":1`, `"x":[1e400]`, `"x":{"y":null}`, `"progressToken":1`, `"progressToken":null`, `"io.modelcontextprotocol/logLevel":"info"`, `"io.modelcontextprotocol/logLevel":7`, `"x":1,"x":2`}
	versions     = choice{`"2026-07-28"`, `"2025-11-25"`, `"2031-01-01"`, `""`, `7`, `null`, ``}
	capabilities = choice{`{}`, ``, `null`, `7`, `{"elicitation":{}}`, `{"elicitation":{"form":{}}}`, `{"elicitation":{"url":{}}}`, `{"elicitation":{"form":{"x":1},"url":{}}}`, `{"elicitation":{"form":null,"url":{}}}`,
		`{"elicitation":null}`, `{"elicitation":7}`, `{"elicitation":{"form":7}}`, `{"elicitation":{"other":7}}`, `{"Elicitation":{}}`, `{"roots":{"listChanged":true},"sampling":{"tools":{}}}`, `{"roots":{"listChanged":"yes"}}`,
		`{"roots":7}`, `{"sampling":7}`, `{"experimental":{"a":1}}`, `{"experimental":7}`, `{"extensions":{"a/b":{}}}`, `{"extensions":[]}`, `{"tasks":7}`}
	infos     = choice{``, `{"name":"t","version":"1"}`, `{}`, `null`, `7`, `{"name":7}`, `{"name":"t","icons":[{"src":"a:b"}]}`, `{"name":"t","icons":"x"}`, `{"name":"t","other":7}`}
	mores     = choice{``, `,"Name":"mixed"`, `,"requestState":"x"`, `,"inputResponses":{}`, `,"task":{}`}
	wholes    = choice{``, `,"result":{}`, `,"error":7`, `,"Method":"ping"`, `,"id":2`, `}`, ` `}
	types     = choice{"application/json", "application/json; charset=utf-8", "application/json;charset=latin1", "application/json;x", "Application/JSON", "text/plain", ""}
	accepts   = choice{"application/json, text/event-stream", "*/*", "application/*,text/*;q=0.5", "APPLICATION/JSON, text/event-stream", "application/json", "text/event-stream", ""}
	saids     = choice{"2026-07-28", "2025-11-25", "2031-01-01", ""}
	olderSaid = choice{"2025-11-25", "2024-11-05", "2025-06-18", "2031-01-01", "2026-07-28", ""}
	called    = choice{"tools/call", "tools/list", ""}
)

// member is a member of an object, without it where the value is "".
func member(name, value string) string {
	if value == "" {
		return ""
	}
	return "," + name + ":" + value
}

// object joins members to an object.
func objectOf(members ...string) string {
	return "{" + strings.TrimPrefix(strings.Join(members, ""), ",") + "}"
}

// mark is a parameter that the SDK does not know and passes over. A message that has
// it is not plain.
const mark = `,"not-plain":0`

// generated is a message that may call a tool, with the mark that makes it another
// shape where it has parameters, and its headers.
func generated(r *rand.Rand, session string) (body string, header map[string]string) {
	name := toolNames.any(r)
	if r.IntN(2) == 0 {
		name = toolNames[0]
	}
	meta := metas.of(r)
	if meta != "" {
		meta = "," + meta
	}
	header = map[string]string{"Content-Type": types.of(r), "Accept": accepts.of(r)}
	if session == "" {
		meta += member(versionMeta[:len(versionMeta)-1], versions.of(r)) + member(capabilitiesMeta[:len(capabilitiesMeta)-1], capabilities.any(r)) + member(infoMeta[:len(infoMeta)-1], infos.of(r))
		header["Mcp-Protocol-Version"], header["Mcp-Method"] = saids.of(r), called.of(r)
		header["Mcp-Name"] = choice{strings.Trim(name, `"`), "echo", "=?base64?ZWNobw==?=", ""}.of(r)
		header["Mcp-Param-Region"] = choice{"", "eu", "us"}.any(r)
	} else {
		header["Mcp-Session-Id"] = choice{session, "nope"}.of(r)
		header["Mcp-Protocol-Version"] = olderSaid.of(r)
		if r.IntN(8) == 0 {
			meta += member(capabilitiesMeta[:len(capabilitiesMeta)-1], capabilities.any(r))
		}
	}
	if r.IntN(40) == 0 {
		header["Last-Event-Id"] = "x_1"
	}
	params := objectOf(member(`"name"`, name), member(`"arguments"`, arguments.of(r)), mores.of(r), choice{member(`"_meta"`, objectOf(meta)), "", `,"_meta":null`}.of(r), "MARK")
	body = objectOf(member(`"jsonrpc"`, jsonrpcs.of(r)), member(`"id"`, ids.of(r)), member(`"method"`, methods.of(r)), member(`"params"`, choice{params, `[]`, ``}.of(r)), wholes.of(r))
	return body, header
}

// answeredWith serves a message, without what the mark adds.
func answeredWith(t *testing.T, s *mcp.Server, body string, header map[string]string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	text := w.Body.Bytes()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		text = lastEvent(text)
	}
	out := strings.TrimSpace(string(text))
	for _, written := range []string{mark, strings.ReplaceAll(mark, `"`, `\"`), strings.ReplaceAll(mark, `"`, `\\\"`)} {
		out = strings.ReplaceAll(out, written, "")
	}
	out, _, _ = strings.Cut(out, "cannot unmarshal") // what follows is cut to a length
	return w, out
}

// Calls that are answered in front of the SDK have its answers, byte for byte.
func TestPlainCallsAreAnsweredAsAllOthersAre(t *testing.T) {
	synctest.Test(t, sameAnswers) // no call takes 0.2 seconds, however slow the machine is
}

func sameAnswers(t *testing.T) {
	s := newServer(t, varied(), nil)
	defer s.Close()
	session := direct(s, "", hello).Header().Get("Mcp-Session-Id")
	r := rand.New(rand.NewPCG(7, 28))
	early := 0
	for range 3000 {
		id := session
		if r.IntN(2) == 0 {
			id = ""
		}
		body, header := generated(r, id)
		plain, got := answeredWith(t, s, strings.ReplaceAll(body, "MARK", ""), header)
		other, want := answeredWith(t, s, strings.ReplaceAll(body, "MARK", mark), header)
		if plain.Header().Get("Content-Type") == "application/json" && other.Header().Get("Content-Type") == "text/event-stream" {
			early++
			other.Header().Set("Content-Type", "application/json") // in a session
		}
		for _, name := range []string{"Content-Type", "Cache-Control", "Mcp-Session-Id"} {
			if a, b := plain.Header().Get(name), other.Header().Get(name); a != b {
				t.Errorf("%s: %q, not %q", name, a, b)
			}
		}
		if plain.Code != other.Code || got != want {
			t.Errorf("%d %s\nnot %d %s", plain.Code, got, other.Code, want)
		}
		if t.Failed() {
			t.Fatalf("for %s\nwith %v", body, header)
		}
	}
	if early < 100 {
		t.Errorf("%d calls of the session were answered early: this proves little", early)
	}
}

// plainCall calls the tool "wait" in an era.
func plainCall(t *testing.T, s *mcp.Server, session map[string]string, id string) *sending {
	return send(t, s, http.MethodPost, strings.Replace(waitCall, `"id":9`, `"id":`+id, 1), session)
}

func TestAnEarlyCallIsCancelledByItsID(t *testing.T) {
	for _, id := range []string{`9`, `"a"`} {
		for _, after := range []time.Duration{0, time.Second} {
			synctest.Test(t, func(t *testing.T) {
				offer, _, ended := held()
				s := newServer(t, offer, nil)
				session := sessionOf(t, s, "2025-11-25")
				call := plainCall(t, s, session, id)
				time.Sleep(after)
				synctest.Wait()
				cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}`
				for _, other := range []string{`8`, `"9"`, `9.0`, `null`, `{}`} {
					<-send(t, s, http.MethodPost, fmt.Sprintf(cancel, other), session).done
				}
				synctest.Wait()
				if len(ended) > 0 {
					t.Error("the cancellation of another call ended it")
				}
				<-send(t, s, http.MethodPost, fmt.Sprintf(cancel, id), session).done
				if err := <-ended; err == nil {
					t.Errorf("%s after %s: the call was not cancelled", id, after)
				}
				<-call.done
				s.Close()
			})
		}
	}
}

func TestAnIDInFlightIsRefused(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			offer, release, ended := held()
			s := newServer(t, offer, nil)
			session := sessionOf(t, s, "2025-11-25")
			call := plainCall(t, s, session, `9`)
			time.Sleep(after)
			synctest.Wait()
			again := send(t, s, http.MethodPost, `{"jsonrpc":"2.0","id":9,"method":"ping"}`, session)
			<-again.done
			if status, sent := again.read(); status != http.StatusBadRequest || !strings.Contains(sent, "duplicate in-flight request ID 9") {
				t.Errorf("after %s: got %d %s", after, status, sent)
			}
			release()
			<-ended
			<-call.done
			once := plainCall(t, s, session, `9`) // its id is free again
			<-once.done
			if status, sent := once.read(); status != http.StatusOK || !strings.Contains(sent, "the answer") {
				t.Errorf("after %s: got %d %s", after, status, sent)
			}
			s.Close()
		})
	}
}

// What closes after the server finds no call in flight.
func TestCloseWaitsForEarlyCalls(t *testing.T) {
	for _, version := range []string{"2025-11-25", modern} {
		synctest.Test(t, func(t *testing.T) {
			offer, release, _ := held()
			s := newServer(t, offer, nil)
			call := callWait(t, s, version)
			synctest.Wait()
			closed := make(chan struct{})
			go func() { defer close(closed); s.Close() }()
			time.Sleep(5 * time.Second)
			select {
			case <-closed:
				t.Errorf("%s: closed while a call is in flight", version)
			default:
			}
			release()
			<-call.done
			<-closed
			if status, sent := call.read(); status != http.StatusOK || strings.Count(sent, "the answer") != 1 {
				t.Errorf("%s: got %d %q", version, status, sent)
			}
		})
	}
}

// A tool is called once, however its call is answered.
func TestACallThatTakesLongIsMadeOnce(t *testing.T) {
	for _, version := range []string{"2025-11-25", modern} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			s := newServer(t, &mcp.Offer{Name: "slow", Tools: []mcp.Tool{{Name: "wait", Call: func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
				calls++
				time.Sleep(time.Minute)
				return &mcp.ToolResult{Content: []mcp.Content{mcp.Text("the answer")}}, nil
			}}}}, nil)
			call := callWait(t, s, version)
			<-call.done
			if _, sent := call.read(); calls != 1 || strings.Count(sent, "the answer") != 1 || call.header.Get("Content-Type") != "text/event-stream" {
				t.Errorf("%s: %d calls, got %q", version, calls, sent)
			}
			s.Close()
		})
	}
}

// A page whose own name leads to this machine gets nothing.
func TestRequestsUnderAnotherHostsNameAreRefused(t *testing.T) {
	body := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"plain","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`)
	for _, tt := range []struct {
		at, host string
		any      bool
		want     int
	}{
		{"127.0.0.1", "evil.example", false, http.StatusForbidden},
		{"127.0.0.1", "evil.example", true, http.StatusOK},
		{"::1", "evil.example:80", false, http.StatusForbidden},
		{"127.0.0.1", "localhost:7", false, http.StatusOK},
		{"127.0.0.1", "[::1]:7", false, http.StatusOK},
		{"192.0.2.1", "capstan.example", false, http.StatusOK},
	} {
		s := newServer(t, only("plain"), &mcp.Options{AnyHost: tt.any})
		ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(tt.at), Port: 7})
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://"+tt.host+"/", bytes.NewReader(body))
		for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "*/*", "Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "plain"} {
			req.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, req)
		if w.Code != tt.want {
			t.Errorf("%+v: got %d %s", tt, w.Code, w.Body)
		}
	}
}
