package framework

import (
	"fmt"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Schema returns the JSON Schema of files: of any version with the forms and spellings of
// loose files, or, for strict, of the newest version.
func Schema(strict bool) *keys.Schema { return form.Schema(strict) }

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
			f.Report(f.doc.Root, "missing-key", "the file does not say which version of the format it has").Hint = fmt.Sprintf("add ikanos: %q", form.Newest.Version())
		}
		return
	}
	r := f.Report(n, "unknown-version", "%s %s is not a version that capstan knows, it is read as %s", family, version, form.Newest)
	if !f.Strict {
		r.Severity = diag.Warning
	}
	suggest.Explain(r, version, "known versions: ", form.Versions(family))
}
