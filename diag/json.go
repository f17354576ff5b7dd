package diag

import "github.com/capstan-run/capstan/internal/jsonvalue"

// jsonDiagnostic is the form of a Diagnostic that `validate --format json` and
// `plan -o json` promise; its keys are a contract with other programs.
type jsonDiagnostic struct {
	Code      string        `json:"code"`
	Rules     []string      `json:"rules,omitempty"`
	Severity  string        `json:"severity"`
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	EndColumn int           `json:"end_column"`
	Message   string        `json:"message"`
	Hint      string        `json:"hint,omitempty"`
	Notes     []string      `json:"notes,omitempty"`
	Related   []jsonRelated `json:"related,omitempty"`
	Fix       *jsonFix      `json:"fix,omitempty"`
	URL       string        `json:"url,omitempty"`
}

// jsonFix is a change of files: each edit replaces the text between two columns of a line.
type jsonFix struct {
	Safe  bool       `json:"safe"`
	Edits []jsonEdit `json:"edits"`
}

type jsonEdit struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndColumn int    `json:"end_column"`
	Text      string `json:"text"`
}

type jsonRelated struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// MarshalJSON writes the problem as one flat object, with <, > and & as they are: the
// encoder of the caller decides whether to escape them. Line, column and
// end_column are 0 where they are not known; end_column is otherwise always
// past column, also for a problem that marks one character.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	j := jsonDiagnostic{
		Code:      d.Code,
		Rules:     d.Rules,
		Severity:  d.Severity.String(),
		File:      d.Pos.File,
		Line:      d.Pos.Line,
		Column:    d.Pos.Column,
		EndColumn: d.EndColumn,
		Message:   d.Message,
		Hint:      d.Hint,
		Notes:     d.Notes,
		URL:       URL(d.Code),
	}
	if j.Column > 0 && j.EndColumn <= j.Column {
		j.EndColumn = j.Column + 1
	}
	for _, r := range d.Related {
		j.Related = append(j.Related, jsonRelated{r.Pos.File, r.Pos.Line, r.Pos.Column, r.Message})
	}
	if d.Fix != nil {
		j.Fix = &jsonFix{Safe: d.Fix.Safe}
		for _, e := range d.Fix.Edits {
			j.Fix.Edits = append(j.Fix.Edits, jsonEdit{e.Pos.File, e.Pos.Line, e.Pos.Column, e.EndColumn, e.New})
		}
	}
	return jsonvalue.Marshal(j)
}

// MarshalJSON writes an array, also for a nil List.
func (l List) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return jsonvalue.Marshal([]Diagnostic(l))
}
