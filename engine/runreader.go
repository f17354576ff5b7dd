package engine

import (
	"context"

	"github.com/capstan-run/capstan/engine/durable"
)

// Reader looks at kept runs, and remembers what they execute: runs of one
// capability share a snapshot, and planning it anew is most of the work of a
// look. It is safe for concurrent use.
type Reader struct {
	rt    durable.Runtime
	cache *programs
}

// NewReader returns a reader of the runs that rt keeps.
func NewReader(rt durable.Runtime) *Reader {
	o := lookOnly()
	o.Runtime = rt
	return &Reader{rt: rt, cache: &programs{opts: o, kept: map[string]*Program{}}}
}

// program is what a run executes.
func (r *Reader) program(ctx context.Context, id string) (*Program, durable.Spec, error) {
	spec, err := r.rt.Spec(ctx, id)
	if err != nil {
		return nil, spec, err
	}
	p, err := r.cache.of(ctx, spec.Snapshot)
	return p, spec, err
}
