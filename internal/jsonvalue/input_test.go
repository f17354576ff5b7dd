package jsonvalue

import (
	"strings"
	"testing"
)

func TestInputWithHalfASurrogatePairIsRefused(t *testing.T) {
	for src, escape := range map[string]string{
		`"\ud800"`: `\ud800`, `{"a": ["x\uDC00y"]}`: `\uDC00`, `{"\ud83d": 1}`: `\ud83d`,
		`"\ud83d\ud83d\ude00"`: `\ud83d`, `"\\\ud800x"`: `\ud800`, `"\ud800\n"`: `\ud800`,
	} {
		if v, err := DecodeInput([]byte(src)); err == nil || !strings.Contains(err.Error(), escape+" is half") {
			t.Errorf("%s: %v, %v", src, v, err)
		}
		if _, err := Decode([]byte(src)); err != nil {
			t.Errorf("%s in an answer: %v", src, err)
		}
	}
	for src, want := range map[string]string{
		`"\ud83d\ude00"`: "\U0001f600", `"\\ud800"`: `\ud800`, `"\ufffd\u0041"`: "\ufffdA", `"\\\\ud800\""`: `\\ud800"`,
	} {
		if v, err := DecodeInput([]byte(src)); err != nil || v != want {
			t.Errorf("%s: %q, %v", src, v, err)
		}
	}
}
