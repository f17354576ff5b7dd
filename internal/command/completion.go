package command

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/spec"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for bash, zsh, fish or powershell",
		Long: `Completion prints a script for a shell. It completes commands and flags, a file's
own inputs after -i, what it exposes, its steps after --override and --done,
operation ids, and the ids of runs that are kept. The one for bash needs the bash-completion package; the
others need nothing.`,
		Example: `  source <(capstan completion bash)
  capstan completion zsh > "${fpath[1]}/_capstan"
  capstan completion fish > ~/.config/fish/completions/capstan.fish`,
		Args:      exactArgs("SHELL"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return usagef("%q is no shell that capstan knows: %s", args[0], strings.Join(shells, ", "))
		},
	}
}

// completer offers words for the text typed so far.
type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

const (
	noFiles      = cobra.ShellCompDirectiveNoFileComp
	noFilesGoOn  = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	filterByName = cobra.ShellCompDirectiveFilterFileExt
)

// completeFile completes capability files, and the words of the flags that
// every file command has.
func (a *app) completeFile(cmd *cobra.Command, load *loadFlags) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0 || !strings.Contains(cmd.Use, "[EXPOSURE]"):
			return []string{"yaml", "yml"}, filterByName
		case len(args) == 1:
			return a.exposureWords(cmd.Context(), args[0], load), noFiles
		}
		return nil, noFiles
	}
	if cmd.Flags().Lookup("override") != nil {
		a.complete(cmd, "override", a.fromPlan(load, overrideWords))
	}
}

func (a *app) completeRun(cmd *cobra.Command, load *loadFlags) {
	a.complete(cmd, "input", a.fromPlan(load, inputWords))
	a.complete(cmd, "done", a.fromPlan(load, externalWords(" ")))
	a.complete(cmd, "on-external", a.fromPlan(load, externalWords("=exec:")))
}

// complete registers a completer. The error is about a flag that does not
// exist, which the first test of the command would show.
func (a *app) complete(cmd *cobra.Command, flag string, c completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic(err)
	}
}

// oneOf completes with words that are always the same.
func oneOf(words []string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return words, noFiles }
}

// typed returns the options of a command line that is being typed, nil where they
// are wrong. Overrides are left out: half of one would make the file invalid.
func (l loadFlags) typed(a *app) *engine.LoadOptions {
	l.overrides = nil
	opts, err := l.options(a)
	if err != nil {
		return nil
	}
	return opts
}

// fromPlan completes from the plan of the file on the command line. A file that
// cannot be planned offers nothing.
func (a *app) fromPlan(load *loadFlags, words func(*document.Plan) []string) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, noFiles
		}
		opts := load.typed(a)
		if opts == nil {
			return nil, noFiles
		}
		prog, _, err := program(cmd.Context(), args[0], second(args), opts, engine.NewRunner(nil))
		if prog == nil || err != nil {
			return nil, noFiles
		}
		return words(prog.Plan()), noFilesGoOn
	}
}

// exposureWords offers the units of a file.
func (a *app) exposureWords(ctx context.Context, file string, load *loadFlags) []string {
	opts := load.typed(a)
	if opts == nil {
		return nil
	}
	f, _ := opened(ctx, file, opts, engine.NewRunner(nil))
	if f == nil {
		return nil
	}
	var words []string
	for _, e := range exposures(slices.DeleteFunc(slices.Clone(f.Units()), func(u *engine.Unit) bool { return u.Program == nil })) {
		if e.Kind != string(spec.UnitComposition) {
			words = append(words, e.Name+"\t"+strings.TrimSpace(e.Kind+" "+term.OneLine(e.Description)))
		}
	}
	return words
}

func inputWords(p *document.Plan) []string {
	var words []string
	for _, in := range p.Inputs {
		words = append(words, in.Name+"=\t"+inputType(in))
	}
	return words
}

// externalWords offers the external steps, with the text behind a step's id.
func externalWords(after string) func(*document.Plan) []string {
	return func(p *document.Plan) []string {
		var words []string
		for _, s := range p.Steps {
			if s.Kind == "external" {
				words = append(words, strings.TrimSpace(s.ID+after)+"\t"+term.OneLine(s.Description))
			}
		}
		return words
	}
}

// overrideWords offers the keys that a step has a use for.
func overrideWords(p *document.Plan) []string {
	var words []string
	for _, s := range p.Steps {
		keys := []string{"when"}
		switch {
		case s.Kind == "external":
		case s.Effect == "read":
			keys = append(keys, "until", "fail", "every", "timeout", "select", "all", "requestTimeout", "retry")
		default:
			keys = append(keys, "requestTimeout", "retry")
		}
		for _, k := range keys {
			words = append(words, s.ID+"."+k+"=")
		}
	}
	return words
}

// completeCall completes an API, its operations, and their parameters.
func (a *app) completeCall(cmd *cobra.Command, f *apiFlags) {
	a.completeOperations(cmd, f)
	a.complete(cmd, "param", func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		api := a.typedAPI(cmd, args, f)
		if api == nil || len(args) < 2 {
			return nil, noFiles
		}
		op, ok := api.Set.Lookup(args[1])
		if !ok {
			return nil, noFiles
		}
		var words []string
		for _, t := range targets(op) {
			words = append(words, t.name+"=\t"+typeText(t.schema))
		}
		return words, noFilesGoOn
	})
}

func (a *app) completeOperations(cmd *cobra.Command, f *apiFlags) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return apiNames(f.openapi), noFiles
		case 1:
			api := a.typedAPI(cmd, args, f)
			if api == nil {
				return nil, noFiles
			}
			var words []string
			for _, s := range api.Set.Summaries() {
				words = append(words, s.ID+"\t"+term.OneLine(s.Summary))
			}
			return words, noFiles
		}
		return nil, noFiles
	}
}

func apiNames(documents []string) []string {
	names := engine.APIs()
	for _, d := range documents {
		if name, _, ok := strings.Cut(d, "="); ok {
			names = append(names, name)
		}
	}
	return names
}

// typedAPI returns the API on the command line, or nil.
func (a *app) typedAPI(cmd *cobra.Command, args []string, f *apiFlags) *engine.API {
	opts, err := f.options(a)
	if err != nil || len(args) == 0 {
		return nil
	}
	api, err := engine.OpenAPI(cmd.Context(), args[0], opts)
	if err != nil {
		return nil
	}
	return api
}
