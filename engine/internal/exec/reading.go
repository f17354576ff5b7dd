package exec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// value is the answer as its operation's reading decodes it.
func (c *call) value(resp *operations.Response, media string) (any, error) {
	x := &c.a.Answer
	switch {
	case len(bytes.TrimSpace(resp.Body)) == 0 && x.Loose, c.req.Undecoded && utf8.Valid(resp.Body):
		return nil, nil
	case x.Format == plan.Binary:
		if x.MaxBinary > 0 && int64(len(resp.Body)) > x.MaxBinary {
			return nil, c.unreadable(resp, fmt.Errorf("it has %d bytes, more than maxBinarySize allows (%d)", len(resp.Body), x.MaxBinary))
		}
		return nil, nil
	case x.Decode != nil:
		v, err := x.Decode(resp.Body, media)
		if err != nil {
			return nil, c.unreadable(resp, err)
		}
		return v, nil
	case resp.IsJSON, !x.Loose:
		return resp.Value, nil
	}
	v := lenient(resp)
	if _, isText := v.(string); isText && x.Inside {
		return nil, c.noJSON(resp)
	}
	return v, nil
}

// lenient reads an answer that is not labelled as JSON: as JSON where it is,
// else as text.
func lenient(resp *operations.Response) any {
	var v any
	if json.Valid(resp.Body) {
		if v, err := jsonvalue.Decode(resp.Body); err == nil {
			return v
		}
	}
	if v = resp.Value; v == nil {
		v = string(resp.Body)
	}
	return v
}

// noJSON refuses text where the flow reads fields of the answer.
func (c *call) noJSON(resp *operations.Response) error {
	err := resp.DecodeErr
	if err == nil {
		err = fmt.Errorf("it is %s", cmp.Or(resp.Header.Get("Content-Type"), "text without a content type"))
	}
	return c.useless(resp, err, "its answer is not JSON")
}

func (c *call) unreadable(resp *operations.Response, err error) error {
	return c.useless(resp, err, "its answer cannot be read as "+c.a.Answer.Format)
}

func (c *call) useless(resp *operations.Response, err error, why string) error {
	e := c.answerError(CodeAnswer, resp, "%s answered %d, but %s: %v", c.a.API, resp.Status, why, err)
	e.Err, e.Body = err, operations.OneLine(string(resp.Body), excerptSize)
	return e
}

// result is the part of an answer that later steps see: its named fields, or all
// of it.
func (c *call) result(answer any) any {
	fields := c.a.Answer.Fields
	if len(fields) == 0 {
		return answer
	}
	if list, ok := answer.([]any); ok && perEntry(fields) {
		return named(list, fields)
	}
	out := map[string]any{}
	for _, f := range fields {
		v, _ := f.At.Get(answer)
		if whole, ok := v.(map[string]any); ok && f.At.Whole() {
			maps.Copy(out, whole)
		}
		out[f.Name] = v
	}
	return out
}

// perEntry reports whether named outputs read fields: on a list they are those
// of its entries, as the published tutorials have it.
func perEntry(fields []*plan.Field) bool {
	for _, f := range fields {
		if len(f.At.Names()) == 0 {
			return false
		}
	}
	return true
}

// named adds the named outputs to every entry of a list.
func named(list []any, fields []*plan.Field) []any {
	out := make([]any, len(list))
	for i, entry := range list {
		row := map[string]any{}
		if m, ok := entry.(map[string]any); ok {
			maps.Copy(row, m)
		}
		for _, f := range fields {
			if v, found := f.At.Get(entry); found {
				row[f.Name] = v
			}
		}
		out[i] = row
	}
	return out
}
