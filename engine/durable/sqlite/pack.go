package sqlite

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// packFrom is the size from which a value is compressed.
const packFrom = 4 << 10

// gzipMagic is how a compressed value begins, and no JSON text.
var gzipMagic = [2]byte{0x1f, 0x8b}

// pack returns a value as it is kept: as it is when small, else compressed.
func pack(what string, v []byte) ([]byte, error) {
	switch {
	case len(v) > MaxValue:
		return nil, fmt.Errorf("%s has %d bytes: %w: %d at most", what, len(v), durable.ErrTooLarge, MaxValue)
	case len(v) < packFrom && !bytes.HasPrefix(v, gzipMagic[:]):
		return v, nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(v); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack undoes pack.
func unpack(v []byte) ([]byte, error) {
	if !bytes.HasPrefix(v, gzipMagic[:]) {
		return v, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(v))
	if err != nil {
		return nil, fmt.Errorf("%w: a compressed value cannot be read: %w", ErrCorrupt, err)
	}
	out, err := io.ReadAll(io.LimitReader(r, MaxValue+1))
	if err != nil || len(out) > MaxValue {
		return nil, fmt.Errorf("%w: a compressed value cannot be read: %w", ErrCorrupt, err)
	}
	return out, nil
}

// waiting is a durable.Suspended as it is kept.
type waiting struct {
	Path        string         `json:"path"`
	Reason      durable.Reason `json:"reason"`
	Description string         `json:"description,omitempty"`
	With        map[string]any `json:"with,omitempty"`
	Sensitive   []string       `json:"sensitive,omitempty"`
	Until       *time.Time     `json:"until,omitempty"`
	Error       string         `json:"error,omitempty"`
}

func encodeWaiting(s *durable.Suspended) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	w := waiting{Path: s.Path, Reason: s.Reason, Description: s.Description, With: s.With, Sensitive: s.Sensitive}
	if !s.Until.IsZero() {
		w.Until = &s.Until
	}
	if s.Err != nil {
		w.Error = s.Err.Error()
	}
	text, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("step %q: what it waits for cannot be kept: %w", s.Path, err)
	}
	return text, nil
}

// decodeWaiting undoes encodeWaiting. Numbers come back as json.Number.
func decodeWaiting(text []byte) (*durable.Suspended, error) {
	if text == nil {
		return nil, nil
	}
	var w waiting
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	s := &durable.Suspended{Path: w.Path, Reason: w.Reason, Description: w.Description, With: w.With, Sensitive: w.Sensitive}
	if w.Until != nil {
		s.Until = *w.Until
	}
	if w.Error != "" {
		s.Err = errors.New(w.Error)
	}
	return s, nil
}

// keptSnapshots is how many snapshots stay in memory.
const keptSnapshots = 16

// snapshots remembers the snapshots in use: runs of one capability share one,
// and it need not be read, compressed or written for each. It is safe for
// concurrent use; the contents must not be changed.
type snapshots struct {
	mu     sync.Mutex
	byHash map[[sha256.Size]byte][]byte
}

func (c *snapshots) get(hash [sha256.Size]byte) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.byHash[hash]
	return v, ok
}

func (c *snapshots) put(hash [sha256.Size]byte, v []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byHash == nil {
		c.byHash = map[[sha256.Size]byte][]byte{}
	}
	if _, ok := c.byHash[hash]; !ok && len(c.byHash) >= keptSnapshots {
		for old := range c.byHash { // any
			delete(c.byHash, old)
			break
		}
	}
	c.byHash[hash] = bytes.Clone(v)
}
