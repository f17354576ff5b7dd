package skills

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// skillFile is the file that an agent reads first (Agent Skills specification).
const skillFile = "SKILL.md"

// skillText is a SKILL.md for a folder that has none: front matter and
// the list of its tools.
func skillText(s *served) string {
	var b strings.Builder
	b.WriteString("---\n")
	d := describe(s.skill, s.tools)
	for _, line := range []struct {
		key   string
		value any
	}{
		{"name", d.Name}, {"description", d.Description}, {"license", d.License}, {"compatibility", d.Compatibility},
		{"allowed-tools", d.AllowedTools}, {"argument-hint", d.ArgumentHint},
		{"user-invocable", d.UserInvocable}, {"disable-model-invocation", d.NoModelInvocation}, {"metadata", d.Metadata},
	} {
		if text := flow(line.value); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", line.key, text)
		}
	}
	fmt.Fprintf(&b, "---\n\n# %s\n\n%s\n", oneLine(d.Name), strings.TrimSpace(d.Description))
	if len(s.tools) > 0 {
		b.WriteString("\n## Tools\n\n")
	}
	for _, t := range s.tools {
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
	return b.String()
}

func over(mode string) string {
	if mode == "" {
		return ""
	}
	return " over " + strings.ToUpper(mode)
}

// flow is a value of the front matter: JSON, which YAML reads as it is. "" is
// for an absent value.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return ""
		}
	case *bool:
		if v == nil {
			return ""
		}
	case map[string]any:
		if len(v) == 0 {
			return ""
		}
	}
	data, err := jsonvalue.Marshal(v)
	if err != nil {
		return ""
	}
	return yamlControls(string(data)) // JSON lets DEL and the C1 controls stand, YAML does not
}

func yamlControls(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c >= 0x7f && c <= 0x9f || c == 0xfeff {
			fmt.Fprintf(&b, `\u%04x`, c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// oneLine keeps a text within its line of Markdown.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
