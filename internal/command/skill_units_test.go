package command

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pier names a file beside its folder, and has units that read, write and delete.
var pier = map[string]string{
	"project/.capstan.yaml": "{}\n",
	"project/keys.yaml":     "HARBOUR_KEY: hk_live_1\n",
	"project/shared/berths.yaml": `naftiko: 1.0.0-alpha2
consumes:
- type: http
  namespace: berths
  baseUri: https://harbour.example/v1
  authentication: {type: bearer, token: '{{HARBOUR_KEY}}'}
  resources:
  - name: berths
    path: /berths
    operations:
    - {name: list, method: GET}
    - {name: book, method: POST, inputParameters: [{name: berth_id, in: body, type: string, required: true}, {name: nights, in: body, type: integer}]}
  - name: berth
    path: '/berths/{{berth_id}}'
    operations:
    - {name: free, method: DELETE, inputParameters: [{name: berth_id, in: path, type: string, required: true}]}
`,
	"project/pier/pier.yaml": `naftiko: 1.0.0-alpha2
info: {label: Pier, description: Berths of a pier}
binds:
- {namespace: keys, location: 'file:///./../keys.yaml', keys: {HARBOUR_KEY: HARBOUR_KEY}}
capability:
  consumes:
  - {import: berths, from: ../shared/berths.yaml}
  exposes:
  - type: mcp
    namespace: pier
    description: Finds and books berths
    port: 3011
    tools:
    - {name: all-berths, description: All berths of the pier, call: berths.list}
    - name: book-berth
      description: Books a berth
      call: berths.book
      with: {berth_id: pier.berth, nights: pier.nights}
      inputParameters: [{name: berth, type: string, description: The berth, required: true}, {name: nights, type: integer, description: How long, required: true}]
    - name: free-berth
      description: Gives a berth back
      call: berths.free
      with: {berth_id: pier.berth}
      inputParameters: [{name: berth, type: string, description: The berth, required: true}]
`,
	"project/pier/sheds.yaml": `name: Sheds
workflows:
- name: count-sheds
  steps: [{id: list, method: GET, path: /sheds}]
- name: open-shed
  steps: [{id: open, method: POST, path: '/sheds/{shed}/openings'}]
api: {name: sheds, baseUrl: https://sheds.example}
`,
}

// The commands of a skill of one unit, and of a namespace, are run where its folder is,
// on the mock.
func TestCommandsOfSkillsOfUnits(t *testing.T) {
	whole := []string{"runs list done", "runs show done", "resume done", "runs cancel failed"} // of a run that is done
	resolve := []string{"runs resolve failed", "runs resolve failed"}
	rehearsed := []string{"plan done", "run done", "run done"}
	for name, c := range map[string]struct {
		file, unit string
		want       []string
	}{
		"a tool":      {"pier.yaml", "free-berth", slices.Concat(rehearsed, whole)},
		"a workflow":  {"sheds.yaml", "open-shed", slices.Concat(rehearsed, whole, resolve)},
		"a namespace": {"pier.yaml", "pier", slices.Concat(whole, rehearsed, rehearsed, resolve, rehearsed)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
			for path, text := range pier {
				writeBelow(t, dir, path, text)
			}
			folder := strings.TrimSpace(mustCapstan(t, exitDone, "", "skill", filepath.Join(dir, "project/pier", c.file), c.unit, "-o", filepath.Join(dir, "skills")))
			if err := os.RemoveAll(filepath.Join(dir, "project")); err != nil { // the skill needs nothing of it
				t.Fatal(err)
			}
			t.Chdir(folder)
			if c.file == "pier.yaml" {
				checkValuesStay(t)
			}
			lines := commandsIn(t, ".")
			run := ""
			if first := slices.IndexFunc(lines, isRun); first >= 0 {
				run = runID.FindString(mustCapstan(t, exitDone, "", append(shellWords(t, lines[first], "")[1:], "--mock", "-o", "json")...))
			}
			var got []string
			for _, line := range lines {
				args := shellWords(t, line, run)[1:]
				if isRun(line) {
					args = append(args, "--mock")
				}
				code, stdout, stderr := inProcess(t, "", args)
				verb := args[0]
				if verb == "runs" {
					verb += " " + args[1]
				}
				if got = append(got, verb+" "+exitName(code)); exitName(code) == "other" {
					t.Errorf("%s\nexit %d\n%s%s", line, code, stdout, stderr)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("commands (-want +got):\n%s\n%s", diff, strings.Join(lines, "\n"))
			}
		})
	}
}

// checkValuesStay wants the file with the key to be named in a skill, and not to be in it.
func checkValuesStay(t *testing.T) {
	text, err := os.ReadFile("SKILL.md")
	if err != nil || !strings.Contains(string(text), "are read from `assets/keys.yaml` in place of the environment") {
		t.Errorf("the file with the key is not named: %v", err)
	}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "hk_live_1") {
			t.Errorf("%s has the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// isRun reports a command that would send requests.
func isRun(line string) bool {
	return strings.HasPrefix(line, "capstan run ") && !strings.Contains(line, " --mock")
}

func writeBelow(t *testing.T, dir, path, text string) {
	t.Helper()
	path = filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
