package diag

// Outcome is the result of judging one file. Its first fields are a row of the
// document of `validate --format json`.
type Outcome struct {
	File     string `json:"file"`
	Dialect  string `json:"dialect"`
	Version  string `json:"version"`
	Runnable bool   `json:"runnable"` // some unit of it runs
	Units    []Unit `json:"units"`    // in the file's order

	Problems List              `json:"-"` // sorted
	Sources  map[string][]byte `json:"-"` // by Pos.File, as for [WriteText]
}

// Unit is the result for a part of a file that can be run by itself.
type Unit struct {
	Name     string `json:"name"`
	Runnable bool   `json:"runnable"`

	// Problems are its own, and those of the file that are of no unit alone.
	Problems List `json:"-"`
}

// Row returns the outcome without the problems and the text.
func (o *Outcome) Row() Outcome {
	row := Outcome{File: o.File, Dialect: o.Dialect, Version: o.Version, Runnable: o.Runnable, Units: make([]Unit, len(o.Units))}
	for i, u := range o.Units {
		row.Units[i] = Unit{Name: u.Name, Runnable: u.Runnable}
	}
	return row
}

// Sink writes the outcomes of files, one after the other, in one format. It keeps
// nothing of a file but what its format has at the end, however many files there are.
type Sink interface {
	// Add writes an outcome, which may be forgotten afterwards.
	Add(*Outcome)
	// Close ends the document, also one of no file, and returns the first error. The
	// writer below stays open.
	Close() error
}
