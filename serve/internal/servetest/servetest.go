// Package servetest has fixtures that the tests of the faces share: a published
// capability with its inputs and answers, runtimes, and a log.
package servetest

import (
	"bytes"
	"net/http"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/operations"
)

// Onboarding is a capability that ships.
const Onboarding = "b2b-enterprise-onboarding"

// Acme returns inputs of Onboarding.
func Acme() map[string]any {
	return map[string]any{"organization_name": "Acme", "domains": []string{"acme.com"}, "admin_email": "it@acme.com"}
}

// Answer is the API's answer to an operation of Onboarding, for every caller.
func Answer(operation string) *operations.Response {
	list := func(item map[string]any) map[string]any {
		return map[string]any{"object": "list", "data": []any{item}, "list_metadata": map[string]any{}}
	}
	value, ok := map[string]map[string]any{
		"OrganizationsController_create":  {"object": "organization", "id": "org_1"},
		"PortalSessionsController_create": {"link": "https://setup.example/token"},
		"ConnectionsController_list":      list(map[string]any{"id": "conn_1", "organization_id": "org_1", "state": "active"}),
		"DirectoriesController_list":      list(map[string]any{"id": "directory_1", "organization_id": "org_1", "state": "linked"}),
		"DirectoryUsersController_list":   list(map[string]any{"id": "user_1", "directory_id": "directory_1"}),
	}[operation]
	if !ok {
		return &operations.Response{Status: http.StatusNotFound}
	}
	return &operations.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Value: value, IsJSON: true}
}

// Kept opens the runs in a directory until the test ends.
func Kept(t testing.TB, dir string) durable.Runtime {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt
}

// Log is an output that several goroutines write. The zero value is empty.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns the text so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Take returns the text since the last call.
func (l *Log) Take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return l.buf.String()
}
