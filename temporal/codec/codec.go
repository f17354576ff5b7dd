// Package codec changes payloads on their way to a Temporal server and back: it compresses
// them, encrypts them with a key that the server never has, and keeps large ones in a blob
// store, with only their hash in the history.
//
// [Codec.Configure] puts a codec into a client. Payloads are then encoded and decoded on the
// connection, where
//
//   - a store that does not answer fails a request to the server, which is made again: a run
//     waits, and does not fail;
//   - a payload that cannot be decoded (its key is missing, its value is gone) fails the
//     workflow task that reads it, and no other: the run waits until a worker can. In an
//     activity or a client it is an error;
//   - the input of an activity is decoded by the data converter, when the activity reads it;
//   - a payload that a replay makes again is not stored again.
//
// As a converter.PayloadCodec, in a data converter, it is for tests and replays, which have no
// connection: there an error of the store is an error in the workflow. Both read what the
// other wrote, and a payload that is encoded is not encoded again.
package codec

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/internal/payload"
)

// The defaults of [Options], in bytes.
const (
	CompressAbove = 1 << 10
	OffloadAbove  = 128 << 10
)

// Options are what a codec does. The zero value compresses payloads and nothing else.
type Options struct {
	// Keys decrypt; the first one encrypts every payload. Without keys payloads are readable
	// to the server.
	Keys []Key
	// KeysFrom and BlobsFrom name the place that has Keys and the address of Blobs, such as a
	// variable, for messages.
	KeysFrom, BlobsFrom string
	// Blobs keeps payloads that are larger than OffloadAbove, and programs, which are there
	// once for all runs that have them. Without it they stay in the history, whose server
	// refuses those above 2 MB.
	Blobs blob.Store
	// CompressAbove is the size in bytes above which a payload is compressed, where that
	// makes it smaller: 0 is [CompressAbove], less is never.
	CompressAbove int
	// OffloadAbove is the size in bytes, compressed and encrypted, above which a payload
	// goes to Blobs: 0 is [OffloadAbove].
	OffloadAbove int
	// Timeout is how long one value may take to be stored or fetched: 0 is 30 seconds.
	Timeout time.Duration
}

// ErrKey means that a payload is encrypted with a key that the codec does not have.
var ErrKey = errors.New("the key is missing")

// ErrChanged means that a payload is not as it was written.
var ErrChanged = errors.New("it was changed or cut short")

// What an encoded payload carries beside its data.
const (
	encoding = "binary/capstan" // under converter.MetadataEncoding
	keyOf    = "capstan-key"    // id of the key that it is encrypted with
	blobOf   = "capstan-blob"   // key of the data in the store
	sharedOf = "capstan-shared" // the store has the data once for many histories
)

// shareAbove is the size in bytes, compressed, above which a payload that many histories
// have alike goes to the store.
const shareAbove = 1 << 10

// The first byte of the data, inside the encryption.
const (
	asIs       = 0
	compressed = 1
)

// Codec is a converter.PayloadCodec. It is safe for concurrent use.
type Codec struct {
	o     Options
	aeads map[string]cipher.AEAD
	same  map[string]sealer // for payloads that are shared, by key
	kept  *shelf            // of payloads that are shared
	enc   *zstd.Encoder
	dec   *zstd.Decoder
}

var _ converter.PayloadCodec = (*Codec)(nil)

// New returns a codec. Two keys with one id are an error.
func New(o Options) (*Codec, error) {
	if o.CompressAbove == 0 {
		o.CompressAbove = CompressAbove
	}
	if o.OffloadAbove <= 0 {
		o.OffloadAbove = OffloadAbove
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	c := &Codec{o: o, aeads: map[string]cipher.AEAD{}, same: map[string]sealer{}, kept: newShelf()}
	for _, k := range o.Keys {
		if _, ok := c.aeads[k.ID]; ok {
			return nil, fmt.Errorf("two keys have the id %q; give each its own", k.ID)
		}
		block, err := aes.NewCipher(k.Secret[:])
		if err != nil {
			return nil, err
		}
		if c.aeads[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
		if c.same[k.ID], err = newSealer(k); err != nil {
			return nil, err
		}
	}
	var err error
	if c.enc, err = zstd.NewWriter(nil); err != nil {
		return nil, err
	}
	c.dec, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(blob.MaxSize))
	return c, err
}

// Encode returns payloads as the server gets them. The given ones are not changed. Its errors
// are those of the store.
func (c *Codec) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	return each(context.Background(), payloads, c.encode)
}

// Decode undoes Encode, of this codec or of one with other options. Payloads that no codec
// encoded are returned as they are. Its errors are ErrKey, ErrChanged, and those of the store.
func (c *Codec) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	return each(context.Background(), payloads, c.decode)
}

