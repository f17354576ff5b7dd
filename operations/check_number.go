package operations

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxCheckedNumber bounds the text and the exponent of a number that a compiled
// schema compares: the validator writes every number out, digit by digit.
const maxCheckedNumber = 1000

// unwieldy finds a number that is too long to be written out.
func unwieldy(v any, path []string) (at []string, found bool) {
	switch v := v.(type) {
	case json.Number:
		return path, isUnwieldy(string(v))
	case []any:
		for i, item := range v {
			if isScalar(item) {
				continue
			}
			if at, found := unwieldy(item, append(path, strconv.Itoa(i))); found {
				return at, true
			}
		}
	case map[string]any:
		for name, item := range v {
			if isScalar(item) {
				continue
			}
			if at, found := unwieldy(item, append(path, name)); found {
				return at, true
			}
		}
	}
	return nil, false
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, string, int, float64:
		return true
	}
	return false
}

func isUnwieldy(number string) bool {
	if len(number) > maxCheckedNumber {
		return true
	}
	i := strings.IndexAny(number, "eE")
	if i < 0 {
		return false
	}
	exponent, err := strconv.Atoi(number[i+1:])
	return err != nil || exponent > maxCheckedNumber || exponent < -maxCheckedNumber
}
