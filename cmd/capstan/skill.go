package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/skill"
	"github.com/capstan-run/capstan/spec"
)

// skillFlags are the flags of `capstan skill`.
type skillFlags struct {
	load  loadFlags
	skill skill.Options
	dir   string
	force bool
}

func (a *app) skillCommand() *cobra.Command {
	var f skillFlags
	cmd := &cobra.Command{
		Use:   "skill FILE|API",
		Short: "Write a capability or an API as an Agent Skill: instructions for coding agents",
		Long: `Skill writes a folder that coding agents read: DIR/NAME/SKILL.md and what it
refers to. For a capability it holds the file itself and the commands that run
it, go on with it and settle it; for an API, a page for each resource with a
command for every operation. Nothing is sent.

A folder that is there already is replaced when this command wrote it, and else
only with --force. The path of the folder is printed.`,
		Example: `  capstan skill b2b-enterprise-onboarding.yaml -o .claude/skills
  capstan skill workos -o skills
  capstan skill fleet.openapi.yaml -o skills --name ships`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
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

// skillOf makes the skill of a capability's file, of an OpenAPI document, or of
// something known by name.
func (a *app) skillOf(ctx context.Context, what string, f *skillFlags) (*skill.Folder, error) {
	opts, err := f.load.options(a)
	if err != nil {
		return nil, err
	}
	prog, report, err := program(ctx, what, "", opts, engine.NewRunner(nil))
	switch {
	case prog != nil:
		return notMade(skill.Capability(prog, f.skill))
	case err != nil:
		return nil, usage(what+" holds no composition, and only of those a skill can be made", "")
	case report.Dialect == string(spec.DialectOpenAPI), report.Dialect == "" && isName(what):
		return a.skillOfAPI(ctx, what, opts, f)
	}
	return nil, refused(report)
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
