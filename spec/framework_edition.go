package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
)

// edition is a place in the row of published versions: later ones are greater.
type edition int

// editions are the published versions, oldest first. A new version is added at
// the end; what differs in it stands in the tables of spellings and forms.
var editions = []struct{ family, version string }{
	{"naftiko", "0.2"}, {"naftiko", "0.3"}, {"naftiko", "0.4"}, {"naftiko", "0.5"},
	{"naftiko", "1.0.0-alpha1"}, {"naftiko", "1.0.0-alpha2"}, {"naftiko", "1.0.0-alpha3"}, {"naftiko", "1.0.0-alpha4"},
	{"ikanos", "1.0.0-alpha3"}, {"ikanos", "1.0.0-alpha4"}, {"ikanos", "1.0.0-alpha5"}, {"ikanos", "1.0.0-alpha6"},
	{"ikanos", "1.0.0-beta1"}, {"ikanos", "1.0.0-beta2"}, {"ikanos", "1.0.0-beta3"}, {"ikanos", "1.0.0-beta4"}, {"ikanos", "1.0.0-beta5"},
}

// editionOf returns the edition of a version, the newest one for a version
// that is not known, and for a file without one.
func editionOf(family, version string) (e edition, known bool) {
	for i, v := range editions {
		if v.family == family && v.version == strings.TrimPrefix(version, "v") {
			return edition(i), true
		}
	}
	return edition(len(editions) - 1), false
}

// since reports whether f's version is this one or a later one.
func (f *frame) since(family, version string) bool {
	e, _ := editionOf(family, version)
	return f.edition >= e
}

// checkVersion reports a version that is not a published one: lenient reads it
// as the newest.
func (f *frame) checkVersion(out *Framework) {
	n := value(f.source.root, out.Family)
	if out.Family == "" || f.known {
		return
	}
	newest := editions[len(editions)-1]
	r := f.report(n, codeUnknownVersion, "%s %s is not a version that capstan knows, it is read as %s %s", out.Family, out.Version, newest.family, newest.version)
	if !f.strict {
		r.Severity = diag.Warning
	}
	var known []string
	for _, v := range editions {
		if v.family == out.Family {
			known = append(known, v.version)
		}
	}
	slices.Reverse(known)
	r.Hint = "known versions: " + strings.Join(known, ", ")
	if near := suggest.Closest(out.Version, known); near != "" {
		r.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}
