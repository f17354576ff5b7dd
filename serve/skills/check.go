package skills

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/serve/internal/folder"
	"github.com/capstan-run/capstan/spec"
)

// fault is one problem that Check found. The error in it is fs.ErrNotExist where a
// file or folder is missing, which may be there later, else nil.
type fault struct {
	text string
	error
}

func (f fault) Error() string { return f.text }
func (f fault) Unwrap() error { return f.error }

// Check looks for what loading a file does not: tools of exposures or operations that
// are not served, folders and instructions that are not there. An error is
// fs.ErrNotExist where a file or folder is missing, which may be there later. They are
// in the order of the file.
func Check(e *spec.Exposure, o Options) []error {
	c := &checker{o: o, siblings: siblings(e, o.Exposures)}
	for _, s := range e.Skills {
		c.skill(s)
	}
	return c.faults
}

type checker struct {
	o        Options
	siblings map[string]*spec.Exposure
	faults   []error
}

func (c *checker) add(pos diag.Pos, err error, format string, args ...any) {
	c.faults = append(c.faults, fault{pos.String() + ": " + fmt.Sprintf(format, args...), err})
}

func (c *checker) skill(s *spec.Skill) {
	root := c.folder(s)
	if root != nil {
		defer func() { _ = root.Close() }()
	}
	for _, t := range s.Tools {
		from := c.siblings[t.Source.Value]
		switch {
		case t.Source.IsSet() && (from == nil || !slices.Contains(from.Actions(), t.Action.Value)):
			c.add(t.Source.Pos, nil, "tool %q of skill %q is %q of %q, which is not served", t.Name.Value, s.Name.Value, t.Action.Value, t.Source.Value)
		case t.Instruction.IsSet() && root != nil:
			c.instruction(root, s, t)
		}
	}
}

// folder opens the folder of a skill, nil where there is none.
func (c *checker) folder(s *spec.Skill) *os.Root {
	if !s.Location.IsSet() || c.o.Open == nil {
		return nil
	}
	root, err := c.o.Open(s.File, s.Location.Value)
	switch {
	case err == nil:
		return root
	case !errors.As(err, new(*spec.FileError)) && errors.As(err, new(*fs.PathError)):
		c.add(s.Location.Pos, fs.ErrNotExist, "the location of skill %q is no folder that can be read: %s", s.Name.Value, s.Location.Value)
	default:
		c.add(s.Location.Pos, nil, "the location of skill %q is none: %v", s.Name.Value, err)
	}
	return nil
}

func (c *checker) instruction(root *os.Root, s *spec.Skill, t *spec.SkillTool) {
	f, err := folder.Find(root, strings.Split(path.Clean(t.Instruction.Value), "/"))
	switch {
	case err != nil:
		c.add(t.Instruction.Pos, fs.ErrNotExist, "the instruction of tool %q is no file in the folder of skill %q: %s", t.Name.Value, s.Name.Value, t.Instruction.Value)
	case f.Size > folder.MaxFile:
		c.add(t.Instruction.Pos, nil, "the instruction of tool %q is larger than 10 MiB, the most that is served: %s", t.Name.Value, t.Instruction.Value)
	}
}
