package paging

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/google/go-cmp/cmp"
)

// byAddress is a list operation whose answer holds the address of the next page
// at a path.
func byAddress(path ...string) *operations.Operation {
	at := str()
	for i := len(path) - 1; i > 0; i-- {
		at = object(operations.Property{Name: path[i], Schema: at})
	}
	return pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: path[0], Schema: at}), "state", "limit", "page")
}

// The address of the next page in an answer is followed on its own server.
func TestAddressOfTheNextPage(t *testing.T) {
	for name, tt := range map[string]struct {
		path  []string
		args  []any
		next  []string // of the pages; HOST is the server's address
		want  []string // what is asked for
		fails string
	}{
		"a whole address":        {[]string{"next"}, nil, []string{"HOST/v1/things?c=2", "HOST/v1/things?c=3", ""}, []string{"/v1/things", "/v1/things?c=2", "/v1/things?c=3"}, ""},
		"a path":                 {[]string{"next_page_uri"}, nil, []string{"/v1/things?c=2", ""}, []string{"/v1/things", "/v1/things?c=2"}, ""},
		"a query":                {[]string{"links", "next"}, nil, []string{"?c=2", ""}, []string{"/v1/things", "/v1/things?c=2"}, ""},
		"an object":              {[]string{"_links", "next", "href"}, nil, []string{"/v1/things?c=2", ""}, []string{"/v1/things", "/v1/things?c=2"}, ""},
		"another path":           {[]string{"nextRecordsUrl"}, []any{"state", "new"}, []string{"/v2/query/01-2", "/v2/query/01-3?x=%7Ba%7D", ""}, []string{"/v1/things?state=new", "/v2/query/01-2", "/v2/query/01-3?x=%7Ba%7D"}, ""},
		"braces are no template": {[]string{"next"}, nil, []string{"/v2/{state}", ""}, []string{"/v1/things", "/v2/%7Bstate%7D"}, ""},
		"filters stay":           {[]string{"next"}, []any{"state", "new", "limit", 1}, []string{"/v1/things?limit=1&state=all&c=2", ""}, []string{"/v1/things?state=new&limit=1", "/v1/things?state=new&limit=1&c=2"}, ""},
		"the page itself moves":  {[]string{"next"}, []any{"state", "new", "limit", 1}, []string{"/v1/things?limit=1&c=2", "/v1/things?limit=1&c=3", ""}, []string{"/v1/things?state=new&limit=1", "/v1/things?state=new&limit=1&c=2", "/v1/things?state=new&limit=1&c=3"}, ""},
		"round in a circle":      {[]string{"next"}, nil, []string{"/v1/things?c=2", "/v1/things?c=2"}, []string{"/v1/things", "/v1/things?c=2"}, "page 2 leads back to a page that was read already"},
		"to itself":              {[]string{"next"}, nil, []string{"/v1/things"}, []string{"/v1/things"}, "page 1 leads back to a page that was read already"},
		"another server":         {[]string{"next"}, nil, []string{"https://evil.example/v1/things?c=2"}, []string{"/v1/things"}, "page 1 has its next page at https://evil.example/v1/things, which is another server; nothing was sent there"},
		"another server, short":  {[]string{"next"}, nil, []string{"//evil.example/v1/things?c=2"}, []string{"/v1/things"}, "which is another server"},
		"another port":           {[]string{"next"}, nil, []string{"http://127.0.0.1:1/v1/things?c=2"}, []string{"/v1/things"}, "which is another server"},
		"a user in it":           {[]string{"next"}, nil, []string{"USER/v1/things?c=2"}, []string{"/v1/things"}, "which is another server"},
		"no address":             {[]string{"next"}, nil, []string{"c2"}, []string{"/v1/things"}, `page 1 names its next page as "c2", which is no address`},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.RequestURI())
				value := any(nil)
				if next := tt.next[len(asked)-1]; next != "" {
					value = strings.NewReplacer("HOST", "http://"+r.Host, "USER", "http://me:pw@"+r.Host).Replace(next)
				}
				for i := len(tt.path) - 1; i > 0; i-- {
					value = map[string]any{tt.path[i]: value}
				}
				body, err := json.Marshal(map[string]any{"data": []any{len(asked)}, tt.path[0]: value})
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, "%s", body)
			})
			op := byAddress(tt.path...)
			op.Params = op.Params[:2]
			send := client.New(client.Options{Retry: client.RetryPolicy{Attempts: 1}})
			resp, err := All(t.Context(), send, &operations.Request{Op: op, BaseURL: srv.URL + "/v1", Args: optest.Args(op, tt.args...)}, nil)
			if d := cmp.Diff(tt.want, asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
			switch {
			case tt.fails != "":
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("got %v", err)
				}
			case err != nil:
				t.Error(err)
			case len(resp.Value.(map[string]any)["data"].([]any)) != len(tt.want):
				t.Errorf("got %v", resp.Value)
			}
		})
	}
}

