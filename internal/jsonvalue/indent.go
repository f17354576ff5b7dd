package jsonvalue

import (
	"bytes"
	"io"
)

// MaxIndent is the depth of lists and objects to which they are indented. Deeper
// ones stand on one line: indented, a text that nests 9,000 levels deep
// would become as many times as long.
const MaxIndent = 100

// Indent returns JSON without spaces between its tokens, as package
// encoding/json writes it, with two spaces for each level of nesting.
func Indent(compact []byte) []byte {
	out := bytes.NewBuffer(make([]byte, 0, 2*len(compact)))
	IndentTo(out, compact)
	return out.Bytes()
}

// Writer is what [IndentTo] writes to: a bytes.Buffer or a bufio.Writer, which
// remembers its errors.
type Writer interface {
	io.Writer
	io.ByteWriter
	io.StringWriter
}

// IndentTo is [Indent] that writes.
func IndentTo(out Writer, compact []byte) {
	depth := 0
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := stringEnd(compact, i)
			out.Write(compact[i:end])
			i = end - 1
		case '{', '[':
			out.WriteByte(c)
			if i+1 < len(compact) && (compact[i+1] == '}' || compact[i+1] == ']') {
				i++
				out.WriteByte(compact[i])
				continue
			}
			depth++
			newLine(out, depth, depth)
		case '}', ']':
			newLine(out, depth-1, depth)
			depth--
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			newLine(out, depth, depth)
		case ':':
			out.WriteString(": ")
		default:
			out.WriteByte(c)
		}
	}
}

// newLine begins a line at an indent, unless its content is too deep.
func newLine(out Writer, indent, within int) {
	if within > MaxIndent {
		return
	}
	out.WriteByte('\n')
	for range indent {
		out.WriteString("  ")
	}
}

// stringEnd returns where the string that begins at i ends.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(len(text), i+1)
}
