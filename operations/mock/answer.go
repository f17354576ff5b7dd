package mock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// answer is the world's answer before it takes the documented form.
type answer struct {
	status  int
	value   any
	header  http.Header
	message string                 // of a refusal
	because []operations.Violation // of a refusal of the request itself
}

// ok answers as a documented success looks.
func ok(r *route, v any) answer {
	return answer{status: successStatus(r.op), value: v}
}

// show puts an item into the form that the route documents. Operations of one
// API show one thing with more or fewer fields.
func (w *world) show(r *route, v map[string]any) map[string]any {
	if fits(r.item, v) {
		return v
	}
	made, ok := newMaker(w.now()).value(r.item, r.kind, nil).(map[string]any)
	if !ok {
		return v
	}
	settle(r.item, made)
	sh := shapeOf(r.item)
	for name, e := range v {
		if _, s := sh.field(name); s != nil && fits(s, e) {
			made[name] = e
		}
	}
	return made
}

func notFound(message string) answer {
	return answer{status: http.StatusNotFound, message: message}
}

func refusal(status int, problems []operations.Violation) answer {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return answer{status: status, message: "Validation failed: " + strings.Join(lines, "; "), because: problems}
}

func successStatus(op *operations.Operation) int {
	doc := op.Success()
	if doc == nil {
		return http.StatusNoContent
	}
	if n, err := strconv.Atoi(doc.Status); err == nil {
		return n
	}
	return http.StatusOK
}

// respond writes an answer as the response of an operation.
func (w *world) respond(op *operations.Operation, a answer) (*operations.Response, error) {
	resp := &operations.Response{
		Status:    a.status,
		Header:    http.Header{},
		RequestID: requestID(w.served),
		Attempts:  1,
	}
	for k, v := range a.header {
		resp.Header[k] = slices.Clone(v)
	}
	resp.Header.Set("X-Request-ID", resp.RequestID)
	if a.message != "" {
		resp.Status = refusalStatus(op, a.status)
		return resp, setJSON(resp, "application/json", refusalBody(op, resp.Status, a))
	}
	doc := op.Success()
	if doc == nil || len(doc.Media) == 0 || resp.Status == http.StatusNoContent || op.Method == "HEAD" {
		return resp, nil
	}
	if media := doc.JSON(); media != nil {
		return resp, setJSON(resp, media.Type, a.value)
	}
	s, _ := doc.Media[0].Example.(string)
	if s == "" {
		s = text(doc.Media[0].Schema.Example)
	}
	resp.Header.Set("Content-Type", doc.Media[0].Type)
	resp.Body, resp.Value = []byte(s), s
	return resp, nil
}

func requestID(served int) string { return fmt.Sprintf("mock-%06d", served) }

// setJSON gives the response a body and a value of its own, which the caller
// may keep: the world's items stay out of reach.
func setJSON(resp *operations.Response, mediaType string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("mock: cannot write the answer as JSON: %w", err)
	}
	resp.Header.Set("Content-Type", mediaType)
	resp.Body, resp.IsJSON = body, true
	resp.Value, err = jsonvalue.Decode(body)
	return err
}

// refusalStatus prefers a status that the operation documents for a request
// that is wrong in itself.
func refusalStatus(op *operations.Operation, status int) int {
	if status != http.StatusUnprocessableEntity || op.Documented(status) != nil {
		return status
	}
	if op.Documented(http.StatusBadRequest) != nil {
		return http.StatusBadRequest
	}
	return status
}

// refusalBody takes the first of the usual error shapes that the operation's
// document accepts; {message} where it has none.
func refusalBody(op *operations.Operation, status int, a answer) any {
	plain := map[string]any{"message": a.message}
	doc := op.Documented(status)
	if doc == nil || doc.JSON() == nil {
		return plain
	}
	var fields []any
	for _, p := range a.because {
		code := "invalid"
		if p.Message == missing || strings.HasSuffix(p.Message, "is missing") {
			code = "required"
		}
		fields = append(fields, map[string]any{"field": p.Path, "code": code, "message": p.String()})
	}
	for _, body := range []map[string]any{
		{"message": a.message, "errors": fields},
		plain,
		{"code": "invalid_request", "message": a.message},
		{"error": "invalid_request", "error_description": a.message},
		{"error": a.message},
		{"title": http.StatusText(status), "detail": a.message, "status": status},
	} {
		v := copied(body)
		if (len(fields) > 0 || body["errors"] == nil) && fits(doc.JSON().Schema, v) && speaks(doc.JSON().Schema, body) {
			return v
		}
	}
	made, ok := newMaker(time.Time{}).value(doc.JSON().Schema, "", nil).(map[string]any)
	if !ok || !mentions(doc.JSON().Schema, []string{"message"}) {
		return plain
	}
	made["message"] = a.message
	return made
}

// speaks reports whether the schema knows every key: an open one accepts all.
func speaks(s *operations.Schema, body map[string]any) bool {
	sh := shapeOf(s)
	for name := range body {
		if sh.byName[name] == nil && !sh.open {
			return false
		}
	}
	return true
}
