package eval

import (
	"fmt"
	"regexp"
	"strings"
)

// typeMessages maps messages of expr's checker, first match first, to wordings
// in which $1 is a group as it stands and %1 the same as a type.
func typeMessages() [][3]string {
	return [][3]string{
		{`^invalid operation: (\+) \(mismatched types (.+) and (.+)\)$`, "$1 cannot combine %2 and %3", "string(x) makes text of a value"},
		{`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`, "$1 cannot combine %2 and %3", ""},
		{`^invalid operation: (\S+) \(mismatched type (.+)\)$`, "$1 cannot be applied to %2", ""},
		{`^cannot use (.+) as argument \(type (.+)\) to call (.+)$`, "$3 needs %2, not %1", ""},
		{`^cannot use (.+) as type (.+) in (?:array|map key)$`, "in cannot look for %1 among %2", ""},
		{`^invalid argument for (\w+) \(type (.+)\)$`, "$1 cannot take %2", ""},
		{`^builtin (\w+) takes only array \(got (.+)\)$`, "$1 needs an array, not %2", ""},
		{`^predicate should return boolean \(got (.+)\)$`, "a predicate must be true or false, not %1", ""},
		{`^non-bool expression \(type (.+)\) used as condition$`, "a condition must be true or false, not %1", ""},
		{`^type (.+) has no field (.+)$`, `%1 has no fields, so no "$2"`, ""},
		{`^array elements can only be selected using an integer \(got (.+)\)$`, "an item of an array is selected by a number, not by %1", "write [0] for the first item, or find(array, predicate)"},
		{`^cannot redeclare (?:variable |builtin |function )?(.+)$`, `the name "$1" is taken`, "give the variable another name"},
		{`^(.+) is not callable$`, "only functions can be called, not %1", ""},
	}
}

// wordType turns a message of expr's checker into the user's words.
func wordType(message string) (text, hint string) {
	for _, m := range typeMessages() {
		groups := regexp.MustCompile(m[0]).FindStringSubmatch(message)
		if groups == nil {
			continue
		}
		text = m[1]
		for i, g := range groups {
			text = strings.ReplaceAll(text, fmt.Sprintf("$%d", i), g)
			text = strings.ReplaceAll(text, fmt.Sprintf("%%%d", i), typeWords(g))
		}
		return text, m[2]
	}
	return userWords(message), ""
}

func typeWords(goType string) string {
	if goType == "unknown" {
		return "any"
	}
	return userWords(goType)
}
