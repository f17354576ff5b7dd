package eval

import "strings"

func join(m *meter, args []any) (any, error) {
	separator := ""
	if len(args) == 2 {
		var err error
		if separator, err = textArg("join", args, 1); err != nil {
			return nil, err
		}
	}
	items, err := itemsOf("join", args[0])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(items))
	for i := range items {
		if parts[i], err = textArg("join", items, i); err != nil {
			return nil, err
		}
		if err := m.text(len(parts[i]) + len(separator)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, separator), nil
}

func replaceText(m *meter, args []any) (any, error) {
	var s [3]string
	for i := range s {
		var err error
		if s[i], err = textArg("replace", args, i); err != nil {
			return nil, err
		}
	}
	times := strings.Count(s[0], s[1])
	if len(args) == 4 {
		n, ok := wholeNumber(args[3])
		if !ok {
			return nil, failf("replace needs a whole number of times, got %s", describe(args[3]))
		}
		if n >= 0 {
			times = min(times, n)
		}
	}
	if err := m.text(len(s[0])); err != nil {
		return nil, err
	}
	if grow := len(s[2]) - len(s[1]); grow > 0 && times > 0 {
		if err := m.text(min(times, maxBytes+1) * min(grow, maxBytes+1)); err != nil {
			return nil, err
		}
	}
	return strings.Replace(s[0], s[1], s[2], times), nil
}

func repeat(m *meter, args []any) (any, error) {
	s, err := textArg("repeat", args, 0)
	if err != nil {
		return nil, err
	}
	n, ok := wholeNumber(args[1])
	if !ok || n < 0 {
		return nil, failf("repeat needs a whole number of times, not below 0")
	}
	if err := m.text(min(len(s), maxBytes+1) * min(n, maxBytes+1)); err != nil {
		return nil, err
	}
	return strings.Repeat(s, n), nil
}

// asText is the body of a function that writes a value as text.
func asText(write func(v any) (string, error)) func(*meter, []any) (any, error) {
	return func(m *meter, args []any) (any, error) {
		v, err := m.plainValue(args[0])
		if err != nil {
			return nil, err
		}
		s, err := write(v)
		if err != nil {
			return nil, err
		}
		return s, m.text(len(s))
	}
}
