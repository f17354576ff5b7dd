package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// Errors of Start, for errors.Is, beside those of engine.Runner.Start.
var (
	ErrNoCapability = errors.New("no such capability is served")
	ErrKeyReused    = errors.New("the idempotency key was used for something else")
	ErrClosed       = errors.New("the server is shutting down")
)

// Start is a request for a run.
type Start struct {
	Capability string
	Inputs     engine.Inputs
	// Owner is the caller, "" where callers are not distinguished.
	Owner string
	// Key makes asking twice harmless, "" for a run of its own each time: the
	// same owner, key, capability and inputs are the same run, for as long as
	// the run is kept, also by other processes, and also once its inputs were corrected.
	Key string
	// Labels tell the run apart, see durable.CheckLabels. The key is one of them,
	// durable.KeyLabel, where it can be.
	Labels map[string]string
}

// options are those of the run that is started.
func (s Start) options(id string) *engine.RunOptions {
	labels := maps.Clone(s.Labels)
	if s.Key != "" && durable.CheckLabel(durable.KeyLabel, s.Key) == nil {
		if labels == nil {
			labels = map[string]string{}
		}
		labels[durable.KeyLabel] = s.Key
	}
	return &engine.RunOptions{ID: id, Owner: s.Owner, Labels: labels}
}

// Start starts a run, or finds the one that was started with the same key. It
// goes on in the background, whatever becomes of ctx. Bad inputs are an
// *engine.InputError, missing credentials an *engine.CredentialError, a failure to
// store the run ErrNotKept.
func (r *Runs) Start(ctx context.Context, s Start) (id string, err error) {
	p := r.Program(s.Capability)
	switch {
	case r.closed.Err() != nil:
		return "", ErrClosed
	case p == nil:
		return "", fmt.Errorf("%q: %w", s.Capability, ErrNoCapability)
	}
	in, err := p.CheckInputs(s.Inputs)
	if err != nil {
		return "", err
	}
	if s.Key == "" {
		id, err = r.runner.Start(ctx, p, in, s.options(""))
		err = r.kept.note(ctx, err)
	} else {
		var again bool
		id, again, err = r.startOnce(ctx, p, in, s)
		if again {
			return id, err
		}
	}
	if err != nil {
		return "", err
	}
	r.stats.start(s.Capability)
	return id, nil
}

// startOnce starts a run under an id that stands for its key.
func (r *Runs) startOnce(ctx context.Context, p *engine.Program, in engine.Inputs, s Start) (id string, again bool, err error) {
	id = keyed(s.Owner, s.Key)
	if again, err := r.same(ctx, id, in, s); again || err != nil {
		return id, again, err
	}
	_, err = r.runner.Start(ctx, p, in, s.options(id))
	err = r.kept.note(ctx, err)
	if errors.Is(err, durable.ErrExists) { // another request was quicker
		again, err = r.same(ctx, id, in, s)
	}
	return id, again, err
}

// same reports whether the run exists; one that was started with something else
// is ErrKeyReused.
func (r *Runs) same(ctx context.Context, id string, in engine.Inputs, s Start) (bool, error) {
	spec, err := r.rt.Spec(ctx, id)
	if errors.Is(err, durable.ErrUnknown) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	input, err := json.Marshal(in) // as engine.Runner.Start keeps them: sorted, without white space
	if err != nil {
		return false, err
	}
	if spec.Capability != s.Capability || spec.Owner != s.Owner {
		return false, ErrKeyReused
	}
	if bytes.Equal(spec.Input, input) {
		return true, nil
	}
	return r.startedWith(ctx, id, input)
}

// startedWith reports whether a run was started with these inputs, whatever they were
// corrected to; else it is ErrKeyReused.
func (r *Runs) startedWith(ctx context.Context, id string, input []byte) (bool, error) {
	events, err := r.rt.History(ctx, id, 0)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(input)
	for _, e := range events {
		if e.Kind == durable.EventStarted && e.Detail.InputHash == hex.EncodeToString(sum[:]) {
			return true, nil
		}
	}
	return false, ErrKeyReused
}

// crockford is the alphabet of other run ids.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// keyed is the id of the run that an owner's key stands for. It is the same
// after a restart and in every process.
func keyed(owner, key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%s", len(owner), owner, key))
	return "run_" + base32.NewEncoding(crockford).WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}
