package skills

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/spec/yamldata"
)

// skillFile is the file that an agent reads first (Agent Skills specification).
const skillFile = "SKILL.md"

// skillText is a SKILL.md for a folder that has none: front matter and
// the list of its tools.
func skillText(s *served) (string, error) {
	head, err := yamldata.Encode(s.detail.front)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "---\n%s---\n\n# %s\n\n%s\n", head, oneLine(s.detail.Name), strings.TrimSpace(s.detail.Description))
	if len(s.detail.Tools) > 0 {
		b.WriteString("\n## Tools\n\n")
	}
	for _, t := range s.detail.Tools {
		fmt.Fprintf(&b, "- `%s`", oneLine(t.Name))
		if t.Description != "" {
			fmt.Fprintf(&b, ": %s", oneLine(t.Description))
		}
		switch {
		case t.Invocation != nil:
			fmt.Fprintf(&b, " (call `%s` of `%s`%s)", oneLine(t.Invocation.Action), oneLine(t.Invocation.Namespace), over(t.Invocation.Mode))
		case t.Instruction != "":
			fmt.Fprintf(&b, " (read `%s`)", oneLine(t.Instruction))
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func over(mode string) string {
	if mode == "" {
		return ""
	}
	return " over " + strings.ToUpper(mode)
}

// oneLine keeps a text within its line of Markdown.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
