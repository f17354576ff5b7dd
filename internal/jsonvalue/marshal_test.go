package jsonvalue_test

import (
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

func TestMarshal(t *testing.T) {
	got, err := jsonvalue.Marshal(map[string]any{"a": "<b> & c\n"})
	if err != nil || string(got) != `{"a":"<b> & c\n"}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := jsonvalue.Marshal(func() {}); err == nil {
		t.Error("a function has a JSON form")
	}
}
