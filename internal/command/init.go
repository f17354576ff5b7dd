package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// initFlags are the flags of `capstan init`.
type initFlags struct {
	apis       apiFlags
	api        string
	operations []string
	polls      []string
	title      string
	file       string
	force      bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a composition of an API's operations",
		Long: `Init writes a composition that calls operations of an API: its steps in the order in
which they need each other, inputs for what no step gives, outputs, and a comment where
a choice was made. The file validates, and runs with --mock.

The API is one that is built in or that the project file names (--api), or that of an
OpenAPI document (--openapi); without both, of the only document in this folder. The
project file, .capstan.yaml, then names the document. In a terminal, operations are
picked by searching. No file is overwritten without --force.`,
		Example: `  capstan init --openapi fleet.openapi.yaml --operations registerShip,getShip
  capstan init --api workos --operations OrganizationsController_create,PortalSessionsController_create -o portal.yaml
  capstan init --api workos --operation ConnectionsController_list --poll list-connections
  capstan init
  capstan init overlay agent-scoped-authentication.yaml`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.init(cmd.Context(), &f) },
	}
	fs := cmd.Flags()
	f.apis.add(fs)
	fs.StringVar(&f.api, "api", "", "`NAME` of an API that is built in or in the project file")
	textsVar(fs, &f.operations, "operation", "call the operation of this `ID` (repeat)")
	textsVar(fs, &f.operations, "operations", "call these operations, as `ID,ID,...`")
	textsVar(fs, &f.polls, "poll", "wait in this `STEP` until its result reaches a final state (repeat)")
	fs.StringVar(&f.title, "name", "", "`NAME` of the composition (default: made of its steps)")
	// Here -o is a file, not a format: the output is a path anyway.
	fs.StringVarP(&f.file, "output", "o", "", "`FILE` to write, or - for stdout (default: the name's)")
	fs.BoolVar(&f.force, "force", false, "overwrite the file")
	cmd.AddCommand(a.initOverlayCommand())
	return cmd
}

func (a *app) init(ctx context.Context, f *initFlags) error {
	if f.file == "text" || f.file == "json" || f.file == "yaml" {
		return usage("-o is the file to write, and "+f.file+" looks like a format", "a file of that name is ./"+f.file)
	}
	lines := term.Lines(a.io.In)
	opts, api, err := a.initAPI(ctx, f, lines)
	if err != nil {
		return err
	}
	ops, err := a.chosen(ctx, api, f, lines)
	if err != nil {
		return err
	}
	c := &author.Composition{Title: f.title, API: api.Name}
	plan := func(text []byte) *document.Plan {
		with := *opts
		with.Source, with.NoOverlay = text, true
		return drafted(ctx, unwritten, &with)
	}
	text, err := author.Compose(c, ops, f.polls, plan)
	if err != nil {
		return usage(err.Error(), "")
	}
	if f.file == "-" {
		a.printf("%s", text)
		return a.finishInit(ctx, unwritten, text, opts)
	}
	if f.file == "" {
		f.file = fileName(c.Title)
	}
	if err := writeNew(f.file, text, f.force); err != nil {
		return err
	}
	a.printf("%s\n", f.file)
	if err := a.nameDocument(ctx, f.file, api); err != nil {
		return err
	}
	if opts, err = f.apis.options(a); err != nil {
		return err
	}
	return a.finishInit(ctx, f.file, nil, opts)
}

// unwritten is the name of a file that is only a text yet.
const unwritten = "composition.yaml"

// drafted plans a composition as far as it goes, with all of its problems.
func drafted(ctx context.Context, file string, opts *engine.LoadOptions) *document.Plan {
	r := engine.NewRunner(nil)
	f, report := opened(ctx, file, opts, r)
	if f == nil || len(f.Units()) == 0 {
		return planOfFile(report)
	}
	plan := r.Draft(ctx, f.Units()[0])
	plan.Diagnostics = append([]diag.Diagnostic{}, report.Diagnostics...)
	return plan
}

