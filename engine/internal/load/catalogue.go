package load

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// cataloged returns the settings that a catalogue declares of its API.
func cataloged(c *spec.Catalogue) connect.Declared {
	d := connect.Declared{Base: c.BaseURL.Value, Pace: c.Pace.Value, AuthType: c.AuthType.Value, Security: connect.DeclaredSecurity(c.AuthType.Value)}
	if c.AuthEnv.IsSet() {
		d.Env = []string{c.AuthEnv.Value}
	}
	return d
}

// Shipped returns the settings of an API in the catalogues that ship. They are
// those of its file in package capabilities, which takes longer to read than all
// else that a small capability needs; a test compares them.
func Shipped(api string) connect.Declared {
	if api != "workos" {
		return connect.Declared{}
	}
	return connect.Declared{Base: "https://api.workos.com", Env: []string{"WORKOS_API_KEY"}, AuthType: "bearer", Security: connect.DeclaredSecurity("bearer")}
}

// catalogue returns the settings of an API in shared/<api>.yaml beside a capability,
// and the document that it names, else the settings that ship. A catalogue that
// does not parse is not used: validate reports it when it is given the file.
func catalogue(within *reach.Reach, dir, api string) (connect.Declared, spec.Str) {
	name := filepath.Join(dir, "shared", api+".yaml")
	text, err := within.Text(name, "catalogue of "+api, reach.Real(dir))
	if err != nil {
		return Shipped(api), spec.Str{}
	}
	c := parseCatalogue(name, text)
	if c == nil {
		return connect.Declared{}, spec.Str{}
	}
	return cataloged(c), c.Document
}

func parseCatalogue(name string, text []byte) *spec.Catalogue {
	src, _ := dialect.Read(name, text)
	if src == nil || src.Dialect() != spec.DialectCatalogue {
		return nil
	}
	c, _ := src.Catalogue()
	return c
}

// checkCatalogue reports the operations that a catalogue names and its API's
// document does not have. A catalogue is support data: it cannot run, and a
// wrong id in it is a warning.
func (l *loader) checkCatalogue(ctx context.Context, src *dialect.Source) {
	c, problems := src.Catalogue()
	l.add(problems)
	if c == nil {
		return
	}
	w := want{name: c.API.Value, base: c.BaseURL.Value, document: c.Document}
	for _, entry := range c.Capabilities {
		for _, id := range entry.OperationIDs {
			w.ids = append(w.ids, id.Value)
		}
	}
	set, problems, err := l.docs.find(ctx, w)
	l.add(problems)
	if err != nil {
		return
	}
	for _, entry := range c.Capabilities {
		for _, id := range entry.OperationIDs {
			if _, ok := set.Lookup(id.Value); ok {
				continue
			}
			pos, end := id.Span(0, len([]rune(id.Value)))
			d := diag.Diagnostic{Code: "unknown-operation", Severity: diag.Warning, Pos: pos, EndColumn: end,
				Message: fmt.Sprintf("operation %q does not exist in the OpenAPI document of %q", id.Value, c.API.Value)}
			if found := set.Suggest(operations.Want{ID: id.Value, Capability: entry.ID.Value, Description: entry.Description.Value}, 1); len(found) > 0 {
				d.Hint = fmt.Sprintf("did you mean %q? it is %s %s", found[0].ID, found[0].Method, found[0].Path)
			}
			l.report.Diagnostics.Add(d)
		}
	}
}
