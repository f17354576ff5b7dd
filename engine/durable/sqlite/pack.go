package sqlite

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/capstan-run/capstan/engine/durable"
)

// packFrom is the size from which a value is compressed.
const packFrom = 4 << 10

// gzipMagic is how a compressed value begins, and no JSON text.
var gzipMagic = [2]byte{0x1f, 0x8b}

// pack returns a value as it is kept at a place: compressed unless it is small, and sealed.
func (s *sealer) pack(at place, what string, v []byte) ([]byte, error) {
	v, err := compress(what, v)
	return s.seal(at, v), err
}

func compress(what string, v []byte) ([]byte, error) {
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

// pieceSize is how much of a long value each of its pieces has, in bytes.
const pieceSize = 4 << 20

// long is a value of any length as it is kept.
type long struct {
	column any // the packed value, or how many pieces it has
	pieces [][]byte
}

func (s *sealer) packLong(at place, what string, v []byte) (long, error) {
	if len(v) <= pieceSize {
		packed, err := s.pack(at, what, v)
		return long{column: packed}, err
	}
	var l long
	for piece := range slices.Chunk(v, pieceSize) {
		at.piece++
		packed, err := s.pack(at, what, piece)
		if err != nil {
			return long{}, err
		}
		l.pieces = append(l.pieces, packed)
	}
	l.column = len(l.pieces)
	return l, nil
}

// unpack undoes pack.
func (s *sealer) unpack(at place, v []byte) ([]byte, error) {
	v, err := s.open(at, v)
	if err != nil {
		return nil, err
	}
	return decompress(v)
}

func decompress(v []byte) ([]byte, error) {
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

// stored is a value that packLong made, as far as its own column has it.
type stored struct {
	value  []byte
	at     place // of its pieces, but for their number
	pieces int64 // how many it has
}

func (s *sealer) unpackLong(at place, column any) (stored, error) {
	switch v := column.(type) {
	case int64:
		return stored{at: at, pieces: v}, nil
	case []byte:
		value, err := s.unpack(at, v)
		return stored{value: value}, err
	}
	return stored{}, nil
}

// waiting is a durable.Suspended as it is kept.
type waiting struct {
	*durable.Suspended
	Error string `json:"error,omitempty"`
}

func encodeWaiting(s *durable.Suspended) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	w := waiting{Suspended: s}
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
	w := waiting{Suspended: &durable.Suspended{}}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if w.Error != "" {
		w.Err = errors.New(w.Error)
	}
	return w.Suspended, nil
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
	if _, ok := c.byHash[hash]; ok {
		return
	}
	if len(c.byHash) >= keptSnapshots {
		for old := range c.byHash { // any
			delete(c.byHash, old)
			break
		}
	}
	c.byHash[hash] = bytes.Clone(v)
}