// finishInit judges the file that was written, and shows how to go on. text is that of one
// which was only printed, nil for a file.
func (a *app) finishInit(ctx context.Context, file string, text []byte, opts *engine.LoadOptions) error {
	with := *opts
	with.Source = text
	r := engine.NewRunner(nil)
	f, report := opened(ctx, file, &with, r)
	if report.Diagnostics.HasErrors() {
		return &engine.LoadError{Report: report}
	}
	if text != nil {
		return nil
	}
	plan := r.Draft(ctx, f.Units()[0])
	a.note("%s, %s, %s; see them: capstan plan %s", words.Count(len(plan.Steps), "step", "steps"), words.Count(len(plan.Inputs), "input", "inputs"),
		words.Count(len(plan.Outputs), "output", "outputs"), shellWord(file))
	return nil
}

// writeNew writes a file that is not there, or any with force.
func writeNew(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage(path+" is there already", "write elsewhere with -o, or overwrite it with --force")
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, errors.Unwrap(err))
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

// fileName is the file for a title.
func fileName(title string) string {
	return cmp.Or(strings.Join(words.Split(title, nil), "-"), "capability") + ".yaml"
}

// initAPI finds the API that the composition is for.
func (a *app) initAPI(ctx context.Context, f *initFlags, lines lineReader) (*engine.LoadOptions, *engine.API, error) {
	if len(f.apis.openapi) > 1 {
		return nil, nil, usagef("--openapi is given twice: a composition that is begun has one API")
	}
	opts, err := f.apis.options(a)
	if err != nil {
		return nil, nil, err
	}
	opts.Documents = &engine.Documents{}
	name, path := f.api, ""
	for n, p := range opts.OpenAPI {
		if name, path = n, p; n == "" {
			name = f.api
		}
	}
	if f.api != "" && name != f.api {
		return nil, nil, usagef("--api %s and --openapi %s=... name two APIs", f.api, name)
	}
	if name == "" && path == "" {
		if path, err = a.onlyDocument(ctx, lines); err != nil {
			return nil, nil, err
		}
	}
	opts.OpenAPI = nil
	if path != "" {
		if name == "" {
			name = apiName(path)
		}
		opts.OpenAPI = map[string]string{name: path}
	}
	api, err := a.api(ctx, name, opts)
	return opts, api, err
}

// apiName is the name of the API of a document: that of its file, in characters that
// names of APIs have.
func apiName(path string) string {
	base := filepath.Base(path)
	base, _, _ = strings.Cut(base, ".")
	var out []string
	for _, w := range words.Split(base, nil) {
		if w != "openapi" && w != "swagger" && w != "spec" {
			out = append(out, w)
		}
	}
	if name := strings.Join(out, "-"); apiNameForm.MatchString(name) {
		return name
	}
	return "api"
}

// chosen are the operations that the flags name, or that a person picks.
func (a *app) chosen(ctx context.Context, api *engine.API, f *initFlags, lines lineReader) ([]*operations.Operation, error) {
	var ids []string
	for _, list := range f.operations {
		for id := range strings.SplitSeq(list, ",") {
			if id = strings.TrimSpace(id); id != "" {
				ids = append(ids, id)
			}
		}
	}
	switch {
	case len(ids) > 0:
	case a.canAsk():
		return a.pick(ctx, lines, api)
	default:
		return nil, usage("--operations is missing: the operations that the composition calls", "they are listed by: capstan operations "+shellWord(api.Name))
	}
	var ops []*operations.Operation
	for _, id := range ids {
		op, ok := api.Set.Lookup(id)
		if !ok {
			return nil, usage(fmt.Sprintf("%s has no operation %q", api.Name, id), a.operationHint(api, id))
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// operationHint is the operation that an id may mean.
func (a *app) operationHint(api *engine.API, id string) string {
	if found := api.Set.Suggest(operations.Want{ID: id}, 1); len(found) > 0 {
		return fmt.Sprintf("did you mean %q?", found[0].ID)
	}
	if hint := suggest.Hint(id, "", api.Set.IDs()); hint != "" {
		return hint
	}
	return "search for one: capstan operations " + shellWord(api.Name) + " --like " + shellWord(id)
}
