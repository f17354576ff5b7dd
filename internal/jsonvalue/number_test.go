package jsonvalue

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestNumberKeepsItsText(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "0.0", "-0.0", "1", "1.0", "10.10", "10.1", "-7", "1e2", "1E2", "1e+2", "1e400", "-1e-400", "100", "0.1",
		"9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551617",
		"0.1234567890123456789", "123456789.123456789", "0.00001", "0.0001", "0.000001234", "1.7976931348623157e308",
		"999999999999999.9", "12345678901234567.5", "100000000000000000000.5", "1e999999999",
	} {
		v, ok := Number(text)
		if !ok {
			t.Errorf("%s is no number", text)
			continue
		}
		for door, got := range spellings(t, v) {
			if got != text {
				t.Errorf("%s is %T and comes out of %s as %s", text, v, door, got)
			}
		}
	}
}

// spellings returns v as the formatters write it.
func spellings(t *testing.T, v any) map[string]string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"encoding/json": string(data)}
	if f, ok := v.(float64); ok {
		out["strconv"] = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return out
}

func TestNumberRefusesWhatIsNoLiteral(t *testing.T) {
	for _, text := range []string{"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1_000", "NaN", "Infinity", " 1", "1 ", "--1", "1.2.3", "1e1e1"} {
		if v, ok := Number(text); ok {
			t.Errorf("%q is taken for the number %v", text, v)
		}
		if json.Valid([]byte(text)) && strings.TrimSpace(text) == text {
			t.Errorf("%q is JSON and refused", text)
		}
	}
}

func TestCompareIsExact(t *testing.T) {
	for _, c := range []struct {
		a, b any
		want int
	}{
		{json.Number("9223372036854775808"), json.Number("9223372036854775807"), 1},
		{9223372036854775807, json.Number("9223372036854775808"), -1},
		{9007199254740993, 9007199254740992.0, 1},
		{9007199254740992.0, 9007199254740993, -1},
		{json.Number("10.10"), 10.1, 0},
		{json.Number("1e2"), 100, 0},
		{json.Number("-0"), 0, 0},
		{json.Number("-1e400"), json.Number("1e-400"), -1},
		{json.Number("1e400"), json.Number("10e399"), 0},
		{json.Number("0.12345678901234567891"), json.Number("0.1234567890123456789"), 1},
		{json.Number("-2.5"), json.Number("-2.50"), 0},
		{json.Number("-2.6"), -2.5, -1},
		{json.Number("1e999999999"), json.Number("1e999999998"), 1},
		{uint64(1<<64 - 1), json.Number("18446744073709551615"), 0},
		{int32(-5), -5.0, 0},
		{float32(0.1), 0.1, 0},
	} {
		if got, ok := Compare(c.a, c.b); !ok || got != c.want {
			t.Errorf("Compare(%v, %v) = %d, %v; want %d", c.a, c.b, got, ok, c.want)
		}
		if got, ok := Compare(c.b, c.a); !ok || got != -c.want {
			t.Errorf("Compare(%v, %v) = %d, %v; want %d", c.b, c.a, got, ok, -c.want)
		}
	}
	for _, c := range [][2]any{{1, "1"}, {nil, 0}, {true, 1}, {json.Number("1e99999999999999999999"), 1}, {json.Number("x"), 1}} {
		if got, ok := Compare(c[0], c[1]); ok {
			t.Errorf("Compare(%v, %v) = %d, want none", c[0], c[1], got)
		}
	}
	huge := json.Number("1e99999999999999999999")
	if got, ok := Compare(huge, huge); !ok || got != 0 {
		t.Errorf("a number does not equal itself: %d, %v", got, ok)
	}
}

func TestExactRefusesToRound(t *testing.T) {
	for text, want := range map[string]any{
		"1.0": 1, "1e2": 100, "10.10": 10.1, "-0": 0, "1.50e1": 15, "0.000001": 0.000001, "9223372036854775807.0": 9223372036854775807,
		"9223372036854775808": nil, "18446744073709551617": nil, "1e400": nil, "1e-400": nil, "0.1234567890123456789": nil, "1e30": 1e30,
	} {
		v, ok := Exact(json.Number(text))
		if ok != (want != nil) || v != want {
			t.Errorf("Exact(%s) = %v (%T), %v; want %v", text, v, v, ok, want)
		}
	}
	if f, ok := Float(9007199254740993); ok {
		t.Errorf("2^53+1 is the float64 %v", f)
	}
	if f, ok := Float(9007199254740994); !ok || f != 9007199254740994 {
		t.Errorf("Float(2^53+2) = %v, %v", f, ok)
	}
}

// randomLiteral makes literals around the limits of Go's types.
func randomLiteral(r *rand.Rand) string {
	near := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits)
		return n.Add(n, big.NewInt(r.Int64N(7)-3))
	}
	text := ""
	switch r.IntN(4) {
	case 0:
		text = near([]uint{0, 31, 53, 63, 64, 70, 200}[r.IntN(7)]).Text(10)
	case 1:
		text = strconv.FormatFloat(r.NormFloat64()*1000, 'f', r.IntN(25)+1, 64)
	case 2:
		text = strconv.FormatUint(r.Uint64(), 10) + "." + strconv.FormatUint(r.Uint64N(1000), 10) + strings.Repeat("0", r.IntN(4))
	case 3:
		text = strconv.FormatInt(r.Int64N(1000), 10) + []string{"e", "E", "e+", "e-"}[r.IntN(4)] + strconv.Itoa(r.IntN(500))
	}
	if r.IntN(3) == 0 && text[0] != '-' {
		text = "-" + text
	}
	return text
}

func TestRandomNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 3))
	last := "0"
	for range 20_000 {
		text := randomLiteral(r)
		v, ok := Number(text)
		if !ok || json.Valid([]byte(text)) != ok {
			t.Fatalf("%s is no number", text)
		}
		for door, got := range spellings(t, v) {
			if got != text {
				t.Fatalf("%s is %T and comes out of %s as %s", text, v, door, got)
			}
		}
		w, _ := Number(last)
		got, ok := Compare(v, w)
		x, _ := new(big.Rat).SetString(text)
		y, _ := new(big.Rat).SetString(last)
		if want := x.Cmp(y); !ok || got != want {
			t.Fatalf("Compare(%s, %s) = %d, %v; want %d", text, last, got, ok, want)
		}
		if IsInteger(v) != x.IsInt() {
			t.Fatalf("IsInteger(%s) = %v", text, IsInteger(v))
		}
		if n, ok := Exact(v); ok {
			if order, _ := Compare(n, v); order != 0 {
				t.Fatalf("Exact(%s) = %v", text, n)
			}
		}
		if order, ok := Compare(Canonical(v), v); !ok || order != 0 {
			t.Fatalf("Canonical(%s) = %v", text, Canonical(v))
		}
		last = text
	}
}

// Equal values have the same JSON, however deep their numbers stand.
func TestCanonicalsAreAlike(t *testing.T) {
	written := func(one any) string {
		text, err := Marshal(Canonicals(map[string]any{"list": []any{one, "1.0", map[string]any{"n": one}}}))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const want = `{"list":[1,"1.0",{"n":1}]}`
	for _, one := range []any{1, 1.0, json.Number("1.0"), json.Number("10e-1")} {
		if got := written(one); got != want {
			t.Errorf("%T %v: %s", one, one, got)
		}
	}
}
