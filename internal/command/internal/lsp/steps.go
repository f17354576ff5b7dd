package lsp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

func apis(f *spec.File) []string {
	var out []string
	for _, a := range f.APIs {
		out = append(out, a.Namespace.Value)
	}
	return out
}

// at is the word under a cursor, with the meaning of the text or, while that is broken,
// of the newest text that had one.
type at struct {
	judged
	word     string
	from, to int
	pos      diag.Pos
}

func (s *server) at(p positionParams) (at, bool) {
	a, ok := s.wordAt(p)
	return a, ok && a.file != nil
}

// wordAt is at for texts without a meaning, too.
func (s *server) wordAt(p positionParams) (at, bool) {
	t, j := s.open[p.TextDocument.URI].text, s.last[p.TextDocument.URI]
	if t == nil {
		return at{}, false
	}
	from, to := t.word(t.offset(p.Position))
	return at{judged{t, j.file, j.report}, t.content[from:to], from, to, t.pos(from)}, from < to
}

func (a at) span() span { return span{a.text.position(a.from), a.text.position(a.to)} }

// on reports whether the word is a text of the file, or a part of it.
func (a at) on(s spec.Str) bool {
	if !s.IsSet() || s.Pos.File != a.report.File || s.Pos.Line != a.pos.Line {
		return false
	}
	pos, end := s.Whole()
	return pos.Column <= a.pos.Column && (a.pos.Column < end || end == 0)
}

// step returns the step that the word names, or is the id of, with its unit: of the
// steps of that id the nearest before the word.
func (a at) step() (*spec.Unit, *spec.Step) {
	var unit *spec.Unit
	var found *spec.Step
	for _, u := range a.file.Spec().Units {
		for _, st := range u.Steps {
			if st.ID.Value == a.word && st.ID.Pos.File == a.report.File && (found == nil || st.ID.Pos.Line <= a.pos.Line) {
				unit, found = u, st
			}
		}
	}
	return unit, found
}

// operation returns the step that calls the operation of the word.
func (a at) operation() (*spec.Unit, *spec.Step) {
	for _, u := range a.file.Spec().Units {
		for _, st := range u.Steps {
			if op, ok := st.Action.(*spec.Operation); ok && (a.on(op.Operation) || a.on(op.Call)) {
				return u, st
			}
		}
	}
	return nil, nil
}

// parameter returns the step with a value for a parameter at the word, and its key.
func (a at) parameter() (*spec.Unit, *spec.Step, string) {
	for _, u := range a.file.Spec().Units {
		for _, st := range u.Steps {
			if op, ok := st.Action.(*spec.Operation); ok {
				for _, f := range slices.Concat(op.With, op.Keys) {
					if a.on(f.Key) {
						return u, st, f.Key.Value
					}
				}
			}
		}
	}
	return nil, nil, ""
}

// planned returns a step of a unit as it was planned, with its operation; both are nil
// where the unit cannot run.
func (a at) planned(u *spec.Unit, st *spec.Step) (*document.Step, *operations.Operation) {
	p := a.file.Program(u)
	if p == nil {
		return nil, nil
	}
	for _, planned := range p.Plan().Steps {
		if planned.ID == st.ID.Value {
			return &planned, p.Operation(st.ID.Value)
		}
	}
	return nil, nil
}

// hover describes an operation with the values that its step binds, a parameter, or a key.
func (s *server) hover(ctx context.Context, p positionParams) (*hover, error) {
	a, ok := s.wordAt(p)
	if !ok {
		return nil, nil
	}
	text := ""
	if a.file != nil {
		text = s.aboutWord(ctx, a)
	}
	if text == "" {
		text = meaning(a.text, a.pos)
	}
	if text == "" {
		return nil, nil
	}
	return &hover{markup{"markdown", text}, a.span()}, nil
}

// aboutWord describes a word of a capability, "" where that is nothing but itself.
func (s *server) aboutWord(ctx context.Context, a at) string {
	if u, st, name := a.parameter(); st != nil {
		_, op := a.planned(u, st)
		return aboutParameter(op, name)
	}
	if u, st := a.operation(); st != nil {
		return s.aboutStep(ctx, a, u, st)
	}
	if u, st := a.step(); st != nil {
		return fmt.Sprintf("step `%s`\n\n%s", st.ID.Value, s.aboutStep(ctx, a, u, st))
	}
	return ""
}

