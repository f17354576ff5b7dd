// Package capabilities holds the capabilities that ship with Capstan and the
// overlays that make published files runnable. Start with [Overlays].
//
// A published file is never edited: what it lacks stands in NAME.overlay.yaml
// beside it and applies wherever the user saved the file.
package capabilities

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed workos/*.yaml
var files embed.FS

// File is one shipped file.
type File struct {
	Name string // "capabilities/workos/b2b-enterprise-onboarding.overlay.yaml"
	Data []byte
}

const overlaySuffix = ".overlay.yaml"

// Overlays returns the built-in overlays in a fixed order.
func Overlays() []File { return matching("*/*"+overlaySuffix, "") }

// OverlaysFor returns those that can be meant for a capability of a name, "" for a
// file that has none. Each is meant for one, and names it on a line of its own
// below x-capstan-applies-to, so that the others need not be read.
func OverlaysFor(name string) []File {
	line := []byte("\n  name: " + name + "\n")
	return slices.DeleteFunc(Overlays(), func(f File) bool { return !bytes.Contains(f.Data, line) })
}

// Lookup returns the shipped composition called name, with or without its
// extension ("b2b-enterprise-onboarding").
func Lookup(name string) (File, bool) {
	name = strings.TrimSuffix(name, ".yaml") + ".yaml"
	if strings.HasSuffix(name, overlaySuffix) {
		return File{}, false
	}
	return only(matching("*/*.yaml", name))
}

// Names lists the shipped compositions, as Lookup takes them.
func Names() []string {
	var out []string
	for _, f := range matching("*/*.yaml", "") {
		if name := path.Base(f.Name); !strings.HasSuffix(name, overlaySuffix) {
			out = append(out, strings.TrimSuffix(name, ".yaml"))
		}
	}
	return out
}

func only(found []File) (File, bool) {
	if len(found) != 1 {
		return File{}, false
	}
	return found[0], true
}

// matching returns the files that match a pattern, of one base name unless it is "".
func matching(pattern, base string) []File {
	var out []File
	names, _ := fs.Glob(files, pattern) // neither a constant pattern nor what is compiled in can fail
	for _, name := range names {
		if base == "" || path.Base(name) == base {
			data, _ := files.ReadFile(name)
			out = append(out, File{Name: "capabilities/" + name, Data: data})
		}
	}
	return out
}
