package codec

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/capstan-run/capstan/temporal/blob"
)

// memory is a store that can fail.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	err    error // of every call
	puts   int
}

func (m *memory) Put(_ context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.puts++
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[key] = bytes.Clone(data)
	return nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.values[key]
	if m.err == nil && !ok {
		return nil, fmt.Errorf("blob %s: %w", key, blob.ErrNotFound)
	}
	return data, m.err
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func key(id string) (k Key) {
	k.ID = id
	copy(k.Secret[:], bytes.Repeat([]byte(id), KeySize))
	return k
}

func codec(t testing.TB, o Options) *Codec {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func value(t testing.TB, v any) *common.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// noise is text that hardly gets smaller.
func noise(n int) string {
	return base64.StdEncoding.EncodeToString(random(n))[:n]
}

// random bytes do not get smaller.
func random(n int) []byte {
	out, state := make([]byte, n), uint64(1)
	for i := range out {
		state = state*6364136223846793005 + 1442695040888963407
		out[i] = byte(state >> 40)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	store := &memory{}
	keys := []Key{key("b"), key("a")}
	large := strings.Repeat("x", 100<<10)
	for _, c := range []struct {
		name  string
		o     Options
		value any
		want  string // metadata, in order: "" is the payload as it was
		size  [2]int // of the data
	}{
		{"small and clear", Options{}, "ada", "", [2]int{5, 5}},
		{"small, with a store", Options{Blobs: store}, "ada", "", [2]int{5, 5}},
		{"small", Options{Keys: keys}, "ada", "capstan-key=b encoding=binary/capstan", [2]int{30, 80}},
		{"nothing", Options{Keys: keys}, nil, "capstan-key=b encoding=binary/capstan", [2]int{30, 80}},
		{"bytes", Options{Keys: keys}, []byte{0, 1}, "capstan-key=b encoding=binary/capstan", [2]int{30, 80}},
		{"compressed", Options{}, large, "encoding=binary/capstan", [2]int{1, 200}},
		{"compressed and encrypted", Options{Keys: keys}, large, "capstan-key=b encoding=binary/capstan", [2]int{1, 230}},
		{"compression off", Options{CompressAbove: -1}, large, "", [2]int{100 << 10, 101 << 10}},
		{"compression does not help", Options{}, random(2000), "", [2]int{2000, 2000}},
		{"compressed below the limit of the store", Options{Blobs: store, OffloadAbove: 1000}, large, "encoding=binary/capstan", [2]int{1, 200}},
		{"stored", Options{Blobs: store, OffloadAbove: 1000, CompressAbove: -1}, large, "capstan-blob=* encoding=binary/capstan", [2]int{0, 0}},
		{"stored and encrypted", Options{Blobs: store, Keys: keys}, noise(256 << 10), "capstan-blob=* capstan-key=b encoding=binary/capstan", [2]int{0, 0}},
		{"no store", Options{Keys: keys}, noise(256 << 10), "capstan-key=b encoding=binary/capstan", [2]int{256 << 10, 257 << 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := value(t, c.value)
			before := proto.Clone(p)
			it := codec(t, c.o)
			encoded, err := it.Encode([]*common.Payload{p, nil, p})
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(p, before) {
				t.Error("the payload was changed")
			}
			if got := metadata(encoded[0]); c.want != "" && got != c.want || c.want == "" && !proto.Equal(encoded[0], p) {
				t.Errorf("metadata %s", got)
			}
			if n := len(encoded[0].Data); n < c.size[0] || n > c.size[1] {
				t.Errorf("%d bytes", n)
			}
			if len(c.o.Keys) > 0 && proto.Equal(encoded[0], encoded[2]) {
				t.Error("one text is encrypted twice to the same")
			}
			again, err := it.Encode(encoded)
			if err != nil || !proto.Equal(again[0], encoded[0]) {
				t.Errorf("it is encoded twice: %v", err)
			}
			decoded, err := codec(t, Options{Keys: []Key{key("a"), key("b")}, Blobs: store}).Decode(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(decoded[0], p) || decoded[1] != nil || !proto.Equal(decoded[2], p) {
				t.Errorf("it comes back as %v", decoded)
			}
		})
	}
}

// metadata is that of a payload, without the keys of blobs.
func metadata(p *common.Payload) string {
	var all []string
	for _, name := range []string{blobOf, keyOf, converter.MetadataEncoding} {
		if v, ok := p.Metadata[name]; ok && name == blobOf {
			all = append(all, name+"=*")
		} else if ok {
			all = append(all, name+"="+string(v))
		}
	}
	return strings.Join(all, " ")
}

// As the SDK uses it.
func TestDataConverter(t *testing.T) {
	store := &memory{}
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec(t, Options{Keys: []Key{key("a")}, Blobs: store, OffloadAbove: 100}))
	want := map[string]string{"imo": "9074729", "notes": noise(4000)}
	p, err := dc.ToPayloads(want, "two")
	if err != nil {
		t.Fatal(err)
	}
	if text := p.String(); strings.Contains(text, "9074729") || strings.Contains(text, "two") || store.puts != 1 {
		t.Errorf("%d blobs, %s", store.puts, text)
	}
	for _, v := range store.values {
		if bytes.Contains(v, []byte("9074729")) {
			t.Error("the store can read it")
		}
	}
	var got map[string]string
	var two string
	if err := dc.FromPayloads(p, &got, &two); err != nil || !maps.Equal(got, want) || two != "two" {
		t.Errorf("it comes back as %v, %q: %v", got, two, err)
	}
}

// The first key encrypts, and each decrypts what it encrypted: a new key is put first, and
// an old one is taken away when nothing is encrypted with it any more.
func TestRotation(t *testing.T) {
	p := value(t, "ada")
	old, err := codec(t, Options{Keys: []Key{key("a")}}).Encode([]*common.Payload{p})
	if err != nil {
		t.Fatal(err)
	}
	both := codec(t, Options{Keys: []Key{key("b"), key("a")}})
	if got, err := both.Decode(old); err != nil || !proto.Equal(got[0], p) {
		t.Errorf("with both keys: %v, %v", got, err)
	}
	if fresh, err := both.Encode([]*common.Payload{p}); err != nil || string(fresh[0].Metadata[keyOf]) != "b" {
		t.Errorf("encrypted with %s, %v", fresh[0].Metadata[keyOf], err)
	}
	for _, c := range []struct {
		keys []Key
		err  error
		want string
	}{
		{[]Key{key("b"), key("c")}, ErrKey, `a value is encrypted with key "a": the key is missing: the codec has b, c`},
		{nil, ErrKey, `a value is encrypted with key "a": the key is missing: the codec has none`},
		{[]Key{{ID: "a", Secret: key("b").Secret}}, ErrChanged, `encrypted with key "a": it was changed or cut short, or the key with this id is another one`},
	} {
		if _, err := codec(t, Options{Keys: c.keys}).Decode(old); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %v: %v", c.keys, err)
		}
	}
	if _, err := New(Options{Keys: []Key{key("a"), key("b"), key("a")}}); err == nil || !strings.Contains(err.Error(), `two keys have the id "a"`) {
		t.Errorf("error %v", err)
	}
}

func TestFailures(t *testing.T) {
	store := &memory{}
	keyed := codec(t, Options{Keys: []Key{key("a"), key("b")}, Blobs: store, OffloadAbove: 200})
	encode := func(v any) *common.Payload {
		out, err := keyed.Encode([]*common.Payload{value(t, v)})
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	with := func(p *common.Payload, name, v string) *common.Payload {
		p = proto.Clone(p).(*common.Payload)
		p.Metadata[name] = []byte(v)
		return p
	}
	small, large := encode("ada"), encode(noise(1000))
	blobKey := string(large.Metadata[blobOf])
	cut := proto.Clone(small).(*common.Payload)
	cut.Data = cut.Data[:len(cut.Data)-1]
	clear := func(data ...byte) *common.Payload {
		return &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}, Data: data}
	}
	for _, c := range []struct {
		name string
		p    *common.Payload
		err  error
		want string
	}{
		{"another key's id", with(small, keyOf, "b"), ErrChanged, `with key "b"`},
		{"no key's id", clear(small.Data...), ErrChanged, ""}, // encrypted data begin with any byte
		{"no form", clear(0xff, 1, 2, 3), ErrChanged, "its form is"},
		{"cut", cut, ErrChanged, `with key "a"`},
		{"no data", clear(), ErrChanged, "it is empty"},
		{"no compressed data", clear(compressed, 1, 2, 3), ErrChanged, ""},
		{"no payload", clear(asIs, 0xff), ErrChanged, ""},
		{"blob is not there", with(large, blobOf, blob.Key(nil)), blob.ErrNotFound, "fetching a value: blob " + blob.Key(nil)},
		{"blob is no key", with(large, blobOf, "../x"), nil, `blob "../x"`},
	} {
		if _, err := keyed.Decode([]*common.Payload{c.p}); err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := codec(t, Options{Keys: []Key{key("a")}}).Decode([]*common.Payload{large}); err == nil || !strings.Contains(err.Error(), "a value is blob "+blobKey+": the value is not there: the codec names no blob store") {
		t.Errorf("no store: %v", err)
	}
	store.values[blobKey][5] ^= 1
	if _, err := keyed.Decode([]*common.Payload{large}); !errors.Is(err, blob.ErrChanged) || !strings.Contains(err.Error(), blobKey) {
		t.Errorf("changed blob: %v", err)
	}
	down := errors.New("the store is down")
	store.fail(down)
	if _, err := keyed.Decode([]*common.Payload{small, large}); !errors.Is(err, down) {
		t.Errorf("store is down: %v", err)
	}
	if _, err := keyed.Encode([]*common.Payload{value(t, noise(1000))}); !errors.Is(err, down) || !strings.Contains(err.Error(), "storing a value of ") {
		t.Errorf("store is down: %v", err)
	}
}

// A small payload that would expand to more than any value is refused, not expanded.
func TestBomb(t *testing.T) {
	c := codec(t, Options{})
	data := c.enc.EncodeAll(make([]byte, blob.MaxSize+1<<20), []byte{compressed})
	_, err := c.Decode([]*common.Payload{{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}, Data: data}})
	if !errors.Is(err, ErrChanged) {
		t.Errorf("%d bytes: %v", len(data), err)
	}
}

func TestParseKeys(t *testing.T) {
	a, b := key("a"), key("b")
	text := base64.StdEncoding.EncodeToString(a.Secret[:])
	for _, c := range []string{
		"2026:" + text, "  2026:" + text + "\n", "2026:" + hex.EncodeToString(a.Secret[:]), "2026:" + base64.RawURLEncoding.EncodeToString(a.Secret[:]),
	} {
		if got, err := ParseKeys(c); err != nil || len(got) != 1 || got[0] != (Key{"2026", a.Secret}) {
			t.Errorf("%q: %v, %v", c, got, err)
		}
	}
	got, err := ParseKeys(text + ", old.1:" + base64.StdEncoding.EncodeToString(b.Secret[:]))
	if err != nil || len(got) != 2 || got[0] != (Key{fingerprint(a.Secret), a.Secret}) || got[1] != (Key{"old.1", b.Secret}) {
		t.Errorf("%v, %v", got, err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", got[1], got[1], got[1], got); strings.Contains(shown, "98") || !strings.Contains(shown, "old.1:[redacted]") {
		t.Errorf("keys are shown as %s", shown)
	}
	for c, want := range map[string]string{
		"": "there is no key; make one with", " ,\n": "there is no key", text[:20]: "key 1: it is not 32 bytes", text + " x:" + text[4:]: "key 2: it is not 32 bytes",
		":" + text: "key 1: its id is not made of", "a/b:" + text: "key 1: its id is not made of",
	} {
		if _, err := ParseKeys(c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), text[4:]) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	keys, store := []Key{key("a")}, &memory{}
	var codecs []*Codec
	for _, o := range []Options{
		{}, {CompressAbove: 10}, {CompressAbove: -1, Blobs: store, OffloadAbove: 10}, {Keys: keys}, {Keys: keys, CompressAbove: 10}, {Keys: keys, CompressAbove: 10, Blobs: store, OffloadAbove: 60},
	} {
		codecs = append(codecs, codec(f, o))
	}
	f.Add([]byte("ada"), "json/plain")
	f.Add([]byte{}, "")
	f.Add(bytes.Repeat([]byte("x"), 3000), "binary/plain")
	f.Fuzz(func(t *testing.T, data []byte, kind string) {
		p := &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(kind)}, Data: data}
		if isEncoded(p) {
			return
		}
		for _, c := range codecs {
			encoded, err := c.Encode([]*common.Payload{p})
			if err != nil {
				t.Fatal(err)
			}
			if decoded, err := c.Decode(encoded); err != nil || !proto.Equal(decoded[0], p) {
				t.Fatalf("%v: %v comes back as %v: %v", c.o, p, decoded, err)
			}
		}
	})
}

