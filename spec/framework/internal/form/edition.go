package form

import (
	"slices"
	"strings"
)

// Edition is a place in the row of published versions: later ones are greater.
type Edition int

// The published versions, oldest first. A new one is added at the end, here
// and in editions; its differences stand in the tables of spellings and
// forms.
const (
	Naftiko02 Edition = iota
	Naftiko03
	Naftiko04
	Naftiko05
	NaftikoAlpha1
	NaftikoAlpha2
	NaftikoAlpha3
	NaftikoAlpha4
	IkanosAlpha3
	IkanosAlpha4
	IkanosAlpha5
	IkanosAlpha6
	IkanosBeta1
	IkanosBeta2
	IkanosBeta3
	IkanosBeta4
	IkanosBeta5
)

// editions are the names of each edition. It is never written to.
var editions = [...]struct{ family, version string }{
	Naftiko02: {"naftiko", "0.2"}, Naftiko03: {"naftiko", "0.3"}, Naftiko04: {"naftiko", "0.4"}, Naftiko05: {"naftiko", "0.5"},
	NaftikoAlpha1: {"naftiko", "1.0.0-alpha1"}, NaftikoAlpha2: {"naftiko", "1.0.0-alpha2"},
	NaftikoAlpha3: {"naftiko", "1.0.0-alpha3"}, NaftikoAlpha4: {"naftiko", "1.0.0-alpha4"},
	IkanosAlpha3: {"ikanos", "1.0.0-alpha3"}, IkanosAlpha4: {"ikanos", "1.0.0-alpha4"},
	IkanosAlpha5: {"ikanos", "1.0.0-alpha5"}, IkanosAlpha6: {"ikanos", "1.0.0-alpha6"},
	IkanosBeta1: {"ikanos", "1.0.0-beta1"}, IkanosBeta2: {"ikanos", "1.0.0-beta2"}, IkanosBeta3: {"ikanos", "1.0.0-beta3"},
	IkanosBeta4: {"ikanos", "1.0.0-beta4"}, IkanosBeta5: {"ikanos", "1.0.0-beta5"},
}

// Newest is the edition of a file without a known version.
const Newest = Edition(len(editions) - 1)

// Version returns the version without its family.
func (e Edition) Version() string { return editions[e].version }

func (e Edition) String() string { return editions[e].family + " " + editions[e].version }

// EditionOf returns the edition of a version, the newest one for a version
// that is not known, and for a file without one.
func EditionOf(family, version string) (e Edition, known bool) {
	for i, v := range editions {
		if v.family == family && v.version == strings.TrimPrefix(version, "v") {
			return Edition(i), true
		}
	}
	return Newest, false
}

// Versions returns the versions of a family, the newest first.
func Versions(family string) []string {
	var out []string
	for _, v := range slices.Backward(editions[:]) {
		if v.family == family {
			out = append(out, v.version)
		}
	}
	return out
}
