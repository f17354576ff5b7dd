package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/skill"
	"github.com/capstan-run/capstan/spec"
)

// skillFlags are the flags of `capstan skill`.
type skillFlags struct {
	load     loadFlags
	skill    skill.Options
	dir      string
	force    bool
	exposure string
}

func (a *app) skillCommand() *cobra.Command {
	var f skillFlags
	cmd := &cobra.Command{
		Use:   "skill FILE|API [EXPOSURE]",
		Short: "Write a capability or an API as an Agent Skill: instructions for coding agents",
		Long: `Skill writes a folder that coding agents read: DIR/NAME/SKILL.md and what it
refers to. For a capability it holds the file itself and the commands that run
it, go on with it and settle it; for an API, a page for each resource with a
command for every operation. Nothing is sent.

A file that exposes several things needs the name of one, as "capstan run" does,
or a namespace: its skill has a page for everything in it that can run, and the
rest is listed with its first reason.

A folder that is there already is replaced when this command wrote it, and else
only with --force. The path of the folder is printed.`,
		Example: `  capstan skill b2b-enterprise-onboarding.yaml -o .claude/skills
  capstan skill workos -o skills
  capstan skill fleet.openapi.yaml -o skills --name ships
  capstan skill harbour.yaml harbour.get-berth -o skills
  capstan skill harbour.yaml harbour -o skills`,
		Args: fileAndExposure,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.exposure = second(args)
			return a.skill(cmd.Context(), args[0], &f)
		},
	}
	fs := cmd.Flags()
	// Here -o is a folder, not a format: the output is a path anyway.
	fs.StringVarP(&f.dir, "output", "o", "", "`DIR` to write the skill's folder into")
	fs.StringVar(&f.skill.Name, "name", "", "`NAME` of the skill and its folder (default: of the file or API)")
	fs.StringVar(&f.skill.License, "license", "", "`LICENSE` of the skill's text: a name, or a file's name (default: not said)")
	fs.BoolVar(&f.force, "force", false, "write into a folder that something else made")
	f.load.add(fs)
	a.completeFile(cmd, &f.load)
	return cmd
}

func (a *app) skill(ctx context.Context, what string, f *skillFlags) error {
	switch f.dir {
	case "":
		return usagef("-o DIR is missing: the folder to write the skill into")
	case "text", "json", "yaml":
		return usage("-o is the folder to write into, and "+f.dir+" looks like a format", "a folder of that name is ./"+f.dir)
	}
	f.skill.NoOverlay = f.load.noOverlay
	folder, err := a.skillOf(ctx, what, f)
	if err != nil {
		return err
	}
	path, err := folder.WriteTo(f.dir, f.force)
	if errors.Is(err, skill.ErrNotOurs) {
		return usage(err.Error(), "write elsewhere, take another --name, or overwrite it with --force")
	}
	if err != nil {
		return err
	}
	a.printf("%s\n", path)
	return nil
}

// skillOf makes the skill of a unit or an exposure of a capability's file, of an OpenAPI
// document, or of something known by name.
func (a *app) skillOf(ctx context.Context, what string, f *skillFlags) (*skill.Folder, error) {
	opts, err := f.load.options(a)
	if err != nil {
		return nil, err
	}
	file, report := opened(ctx, what, opts, engine.NewRunner(nil))
	switch {
	case file != nil:
		return a.skillOfFile(file, f)
	case report.Dialect != string(spec.DialectOpenAPI) && (report.Dialect != "" || !isName(what)):
		return nil, refused(report)
	case f.exposure != "":
		return nil, usage(fmt.Sprintf("unexpected argument %q: %s is an API, and its skill has all of it", f.exposure, what), "")
	}
	return a.skillOfAPI(ctx, what, opts, f)
}

func (a *app) skillOfFile(file *engine.File, f *skillFlags) (*skill.Folder, error) {
	u, err := file.Unit(f.exposure)
	if err == nil {
		err = file.ErrOf(u)
	}
	var unit *engine.UnitError
	switch {
	case err == nil:
		return notMade(skill.Capability(u.Program, f.skill))
	case !errors.As(err, &unit):
		return nil, err
	}
	namespaces := namespaces(file)
	if slices.Contains(namespaces, f.exposure) {
		refused := slices.DeleteFunc(file.Refused(), func(r engine.Refusal) bool { return !strings.HasPrefix(r.Name, f.exposure+".") })
		path := file.Report().File
		a.listRefused(path, "used", refused)
		return notMade(skill.Exposure(file, f.exposure, f.skill))
	}
	for _, x := range file.Spec().Exposures {
		if x.Namespace.Value == f.exposure && len(x.Skills) > 0 {
			return nil, usage(fmt.Sprintf("%q is a skill exposure: its skills are written already", f.exposure), "capstan serve "+shellWord(unit.File)+" hands them out")
		}
	}
	var own *failure
	if err = exposureError(err); errors.As(err, &own) && own.hint == "" && len(namespaces) > 0 {
		own.hint = "or a namespace, for everything in it: " + strings.Join(namespaces, ", ")
	}
	return nil, err
}

// namespaces lists those of the units that can run.
func namespaces(file *engine.File) []string {
	var out []string
	for _, u := range file.Spec().Units {
		if n := u.Namespace.Value; n != "" && file.Program(u) != nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func (a *app) skillOfAPI(ctx context.Context, name string, opts *engine.LoadOptions, f *skillFlags) (*skill.Folder, error) {
	api, err := engine.OpenAPI(ctx, name, opts)
	var load *engine.LoadError
	switch {
	case err != nil && ctx.Err() == nil && !errors.As(err, &load):
		e := usage(err.Error(), "")
		if isName(name) {
			e.hint = "give a file, the name of a capability that ships, or an API (built in: " + strings.Join(engine.APIs(), ", ") + ")"
		}
		return nil, e
	case err != nil:
		return nil, err
	}
	return notMade(skill.API(api, f.skill))
}

// notMade refuses a skill of a file that has none.
func notMade(folder *skill.Folder, err error) (*skill.Folder, error) {
	if err != nil {
		return nil, usage(err.Error(), "")
	}
	return folder, nil
}

// isName reports whether a text may be the name of an API, and not only a file's.
func isName(what string) bool {
	info, err := os.Stat(what)
	return apiNameForm.MatchString(what) && filepath.Ext(what) == "" && (errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir())
}
