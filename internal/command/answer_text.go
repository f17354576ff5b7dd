package command

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/words"
)

// wholeAnswer prints an answer that is no object: one that an API sent as text or
// bytes as it came, a text of the file's own making as a line, data as indented
// JSON. A terminal gets nothing that could move its
// cursor, and no bytes at all.
func (a *app) wholeAnswer(res *engine.Result, showSensitive bool) {
	name := res.Answer.Output
	v, ok := res.Outputs[name]
	if !ok || v == nil {
		return
	}
	if slices.Contains(res.SensitiveOutputs, name) && !showSensitive {
		a.printf("%s\n", term.Redacted)
		a.hiddenOutputs()
		return
	}
	text, isText := v.(string)
	switch {
	case res.Answer.Encoding != "":
		a.bytesAnswer(res, text)
	case !isText:
		data, err := encode("json", v)
		if err != nil {
			a.complain("the answer cannot be written as JSON: %v", err)
			return
		}
		a.textAnswer(string(data))
	case res.Answer.MediaType == "":
		a.textAnswer(text + "\n")
	default:
		a.textAnswer(text)
	}
}

// textAnswer writes text: into a file or pipe byte for byte.
func (a *app) textAnswer(s string) {
	if !a.io.OutTTY {
		a.printf("%s", s)
		return
	}
	a.printf("%s\n", strings.TrimSuffix(term.Printable(s), "\n"))
}

func (a *app) bytesAnswer(res *engine.Result, text string) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		a.complain("the answer's bytes cannot be read: %v", err)
		return
	}
	if !a.io.OutTTY {
		_, _ = a.out.Write(data) // the sink remembers a failure
		return
	}
	a.complain("the answer is %s and is not written to a terminal", bytesText(res.Answer, len(data)))
	if a.flags.state == noState {
		a.complain("  = hint: send it to a file, > FILE, or take -o json, which has it as base64")
		return
	}
	a.withCommand("  = hint: it is kept:", a.command("runs show", res.Run, "-o json"))
}

// bytesText names bytes: "image/png, 12 bytes".
func bytesText(form *document.Answer, size int) string {
	media := form.MediaType
	if media == "" {
		media = "binary"
	}
	return fmt.Sprintf("%s, %s", term.OneLine(media), words.Count(size, "byte", "bytes"))
}

func (a *app) hiddenOutputs() {
	a.note("sensitive outputs are hidden: --show-sensitive or -o json shows them")
}
