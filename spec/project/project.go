// Package project reads the settings of a project: its files (.capstan.yaml), with
// [Read], and the comments that ignore problems where they stand, with [ReadIgnores].
package project

import (
	"path/filepath"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
	"github.com/capstan-run/capstan/spec/internal/secrets"
)

// Settings are those of a project file (.capstan.yaml), which hold for the capabilities in and
// below its directory. Paths are as written, relative to Dir.
type Settings struct {
	File       string // as given to Read
	Dir        string // the directory that holds File
	Root       bool   // no file of a folder above counts
	APIs       []API
	Overlays   []spec.Str // paths
	Rules      []Rule     // of two that meet a problem, the later one counts
	Severities []Rule     // the older form of Rules, before them
	Excludes   []Exclude  // files that a search passes over
	Baseline   spec.Str   // path of a file with problems that are known
	AllowRead  []spec.Str // directories besides the project's that capabilities may name files in
	// RequestTimeout bounds one request with its answer, nil where the file
	// sets no bound.
	RequestTimeout *spec.Duration
	// MaxPages bounds a list that is read page by page, 0 where the file sets no bound.
	MaxPages int
	Secrets  Secrets // credentials that the file holds itself
}

// Secrets are credentials that are written in files.
type Secrets = secrets.List

// API is the place of an API and the credential that it takes.
type API struct {
	Name    spec.Str // as a capability's `api` has it
	OpenAPI spec.Str // path of its OpenAPI document
	BaseURL spec.Str // replaces the document's server
	Pace    spec.Str // how many requests its server takes in a time
	Auth    *Auth
}

// Auth names the environment variables that hold a credential; it never
// holds one itself.
type Auth struct {
	Type     spec.Str   // bearer, basic, apiKey, oauth2 or none
	Env      []spec.Str // variables with the secret, the first that is set counts
	UserEnv  spec.Str   // basic: variable with the user's name; oauth2: with the client's id
	In       spec.Str   // apiKey: header, query or cookie
	Name     spec.Str   // apiKey: name of the header, parameter or cookie
	TokenURL spec.Str   // oauth2 client credentials
	Scopes   []spec.Str // oauth2
}

// Read parses a project file. The Settings are nil when the text cannot
// be parsed. An empty file is an empty project. file and src are as for
// dialect.Read.
func Read(file string, src []byte) (*Settings, diag.List) {
	f, root, diags := node.Parse(file, src)
	p := &Settings{File: file, Dir: filepath.Dir(file)}
	if len(diags) == 1 && diags[0].Code == "empty-file" {
		return p, nil
	}
	if root == nil {
		return nil, diags
	}
	tree := &node.Tree{Main: f, Root: root}
	d := node.NewDecoder(tree, true)
	settings().Read(d, root, p)
	p.Secrets = secrets.Find(tree)
	return p, append(append(diags, d.Diags...), p.Secrets.Problems()...).Sort()
}
