package engine

import (
	"fmt"
	"os"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// served notes the files and folders that the file's exposures serve, and
// reports those that are out of reach.
func (r *reach) served(f *spec.Framework) diag.List {
	var problems diag.List
	see := func(from string, location spec.Str, as string) {
		if !location.IsSet() {
			return
		}
		path, err := locate(from, location.Value)
		if err == nil {
			_, _, err = r.find(path)
		}
		refused := outOfReach(err)
		if err == nil {
			r.note(path, as)
		}
		if refused == nil {
			return
		}
		pos, end := location.Whole()
		problems.Add(diag.Diagnostic{
			Code: refused.Code, Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("the %s cannot be served: %v", as, err), Hint: refused.Hint,
		})
	}
	for _, e := range f.Exposes {
		for _, d := range e.Documents {
			see(d.File, d.Location, "resource "+d.Name.Value)
		}
		for _, p := range e.Prompts {
			see(p.File, p.Location, "prompt "+p.Name.Value)
		}
		for _, s := range e.Skills {
			see(s.File, s.Location, "skill "+s.Name.Value)
		}
	}
	return problems
}

// Folder opens the directory at a location (file: URI or path) that the file
// called from names, within the project's root and Options.AllowRead. Close it.
func (s *Service) Folder(from, location string) (*os.Root, error) {
	path, err := locate(from, location)
	if err != nil {
		return nil, err
	}
	root, err := s.fw.reads.reach.folder(path)
	return root, hinted(err)
}

// File reads a file of at most that many bytes at a location, as Folder does.
func (s *Service) File(from, location string, most int64) ([]byte, error) {
	path, err := locate(from, location)
	if err != nil {
		return nil, err
	}
	f, err := s.fw.reads.reach.open(path)
	if err != nil {
		return nil, hinted(err)
	}
	defer f.Close()
	return readAll(f, most)
}

// hinted adds the hint to an error that is shown without one.
func hinted(err error) error {
	if refused := outOfReach(err); refused != nil {
		return fmt.Errorf("%w; %s", err, refused.Hint)
	}
	return err
}
