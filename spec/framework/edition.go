package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// edition is a place in the row of published versions: later ones are greater.
type edition int

// The published versions, oldest first. A new one is added at the end, here
// and in editions; its differences stand in the tables of spellings and
// forms.
const (
	naftiko02 edition = iota
	naftiko03
	naftiko04
	naftiko05
	naftikoAlpha1
	naftikoAlpha2
	naftikoAlpha3
	naftikoAlpha4
	ikanosAlpha3
	ikanosAlpha4
	ikanosAlpha5
	ikanosAlpha6
	ikanosBeta1
	ikanosBeta2
	ikanosBeta3
	ikanosBeta4
	ikanosBeta5
)

// editions are the names of each edition. It is never written to.
var editions = [...]struct{ family, version string }{
	naftiko02: {"naftiko", "0.2"}, naftiko03: {"naftiko", "0.3"}, naftiko04: {"naftiko", "0.4"}, naftiko05: {"naftiko", "0.5"},
	naftikoAlpha1: {"naftiko", "1.0.0-alpha1"}, naftikoAlpha2: {"naftiko", "1.0.0-alpha2"},
	naftikoAlpha3: {"naftiko", "1.0.0-alpha3"}, naftikoAlpha4: {"naftiko", "1.0.0-alpha4"},
	ikanosAlpha3: {"ikanos", "1.0.0-alpha3"}, ikanosAlpha4: {"ikanos", "1.0.0-alpha4"},
	ikanosAlpha5: {"ikanos", "1.0.0-alpha5"}, ikanosAlpha6: {"ikanos", "1.0.0-alpha6"},
	ikanosBeta1: {"ikanos", "1.0.0-beta1"}, ikanosBeta2: {"ikanos", "1.0.0-beta2"}, ikanosBeta3: {"ikanos", "1.0.0-beta3"},
	ikanosBeta4: {"ikanos", "1.0.0-beta4"}, ikanosBeta5: {"ikanos", "1.0.0-beta5"},
}

// newest is the edition of a file without a known version.
const newest = edition(len(editions) - 1)

func (e edition) String() string { return editions[e].family + " " + editions[e].version }

// editionOf returns the edition of a version, the newest one for a version
// that is not known, and for a file without one.
func editionOf(family, version string) (e edition, known bool) {
	for i, v := range editions {
		if v.family == family && v.version == strings.TrimPrefix(version, "v") {
			return edition(i), true
		}
	}
	return newest, false
}

// checkVersion reports a version that is not a published one: lenient reads it
// as the newest.
func (f *frame) checkVersion() {
	family, version := f.family(), f.doc.Version
	n := node.Value(f.doc.Root, family)
	switch {
	case f.known:
		return
	case family == "":
		if f.Strict {
			f.Report(f.doc.Root, "missing-key", "the file does not say which version of the format it has").Hint = fmt.Sprintf("add ikanos: %q", editions[newest].version)
		}
		return
	}
	r := f.Report(n, "unknown-version", "%s %s is not a version that capstan knows, it is read as %s", family, version, newest)
	if !f.Strict {
		r.Severity = diag.Warning
	}
	var known []string
	for _, v := range editions {
		if v.family == family {
			known = append(known, v.version)
		}
	}
	slices.Reverse(known)
	suggest.Explain(r, version, "known versions: ", known)
}
