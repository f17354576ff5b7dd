package node

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// MaxFileSize bounds a file, in bytes. Published capabilities are a few
// kilobytes; the bound is there so that a mistaken argument fails at once.
const MaxFileSize = 32 << 20

// Parse returns the file's one document, aliases resolved, which is a mapping.
// root is nil when there is none that can be used, and then diags has the reason.
func Parse(name string, src []byte) (f *File, root *yaml.Node, diags diag.List) {
	f, root, diags = ParseAny(name, src)
	if root != nil && root.Kind != yaml.MappingNode {
		diags.Errorf((&Cursor{File: f}).pos(root.Line, root.Column), "wrong-type", "the file must be a mapping of keys to values, found %s", Describe(root))
		root = nil
	}
	return f, root, diags
}

// ParseAny is Parse for a document of any kind.
func ParseAny(name string, src []byte) (f *File, root *yaml.Node, diags diag.List) {
	text := bytes.TrimPrefix(src, []byte(byteOrderMark))
	if len(text) > MaxFileSize {
		diags.Errorf(diag.Start(name), "too-large", "the file has %d MiB, more than the %d MiB that are read", len(text)>>20, MaxFileSize>>20)
		return newFile(name, nil), nil, diags
	}
	f = newFile(name, text)
	if d, ok := checkEncoding(f); !ok {
		return f, nil, diag.List{d}
	}
	if f, root, diags = oneDocument(f); root == nil {
		return f, nil, diags
	}
	e := &expander{Cursor: Cursor{File: f}, open: map[*yaml.Node]bool{}}
	root = e.node(root, 1)
	diags = append(diags, e.diags...)
	if e.failed {
		root = nil
	}
	return f, root, diags
}

// oneDocument decodes the one document of f that counts. The file is that of its
// text, which may be a part of f.
func oneDocument(f *File) (*File, *yaml.Node, diag.List) {
	docs, diags := documents(f)
	if len(docs) == 0 {
		return f, nil, diags
	}
	root, diags := oneOf(f, docs)
	if root == nil {
		return f, nil, diags
	}
	held, diags := referred(f, root, docs)
	switch {
	case held == nil:
		return f, nil, diags
	case held != f:
		return oneDocument(held)
	}
	return f, root.Content[0], nil
}

// Documents decodes the documents of f, with their anchors and aliases.
func Documents(f *File) ([]*Node, diag.List) { return documents(f) }

// documents decodes the documents of f that hold something.
func documents(f *File) (out []*yaml.Node, diags diag.List) {
	dec := yaml.NewDecoder(bytes.NewReader(withoutDirective(f.Text)))
	for {
		doc := new(yaml.Node)
		err := dec.Decode(doc)
		switch {
		case errors.Is(err, io.EOF) && out == nil:
			diags.Errorf(diag.Start(f.Name), "empty-file", "the file is empty")
			return nil, diags
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, diag.List{syntaxError(f, err)}
		case !isEmptyDocument(doc):
			out = append(out, doc)
		}
	}
}

// version12 matches the directive of YAML 1.2, which the parser refuses
// although it reads the language.
var version12 = lazyregexp.New(`\A(?:[ \t]*(?:#[^\n]*)?\r?\n)*%YAML 1\.2`)

// withoutDirective makes a comment of that directive.
func withoutDirective(text []byte) []byte {
	if !bytes.Contains(text, []byte("%YAML 1.2")) {
		return text
	}
	at := version12.FindIndex(text)
	if at == nil {
		return text
	}
	text = bytes.Clone(text)
	text[at[1]-len("%YAML 1.2")] = '#'
	return text
}

func isEmptyDocument(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" && doc.Content[0].Value == ""
}

func secondDocument(f *File, first, second *yaml.Node) diag.Diagnostic {
	c := Cursor{File: f}
	return diag.Diagnostic{
		Code: "several-documents", Pos: c.pos(second.Line, second.Column),
		Message: "a second YAML document starts here; a file holds one capability",
		Hint:    "move it to a file of its own",
		Related: []diag.Related{{Pos: c.pos(first.Content[0].Line, first.Content[0].Column), Message: "the first document"}},
	}
}

// checkEncoding accepts UTF-8, which is all that positions are counted in.
func checkEncoding(f *File) (diag.Diagnostic, bool) {
	if utf8.Valid(f.Text) {
		return diag.Diagnostic{}, true
	}
	d := diag.Diagnostic{Code: "encoding", Pos: diag.Start(f.Name), Hint: "save the file as UTF-8"}
	if bytes.HasPrefix(f.Text, []byte{0xFF, 0xFE}) || bytes.HasPrefix(f.Text, []byte{0xFE, 0xFF}) {
		d.Message = "the file is UTF-16, not UTF-8"
		return d, false
	}
	offset := 0
	for {
		r, size := utf8.DecodeRune(f.Text[offset:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		offset += size
	}
	d.Pos, d.Message = f.Place(offset), "the file is not UTF-8 from here on"
	return d, false
}
