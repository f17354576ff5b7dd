// Package inbinary loads a capability and its OpenAPI document that are compiled into the
// program, or that the program has as bytes, from a database say. No file of the machine
// is read.
package inbinary

import (
	"context"
	"embed"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine"
)

//go:embed files
var files embed.FS

// Embedded loads the capability that is compiled in.
func Embedded(ctx context.Context) (*engine.Program, error) {
	return engine.Load(ctx, "files/reserve-berth.yaml", &engine.LoadOptions{
		FS:      files,
		OpenAPI: map[string]string{"harbour": "files/harbour.openapi.yaml"},
	})
}

// FromBytes loads a capability over the harbour's API from its text and the document's. The
// names are for messages.
func FromBytes(ctx context.Context, capability, document []byte) (*engine.Program, error) {
	return engine.Load(ctx, "capability.yaml", &engine.LoadOptions{
		FS: fstest.MapFS{
			"capability.yaml": {Data: capability},
			"harbour.yaml":    {Data: document},
		},
		OpenAPI: map[string]string{"harbour": "harbour.yaml"},
	})
}
