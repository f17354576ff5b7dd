//go:build !race

package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// A listing whose outputs read an id of each item holds a page at a time, however many
// there are.
func TestAListingHoldsAPage(t *testing.T) {
	const pages, items, size = 40, 100, 10_000
	text := strings.Repeat("x", size)
	var first, last uint64
	n := 0
	caller := func(context.Context, *operations.Request) (*operations.Response, error) {
		n++
		var page strings.Builder
		for i := range items {
			fmt.Fprintf(&page, `,{"imo": %d, "name": "Ship %d", "state": "%s"}`, n*items+i, i, text)
		}
		next := fmt.Sprintf(`"p%d"`, n)
		if n == pages {
			next = "null"
		}
		resp := &operations.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, IsJSON: true, Body: []byte(`{"data": [` + page.String()[1:] + `], "next_cursor": ` + next + `}`)}
		var err error
		resp.Value, err = jsonvalue.Decode(resp.Body)
		switch n {
		case 2:
			first = live()
		case pages:
			last = live()
		}
		return resp, err
	}
	res, err := (&fleet{url: "http://fleet.test"}).run(t, `
steps:
  - {id: ships, operation: listShips, all: true}
outputs:
  - {name: names, source: 'map(ships.data, .name)'}
  - {name: port, source: inputs.port}
`, options{Caller: caller})
	if err != nil || len(res.Outputs["names"].([]any)) != pages*items || n != pages {
		t.Fatalf("%v: %d pages, outputs %v", err, n, res.Outputs)
	}
	if most := uint64(4 << 20); last > first+most {
		t.Errorf("%d bytes are held at page %d of 1 MB, %d at the second", last, pages, first)
	}
}

// live is how many bytes are held.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
