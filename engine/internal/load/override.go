package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// parseOverride turns "STEP.KEY=VALUE" into the overlay that sets the step key,
// so that an override takes the same road as everything else that is not in the
// published file. VALUE is YAML: 200ms, true, "text", {a: 1}.
func parseOverride(text string, src *dialect.Source) ([]byte, error) {
	place, value, ok := strings.Cut(text, "=")
	step, key, ok2 := strings.Cut(place, ".")
	if !ok || !ok2 || step == "" || key == "" {
		return nil, fmt.Errorf("want STEP.KEY=VALUE, such as poll.every=30s")
	}
	if src.Runnable() && src.Dialect() != spec.DialectComposition {
		return nil, fmt.Errorf("step keys belong to compositions, and this file has none: change the file, or add an overlay")
	}
	if f, _ := src.File(spec.Options{}); f != nil && len(f.Units) > 0 {
		var ids []string
		for _, s := range f.Units[0].Steps {
			ids = append(ids, s.ID.Value)
		}
		if err := known(step, ids); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "overlay: 1.0.0\ninfo: {title: override, version: 1.0.0}\nactions:\n")
	fmt.Fprintf(&b, "  - target: %s\n    update:", strconv.Quote("$.steps[?@.id == '"+strings.ReplaceAll(step, "'", `\'`)+"']"))
	parts := strings.Split(key, ".")
	for i, part := range parts {
		fmt.Fprintf(&b, "\n%s%s:", strings.Repeat("  ", i+3), strconv.Quote(part))
	}
	fmt.Fprintf(&b, " %s\n", value)
	return []byte(b.String()), nil
}

func known(step string, ids []string) error {
	if slices.Contains(ids, step) {
		return nil
	}
	if near := suggest.Closest(step, ids); near != "" {
		return fmt.Errorf("there is no step %q; did you mean %q?", step, near)
	}
	return fmt.Errorf("there is no step %q; the steps are %s", step, strings.Join(ids, ", "))
}
