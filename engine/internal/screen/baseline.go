package screen

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Baseline is a list of problems that are known. Those of a kind are counted: the same
// message on the same text, wherever it stands in its file. Nil has none.
type Baseline struct {
	File   string
	dir    string
	counts map[key]int
	texts  map[key]string // messages, for people
}

// key is a kind of problem.
type key struct{ file, code, print string }

// entry is a line of the file.
type entry struct {
	File        string `json:"file"` // from the baseline's folder, with slashes
	Code        string `json:"code"`
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count"`
	Message     string `json:"message"`
}

// version is that of the file's form.
const version = 1

// NewBaseline returns an empty baseline that is to be the given file.
func NewBaseline(file string) *Baseline {
	dir := filepath.Dir(file)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &Baseline{File: file, dir: dir, counts: map[key]int{}, texts: map[key]string{}}
}

// ReadBaseline reads the text of a baseline. dir is its folder: absolute, but for files
// that are not this machine's. It is nil where there is a problem.
func ReadBaseline(file, dir string, text []byte) (*Baseline, diag.List) {
	var doc struct {
		Version  int     `json:"version"`
		Problems []entry `json:"problems"`
	}
	var problems diag.List
	err := json.Unmarshal(text, &doc)
	switch {
	case err != nil:
		problems.Add(diag.Diagnostic{Code: "bad-baseline", Pos: offset(file, text, err), Message: "the baseline cannot be read: " + jsonReason(err),
			Hint: "write it anew: capstan validate FILE|DIR... --write-baseline " + file})
		return nil, problems
	case doc.Version != version:
		problems.Add(diag.Diagnostic{Code: "bad-baseline", Pos: diag.Start(file), Message: fmt.Sprintf("the baseline has version %d, and this capstan reads %d", doc.Version, version),
			Hint: "write it anew: capstan validate FILE|DIR... --write-baseline " + file})
		return nil, problems
	}
	b := &Baseline{File: file, dir: dir, counts: map[key]int{}}
	for _, e := range doc.Problems {
		b.counts[key{e.File, e.Code, e.Fingerprint}] += e.Count
	}
	return b, nil
}

func jsonReason(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Sprintf("%q cannot be a %s", kind.Field, kind.Value)
	}
	return err.Error()
}

// offset is the place of a problem with JSON.
func offset(file string, text []byte, err error) diag.Pos {
	at := int64(0)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	before := text[:min(max(at-1, 0), int64(len(text)))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return diag.Pos{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: len([]rune(string(before[line:]))) + 1}
}

// Add records problems.
func (b *Baseline) Add(l diag.List, texts map[string][]byte) {
	for _, d := range l {
		if d.Code == diag.HiddenErrors {
			continue // it stands for others
		}
		k := b.key(d, texts)
		b.counts[k]++
		b.texts[k] = d.Message
	}
}

// Text returns the file, an entry a line, sorted.
func (b *Baseline) Text() ([]byte, error) {
	var keys []key
	for k := range b.counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.code, b.code), cmp.Compare(a.print, b.print))
	})
	out := bytes.NewBufferString(fmt.Sprintf("{\"version\": %d, \"problems\": [", version))
	for i, k := range keys {
		line, err := jsonvalue.Marshal(entry{k.file, k.code, k.print, b.counts[k], b.texts[k]})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n  ")
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	return out.Bytes(), nil
}

// key is the kind of a problem: neither its line nor its column is a part of it.
func (b *Baseline) key(d diag.Diagnostic, texts map[string][]byte) key {
	message := d.Message
	if filepath.IsAbs(b.dir) {
		message = strings.ReplaceAll(message, b.dir, ".") // another machine has another one
	}
	sum := sha256.Sum256([]byte(message + "\x00" + marked(d, texts[d.Pos.File])))
	return key{Relative(b.dir, d.Pos.File), d.Code, hex.EncodeToString(sum[:8])}
}

// marked is the text that a problem marks, or its whole line.
func marked(d diag.Diagnostic, text []byte) string {
	for range d.Pos.Line - 1 {
		_, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			return ""
		}
		text = rest
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if runes := []rune(string(line)); d.EndColumn > d.Pos.Column && d.Pos.Column > 0 && d.EndColumn-1 <= len(runes) {
		return string(runes[d.Pos.Column-1 : d.EndColumn-1])
	}
	return strings.TrimSpace(string(line))
}

// gone counts the problems of a file that no problem was found for.
func (b *Baseline) gone(file string, used map[key]int) int {
	if b == nil {
		return 0
	}
	out, name := 0, Relative(b.dir, file)
	for k, n := range b.counts {
		if k.file == name {
			out += max(n-used[k], 0)
		}
	}
	return out
}
