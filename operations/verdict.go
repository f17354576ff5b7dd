package operations

import (
	"net/http"
)

// Verdict is the proof of an answer about the request that it answers.
type Verdict string

// The verdicts.
const (
	TookEffect Verdict = "took effect"
	NoEffect   Verdict = "no effect"
	InDoubt    Verdict = "in doubt"
)

// VerdictOf is the verdict on a write with an answer of this status, going by the
// status alone.
func VerdictOf(status int) Verdict {
	switch status {
	case http.StatusFound, http.StatusSeeOther, http.StatusRequestTimeout, http.StatusTooEarly:
		return InDoubt
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return NoEffect
	}
	switch {
	case IsSuccess(status):
		return TookEffect
	case status >= 300 && status < 500:
		return NoEffect
	}
	return InDoubt
}
