package check

import (
	"net/http"
	"strconv"

	"github.com/capstan-run/capstan/operations"
)

// Verdict judges by the answer to a write whether it took effect. It is the
// one place that decides this:
//
//   - 2xx took effect;
//   - 3xx, which is not followed, and 4xx had no effect, but for the next;
//   - 302 and 303 leave it in doubt: many servers answer a request that they
//     carried out with the place of its result;
//   - so do 408, 425 and every 5xx but 501 and 505: any gateway on the way
//     answers so, before or after the API did its work.
//
// An answer in doubt had no effect all the same when its body is in the API's
// own error schema, documented for exactly that status, and no gateway's
// general error body fits the schema. A DELETE that was sent before
// ([operations.Response.Lost]) and now finds nothing (404, 410) took effect.
//
// Nothing is in doubt about a read: one of another status than 2xx failed. Its
// redirects are followed before, and no other 3xx has the result.
func Verdict(op *operations.Operation, r *operations.Response) operations.Verdict {
	if op.Effect() == operations.Read {
		if operations.IsSuccess(r.Status) {
			return operations.TookEffect
		}
		return operations.NoEffect
	}
	v := operations.VerdictOf(r.Status)
	switch {
	case v == operations.InDoubt && ownError(op, r):
		return operations.NoEffect
	case op.Method == http.MethodDelete && r.Lost && (r.Status == http.StatusNotFound || r.Status == http.StatusGone):
		return operations.TookEffect
	}
	return v
}

// gatewayBodies are error bodies that gateways and frameworks in front of an API
// answer with. A schema that one of them fits does not distinguish the API's own.
var gatewayBodies = []map[string]any{
	{},
	{"message": "Bad Gateway"},
	{"message": "Bad Gateway", "request_id": "0"},
	{"statusCode": 502, "message": "Bad Gateway", "activityId": "0"},
	{"type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": "", "instance": "/"},
}

// ownError reports whether the body of an answer can only be the API's own: the
// exact status is documented with a JSON schema that the body fits and that the
// general body of a gateway does not fit.
func ownError(op *operations.Operation, r *operations.Response) bool {
	if _, object := r.Value.(map[string]any); !object || !r.IsJSON || !documentsError(op, r.Status) {
		return false
	}
	contentType := r.Header.Get("Content-Type")
	for _, general := range gatewayBodies {
		if len(Response(op, r.Status, contentType, general)) == 0 {
			return false
		}
	}
	return len(Response(op, r.Status, contentType, r.Value)) == 0
}

// documentsError reports whether exactly this status is documented with JSON
// with a schema that is a promise.
func documentsError(op *operations.Operation, status int) bool {
	d := op.Documented(status)
	if d == nil || d.Status != strconv.Itoa(status) {
		return false
	}
	m := d.JSON()
	return m != nil && !m.Loose
}
