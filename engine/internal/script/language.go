package script

import (
	"fmt"
	"strings"
)

// Language returns nil for the language that script steps run in: javascript,
// in any case. For others the error has a hint.
func Language(name string) error {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "javascript":
		return nil
	case "python", "groovy":
		return fmt.Errorf("%s scripts are not run; rewrite the step in javascript", strings.ToLower(strings.TrimSpace(name)))
	case "":
		return fmt.Errorf(`a script step names its language: write "language: javascript"`)
	}
	return fmt.Errorf("unknown script language %q; steps run javascript", name)
}
