package fault

import (
	"errors"
	"strings"
	"testing"
)

// caught recovers from what f panics with.
func caught(f func()) (text, stack string) {
	defer func() { text, stack = Text(recover()), Stack() }()
	f()
	return "", ""
}

// A panic shows where it happened and, unless the runtime says it, not with what.
func TestAPanicShowsNoValue(t *testing.T) {
	secret := strings.Repeat("sk_live_", 2)
	for want, f := range map[string]func(){
		"a value of type string":              func() { panic("no answer to " + secret) },
		"a value of type *errors.errorString": func() { panic(errors.New(secret)) },
		"index out of range [3]":              func() { _ = []string{secret}[len(secret)-13] },
		"conversion: interface {} is string":  func() { var v any = secret; _ = v.(int) },
	} {
		text, stack := caught(f)
		if !strings.Contains(text, want) || strings.Contains(text+stack, secret) || !strings.Contains(stack, "TestAPanicShowsNoValue") {
			t.Errorf("want %q: got %q, %s", want, text, stack)
		}
	}
}