// A page at another path is asked for with the headers of the one before.
func TestAddressKeepsHeaders(t *testing.T) {
	op := byAddress("next")
	version := &operations.Param{Name: "X-Version", In: operations.InHeader, Required: true, Schema: str(), Style: "simple"}
	id := &operations.Param{Name: "id", In: operations.InPath, Required: true, Schema: str(), Style: "simple"}
	op.Path, op.Params = "/things/{id}", []*operations.Param{version, id}
	var asked []string
	call := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		hr, err := request.Build(ctx, req)
		if err != nil {
			return nil, err
		}
		asked = append(asked, hr.URL.String()+" "+hr.Header.Get("X-Version"))
		next := any("/more/2")
		if len(asked) == 2 {
			next = nil
		}
		return page(map[string]any{"data": []any{len(asked)}, "next": next}, nil), nil
	}
	req := &operations.Request{Op: op, BaseURL: "https://h/v1", Args: []operations.Arg{{Param: version, Value: "7"}, {Param: id, Value: "a"}}}
	if _, err := All(t.Context(), call, req, nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"https://h/v1/things/a 7", "https://h/more/2 7"}, asked); d != "" {
		t.Error(d)
	}
}

// A server behind a proxy writes http where it is asked under https: the page is
// asked for under https.
func TestAddressKeepsItsScheme(t *testing.T) {
	var asked []string
	call := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		asked = append(asked, req.BaseURL+req.Op.Path)
		next := any("http://api.example.com/v1/more?c=2")
		if len(asked) == 2 {
			next = nil
		}
		return page(map[string]any{"data": []any{len(asked)}, "next": next}, nil), nil
	}
	op := byAddress("next")
	op.Params = nil
	if _, err := All(t.Context(), call, &operations.Request{Op: op, BaseURL: "https://api.example.com/v1"}, nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"https://api.example.com/v1/things", "https://api.example.com/v1/more"}, asked); d != "" {
		t.Error(d)
	}
}

// An address counts where the document promises it as a text, and where no
// parameter pages; the page cap holds.
func TestWhichOperationsPageByAddress(t *testing.T) {
	plain := byAddress("next")
	plain.Params = plain.Params[:2]
	if !Supported(plain) {
		t.Error("an address is not known")
	}
	numbered := *plain
	numbered.Responses = []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: object(
		operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "next", Schema: &operations.Schema{Types: []string{"integer"}}})}}}}
	undocumented := *plain
	undocumented.Responses = nil
	if Supported(&numbered) || Supported(&undocumented) {
		t.Error("an operation without an address is said to page")
	}
	n := 0
	call := func(context.Context, *operations.Request) (*operations.Response, error) {
		n++
		return page(map[string]any{"data": []any{n}, "next": fmt.Sprintf("/things?c=%d", n)}, nil), nil
	}
	_, err := All(t.Context(), call, &operations.Request{Op: plain, BaseURL: "http://h"}, &Options{MaxPages: 3})
	if err == nil || n != 3 || !strings.Contains(err.Error(), "goes on after 3 pages") {
		t.Errorf("got %v after %d pages", err, n)
	}
}
