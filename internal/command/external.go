package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/suggest"
)

// externalFlags are about the steps of a run that a person or another system does.
type externalFlags struct {
	done          []string
	onExternal    []string
	showSensitive bool
	wait          bool
	waitGiven     bool // --wait was given, either way
}

func (f *externalFlags) add(fs *pflag.FlagSet) {
	textsVar(fs, &f.done, "done", "an external step is done, as `STEP[=JSON]` with its result (repeat)")
	textsVar(fs, &f.onExternal, "on-external", "command that performs an external step, as `STEP=exec:COMMAND`: data as JSON on stdin, result as JSON on stdout (repeat)")
	addShowSensitive(fs, &f.showSensitive)
	fs.BoolVar(&f.wait, "wait", false, "stay with the run while it waits, however long (default on a terminal; --wait=false does not)")
}

func addPark(fs *pflag.FlagSet, to *bool) {
	fs.BoolVar(to, "park", false, "where the run does not end, leave it to capstan resume RUN: no server on the same state takes it up")
}

func addShowSensitive(fs *pflag.FlagSet, to *bool) {
	fs.BoolVar(to, "show-sensitive", false, "show sensitive values in text (-o json outputs always carry them)")
}

// read returns the steps that are done and the commands that perform others.
func (f *externalFlags) read() (map[string]json.RawMessage, map[string]engine.ExternalHandler, error) {
	done, err := parseDone(f.done)
	if err != nil {
		return nil, nil, err
	}
	hooks, err := parseHooks(f.onExternal)
	return done, hooks, err
}

// parseDone reads --done STEP[=JSON].
func parseDone(flags []string) (map[string]json.RawMessage, error) {
	done := map[string]json.RawMessage{}
	for _, f := range flags {
		step, text, hasResult := strings.Cut(f, "=")
		if step == "" {
			return nil, usagef("--done %q: write STEP or STEP=JSON", f)
		}
		if _, again := done[step]; again {
			return nil, usagef("--done names step %q twice", step)
		}
		done[step] = nil
		if hasResult {
			if _, err := parseJSON([]byte(text)); err != nil {
				return nil, usagef("--done %s: the result is taken as JSON, and %v", step, err)
			}
			done[step] = json.RawMessage(text)
		}
	}
	return done, nil
}

// checkExternal refuses --done and --on-external for steps that are no external step
// of this capability.
func checkExternal(plan *document.Plan, done map[string]json.RawMessage, hooks map[string]engine.ExternalHandler) error {
	var external, others []string
	for _, s := range plan.Steps {
		if s.Kind == "external" {
			external = append(external, s.ID)
		} else {
			others = append(others, s.ID)
		}
	}
	return cmp.Or(checkSteps("--done", done, external, others, "external steps: "), checkSteps("--on-external", hooks, external, others, "external steps: "))
}

// checkSteps refuses a flag about a step that is not among steps.
func checkSteps[T any](flag string, given map[string]T, steps, others []string, label string) error {
	for _, step := range slices.Sorted(maps.Keys(given)) {
		switch {
		case step == "" || slices.Contains(steps, step):
		case slices.Contains(others, step):
			return usagef("%s %s: the step calls an operation, nobody else does it", flag, step)
		default:
			hint := cmp.Or(suggest.Hint(step, label, steps), "this capability has no external step")
			return usage(fmt.Sprintf("%s %s: there is no such step", flag, step), hint)
		}
	}
	return nil
}
