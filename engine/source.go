package engine

import (
	"reflect"
	"slices"

	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/operations"
)

// Source is the files that a program was made from: enough to take it elsewhere, as
// an Agent Skill does. Nothing in it is a credential.
type Source struct {
	// File is the capability's file as it was read.
	File SourceFile
	// Unit is the name that picks the program among those of the file, "" where there is
	// no other.
	Unit string
	// Named are the files that the file names: imports, shared files, scripts, schemas.
	Named []SourceFile
	// Values are the paths of the files with values of binds, which may be credentials.
	Values []string
	// Overlays are those that acted, in order. One made of an override is named
	// after it ("--override poll.every=5s").
	Overlays []SourceFile
	// APIs are the APIs of the program's steps, in step order.
	APIs []SourceAPI
}

// SourceFile is one file of a Source.
type SourceFile struct {
	Name string // path as it was opened, or the name of a file that ships with Capstan
	Text []byte // not to be changed
	// Builtin reports that the overlay acts wherever the capability is loaded.
	Builtin bool
}

// SourceAPI describes an API of a program.
type SourceAPI struct {
	Name string
	// Document is the path of the OpenAPI document, "" when it is built in.
	Document string
	// Settings reports that the rest comes from a project file or a catalogue beside
	// the capability, and is not known to every Capstan.
	Settings bool
	BaseURL  string   // replaces the document's server, "" for that one
	Pace     string   // how many requests the server takes in a time, such as "6000/m"
	Env      []string // variables that are declared to hold the credential
	// Security is for operations whose document names none.
	Security []operations.Requirement
}

// Source returns the files that the program was made from.
func (p *Program) Source() *Source {
	file, overlays := p.unit.File().Source()
	s := &Source{File: SourceFile(file), Values: p.unit.File().Binds.Files()}
	slices.Sort(s.Values)
	s.Values = slices.Compact(s.Values)
	if len(p.unit.File().Spec.Select("")) > 1 {
		s.Unit = p.Name()
	}
	for _, f := range p.unit.File().Named() {
		s.Named = append(s.Named, SourceFile(f))
	}
	for _, f := range overlays {
		s.Overlays = append(s.Overlays, SourceFile(f))
	}
	for _, use := range p.unit.Uses {
		s.APIs = append(s.APIs, sourceAPI(use.Name, use.API, p.unit.File().Document(use.Name)))
	}
	return s
}

func sourceAPI(name string, api connect.API, document string) SourceAPI {
	d, shipped := api.Declared(), load.Shipped(name)
	return SourceAPI{
		Name: name, Document: document, BaseURL: d.Base, Pace: d.Pace, Env: slices.Clone(d.Env), Security: d.Security,
		Settings: d.Base != shipped.Base || !d.OwnPace && d.Pace != shipped.Pace || !slices.Equal(d.Env, shipped.Env) || !reflect.DeepEqual(d.Security, shipped.Security),
	}
}
