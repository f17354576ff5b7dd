package command

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
)

func TestWholeAnswerText(t *testing.T) {
	text := document.Answer{Output: "result", MediaType: "text/plain"}
	bytes := document.Answer{Output: "result", MediaType: "image/png", Encoding: "base64"}
	for name, test := range map[string]struct {
		form      document.Answer
		value     any
		tty       bool
		sensitive []string
		want      string // stdout
		says      string // stderr
	}{
		"list":                {form: document.Answer{Output: "result"}, value: []any{1, "<b>"}, want: "[\n  1,\n  \"<b>\"\n]\n"},
		"number":              {form: document.Answer{Output: "result"}, value: 7, want: "7\n"},
		"made text":           {form: document.Answer{Output: "result"}, value: "B1", want: "B1\n"},
		"text as it came":     {form: text, value: "no end of line \x1b[31m", want: "no end of line \x1b[31m"},
		"text on a terminal":  {form: text, value: "red \x1b[31m", tty: true, want: "red \uFFFD[31m\n"},
		"bytes":               {form: bytes, value: "AAH/", want: "\x00\x01\xff"},
		"bytes on a terminal": {form: bytes, value: "AAH/", tty: true, says: "the answer is image/png, 3 bytes and is not written to a terminal\n  = hint: it is kept: capstan runs show run_1 -o json\n"},
		"secret":              {form: text, value: "hush", sensitive: []string{"result"}, want: "[redacted]\n", says: "--show-sensitive"},
		"nothing":             {form: text, value: nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, out, stderr := newTestApp("")
			a.io.OutTTY = test.tty
			a.outputs(&engine.Result{
				Run: "run_1", Answer: &test.form, Outputs: map[string]any{"result": test.value},
				OutputNames: []string{"result"}, SensitiveOutputs: test.sensitive,
			}, false)
			if out.String() != test.want {
				t.Errorf("stdout %q, want %q", out, test.want)
			}
			if !strings.Contains(stderr.String(), test.says) || test.says == "" && stderr.Len() > 0 {
				t.Errorf("stderr %q, want %q", stderr, test.says)
			}
		})
	}
}
