// Package formats decodes answers that are not JSON (XML, YAML, delimited
// text, HTML, Markdown, Avro, Protocol Buffers) into the form that JSON has
// here: nil, bool, int, float64, string, []any and map[string]any. Start with
// [New], once per operation.
//
// The result of each format stands beside its decoder: see xml.go,
// delimited.go, html.go, markdown.go, avro.go and protobuf.go.
//
// Answers are hostile until proven otherwise. Whatever the bytes, a decoder
// returns a value or an error, in memory proportional to the answer's size
// and at most a million values ([maxValues]) nested 200 deep ([maxDepth]);
// YAML has the bounds of yamldata.Decode. The size of the answer itself is
// bounded by its reader.
package formats
