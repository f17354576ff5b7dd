package skills

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
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
	fmt.Fprintf(&b, "---\n%s---\n\n# %s\n\n%s\n", head, columns.OneLine(s.detail.Name), strings.TrimSpace(s.detail.Description))
	if len(s.detail.Tools) > 0 {
		b.WriteString("\n## Tools\n\n")
	}
	for _, t := range s.detail.Tools {
		fmt.Fprintf(&b, "- `%s`", columns.OneLine(t.Name))
		if t.Description != "" {
			fmt.Fprintf(&b, ": %s", columns.OneLine(t.Description))
		}
		switch {
		case t.Invocation != nil:
			fmt.Fprintf(&b, " (call `%s` of `%s`%s)", columns.OneLine(t.Invocation.Action), columns.OneLine(t.Invocation.Namespace), over(t.Invocation.Mode))
		case t.Instruction != "":
			fmt.Fprintf(&b, " (read `%s`)", columns.OneLine(t.Instruction))
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
