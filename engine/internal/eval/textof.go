package eval

// TextOf returns a value as it appears inside text: strings as they are, numbers
// as short as they can be, arrays and objects as compact JSON. Null has no text.
func TextOf(v any) (string, error) { return text(v) }