// aboutStep describes a step in Markdown: its operation, and the rule behind each value,
// where its unit could be planned.
func (s *server) aboutStep(ctx context.Context, a at, u *spec.Unit, st *spec.Step) string {
	planned, op := a.planned(u, st)
	if op == nil {
		return s.unplanned(ctx, st)
	}
	var b strings.Builder
	b.WriteString(about(op))
	if len(planned.Binds) > 0 {
		b.WriteString("\n\n| parameter | value | rule |\n|---|---|---|")
	}
	for _, bind := range planned.Binds {
		fmt.Fprintf(&b, "\n| `%s` (%s) | `%s` | %s |", bind.Param, bind.In, strings.ReplaceAll(bind.From, "|", `\|`), bind.Rule)
	}
	return b.String()
}

// unplanned describes a step of a unit that cannot run.
func (s *server) unplanned(ctx context.Context, st *spec.Step) string {
	call, ok := st.Action.(*spec.Operation)
	if !ok {
		return st.Description.Value
	}
	if api := s.load.API(ctx, call.API.Value); api != nil {
		for _, op := range api.Set.Summaries() {
			if op.ID == call.Operation.Value {
				return fmt.Sprintf("`%s %s`\n\n%s", op.Method, op.Path, op.Summary)
			}
		}
	}
	return st.Description.Value
}

func aboutParameter(op *operations.Operation, name string) string {
	if op == nil {
		return ""
	}
	for _, p := range op.Params {
		if p.Name == name {
			return fmt.Sprintf("`%s` in %s of %s\n\n%s", name, p.In, op.ID, p.Description)
		}
	}
	if op.Body != nil && len(op.Body.Media) > 0 {
		for _, p := range op.Body.Media[0].Schema.Properties {
			if p.Name == name {
				return fmt.Sprintf("`%s` in the body of %s\n\n%s", name, op.ID, p.Schema.Description)
			}
		}
	}
	return ""
}

// definition finds the step that a word names.
func (s *server) definition(ctx context.Context, p positionParams) ([]location, error) {
	a, ok := s.at(p)
	if !ok {
		return []location{}, nil
	}
	if _, st := a.operation(); st != nil {
		return s.document(a), nil
	}
	if _, st := a.step(); st != nil {
		pos, end := st.ID.Whole()
		return []location{{a.text.uri, a.text.marked(pos, end)}}, nil
	}
	return []location{}, nil
}

// document finds an operation in its OpenAPI document, by the line that has its id.
func (s *server) document(a at) []location {
	for _, path := range a.file.Files() {
		if path == a.report.File {
			continue
		}
		src, found := readText(path)
		if !found {
			continue
		}
		for _, mark := range []string{"operationId: " + a.word, `operationId: "` + a.word, "operationId: '" + a.word, `"operationId": "` + a.word} {
			if offset := idAt(src.content, mark); offset >= 0 {
				end := offset + len(mark)
				return []location{{src.uri, span{src.position(end - len(a.word)), src.position(end)}}}
			}
		}
	}
	return []location{}
}

// idAt finds a mark that ends with a whole id.
func idAt(content, mark string) int {
	for from := 0; ; {
		i := strings.Index(content[from:], mark)
		if i < 0 {
			return -1
		}
		from += i
		if end := from + len(mark); end == len(content) || !isWord(content[end]) && content[end] != '[' && content[end] != '.' {
			return from
		}
		from += len(mark)
	}
}

// prepareRename takes the id of a step, where it is declared or used.
func (s *server) prepareRename(ctx context.Context, p positionParams) (*prepared, error) {
	a, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	if _, st := a.step(); st == nil {
		return nil, nil
	}
	return &prepared{a.span(), a.word}, nil
}

