package check

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

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

// maxWritten bounds the text and the exponent of a number that is written out,
// digit by digit.
const maxWritten = 1000

// rational returns a number as a fraction, unless it is too long to be written
// out.
func rational(v any) (*big.Rat, bool) {
	text, err := jsonvalue.Text(v)
	if err != nil || isUnwieldy(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// isMultiple reports whether v divided by step is whole; known is false when one
// is too long to be divided.
func isMultiple(v, step any) (whole, known bool) {
	if v, ok := v.(int); ok {
		if step, ok := step.(int); ok && step > 0 {
			return v%step == 0, true
		}
	}
	n, ok := rational(v)
	d, okStep := rational(step)
	if !ok || !okStep || d.Sign() == 0 {
		return false, false
	}
	return n.Quo(n, d).IsInt(), true
}

func isUnwieldy(number string) bool {
	if len(number) > maxWritten {
		return true
	}
	i := strings.IndexAny(number, "eE")
	if i < 0 {
		return false
	}
	exponent, err := strconv.Atoi(number[i+1:])
	return err != nil || exponent > maxWritten || exponent < -maxWritten
}

// repeated finds two items of a list that are equal.
func repeated(list []any) (first, second int, found bool) {
	places := make(map[string]int, len(list))
	for i, item := range list {
		text, err := jsonvalue.Marshal(jsonvalue.Canonicals(item))
		if err != nil {
			continue
		}
		if first, known := places[string(text)]; known {
			return first, i, true
		}
		places[string(text)] = i
	}
	return 0, 0, false
}

func countValues(v any) int {
	total := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			total += countValues(item)
		}
	case map[string]any:
		for _, item := range v {
			total += countValues(item)
		}
	}
	return total
}
