package check

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"
)

// decimal writes a number with all its digits, unless they are very many.
func decimal(v any) string {
	const most = 100
	r, ok := rational(v)
	if !ok {
		return show(v)
	}
	if places, exact := r.FloatPrec(); exact && places <= most && r.Num().BitLen() < 3*most {
		return r.FloatString(places)
	}
	return new(big.Float).SetRat(r).Text('g', 20)
}

func article(typeName string) string {
	switch typeName {
	case "null":
		return "null"
	case "array", "object", "integer":
		return "an " + typeName
	}
	return "a " + typeName
}

// show prints a value within a message, shortened.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	const most = 60
	if utf8.RuneCount(b) > most {
		return string([]rune(string(b))[:most]) + "..."
	}
	return string(b)
}

func showAll(list []any) string {
	const most = 8
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			fmt.Fprintf(&b, "and %d more", len(list)-most)
			break
		}
		b.WriteString(show(v))
	}
	return b.String()
}

func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