func each(ctx context.Context, payloads []*common.Payload, change func(context.Context, *common.Payload) (*common.Payload, error)) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(payloads))
	for i, p := range payloads {
		if p == nil {
			continue
		}
		var err error
		if out[i], err = change(ctx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Codec) encode(ctx context.Context, p *common.Payload) (*common.Payload, error) {
	if isEncoded(p) {
		return p, nil // a request that is sent again has the payloads of the first time
	}
	whole, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	if err != nil {
		return nil, err
	}
	data, small := c.compress(whole)
	out := &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}}
	shared := c.shares(p, data)
	if shared {
		out.Metadata[sharedOf] = []byte("1")
	}
	if len(c.o.Keys) > 0 {
		id := c.o.Keys[0].ID
		if shared {
			data = c.same[id].seal(data)
		} else {
			data = c.aeads[id].Seal(nil, nil, data, authenticated(id))
		}
		out.Metadata[keyOf] = []byte(id)
	}
	switch {
	case shared || c.o.Blobs != nil && len(data) > c.o.OffloadAbove:
		key, err := c.keep(ctx, data, shared)
		if err != nil {
			return nil, fmt.Errorf("storing a value of %d bytes: %w", len(whole), err)
		}
		out.Metadata[blobOf] = []byte(key)
	case !small && len(c.o.Keys) == 0:
		return p, nil // readable, in the server's page too
	default:
		out.Data = data
	}
	return out, nil
}

// shares reports whether a payload is one that the store has once for all histories.
func (c *Codec) shares(p *common.Payload, data []byte) bool {
	return c.o.Blobs != nil && len(p.Metadata[payload.Shared]) > 0 && len(data) > min(shareAbove, c.o.OffloadAbove)
}

// keep puts data into the store.
func (c *Codec) keep(ctx context.Context, data []byte, shared bool) (string, error) {
	if shared && c.kept.fresh(blob.Key(data)) {
		return blob.Key(data), nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	key, err := blob.Keep(ctx, c.o.Blobs, data)
	if err == nil && shared {
		c.kept.put(key, data, true)
	}
	return key, err
}

// fetch returns data that keep kept.
func (c *Codec) fetch(ctx context.Context, key string, shared bool) ([]byte, error) {
	if data := c.kept.get(key); data != nil {
		return data, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	data, err := blob.Fetch(ctx, c.o.Blobs, key)
	if err == nil && shared {
		c.kept.put(key, data, false)
	}
	return data, err
}

// Size returns how many bytes the server gets for a payload, as Encode makes it. Nothing is
// stored.
func (c *Codec) Size(p *common.Payload) int {
	whole := proto.Size(p)
	if isEncoded(p) || whole <= shareAbove {
		return whole
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	if err != nil {
		return whole
	}
	data, small := c.compress(text)
	switch {
	case c.shares(p, data), c.o.Blobs != nil && len(data)+overhead > c.o.OffloadAbove:
		return reference
	case !small && len(c.o.Keys) == 0:
		return whole
	}
	return len(data) + reference
}

// What encoding adds: to the data, and beside it.
const (
	overhead  = 28
	reference = 256
)

func isEncoded(p *common.Payload) bool {
	return string(p.Metadata[converter.MetadataEncoding]) == encoding
}

// compress returns the text that is encrypted, and whether it is compressed.
func (c *Codec) compress(whole []byte) (data []byte, small bool) {
	if c.o.CompressAbove >= 0 && len(whole) > c.o.CompressAbove {
		data = c.enc.EncodeAll(whole, []byte{compressed})
		if len(data) <= len(whole) {
			return data, true
		}
	}
	return append([]byte{asIs}, whole...), false
}

func (c *Codec) decode(ctx context.Context, p *common.Payload) (*common.Payload, error) {
	if !isEncoded(p) {
		return p, nil
	}
	data := p.Data
	if key, ok := p.Metadata[blobOf]; ok {
		if c.o.Blobs == nil {
			return nil, fmt.Errorf("a value is blob %s: %w: %s names no blob store; give the one that the other workers have", key, blob.ErrNotFound, cmp.Or(c.o.BlobsFrom, "the codec"))
		}
		var err error
		if data, err = c.fetch(ctx, string(key), p.Metadata[sharedOf] != nil); err != nil {
			return nil, fmt.Errorf("fetching a value: %w", err)
		}
	}
	if id, ok := p.Metadata[keyOf]; ok {
		var err error
		if data, err = c.open(string(id), data, p.Metadata[sharedOf] != nil); err != nil {
			return nil, err
		}
	}
	whole, err := c.expand(data)
	if err != nil {
		return nil, err
	}
	out := &common.Payload{}
	if err := proto.Unmarshal(whole, out); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return out, nil
}

func (c *Codec) open(id string, data []byte, shared bool) (_ []byte, err error) {
	aead := c.aeads[id]
	if aead == nil {
		return nil, fmt.Errorf("a value is encrypted with key %q: %w: %s has %s", id, ErrKey, cmp.Or(c.o.KeysFrom, "the codec"), c.has())
	}
	if shared {
		data, err = c.same[id].open(data)
	} else {
		data, err = aead.Open(nil, nil, data, authenticated(id))
	}
	if err != nil {
		return nil, fmt.Errorf("a value that is encrypted with key %q: %w, or the key with this id is another one", id, ErrChanged)
	}
	return data, nil
}

// authenticated is what the encryption binds the data to.
func authenticated(id string) []byte { return []byte("capstan payload 1\x00" + id) }

func (c *Codec) has() string {
	if len(c.o.Keys) == 0 {
		return "none"
	}
	var ids []string
	for _, k := range c.o.Keys {
		ids = append(ids, k.ID)
	}
	return strings.Join(ids, ", ")
}

func (c *Codec) expand(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrChanged)
	}
	switch data[0] {
	case asIs:
		return data[1:], nil
	case compressed:
		whole, err := c.dec.DecodeAll(data[1:], nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrChanged, err)
		}
		return whole, nil
	}
	return nil, fmt.Errorf("%w, or written by a later version: its form is %d", ErrChanged, data[0])
}
