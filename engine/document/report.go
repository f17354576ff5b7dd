package document

import "github.com/capstan-run/capstan/diag"

// Report is the outcome of loading a file, good or bad.
type Report struct {
	File        string
	Dialect     string
	Version     string
	Runnable    bool      // the dialect is one that can be run
	Diagnostics diag.List // errors, warnings and notes, sorted
	// Sources holds the text of every file that a diagnostic may point into,
	// by name.
	Sources map[string][]byte
	// Overlays are those that acted, in order.
	Overlays []string
	// StoodBack are the actions of overlays that left an edited value alone.
	StoodBack []StoodBack
	// Files are those that were read, or would be served.
	Files []File
}

// Refusal is something that a file declares and that cannot be used.
type Refusal struct {
	Name   string          `json:"name"`
	Kind   string          `json:"kind"`   // of a unit, "rest exposure", "route", "prompt", ...
	Reason diag.Diagnostic `json:"reason"` // the first one
}
