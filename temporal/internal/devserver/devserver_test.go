package devserver

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/capstan-run/capstan/temporal/internal/attribute"
)

// connected is a client that the test closes.
func connected(t *testing.T, s *Server) client.Client {
	t.Helper()
	c, err := s.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func start(t *testing.T, c client.Client, id string) {
	t.Helper()
	now := time.Now()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: "nobody",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			attribute.Capability.ValueSet("onboarding"), attribute.Status.ValueSet("running"), attribute.Owner.ValueSet("ada"), attribute.Waiting.ValueSet("invite[3]"),
			attribute.Title.ValueSet("The Ship Company"), attribute.Facts.ValueSet([]string{"team=a", "region=eu"}), attribute.Started.ValueSet(now), attribute.Due.ValueSet(now)),
	}, "Run")
	if err != nil {
		t.Fatal(err)
	}
}

// found lists runs until there are some: the server lists them a moment after it has them.
func found(t *testing.T, c client.Client, query string) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ids == nil {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for _, e := range list.Executions {
			ids = append(ids, e.Execution.WorkflowId)
		}
	}
	return ids
}

// A namespace that was just made takes every attribute of a run and finds it by each, and
// so does one in a database that is older than the attributes.
func TestAttributes(t *testing.T) {
	database := filepath.Join(t.TempDir(), "temporal.db")
	s := Test(t, Options{Database: database, Namespace: "ops"})
	c := connected(t, s)
	start(t, c, "one")
	for _, query := range []string{
		"CapstanCapability = 'onboarding'", "CapstanStatus = 'running'", "CapstanOwner = 'ada'", "CapstanWaiting STARTS_WITH 'invite'", "CapstanTitle = 'ship'",
		"CapstanFacts = 'region=eu'", "CapstanFacts IN ('team=a', 'team=b')", "CapstanStarted > '2020-01-01T00:00:00Z'", "CapstanDue > '2020-01-01T00:00:00Z'",
	} {
		if ids := found(t, c, query); len(ids) != 1 || ids[0] != "one" {
			t.Errorf("%s finds %v", query, ids)
		}
	}
	older(t, c)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	c = connected(t, Test(t, Options{Database: database, Namespace: "older"}))
	start(t, c, "two")
	if ids := found(t, c, "CapstanFacts = 'team=a'"); len(ids) != 1 || ids[0] != "two" {
		t.Errorf("an older namespace finds %v", ids)
	}
}

// Values of any length are taken, where the same values as they are would be refused.
func TestLongValues(t *testing.T) {
	c := connected(t, Test(t, Options{}))
	var facts []string
	for i := range 30 {
		facts = append(facts, strconv.Itoa(i)+"="+strings.Repeat("x", 10*i))
	}
	start := func(id string, facts []string) error {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(attribute.Facts.ValueSet(facts))}, "Run")
		return err
	}
	if err := start("refused", facts); err == nil || !strings.Contains(err.Error(), "exceeds size limit 2048") {
		t.Errorf("error %v", err)
	}
	kept, err := attribute.Keywords(facts)
	if err != nil {
		t.Fatal(err)
	}
	if err := start("one", kept); err != nil {
		t.Fatal(err)
	}
	for _, fact := range facts {
		forms := attribute.Forms(fact)
		if ids := found(t, c, "CapstanFacts IN ('"+forms[0]+"', '"+forms[1]+"')"); len(ids) != 1 || ids[0] != "one" {
			t.Errorf("%s finds %v", fact, ids)
		}
	}
}

// A server that was killed has its runs when it is started again, at the same address.
func TestKilled(t *testing.T) {
	s := Test(t, Options{})
	c := connected(t, s)
	start(t, c, "one")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	again := Test(t, s.Options)
	if again.Address != s.Address {
		t.Errorf("it is at %s, then at %s", s.Address, again.Address)
	}
	if ids := found(t, c, "CapstanOwner = 'ada'"); len(ids) != 1 {
		t.Errorf("it has the runs %v", ids)
	}
}

func TestAttributeOfOtherType(t *testing.T) {
	s := Test(t, Options{})
	c := connected(t, s)
	ctx := t.Context()
	if err := attribute.Register(ctx, c, "default"); err != nil {
		t.Errorf("registering again: %v", err)
	}
	if err := attribute.Register(ctx, c, "nowhere"); err == nil || !strings.Contains(err.Error(), `search attributes of namespace "nowhere"`) {
		t.Errorf("error %v", err)
	}
	older(t, c)
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: "older", SearchAttributes: map[string]enums.IndexedValueType{attribute.Status.GetName(): enums.INDEXED_VALUE_TYPE_INT},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := attribute.Register(ctx, c, "older"); err == nil || !strings.Contains(err.Error(), `CapstanStatus of namespace "older" has type Int, not Keyword`) {
		t.Errorf("error %v", err)
	}
}

// older makes a namespace that has none of the attributes.
func older(t *testing.T, c client.Client) {
	t.Helper()
	_, err := c.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{Namespace: "older", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
}

// An address that is taken is an error with the command's own words, and nothing is left.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = Start(ctx, Options{Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "it ended: exit status 1") || !strings.Contains(err.Error(), "frontend port") {
		t.Errorf("error %v", err)
	}
}

func TestCLI(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "temporal")
	t.Setenv("CAPSTAN_TEMPORAL_CLI", missing)
	if _, err := CLI(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "CAPSTAN_TEMPORAL_CLI: ") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(missing, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := CLI(t.Context(), io.Discard); got != missing || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	t.Setenv("CAPSTAN_TEMPORAL_CLI", "")
	t.Setenv("PATH", filepath.Dir(missing))
	if got, err := CLI(t.Context(), io.Discard); got != missing || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	t.Setenv("PATH", "")
	if got, err := built(t.Context(), filepath.Dir(missing), io.Discard); got != missing || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := built(t.Context(), t.TempDir(), io.Discard); err == nil || !strings.Contains(err.Error(), "set CAPSTAN_TEMPORAL_CLI to its path") {
		t.Errorf("error %v", err)
	}
}

// Servers that are started at once have different ports.
func TestFreePort(t *testing.T) {
	ports := map[int]bool{}
	for range 8 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[port] = true
	}
	if len(ports) == 1 {
		t.Errorf("all have the port %v", ports)
	}
}
