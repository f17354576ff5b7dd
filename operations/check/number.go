package check

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
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

// documented reports whether v is the value that a document has.
func documented(value, v any) bool { return jsonvalue.Equal(value, v) || mayBe(value, v) }

// mayBe reports whether v rounds to a number of a document that was itself
// rounded when the document was read, which is all that is known of it: OpenAPI
// documents are read with float64 for numbers beyond 2^53.
func mayBe(value, v any) bool {
	f, ok := value.(float64)
	if !ok || math.Abs(f) < 1<<53 || !jsonvalue.IsNumber(v) {
		return false
	}
	text, err := jsonvalue.Text(v)
	if err != nil {
		return false
	}
	g, err := strconv.ParseFloat(text, 64)
	return err == nil && f == g
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
