package main

import (
	"context"
	"errors"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
)

// errorDocument is the one document of a command that a machine asked for and
// that came to nothing else.
type errorDocument struct {
	Error errorEntry `json:"error"`
}

type errorEntry struct {
	Code        string          `json:"code"`
	Message     string          `json:"message"`
	Hint        string          `json:"hint,omitempty"`
	Problems    []problemEntry  `json:"problems,omitempty"`
	Missing     []document.Env  `json:"missing,omitempty"`
	Exposures   []exposureEntry `json:"exposures,omitempty"`
	Diagnostics diag.List       `json:"diagnostics,omitempty"`
}

type problemEntry struct {
	Name    string `json:"name,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// failure is an error with a meaning of its own to the shell.
type failure struct {
	exit    int
	code    string
	message string
	hint    string
}

func (f *failure) Error() string { return f.message }

// errorEntryOf is for a machine the same as report for a person.
func errorEntryOf(err error) errorEntry {
	var (
		own    *failure
		usage  *usageError
		load   *engine.LoadError
		inputs *engine.InputError
		creds  *engine.CredentialError
	)
	e := errorEntry{Code: "failed", Message: refusal(err)}
	switch {
	case errors.As(err, &own):
		e.Code, e.Hint = own.code, own.hint
	case errors.As(err, &usage):
		e.Code, e.Hint, e.Exposures = "usage", usage.Hint, usage.exposures
	case errors.As(err, &load):
		e.Code, e.Diagnostics = codeInvalid, load.Report.Diagnostics
	case errors.Is(err, context.Canceled):
		e.Code, e.Message = codeInterrupted, "interrupted"
	}
	if errors.As(err, &creds) {
		e.Code, e.Missing = codeCredentials, creds.Missing
	}
	if errors.As(err, &inputs) {
		e.Code = codeInputs
		for _, p := range inputs.Problems {
			e.Problems = append(e.Problems, problemEntry{p.Name, p.Message, p.Hint})
		}
	}
	return e
}

// documentError gives a machine its document for err, where the command has
// printed none.
func (a *app) documentError(err error) {
	if a.wantsText() || err == nil || a.out.Used || errors.As(err, new(silent)) {
		return
	}
	_ = a.printDocument(errorDocument{errorEntryOf(err)}) // the reason is on stderr already
}
