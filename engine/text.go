package engine

import "github.com/capstan-run/capstan/engine/internal/template"

// FillText fills the {{placeholders}} of a text in. Those without a value stay
// as they are written, and values are data: braces in them mean nothing.
func FillText(text string, value func(name string) (string, bool)) string {
	t, _ := template.Parse(text)
	all := t.Placeholders()
	return t.RenderPartial(func(i int) (any, bool) {
		v, ok := value(all[i].Name)
		return v, ok
	})
}
