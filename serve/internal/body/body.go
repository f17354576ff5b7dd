// Package body reads the bodies of requests. Start with Read, then Decode.
package body

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// Read reads the body of a request, of at most max bytes. The problem is the answer
// instead.
func Read(r *http.Request, max int64) ([]byte, *answer.Problem) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, max))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &answer.Problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", max)}
	case err != nil:
		return nil, bad("the body broke off")
	}
	return raw, nil
}

// Decode reads a body as JSON, in the charset of its Content-Type. A key that is
// there twice in one object is refused: one of its values would be lost. The
// problem is the answer instead.
func Decode(raw []byte, contentType string) (any, *answer.Problem) {
	raw, err := charset.UTF8(raw, charset.Of(contentType))
	switch {
	case errors.Is(err, charset.ErrUnknown):
		return nil, &answer.Problem{Status: http.StatusUnsupportedMediaType, Detail: "the body cannot be read: " + err.Error()}
	case err != nil:
		return nil, bad("the body cannot be read: %v", err)
	}
	v, err := jsonvalue.DecodeInput(raw)
	if err != nil {
		return nil, bad("the body is not JSON: %v", jsonvalue.Fault(err))
	}
	if key, twice := jsonvalue.RepeatedName(string(raw)); twice {
		return nil, bad("the body has the key %q twice in one object; leave one", key)
	}
	return v, nil
}

func bad(format string, args ...any) *answer.Problem {
	return &answer.Problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}
