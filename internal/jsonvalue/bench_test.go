package jsonvalue

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf(`{"id": %d, "name": "ship %d", "draft": %d.25, "length": 100, "active": true, "rate": 0.%d}`, 1_000_000+i, i, i, i+123))
	}
	data := []byte(`{"data": [` + strings.Join(items, ",") + `]}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
