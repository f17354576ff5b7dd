package main

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	tlscreds "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// gateway is a server before a development server, which decides what it passes on.
type gateway struct {
	address string
	refuse  func(method string, header metadata.MD) error

	mu      sync.Mutex
	headers []metadata.MD
}

// newGateway starts a gateway, with TLS where certificates are given.
func newGateway(t *testing.T, to *devserver.Server, refuse func(string, metadata.MD) error, certificates ...tls.Certificate) *gateway {
	t.Helper()
	conn, err := grpc.NewClient(to.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{address: l.Addr().String(), refuse: refuse}
	options := []grpc.ServerOption{grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return g.pass(conn, stream) })}
	if len(certificates) > 0 {
		options = append(options, grpc.Creds(tlscreds.NewServerTLSFromCert(&certificates[0])))
	}
	s := grpc.NewServer(options...)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return g
}

// pass passes a request on. An empty message keeps the fields that it does not know.
func (g *gateway) pass(conn *grpc.ClientConn, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	header, _ := metadata.FromIncomingContext(stream.Context())
	g.mu.Lock()
	g.headers = append(g.headers, header)
	g.mu.Unlock()
	if err := g.refuse(method, header); err != nil {
		return err
	}
	var in, out emptypb.Empty
	if err := stream.RecvMsg(&in); err != nil {
		return err
	}
	if err := conn.Invoke(metadata.NewOutgoingContext(stream.Context(), header), method, &in, &out); err != nil {
		return err
	}
	return stream.SendMsg(&out)
}

// Where the caller may not make search attributes, runs are started with those that there are,
// and an operator is given the commands for those that are missing.
func TestSearchAttributesThatMayNotBeMade(t *testing.T) {
	server := devserver.Test(t, devserver.Options{})
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	refused := newGateway(t, server, func(method string, _ metadata.MD) error {
		if strings.Contains(method, "OperatorService") {
			return status.Error(codes.PermissionDenied, "you are no operator")
		}
		return nil
	})
	var log bytes.Buffer
	remote, err := open(t.Context(), command.Place{Address: refused.address, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Runtime.Start(t.Context(), durable.Spec{ID: "r", Started: time.Now()}); err != nil || log.Len() > 0 {
		t.Errorf("%v, logged %s", err, &log)
	}
	if err := remote.Runtime.Close(); err != nil {
		t.Error(err)
	}
	bare(t, server, "bare")
	_, err = open(t.Context(), command.Place{Address: refused.address, Namespace: "bare"})
	if err == nil {
		t.Fatal("a namespace without search attributes was opened")
	}
	for _, key := range attribute.All() {
		if want := "\n    temporal operator search-attribute create --namespace bare --name " + key.GetName() + " --type " + key.GetValueType().String(); !strings.Contains(err.Error(), want) {
			t.Errorf("%v has not %s", err, want)
		}
	}
	// One of another type is said to be in the way.
	bare(t, server, "taken")
	taken(t, server, "taken")
	if _, err = open(t.Context(), command.Place{Address: server.Address, Namespace: "taken"}); err == nil || !strings.Contains(err.Error(), `the Temporal server `+server.Address+`: search attribute CapstanOwner of namespace "taken" has type Int`) {
		t.Errorf("a namespace with another attribute: %v", err)
	}
	// Where it may, they are there at once.
	allowed := newGateway(t, server, func(string, metadata.MD) error { return nil })
	if remote, err = open(t.Context(), command.Place{Address: allowed.address, Namespace: "bare"}); err != nil {
		t.Fatal(err)
	}
	if err := remote.Runtime.Start(t.Context(), durable.Spec{ID: "r", Started: time.Now()}); err != nil {
		t.Error(err)
	}
	if err := remote.Runtime.Close(); err != nil {
		t.Error(err)
	}
}

// bare makes a namespace that has no search attributes.
func bare(t *testing.T, server *devserver.Server, name string) {
	t.Helper()
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)})
	for i := 0; err == nil; i++ { // it is known after a moment
		_, err = c.WorkflowService().CountWorkflowExecutions(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: name})
		if err == nil {
			return
		}
		if i < 600 {
			err = nil
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Fatal(err)
}

// taken makes a search attribute of a type that runs do not have.
func taken(t *testing.T, server *devserver.Server, namespace string) {
	t.Helper()
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: map[string]enums.IndexedValueType{attribute.Owner.GetName(): enums.INDEXED_VALUE_TYPE_INT},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The API key of the environment is sent with every request over TLS, with the namespace, and
// is in no log and no error.
func TestAPIKey(t *testing.T) {
	const secret = "key-0123456789-secret"
	server := devserver.Test(t, devserver.Options{})
	dir := t.TempDir()
	cert, _ := certificate(t, dir)
	admits := "Bearer " + secret
	g := newGateway(t, server, func(_ string, header metadata.MD) error {
		if got := header.Get("authorization"); len(got) != 1 || got[0] != admits {
			return status.Error(codes.Unauthenticated, "Request unauthorized.")
		}
		return nil
	}, cert)
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(dir, "none.toml"))
	t.Setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", filepath.Join(dir, "cert.pem"))
	t.Setenv("TEMPORAL_API_KEY", secret)
	var log bytes.Buffer
	place := command.Place{Address: g.address, Namespace: "default", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	remote, err := open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Runtime.Start(t.Context(), durable.Spec{ID: "r", Started: time.Now()}); err != nil {
		t.Error(err)
	}
	if _, err := remote.Runtime.List(t.Context(), durable.Filter{}); err != nil {
		t.Error(err)
	}
	if strings.Contains(remote.Where, secret) {
		t.Errorf("shown as %s", remote.Where)
	}
	if err := remote.Runtime.Close(); err != nil {
		t.Error(err)
	}
	g.mu.Lock()
	named := 0
	for _, header := range g.headers {
		if got := header.Get("temporal-namespace"); len(got) > 0 && got[0] == "default" {
			named++
		}
	}
	if named < 2 {
		t.Errorf("%d of %d requests name the namespace", named, len(g.headers))
	}
	g.mu.Unlock()
	t.Setenv("TEMPORAL_API_KEY", secret+"-old")
	if _, err = open(t.Context(), place); err == nil || !strings.HasPrefix(err.Error(), "the Temporal server "+g.address+" refuses access: ") || !strings.Contains(err.Error(), "set TEMPORAL_API_KEY to a key") {
		t.Errorf("with another key: %v", err)
	}
	if strings.Contains(log.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the key is shown: %v\n%s", err, &log)
	}
}
