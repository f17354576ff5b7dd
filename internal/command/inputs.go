package command

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// inputFlags are the inputs of a run.
type inputFlags struct {
	values []string // -i
	files  []string // --input-file
}

func (f *inputFlags) add(fs *pflag.FlagSet) {
	fs.VarP((*texts)(&f.values), "input", "i", "input as `NAME=VALUE`, NAME:=JSON or NAME=@FILE; repeat one to fill an array")
	textsVar(fs, &f.files, "input-file", "inputs as a JSON or YAML object in `FILE`, - for stdin; -i wins (repeat)")
}

// inputFile begins the name of a problem with a whole file.
const inputFile = "--input-file "

// read builds the inputs from files, then from -i, which wins. Faults that the engine
// will find (missing, unknown, of another type) is left to it.
func (f *inputFlags) read(ctx context.Context, a *app, plan *document.Plan) (engine.Inputs, []engine.InputProblem) {
	inputs := engine.Inputs{}
	var problems []engine.InputProblem
	for _, file := range f.files {
		object, err := a.readObject(ctx, file)
		if err != nil {
			problems = append(problems, engine.InputProblem{Name: inputFile + file, Message: err.Error()})
			continue
		}
		for name, v := range object {
			inputs[name] = v
		}
	}
	values, more := a.gather(ctx, f.values, func(name string) wantedType {
		for _, in := range plan.Inputs {
			if in.Name == name {
				return typeOfInput(in.Schema)
			}
		}
		return anyType
	})
	for name, v := range values {
		inputs[name] = v
	}
	return inputs, append(problems, more...)
}

// readObject reads a JSON object from a file, or stdin for "-"; what does not begin as one is
// read as YAML.
func (a *app) readObject(ctx context.Context, file string) (map[string]any, error) {
	data, err := a.readFile(ctx, file)
	if err != nil {
		return nil, err
	}
	parse := parseJSON
	if text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n"); len(text) > 0 && !bytes.ContainsAny(text[:1], `{["`) {
		parse = yamldata.Decode
	}
	v, err := parse(data)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("a JSON object is wanted, {\"name\": value, ...}, or the same as YAML")
	}
	return object, nil
}

// withOwnProblems adds the faults of the command line to those that the engine
// found wrong with the rest, the inputs. A name in both is reported once: the
// command line's reason is the cause of the engine's. So it is with inputs that are
// missing when a whole file of inputs could not be read.
func withOwnProblems(own []engine.InputProblem, inputs engine.Inputs, err error) error {
	if len(own) == 0 {
		return err
	}
	all := slices.Clone(own)
	explained := func(name string) bool {
		_, given := inputs[name]
		return slices.ContainsFunc(own, func(p engine.InputProblem) bool {
			return p.Name == name || strings.HasPrefix(p.Name, inputFile) && !given
		})
	}
	var found *engine.InputError
	if errors.As(err, &found) {
		for _, p := range found.Problems {
			if !explained(p.Name) {
				all = append(all, p)
			}
		}
	}
	return &engine.InputError{Problems: all}
}
