package openapi

import (
	"bytes"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/operations"
)

// Of an index from before schemes were kept, a subset has those of the whole
// document too, whether they were asked for before or not.
func TestASubsetOfAnOlderIndexKeepsTheSchemes(t *testing.T) {
	const doc = `openapi: 3.1.0
info: {title: Pier, version: '1'}
paths:
  /berths: {get: {operationId: list, security: [{key: []}], responses: {'200': {description: ok}}}}
  /ships: {get: {operationId: ships, security: [{token: []}], responses: {'200': {description: ok}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}, token: {type: http, scheme: bearer}}}
`
	index, problems := Compile("pier", []byte(doc), nil)
	if index == nil {
		t.Fatal(problems)
	}
	older := func() *operations.Set {
		d, err := open(index.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		d.schemes = nil
		return operations.NewSet(d.about, d)
	}
	want, err := older().Subset([]string{"list"})
	if err != nil {
		t.Fatal(err)
	}
	s := older()
	var both sync.WaitGroup // for the race detector
	both.Go(func() { s.Schemes() })
	both.Go(func() { _, _ = s.Subset([]string{"list"}) })
	both.Wait()
	if got, err := s.Subset([]string{"list"}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the bytes of a subset change (%v)", err)
	}
}