// Whatever the server returns is decoded or an error; nothing that was changed is decoded
// under a key.
func FuzzDecode(f *testing.F) {
	store := &memory{}
	c := codec(f, Options{Keys: []Key{key("a")}, Blobs: store, OffloadAbove: 200})
	for _, v := range []any{"ada", strings.Repeat("x", 3000), noise(3000)} {
		encoded, err := c.Encode([]*common.Payload{value(f, v)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded[0].Data, string(encoded[0].Metadata[keyOf]), string(encoded[0].Metadata[blobOf]))
		f.Add(append([]byte{1}, encoded[0].Data...), "", "")
	}
	f.Fuzz(func(t *testing.T, data []byte, keyID, blobKey string) {
		p := &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}, Data: data}
		if keyID != "" {
			p.Metadata[keyOf] = []byte(keyID)
		}
		if blobKey != "" {
			p.Metadata[blobOf] = []byte(blobKey)
		}
		decoded, err := c.Decode([]*common.Payload{p})
		if err != nil {
			return
		}
		if keyID != "" && len(decoded[0].Data) > 0 && blobKey == "" {
			if again, err := c.open(keyID, data, false); err != nil || len(again) == 0 {
				t.Errorf("%v was not encrypted with the key, and decodes to %v", p, decoded[0])
			}
		}
	})
}
