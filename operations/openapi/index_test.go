package openapi

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/google/go-cmp/cmp"
)

func TestIndexKeepsValues(t *testing.T) {
	value := objectNode(
		field{"null", &node{}}, field{"false", boolNode(false)}, field{"true", boolNode(true)},
		field{"int", &node{kind: kindInt, int: -1 << 62}}, field{"float", floatNode(0.1)}, field{"whole", floatNode(3)},
		field{"text", stringNode("a\x00 \U0001f4dd")}, field{"", stringNode("")},
		field{"list", arrayNode(stringNode("a long enough string"), arrayNode(), objectNode())},
		field{"again", arrayNode(stringNode("a long enough string"), arrayNode(), objectNode())},
	)
	data := encodeIndex(&indexContent{api: "a", components: []field{{"c", value}}})
	r, err := openIndex(data)
	if err != nil {
		t.Fatal(err)
	}
	got := r.at(r.at(r.start).get("components").get("c").place())
	if diff := cmp.Diff(value, got, cmp.AllowUnexported(node{}, field{}, place{}), cmp.FilterPath(isEmptySlice, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

// isEmptySlice lets nil and empty slices of nodes be the same.
func isEmptySlice(p cmp.Path) bool {
	x, y := p.Last().Values()
	return x.IsValid() && y.IsValid() && x.Kind().String() == "slice" && x.Len() == 0 && y.Len() == 0
}

func TestIndexStoresEqualValuesOnce(t *testing.T) {
	big := objectNode(field{"description", stringNode("x")}, field{"type", stringNode("string")})
	size := func(n int) int {
		list := arrayNode()
		for range n {
			list.items = append(list.items, objectNode(big.fields...))
		}
		return len(encodeIndex(&indexContent{components: []field{{"c", list}}}))
	}
	if each := (size(1000) - size(10)) / 990; each > 3 {
		t.Errorf("a repeated value takes %d bytes", each)
	}
}

func TestOpenRefusesWhatIsNoIndex(t *testing.T) {
	good := smallIndex(t)
	change := func(at int, b byte) []byte {
		out := bytes.Clone(good)
		out[at] ^= b
		return out
	}
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "this is no capstan index"},
		{"text", []byte(strings.Repeat("openapi: 3.1.0\n", 10)), "this is no capstan index"},
		{"magic", change(0, 1), "this is no capstan index"},
		{"version", change(8, 0x40), "the index has format 65 where this capstan reads format 1; compile the document again"},
		{"checksum", change(12, 1), "the index is damaged (its checksum differs); compile the document again"},
		{"content", change(len(good)/2, 1), "the index is damaged (its checksum differs); compile the document again"},
		{"cut", good[:len(good)-1], "the index is damaged (its checksum differs); compile the document again"},
		{"lengths", seal(append(bytes.Clone(good[:16]), make([]byte, 40)...)), "the index is damaged (its parts do not add up); compile the document again"},
	} {
		if _, err := Open(test.data); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

func smallIndex(t testing.TB) []byte {
	t.Helper()
	doc, err := os.ReadFile("testdata/notes-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	x, problems := Compile("notes", doc, nil)
	if x == nil {
		t.Fatal(problems)
	}
	return x.Bytes()
}

// seal sets the checksum to what it should be.
func seal(data []byte) []byte {
	binary.LittleEndian.PutUint32(data[len(indexMagic)+4:], crc32.ChecksumIEEE(data[len(indexMagic)+8:]))
	return data
}

// An index that lies, with the right checksum, must not bring anything down.
func FuzzOpen(f *testing.F) {
	good := smallIndex(f)
	f.Add(bytes.Clone(good), 40, byte(0xff))
	f.Add(bytes.Clone(good), len(good)-10, byte(8))
	f.Add(good[:headerSize+4], 20, byte(1))
	f.Fuzz(func(t *testing.T, data []byte, at int, b byte) {
		if len(data) < headerSize || len(data) > 1<<16 {
			return
		}
		copy(data, indexMagic)
		binary.LittleEndian.PutUint32(data[len(indexMagic):], indexVersion)
		if at >= len(indexMagic)+8 && at < len(data) {
			data[at] = b
		}
		s, err := Open(seal(data))
		if err != nil {
			return
		}
		for i, id := range s.IDs() {
			if op, ok := s.Lookup(id); i < 8 && ok {
				op.Resource()
				check.Response(op, 200, "application/json", map[string]any{"object": "note"})
			}
		}
		s.Suggest(operations.Want{ID: "notes.get"}, 3)
	})
}

// Any document compiles or is refused, and what compiles opens.
func FuzzCompile(f *testing.F) {
	for _, name := range []string{"testdata/fleet-3.0.yaml", "testdata/notes-3.1.json"} {
		doc, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Add([]byte("openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: {$ref: '#/paths'}}]}}}"))
	f.Add([]byte("openapi: 3.1.0\nx: &a [*a]\n"))
	f.Add([]byte("openapi: 3.1\npaths: {/a: {get: {a: 1, a: 2, parameters: [null, {$ref: '#/x'}], requestBody: {content: {x/y: null}}}}}"))
	f.Add([]byte("openapi: 3.1.0\ncomponents: {schemas: {S: {items: [], required: true, properties: {p: 1}, minimum: x}}}\npaths: {}"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 1<<14 {
			return
		}
		x, problems := Compile("f", doc, nil)
		if (x == nil) != problems.HasErrors() {
			t.Fatalf("index %v with problems %v", x, problems)
		}
		if x == nil {
			return
		}
		s, err := Open(x.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range s.IDs() {
			op, ok := s.Lookup(id)
			if !ok {
				t.Fatalf("%q is listed and not found", id)
			}
			op.Resource()
			check.Response(op, 200, "application/json", map[string]any{})
		}
	})
}

func TestLookupAtOnce(t *testing.T) {
	s, err := Open(smallIndex(t))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[*operations.Operation]bool{}
	for range 16 {
		wg.Go(func() {
			op, ok := s.Lookup("notes.get[0]")
			if !ok || check.Response(op, 200, "application/json", map[string]any{"object": "note", "id": "n"}) != nil {
				t.Error("the operation is not as documented")
			}
			mu.Lock()
			defer mu.Unlock()
			seen[op] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("%d different operations for one id", len(seen))
	}
	if _, ok := s.Lookup("notes.get"); ok {
		t.Error("a part of an id is found")
	}
}
