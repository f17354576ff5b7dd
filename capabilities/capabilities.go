// Package capabilities holds the capabilities that ship with Capstan and the
// overlays that make published files runnable. Start with [Overlays].
//
// A published file is never edited: what it lacks stands in NAME.overlay.yaml
// beside it and applies wherever the user saved the file.
package capabilities

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed workos
var files embed.FS

// File is one shipped file.
type File struct {
	Name string // "capabilities/workos/b2b-enterprise-onboarding.overlay.yaml"
	Data []byte
}

const overlaySuffix = ".overlay.yaml"

// Overlays returns the built-in overlays in a fixed order.
func Overlays() []File {
	return collect(func(p string) bool { return strings.HasSuffix(p, overlaySuffix) })
}

// Catalogue returns the shipped catalogue of an API, such as "workos".
func Catalogue(api string) (File, bool) {
	found := collect(func(p string) bool { return path.Base(path.Dir(p)) == "shared" && path.Base(p) == api+".yaml" })
	if len(found) == 0 {
		return File{}, false
	}
	return found[0], true
}

// Lookup returns the shipped composition called name, with or without its
// extension ("b2b-enterprise-onboarding").
func Lookup(name string) (File, bool) {
	name = strings.TrimSuffix(name, ".yaml") + ".yaml"
	found := collect(func(p string) bool {
		return path.Base(p) == name && path.Base(path.Dir(p)) != "shared" && !strings.HasSuffix(p, overlaySuffix)
	})
	if len(found) != 1 {
		return File{}, false
	}
	return found[0], true
}

func collect(want func(path string) bool) []File {
	var out []File
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".yaml" || !want(p) {
			return err
		}
		data, err := files.ReadFile(p)
		out = append(out, File{Name: "capabilities/" + p, Data: data})
		return err
	})
	if err != nil {
		panic(err) // the files are compiled in: walking them cannot fail
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}
