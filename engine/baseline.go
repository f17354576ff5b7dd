package engine

import "github.com/capstan-run/capstan/engine/internal/screen"

// Baseline is a list of problems that are known, for LoadOptions.Baseline. It is not
// safe for concurrent use.
type Baseline struct{ list *screen.Baseline }

// NewBaseline returns an empty list that is to be a file of that path: it names the
// files of its problems from there.
func NewBaseline(file string) *Baseline { return &Baseline{screen.NewBaseline(file)} }

// Add adds the problems that a report shows. They are to be those of a load without a
// baseline.
func (b *Baseline) Add(r *Report) { b.list.Add(r.Shown, r.Sources) }

// Text returns the text of the file. It is the same for the same problems, in whatever
// order they were added.
func (b *Baseline) Text() ([]byte, error) { return b.list.Text() }