// rename gives a step another id. The id is changed where it is declared; each place
// that read it is then an unknown step, and changed too.
func (s *server) rename(ctx context.Context, p renameParams) (*workspaceEdit, error) {
	a, ok := s.at(p.positionParams)
	if !ok {
		return nil, fmt.Errorf("there is no step here")
	}
	_, st := a.step()
	if st == nil {
		return nil, fmt.Errorf("%q is no step", a.word)
	}
	declared, end := st.ID.Span(0, utf8.RuneCountInString(a.word))
	if end == 0 {
		return nil, fmt.Errorf("the id of the step is not written in one line")
	}
	edits := []diag.Edit{{Pos: declared, EndColumn: end, Old: a.word, New: p.NewName}}
	before := len(a.report.Diagnostics.Errors())
	for {
		content, _ := diag.Apply(a.report.File, []byte(a.text.content), []*diag.Fix{{Edits: edits}})
		j := s.judge(ctx, newText(a.text.uri, string(content)))
		further := j.readers(a.word, p.NewName, edits)
		if len(further) == 0 {
			if now := j.report.Diagnostics.Errors(); len(now) > before {
				return nil, fmt.Errorf("the step cannot be called %q: %s", p.NewName, now[0].Message)
			}
			break
		}
		edits = append(edits, further...)
	}
	var changes []textEdit
	for _, e := range edits {
		changes = append(changes, textEdit{a.text.marked(e.Pos, e.EndColumn), e.New})
	}
	return &workspaceEdit{map[string][]textEdit{a.text.uri: changes}}, nil
}

// readers are the places that still read a step by its old name, in the columns of the
// text before the edits.
func (j judged) readers(old, name string, edits []diag.Edit) []diag.Edit {
	var out []diag.Edit
	grown := utf8.RuneCountInString(name) - utf8.RuneCountInString(old)
	for _, d := range j.report.Diagnostics {
		if d.Code != "unknown-step" && d.Code != "unknown-name" && d.Code != "expression-syntax" || d.Pos.File != j.report.File {
			continue // an id that ends in a number is no expression once no step has it
		}
		from := around(j.text.content, j.text.offset(j.text.place(d.Pos.Line, d.Pos.Column)), old)
		if from < 0 {
			continue
		}
		start := j.text.pos(from)
		pos := start
		pos.File = d.Pos.File
		for _, e := range edits {
			if e.Pos.Line == start.Line && e.Pos.Column < start.Column {
				pos.Column -= grown
			}
		}
		out = append(out, diag.Edit{Pos: pos, EndColumn: pos.Column + utf8.RuneCountInString(old), Old: old, New: name})
	}
	return out
}

// around returns where a word stands that covers an offset, or ends shortly before it as a
// number does that goes on with ".n"; -1 for nowhere.
func around(content string, offset int, word string) int {
	for from := offset; from >= 0 && from+len(word)+len(".n") >= offset; from-- {
		begins := from == 0 || !isWord(content[from-1])
		if begins && strings.HasPrefix(content[from:], word) && (from+len(word) == len(content) || !isWord(content[from+len(word)])) {
			return from
		}
	}
	return -1
}

// symbols are the units of a file with their inputs, steps and outputs.
func (s *server) symbols(ctx context.Context, p documentParams) ([]symbol, error) {
	out := []symbol{}
	t, j := s.open[p.TextDocument.URI].text, s.last[p.TextDocument.URI]
	if t == nil || j.file == nil {
		return out, nil
	}
	for _, u := range j.file.Spec().Units {
		if u.Pos.File != j.report.File {
			continue
		}
		unit := symbol{Name: u.Name, Detail: string(u.Kind), Kind: symbolModule, Range: t.marked(u.Pos, 0)}
		unit.SelectionRange = unit.Range
		for _, in := range u.Inputs {
			unit.add(t, j, in.Name, in.Type.Value, symbolVariable)
		}
		for _, st := range u.Steps {
			detail := ""
			if op, ok := st.Action.(*spec.Operation); ok {
				detail = op.Operation.Value
			}
			unit.add(t, j, st.ID, detail, symbolFunction)
		}
		for _, o := range u.Outputs {
			unit.add(t, j, o.Name, "", symbolKey)
		}
		out = append(out, unit)
	}
	return out, nil
}

// add appends a part that is written in the file, and grows the unit around it.
func (u *symbol) add(t *text, j judged, name spec.Str, detail string, kind int) {
	if !name.IsSet() || name.Pos.File != j.report.File {
		return
	}
	pos, end := name.Whole()
	at := t.marked(pos, end)
	u.Children = append(u.Children, symbol{Name: name.Value, Detail: detail, Kind: kind, Range: at, SelectionRange: at})
	if before(u.Range.End, at.End) {
		u.Range.End = at.End
	}
	if before(at.Start, u.Range.Start) {
		u.Range.Start = at.Start
		u.SelectionRange = span{at.Start, at.Start}
	}
}
