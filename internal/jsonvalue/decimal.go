package jsonvalue

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// decimal is an exact number: 0.digits times ten to the power of exp, where
// digits neither start nor end with a zero; zero has none. Two decimals are
// equal when their values are. Work on one grows with its text and not with its
// value, so that 1e999999999 costs no more than 1.
type decimal struct {
	negative bool
	digits   string
	exp      int64
}

// parts are those of a JSON number literal (RFC 8259, section 6).
type parts struct {
	negative       bool
	whole, decimal string
	exponent       string // with its sign
}

// split takes a number literal apart.
func split(text string) (p parts, ok bool) {
	rest, negative := strings.CutPrefix(text, "-")
	p.negative = negative
	p.whole, rest = leadingDigits(rest)
	if p.whole == "" || len(p.whole) > 1 && p.whole[0] == '0' {
		return p, false
	}
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if p.decimal, rest = leadingDigits(after); p.decimal == "" {
			return p, false
		}
	}
	if rest == "" {
		return p, true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return p, false
	}
	p.exponent = rest[1:]
	digits := strings.TrimPrefix(p.exponent, "-")
	if len(digits) == len(p.exponent) {
		digits = strings.TrimPrefix(p.exponent, "+")
	}
	digits, rest = leadingDigits(digits)
	return p, digits != "" && rest == ""
}

func leadingDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// parse reads a number literal.
func parse(text string) (decimal, bool) {
	p, ok := split(text)
	if !ok {
		return decimal{}, false
	}
	digits := strings.TrimLeft(p.whole+p.decimal, "0")
	zeros := len(p.whole) + len(p.decimal) - len(digits)
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return decimal{}, true
	}
	exp := int64(len(p.whole) - zeros)
	if p.exponent != "" {
		const most = 1 << 62
		e, err := strconv.ParseInt(p.exponent, 10, 64)
		if err != nil || e > most || e < -most {
			return decimal{}, false
		}
		exp += e
	}
	return decimal{p.negative, digits, exp}, true
}

// decimalOf reads any finite number, a float as the shortest decimal that names
// it.
func decimalOf(v any) (decimal, bool) {
	switch v := v.(type) {
	case nil, bool, string, []any, map[string]any:
		return decimal{}, false
	case json.Number:
		return parse(string(v))
	case int:
		return parse(strconv.Itoa(v))
	case float64:
		return ofFloat(v, 64)
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return parse(strconv.FormatInt(r.Int(), 10))
	case r.CanUint():
		return parse(strconv.FormatUint(r.Uint(), 10))
	case r.CanFloat():
		return ofFloat(r.Float(), r.Type().Bits())
	}
	return decimal{}, false
}

func ofFloat(f float64, bits int) (decimal, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return decimal{}, false
	}
	return parse(strconv.FormatFloat(f, 'e', -1, bits))
}

func (d decimal) compare(e decimal) int {
	switch {
	case d == e:
		return 0
	case d.sign() != e.sign():
		return cmp.Compare(d.sign(), e.sign())
	case d.negative:
		return -d.compareSize(e)
	}
	return d.compareSize(e)
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// compareSize orders two numbers other than zero without their signs.
func (d decimal) compareSize(e decimal) int {
	return cmp.Or(cmp.Compare(d.exp, e.exp), strings.Compare(d.digits, e.digits))
}

func (d decimal) isInteger() bool { return d.exp >= int64(len(d.digits)) }

// int returns the number where an int holds it.
func (d decimal) int() (int, bool) {
	const most = 19 // digits of the greatest int64
	if d.digits == "" {
		return 0, true
	}
	if !d.isInteger() || d.exp > most {
		return 0, false
	}
	i, err := strconv.Atoi(d.String())
	return i, err == nil
}

// String returns the number as a JSON literal: a whole number of some hundred
// digits in full, any other with an exponent.
func (d decimal) String() string {
	const most = 400 // digits
	sign := ""
	if d.negative {
		sign = "-"
	}
	switch {
	case d.digits == "":
		return "0"
	case d.isInteger() && d.exp <= most:
		return sign + d.digits + strings.Repeat("0", int(d.exp)-len(d.digits))
	}
	return sign + "0." + d.digits + "e" + strconv.FormatInt(d.exp, 10)
}
