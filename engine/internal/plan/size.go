package plan

import "errors"

// maxAnswer bounds a shaped answer, in values. A path that selects
// descendants lists each of them with all that is below it, so that a small
// answer of an API can become a very large one.
const maxAnswer = 2_000_000

// textPerValue is how many bytes of text weigh as much as a value.
const textPerValue = 64

// checkSize refuses an answer of more than maxAnswer values, counting a value that it
// holds twice twice.
func checkSize(v any) error {
	if left := maxAnswer; !fits(v, &left) {
		return errors.New("the answer is too large to be shaped; select less of it")
	}
	return nil
}

// fits takes the weight of v from left, and reports whether there was enough.
func fits(v any, left *int) bool {
	*left--
	switch v := v.(type) {
	case string:
		*left -= len(v) / textPerValue
	case []any:
		for _, item := range v {
			if !fits(item, left) {
				return false
			}
		}
	case map[string]any:
		for name, field := range v {
			if *left -= len(name) / textPerValue; !fits(field, left) {
				return false
			}
		}
	}
	return *left >= 0
}
