package formats

import "testing"

// fuzz runs a decoder on anything: it must return, with a value or an error.
func fuzz(f *testing.F, format, schema string, seeds ...string) {
	d, err := New(format, schema, birds.open)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if v, err := d(body, ""); err != nil && v != nil {
			t.Errorf("a value %v beside the error %v", v, err)
		}
	})
}

func FuzzXML(f *testing.F) {
	fuzz(f, "xml", "", `<a b="1"><c>x</c><c/><!-- x --></a>`, "<!DOCTYPE a []><a/>", "<?xml version='1.0' encoding='utf-16'?><a/>", "<a>&#1;</a>")
}

func FuzzDelimited(f *testing.F) {
	fuzz(f, "csv", "", "a,b\n1,\"x\"\"y\"\r\n", "\"", "a,a\n,,,", "\xff\xfea\x00")
}

func FuzzHTML(f *testing.F) {
	fuzz(f, "html", "table", "<table><tr><th rowspan=3 colspan=2>a<tr><td>1</table>", "<table><table><td><th>", "<svg><table><tr><th>x")
}

func FuzzMarkdown(f *testing.F) {
	fuzz(f, "markdown", "# a", "---\na: 1\n---\n# a\n\n|b|c|\n|-|-|\n|1|\n", "> - [a](b) *c* `d`\n\n[a]: b", "&amp; \\* <x>\n===")
}

func FuzzAvro(f *testing.F) {
	fuzz(f, "avro", "all.avsc", "\x08Wren\x12\x01", containerFile("deflate", `"string"`, "x", 1), containerFile("null", birds["all.avsc"], "x", 1))
}

func FuzzProtobuf(f *testing.F) {
	fuzz(f, "protobuf", "all.proto#All", "\x08\x01\x2a\x08\x0a\x01k\x15\xcd\xcc\xcc\x3d\x3a\x02\x08\x01", "\x4a\x02\x08\x01", "\x2a\x08\x0a\x010\x0800\x8a0")
}
