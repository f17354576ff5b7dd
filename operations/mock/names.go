package mock

import (
	"strings"
	"unicode"
)

// snake spells a name in lower case with underscores: organizationId,
// organization-id and organization_id are one name.
func snake(s string) string {
	var b strings.Builder
	var before rune
	for _, r := range s {
		switch {
		case r == '-' || r == ' ' || r == '.':
			r = '_'
		case unicode.IsUpper(r):
			if unicode.IsLower(before) || unicode.IsDigit(before) {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
			before = 'A'
			b.WriteRune(r)
			continue
		}
		before = r
		b.WriteRune(r)
	}
	return b.String()
}

// singular and plural know enough English for path segments and field names.
func singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "sses"), strings.HasSuffix(s, "xes"), strings.HasSuffix(s, "shes"), strings.HasSuffix(s, "ches"), strings.HasSuffix(s, "uses"):
		return s[:len(s)-2]
	case strings.HasSuffix(s, "ss"), strings.HasSuffix(s, "us"), strings.HasSuffix(s, "is"):
		return s
	case strings.HasSuffix(s, "s") && len(s) > 2:
		return s[:len(s)-1]
	}
	return s
}

func plural(s string) string {
	switch {
	case strings.HasSuffix(s, "y") && len(s) > 2 && !strings.ContainsRune("aeiou", rune(s[len(s)-2])):
		return s[:len(s)-1] + "ies"
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "sh"), strings.HasSuffix(s, "ch"):
		return s + "es"
	}
	return s + "s"
}

func isPlural(s string) bool { return singular(s) != s }

// aliases lists the field names under which a parameter's value may stand in
// an item, likeliest first.
func aliases(param string) []string {
	p := snake(param)
	names := []string{p}
	add := func(n string) {
		for _, have := range names {
			if have == n {
				return
			}
		}
		names = append(names, n)
	}
	add(p + "_id")
	if stem, ok := strings.CutSuffix(p, "_id"); ok {
		add(stem)
	}
	add(singular(p))
	add(singular(p) + "_id")
	add(plural(p))
	return names
}

// lookup finds a key of m by any of the names, comparing them as [snake] does.
func lookup(m map[string]any, names ...string) (key string, ok bool) {
	for _, n := range names {
		if _, ok := m[n]; ok {
			return n, true
		}
		for k := range m {
			if snake(k) == n {
				return k, true
			}
		}
	}
	return "", false
}
