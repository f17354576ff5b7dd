package engine

import (
	"reflect"
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// Source is what a program was made from: enough to take it elsewhere, as an
// Agent Skill does. Nothing in it is a credential.
type Source struct {
	// File is the capability's file as it was read.
	File SourceFile
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
	// Builtin tells that the overlay acts wherever the capability is loaded.
	Builtin bool
}

// SourceAPI is what a program knows of an API.
type SourceAPI struct {
	Name string
	// Document is the path of the OpenAPI document, "" when it is built in.
	Document string
	// Settings tells that the rest was said by options, a project file or a
	// catalogue beside the capability, and is not what any Capstan knows.
	Settings bool
	BaseURL  string   // replaces the document's server, "" for that one
	Env      []string // variables that are said to hold the credential
	// Security is for operations whose document names none.
	Security []operations.Requirement
}

// Source returns what the program was made from. It is safe for concurrent use.
func (p *Program) Source() *Source {
	s := &Source{File: sourceFile(p.source)}
	for _, f := range p.overlays {
		s.Overlays = append(s.Overlays, sourceFile(f))
	}
	for _, name := range p.apiNames() {
		s.APIs = append(s.APIs, p.apis[name].source(p.documents))
	}
	return s
}

func sourceFile(f snapshotFile) SourceFile { return SourceFile(f) }

// source describes an API. A program that was restored from a snapshot has no
// documents.
func (a *api) source(docs *documents) SourceAPI {
	s := SourceAPI{Name: a.name, BaseURL: a.base, Env: slices.Clone(a.declared.names), Security: a.fallback}
	if docs != nil {
		s.Document = docs.path(a.name)
	}
	shipped := newAPI(a.name, &Options{}, nil, shippedCatalogue(a.name), nil, nil)
	s.Settings = a.base != shipped.base || !slices.Equal(a.declared.names, shipped.declared.names) || !reflect.DeepEqual(a.fallback, shipped.fallback)
	return s
}

// Operation returns the operation that a step calls, nil for a step that calls
// none and for an unknown one.
func (p *Program) Operation(step string) *operations.Operation {
	for _, s := range p.plan.Steps {
		if s.ID == step {
			if a := s.Operation(); a != nil {
				return a.Op
			}
		}
	}
	return nil
}
