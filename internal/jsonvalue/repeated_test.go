package jsonvalue

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRepeatedNames(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}`: nil,
		`{"a": 1, "a": 1}`: {"a"},
		`{"data": [{"id": 1}, {"id": 2, "x": "id", "id": 3}, {"id":4,"id":5}]}`: {"data.id"},
		`[{"id": 1, "\u0069d": 2}]`:                                {"id"},
		`{"a": {"b": {"c": 1}}, "a": {"b": {"c": 1, "c": 2}}}`:     {"a", "a.b.c"},
		`{"a": "}{\"a\":", "b": ["a", "a", {"b": "b"}], "a\\": 1}`: nil,
		`"a"`:                          nil,
		`[[], {}, 1]`:                  nil,
		"{\"a\xff\": 1, \"a\xfe\": 2}": {"a\ufffd"}, // a decoder makes one name of both
	} {
		if d := cmp.Diff(want, Repeated(text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
}

// Beyond a few names and a few places it still finds every repetition, or says
// that there are too many to list.
func TestRepeatedNamesOfLargeObjects(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf(`"n%d":%d`, i, i))
	}
	once := "{" + strings.Join(names, ",") + "}"
	if got := Repeated(once); got != nil {
		t.Errorf("got %v", got)
	}
	if got := Repeated("{" + strings.Join(append(names, `"n7":0`, `"n999":0`), ",") + "}"); !slices.Equal(got, []string{"n7", "n999"}) {
		t.Errorf("got %v", got)
	}
	got := Repeated("{" + strings.Join(append(names, names...), ",") + "}")
	if len(got) != mostRepeated+1 || got[mostRepeated] != "" {
		t.Errorf("%d places, the last %q", len(got), got[len(got)-1])
	}
}

// FuzzRepeated holds it to a decoder's count of members.
func FuzzRepeated(f *testing.F) {
	f.Add(`{"a": [{"b": 1, "b": 2}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		d := json.NewDecoder(strings.NewReader(text))
		if got, want := len(Repeated(text)) > 0, repeats1(d); got != want {
			t.Errorf("%q: found %v, want %v", text, got, want)
		}
	})
}

// repeats1 reads one value and reports whether an object in it has a name twice.
func repeats1(d *json.Decoder) bool {
	t, err := d.Token()
	if err != nil {
		return false
	}
	twice := false
	switch t {
	case json.Delim('{'):
		seen := map[any]bool{}
		for d.More() {
			name, _ := d.Token()
			twice = seen[name] || twice
			seen[name] = true
			twice = repeats1(d) || twice
		}
		_, _ = d.Token()
	case json.Delim('['):
		for d.More() {
			twice = repeats1(d) || twice
		}
		_, _ = d.Token()
	}
	return twice
}

func BenchmarkRepeated(b *testing.B) {
	item := `{"id": 1000001, "name": "ship 1", "draft": 1.25, "length": 100, "active": true, "rate": 0.124}`
	text := `{"data": [` + strings.Repeat(item+",", 99) + item + `]}`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Repeated(text)
	}
}
