package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
)

// The variables beside those of Temporal's own tools.
const (
	keyVariable   = "CAPSTAN_TEMPORAL_KEY"   // keys, as codec.ParseKeys reads them
	blobsVariable = "CAPSTAN_TEMPORAL_BLOBS" // the blob store, as blob.Open reads it
)

// dialTimeout bounds the first contact with a server.
const dialTimeout = 10 * time.Second

// open opens the runs of a server.
func open(ctx context.Context, p command.Place) (*command.Remote, error) {
	at, err := place(p)
	if err != nil {
		return nil, err
	}
	o, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, command.Usage("the environment does not say how to reach the Temporal server: "+err.Error(), "it is read as Temporal's own tools read it: TEMPORAL_ADDRESS, TEMPORAL_API_KEY and so on")
	}
	o.HostPort = cmp.Or(at.Address, o.HostPort, client.DefaultHostPort)
	o.Namespace = cmp.Or(at.Namespace, o.Namespace, client.DefaultNamespace)
	logger := cmp.Or(p.Log, slog.New(slog.DiscardHandler))
	o.Logger = log.NewStructuredLogger(slog.New(warnings{logger.Handler()}))
	keys, err := configure(&o)
	if err != nil {
		return nil, err
	}
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.DialContext(dialing, o)
	if err != nil {
		return nil, unreached(ctx, o, err)
	}
	if err := register(dialing, c, o); err != nil {
		c.Close()
		return nil, err
	}
	rt := temporal.NewRuntime(c, temporal.Options{
		TaskQueue: at.TaskQueue, Namespace: o.Namespace, Converter: o.DataConverter, Follow: !p.Work, Log: logger,
		Address: o.HostPort, Blind: secret(keys, "names of runs"),
	})
	secured := "in clear; " + keyVariable + " encrypts them"
	if len(keys) > 0 {
		secured = "encrypted"
	}
	return &command.Remote{
		Runtime:    connected{rt, c},
		Where:      fmt.Sprintf("the Temporal server %s, namespace %s, task queue %s, %s", o.HostPort, o.Namespace, cmp.Or(at.TaskQueue, temporal.DefaultTaskQueue), secured),
		StateKey:   secret(keys, "state of MCP clients"),
		Unattended: func(ctx context.Context) bool { return !rt.Served(ctx) },
	}, nil
}

// warnings is a handler that leaves out what the SDK has to say in good times, unless
// everything is logged.
type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, level) && (level >= slog.LevelWarn || h.Handler.Enabled(ctx, slog.LevelDebug))
}

func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs)}
}

func (h warnings) WithGroup(name string) slog.Handler { return warnings{h.Handler.WithGroup(name)} }

// connected is a runtime that has its client.
type connected struct {
	durable.Runtime
	c client.Client
}

func (r connected) Close() error {
	defer r.c.Close()
	return r.Runtime.Close()
}

// place returns the address, the namespace and the task queue that flags and URL have.
func place(p command.Place) (command.Place, error) {
	if p.URL == "" {
		return p, nil
	}
	u, err := url.Parse(p.URL)
	wrong := func(why string) error {
		return command.Usage(fmt.Sprintf("--runtime %q: %s", p.URL, why), "write temporal://HOST:PORT/NAMESPACE, and ?task-queue=Q for another task queue than "+temporal.DefaultTaskQueue)
	}
	switch {
	case err != nil:
		return p, wrong("it is no URL")
	case u.Scheme != "temporal":
		return p, wrong("its scheme is not temporal")
	case u.User != nil:
		p.URL = u.Redacted()
		return p, wrong("credentials are not part of it: TEMPORAL_API_KEY has a key, TEMPORAL_TLS_CLIENT_CERT_PATH a certificate")
	case u.Host == "" || u.Port() == "" || u.Fragment != "":
		return p, wrong("it has no HOST:PORT")
	}
	namespace := strings.TrimPrefix(u.Path, "/")
	if strings.Contains(namespace, "/") {
		return p, wrong("a namespace has no slash")
	}
	for name, values := range u.Query() {
		if name != "task-queue" || len(values) > 1 || values[0] == "" {
			return p, wrong(fmt.Sprintf("%q is no parameter of it", name))
		}
	}
	p.Address, p.Namespace, p.TaskQueue = cmp.Or(p.Address, u.Host), cmp.Or(p.Namespace, namespace), cmp.Or(p.TaskQueue, u.Query().Get("task-queue"))
	return p, nil
}

// configure puts keys and blob store of the environment into a client.
func configure(o *client.Options) (keys []codec.Key, err error) {
	own := codec.Options{KeysFrom: keyVariable, BlobsFrom: blobsVariable}
	if text := os.Getenv(keyVariable); text != "" {
		if keys, err = codec.ParseKeys(text); err != nil {
			return nil, command.Usage(keyVariable+": "+err.Error(), "")
		}
		own.Keys = keys
	}
	if address := os.Getenv(blobsVariable); address != "" {
		if own.Blobs, err = blob.Open(address); err != nil {
			return nil, command.Usage(blobsVariable+": "+err.Error(), "")
		}
	}
	c, err := codec.New(own)
	if err != nil {
		return nil, command.Usage(keyVariable+": "+err.Error(), "")
	}
	return keys, c.Configure(o)
}

// register makes the search attributes of runs known to the namespace. Where that is not
// allowed they may be there all the same.
func register(ctx context.Context, c client.Client, o client.Options) error {
	err := attribute.Register(ctx, c, o.Namespace)
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	var absent *serviceerror.NamespaceNotFound
	var unknown *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case errors.As(err, &denied), errors.As(err, &unimplemented):
		var missing *serviceerror.InvalidArgument
		if err := attribute.Check(ctx, c, o.Namespace); errors.As(err, &missing) {
			return fmt.Errorf("namespace %q of the Temporal server %s lacks search attributes of runs, and you may not make them; an operator makes them once, with\n    %s", o.Namespace, o.HostPort, strings.Join(byHand(o.Namespace), "\n    "))
		} else if err != nil {
			return unreached(ctx, o, err)
		}
		return nil
	case errors.As(err, &absent), errors.As(err, &unknown):
		return fmt.Errorf("the Temporal server %s has no namespace %q; make it with: temporal operator namespace create --namespace %s", o.HostPort, o.Namespace, o.Namespace)
	}
	return unreached(ctx, o, err)
}

// byHand are the commands that make the search attributes of runs.
func byHand(namespace string) []string {
	var out []string
	for _, key := range attribute.All() {
		out = append(out, fmt.Sprintf("temporal operator search-attribute create --namespace %s --name %s --type %s", namespace, key.GetName(), key.GetValueType()))
	}
	return out
}

// secret is what all processes with a key have in common, for a use of its own; nil without
// a key. It is made of the last key, which stays while a new one is put before it.
func secret(keys []codec.Key, use string) []byte {
	if len(keys) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, keys[len(keys)-1].Secret[:])
	mac.Write([]byte("capstan-temporal 1: " + use))
	return mac.Sum(nil)
}
