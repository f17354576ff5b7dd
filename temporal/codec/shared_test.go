package codec

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/capstan-run/capstan/temporal/internal/payload"
)

// program is a payload that histories share.
func program(text string) *common.Payload {
	return &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingBinary), payload.Shared: []byte("1")}, Data: []byte(text)}
}

// A program is in the store once, whoever encodes it; other payloads are not alike.
func TestShared(t *testing.T) {
	for name, keys := range map[string][]Key{"in clear": nil, "encrypted": {key("a")}} {
		t.Run(name, func(t *testing.T) {
			store := &memory{}
			o := Options{Keys: keys, Blobs: store, CompressAbove: -1}
			text := noise(4 << 10)
			var first *common.Payload
			for range 3 { // three processes
				c := codec(t, o)
				for range 2 {
					out, err := c.Encode([]*common.Payload{program(text), value(t, noise(200<<10))})
					if err != nil {
						t.Fatal(err)
					}
					if first == nil {
						first = out[0]
					}
					if !proto.Equal(out[0], first) || len(out[0].Data) > 0 {
						t.Fatalf("%v and %v are of one program", first, out[0])
					}
					if in, err := codec(t, o).Decode(out); err != nil || !proto.Equal(in[0], program(text)) {
						t.Fatalf("%v: %v", in, err)
					}
				}
			}
			if want := 1 + 6; keys != nil && len(store.values) != want {
				t.Errorf("%d values are stored, not %d", len(store.values), want)
			}
			for _, data := range store.values {
				if keys != nil && bytes.Contains(data, []byte(text[:64])) {
					t.Error("the store has the program in clear")
				}
			}
			other, err := codec(t, o).Encode([]*common.Payload{program(text + "x")})
			if err != nil || string(other[0].Metadata[blobOf]) == string(first.Metadata[blobOf]) {
				t.Errorf("another program is %v too: %v", first, err)
			}
			if keys == nil {
				return
			}
			rotated := Options{Keys: []Key{key("b"), key("a")}, Blobs: store, CompressAbove: -1}
			again, err := codec(t, rotated).Encode([]*common.Payload{program(text)})
			if err != nil || string(again[0].Metadata[blobOf]) == string(first.Metadata[blobOf]) {
				t.Errorf("under another key the program is %v too: %v", first, err)
			}
			in, err := codec(t, rotated).Decode([]*common.Payload{first, again[0]})
			if err != nil || !proto.Equal(in[0], in[1]) {
				t.Errorf("%v: %v", in, err)
			}
		})
	}
}

// A shared payload stays in the history without a store, where it is short, and is then as
// different each time as any other.
func TestSharedInHistory(t *testing.T) {
	for name, o := range map[string]Options{"no store": {Keys: []Key{key("a")}}, "short": {Keys: []Key{key("a")}, Blobs: &memory{}}} {
		text := noise(4 << 10)
		if name == "short" {
			text = text[:100]
		}
		c := codec(t, o)
		out, err := c.Encode([]*common.Payload{program(text), program(text)})
		if err != nil || len(out[0].Data) == 0 || bytes.Equal(out[0].Data, out[1].Data) || out[0].Metadata[sharedOf] != nil {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
}

// A value that is put again and again is stored again after an hour.
func TestShelf(t *testing.T) {
	s := newShelf()
	if s.put("a", []byte("1"), false); s.fresh("a") || string(s.get("a")) != "1" {
		t.Error("a value that was fetched counts as stored")
	}
	if s.put("a", []byte("1"), true); !s.fresh("a") {
		t.Error("a value that was stored does not")
	}
	v := s.values["a"]
	v.put = v.put.Add(-freshFor - time.Second)
	if s.values["a"] = v; s.fresh("a") {
		t.Error("it does so for ever")
	}
	for _, k := range strings.Split("bcdefghij", "") {
		s.put(k, make([]byte, shelfSize/4), false)
		if s.size > shelfSize || s.get(k) == nil {
			t.Errorf("%q: %d bytes", k, s.size)
		}
	}
	if s.put("k", make([]byte, shelfSize/4+1), false); s.get("k") != nil {
		t.Error("a value is kept that is a quarter of the shelf")
	}
}

// Size is what the server gets, or a little more.
func TestSize(t *testing.T) {
	for _, o := range []Options{{}, {Keys: []Key{key("a")}}, {Blobs: &memory{}}, {Keys: []Key{key("a")}, Blobs: &memory{}}, {CompressAbove: -1}} {
		for name, p := range map[string]*common.Payload{
			"short": value(t, "x"), "noise": value(t, noise(300<<10)), "text": value(t, strings.Repeat("capstan ", 100_000)), "program": program(noise(5 << 10)),
		} {
			c := codec(t, o)
			out, err := c.Encode([]*common.Payload{p})
			if err != nil {
				t.Fatal(err)
			}
			if got, is := c.Size(p), proto.Size(out[0]); got < is-reference || got > is+reference {
				t.Errorf("%s with %d keys, a store %v: %d, and the server gets %d", name, len(o.Keys), o.Blobs != nil, got, is)
			}
		}
	}
}
