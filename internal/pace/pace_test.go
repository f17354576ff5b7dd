package pace

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string]float64{"10/s": 10, "6000/m": 100, "7200/h": 2, "0.5/s": 0.5, None: -1} {
		if got, ok := Parse(text); got != want || !ok {
			t.Errorf("%s is %v a second, %v", text, got, ok)
		}
		got, _ := Parse(text)
		if again, ok := Parse(Text(got)); again != got || !ok {
			t.Errorf("%s is written as %s", text, Text(got))
		}
	}
	for _, text := range []string{"", "10", "10/", "/s", "0/s", "-1/s", "NaN/s", "Inf/s", "10/d", "10 / s", "ten/s"} {
		if got, ok := Parse(text); ok {
			t.Errorf("%q is %v a second", text, got)
		}
	}
}
