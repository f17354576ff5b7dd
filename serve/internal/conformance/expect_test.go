package conformance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// answered compares status and headers.
func answered(expect doc, status int, header http.Header) error {
	if want, ok := expect["status"]; ok && !slices.ContainsFunc(list(want), func(v any) bool { return isStatus(text(v), status) }) {
		return fmt.Errorf("the status is %d, want %s", status, show(want))
	}
	err := compareHeaders(mapping(expect["headers"]), header)
	if names, ok := expect["no_headers"]; ok {
		err = errors.Join(err, without(list(names), header))
	}
	return err
}

// isStatus compares a status with a number, 4xx or >=400.
func isStatus(want string, got int) bool {
	var least int
	if _, err := fmt.Sscanf(want, ">=%d", &least); err == nil {
		return got >= least
	}
	digits := fmt.Sprint(got)
	return want == digits || strings.HasSuffix(want, "xx") && want[0] == digits[0]
}

// content compares a body, or the text of a tool's answer.
func content(expect doc, body string) error {
	for name, want := range expect {
		if err := contentPart(name, want, body); err != nil {
			return err
		}
	}
	return nil
}

func contentPart(name string, want any, body string) error {
	switch name {
	case "json", "subset":
		got, err := decoded(body)
		if err != nil {
			return fmt.Errorf("the body is %w", err)
		}
		return compare(want, got, name == "subset", "$")
	case "text":
		return compare(want, body, false, "the text")
	case "base64":
		return compare(want, base64.StdEncoding.EncodeToString([]byte(body)), false, "the body")
	case "empty":
		return compare(want, body == "", false, "the body being empty")
	case "regex":
		for _, pattern := range list(want) {
			if err := matches(text(pattern), body, "the text"); err != nil {
				return err
			}
		}
	case "not_regex":
		for _, pattern := range list(want) {
			if regexp.MustCompile("(?s)" + text(pattern)).MatchString(body) {
				return fmt.Errorf("the text has /%s/", text(pattern))
			}
		}
	case "status", "headers", "no_headers", "isError", "result", "result_exact":
	default:
		return fmt.Errorf("the case expects an unknown %s", name)
	}
	return nil
}

// result compares an answer of MCP.
func result(expect, answer doc) error {
	failure, result := answer["error"], mapping(answer["result"])
	isError := result["isError"] == true
	switch pattern, fails := expect["fails"]; {
	case fails && failure == nil && !isError:
		return errors.New("it should have failed")
	case fails && pattern != true:
		return matches(text(pattern), jsonvalue.Compact(answer), "the answer")
	case fails:
		return nil
	}
	if want, ok := expect["error"]; ok {
		return compare(want, failure, true, "error")
	}
	if failure != nil {
		return errors.New("it failed")
	}
	for name, subset := range map[string]bool{"result": true, "result_exact": false} {
		if want, ok := expect[name]; ok {
			if err := compare(want, result, subset, name); err != nil {
				return err
			}
		}
	}
	_, judged := expect["isError"]
	said, rest := "", doc{}
	for _, name := range []string{"json", "subset", "text", "regex", "not_regex"} {
		if v, ok := expect[name]; ok {
			rest[name], judged = v, true
		}
	}
	if judged && isError != (expect["isError"] == true) {
		return fmt.Errorf("isError is %t", isError)
	}
	if all, ok := result["content"].([]any); ok && len(all) > 0 {
		said = text(mapping(all[0])["text"])
	}
	return content(rest, said)
}

// mapping is v as a mapping, nil where it is none.
func mapping(v any) doc {
	m, _ := v.(doc)
	return m
}

// text is a scalar as a header has it.
func text(v any) string {
	s, err := jsonvalue.Text(v)
	if err != nil {
		return ""
	}
	return s
}

// texts is a scalar, or a list of them, as a query has it.
func texts(v any) any {
	all, ok := v.([]any)
	if !ok {
		return text(v)
	}
	out := make([]any, len(all))
	for i := range all {
		out[i] = text(all[i])
	}
	return out
}

func anys(all []string) []any {
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i]
	}
	return out
}

func number(v any) float64 {
	var n float64
	_, _ = fmt.Sscan(text(v), &n)
	return n
}
