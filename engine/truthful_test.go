package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
)

// judgedFiles are files with problems of many stages, and some without.
var judgedFiles = map[string]string{
	"sound": `name: Sound
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: workos
inputs: [{name: id, type: string, required: true}]
steps:
  - {id: get, operation: OrganizationsController_find, with: {id: '{{ inputs.id }}'}}
`,
	"warned": `name: Warned
specification: Naftiko Capability Composition
specificationVersion: '9'
api: workos
inputs: [{name: id, type: string, required: true}]
steps:
  - {id: get, operation: OrganizationsController_find, with: {id: '{{ inputs.id }}', colour: red}}
`,
	"unknown operation": `name: Unknown
specification: Naftiko Capability Composition
specificationVersion: '9'
api: workos
inputs: [{name: id, type: string, required: true}, {name: spare, type: string}]
steps:
  - {id: get, operation: OrganizationsController_finds, with: {id: '{{ inputs.id }}'}}
`,
	"unknown field": `name: Field
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: workos
inputs: [{name: id, type: string, required: true}]
steps:
  - {id: get, operation: OrganizationsController_find, with: {id: '{{ inputs.id }}'}}
outputs:
  - {name: title, source: get.nmae}
`,
	"missing parameter": `name: Missing
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: workos
steps:
  - {id: get, operation: OrganizationsController_find}
  - {id: get, operaton: OrganizationsController_list}
`,
	"no yaml": "specification: Naftiko Capability Composition\nsteps: [\n",
	"another dialect": `name: Other
specification: Naftiko Capabilities
api: workos
capabilities:
  - {id: find, operationIds: [OrganizationsController_finds]}
`,
	"partly": `naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: lights, baseUri: https://lights.example, resources: [{name: all, path: /lights, operations: [{name: get, method: GET}]}]}
  exposes:
  - type: mcp
    namespace: light
    port: 4711
    tools:
    - {name: ok, description: Show, call: lights.get}
    - {name: broken, description: Show, call: lights.gett}
  - {type: mcp, namespace: again, port: 4711, tools: [{name: ok, description: Show, call: lights.get}]}
`,
	"unreachable": `naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: lights, baseUri: http://lights.example, authentication: {type: bearer, token: '{{TOKEN}}'}, resources: [{name: all, path: /lights, operations: [{name: get, method: GET}]}]}
  exposes:
  - {type: mcp, namespace: light, port: 4711, tools: [{name: ok, description: Show, call: lights.get}]}
`,
}

// truth is what a pipeline goes by.
type truth struct {
	Fails    bool
	Runnable map[string]bool
	Reasons  []string // why what cannot run is refused
}

// judgedWith judges a file beside other files.
func judgedWith(t *testing.T, text string, beside map[string]string, baseline string) (truth, *engine.Report) {
	t.Helper()
	fsys := fstest.MapFS{"x.yaml": {Data: []byte(text)}}
	for name, text := range beside {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	f, err := engine.Open(t.Context(), "x.yaml", &engine.LoadOptions{FS: fsys, Baseline: baseline})
	out := truth{Runnable: map[string]bool{}}
	var load *engine.LoadError
	if errors.As(err, &load) {
		out.Fails, out.Reasons = load.Report.Shown.HasErrors(), places(load.Report.Diagnostics.Errors())
		return out, load.Report
	}
	f = engine.NewRunner(nil).Judged(t.Context(), f)
	for _, u := range f.Units() {
		out.Runnable[u.Name] = u.Program != nil
		if u.Program == nil {
			out.Reasons = append(out.Reasons, places(u.Problems.Errors())...)
		}
	}
	out.Fails = f.Report().Shown.HasErrors()
	return out, f.Report()
}

func places(l diag.List) (out []string) {
	for _, d := range l {
		out = append(out, fmt.Sprintf("%d %s", d.Pos.Line, d.Code))
	}
	return out
}

// configuration is a project file, comments and a baseline for a file with problems.
// Without raise nothing is made worse than it is.
func configuration(t *testing.T, r *rand.Rand, text string, report *engine.Report, raise bool) (commented string, beside map[string]string) {
	t.Helper()
	levels := []string{"warning", "info", "off"}
	if raise {
		levels = append(levels, "error", "error")
	}
	codes := []string{"unused-input", "deprecated-operation", "unused-argument", "unused-ignore", "ignore-without-reason"}
	for _, d := range report.Diagnostics {
		codes = append(codes, d.Code)
	}
	var project strings.Builder
	project.WriteString("rules:\n")
	for range r.IntN(5) + 1 {
		paths := []string{"", "", ", paths: x.yaml", ", paths: [y.yaml, '*.yaml']", ", paths: other/"}[r.IntN(5)]
		fmt.Fprintf(&project, "  - {code: %s, level: %s%s}\n", codes[r.IntN(len(codes))], levels[r.IntN(len(levels))], paths)
	}
	beside = map[string]string{}
	lines := strings.Split(text, "\n")
	if f := report.Dialect; f != "" {
		for _, d := range report.Diagnostics {
			if at := d.Pos.Line - 1; r.IntN(3) == 0 && at >= 0 && at < len(lines) && lines[at] != "" && !strings.Contains(lines[at], "#") {
				lines[at] += " # capstan: ignore " + d.Code + " so be it"
			}
		}
	}
	if r.IntN(2) == 0 {
		known := engine.NewBaseline("known.json")
		known.Add(report)
		list, err := known.Text()
		if err != nil {
			t.Fatal(err)
		}
		beside["known.json"] = string(list)
		project.WriteString("baseline: known.json\n")
	}
	beside[".capstan.yaml"] = project.String()
	return strings.Join(lines, "\n"), beside
}

// Whatever is configured, what fails still fails, what cannot run still cannot, and for
// the same reasons; only a raised level makes it worse.
func TestConfigurationHidesNoFailure(t *testing.T) {
	const seeds = 60
	for _, name := range slices.Sorted(maps.Keys(judgedFiles)) {
		t.Run(name, func(t *testing.T) {
			text := judgedFiles[name]
			plain, report := judgedWith(t, text, nil, "none")
			hidden := 0
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 13))
				raise := seed%4 == 3
				commented, beside := configuration(t, r, text, report, raise)
				got, shown := judgedWith(t, commented, beside, "")
				if slices.ContainsFunc(shown.Shown, func(d diag.Diagnostic) bool { return d.Code == diag.HiddenErrors }) {
					hidden++
				}
				if raise {
					for unit, runs := range got.Runnable {
						if runs && !plain.Runnable[unit] || plain.Fails && !got.Fails {
							t.Errorf("seed %d: %+v, without configuration %+v\n%s", seed, got, plain, beside[".capstan.yaml"])
						}
					}
					continue
				}
				if diff := cmp.Diff(plain, got); diff != "" {
					t.Errorf("seed %d: (-without configuration +with)\n%s\n%s\n%s", seed, diff, beside[".capstan.yaml"], commented)
				}
			}
			if plain.Fails && hidden < seeds/10 {
				t.Errorf("only %d of %d configurations hide an error", hidden, seeds)
			}
		})
	}
}
