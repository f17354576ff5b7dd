package command

import (
	"path/filepath"
	"strings"
	"testing"
)

// testscript tells success from failure; this tells the failures apart, with
// the whole command line in process.
func TestExitCodes(t *testing.T) {
	t.Setenv("HARBOUR_API_KEY", "")
	moor, document := filepath.Join("testdata", "harbour", "moor.yaml"), filepath.Join("testdata", "harbour", "harbour.openapi.yaml")
	with := func(command string, args ...string) []string {
		return append([]string{command, moor, "--openapi", document}, args...)
	}
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"done":               {with("run", "--mock", "-i", "imo=9074729", "--done", "pilot"), exitDone},
		"planned":            {with("plan"), exitDone},
		"valid":              {with("validate"), exitDone},
		"help":               {[]string{"help"}, exitDone},
		"failed":             {with("run", "--mock", "-i", "imo=9074729", "--on-external", "pilot=exec:exit 1"), exitFailed},
		"no command":         {nil, exitUsage},
		"unknown command":    {[]string{"sail"}, exitUsage},
		"unknown flag":       {with("run", "--sail"), exitUsage},
		"override":           {with("run", "--mock", "--override", "sail.every=1s"), exitUsage},
		"override's value":   {with("run", "--mock", "--override", "await-berth.every=soon"), exitUsage},
		"base URL":           {with("run", "--base-url", "https://me:secret@harbour.test"), exitUsage},
		"base URL unsafe":    {with("plan", "--base-url", "http://harbour.test"), exitUsage},
		"call's base URL":    {[]string{"call", "harbour", "getShip", "-p", "imo=1", "--openapi", document, "--base-url", "https://me:secret@harbour.test"}, exitUsage},
		"replay":             {with("run", "--replay", filepath.Join("testdata", "nothing")), exitUsage},
		"unknown operation":  {[]string{"call", "harbour", "sail", "--openapi", document}, exitUsage},
		"unknown API":        {[]string{"operations", "sail"}, exitUsage},
		"invalid":            {[]string{"run", moor}, exitInvalid},
		"invalid plan":       {[]string{"plan", moor}, exitInvalid},
		"invalid file":       {[]string{"validate", moor}, exitInvalid},
		"inputs":             {with("run", "--mock"), exitInputs},
		"credentials":        {with("run", "-i", "imo=9074729"), exitInputs},
		"call's parameters":  {[]string{"call", "harbour", "getShip", "--openapi", document, "--mock"}, exitInputs},
		"call's credentials": {[]string{"call", "harbour", "getShip", "-p", "imo=1", "--openapi", document}, exitInputs},
		"waiting":            {with("run", "--mock", "-i", "imo=9074729"), exitWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			a, stdout, stderr := newTestApp("")
			if got := run(t.Context(), test.args, a.io); got != test.want {
				t.Errorf("capstan %s: exit %d, want %d\nstdout: %s\nstderr: %s", strings.Join(test.args, " "), got, test.want, stdout, stderr)
			}
		})
	}
}
