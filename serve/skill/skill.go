// Package skill writes capabilities and APIs as Agent Skills: folders of
// instructions that a coding agent reads when they fit the task
// (https://agentskills.io/specification). Start with [Capability] or [API], then
// [Folder.WriteTo].
//
// The text depends only on the capability or the document: not on the
// clock, the environment or the folder. Every command line in it can be run.
package skill

import "github.com/capstan-run/capstan/engine"

// Options shape a skill. The zero value means the defaults.
type Options struct {
	// Name is the name of the skill and of its folder: lower-case letters,
	// digits and single hyphens, at most 64. "" makes one of the capability's
	// or API's name.
	Name string
	// License is the license of the skill's text, a name or the name of a file;
	// "" leaves it out.
	License string
	// NoOverlay means that the program was loaded without overlays, so that the
	// skill's commands load it without, too.
	NoOverlay bool
	// Runner is the outside with the hosts and environment variables to name; nil is
	// the default one.
	Runner *engine.Runner
}

func (o *Options) runner() *engine.Runner {
	if o.Runner == nil {
		return engine.NewRunner(nil)
	}
	return o.Runner
}

// Folder is a skill. It is a plain value.
type Folder struct {
	Name        string
	Description string         // its purpose and when to use it, at most 1024 characters
	FrontMatter map[string]any // of SKILL.md, as data
	Files       []File         // SKILL.md first, then by path
}

// File is one file of a skill.
type File struct {
	Path string // relative to the skill's folder, with slashes
	Data []byte
}

// generator marks the skills of this package, in their metadata.
const generator = "capstan"
