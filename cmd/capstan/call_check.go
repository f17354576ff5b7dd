package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
)

// check holds what would be sent against its documented schemas: an API that is
// asked for what it does not take answers less clearly, or does something else.
func (r *requestBuilder) check() {
	for _, arg := range r.req.Args {
		for _, v := range arg.Param.Schema.Check(arg.Value) {
			r.problem(arg.Param.Name, violationText(v.Path, v.Message), "")
		}
	}
	media := bodyMedia(r.req.Op)
	if media == nil || r.props == nil {
		return
	}
	for _, v := range media.Schema.Check(r.props) {
		name, rest := splitPointer(v.Path)
		switch {
		case name == "" && strings.HasSuffix(v.Message, "is missing"): // said of each property
		case name == "":
			r.problem("body", v.Message, "")
		case !r.blamed(name):
			r.problem(name, violationText(rest, v.Message), "")
		}
	}
}

func (r *requestBuilder) blamed(name string) bool {
	return slices.ContainsFunc(r.problems, func(p engine.InputProblem) bool {
		return p.Name == name || p.Name == string(operations.InBody)+"."+name
	})
}

func violationText(path, message string) string { return strings.TrimSpace(path + " " + message) }

// splitPointer splits a JSON pointer into its first key and the rest.
func splitPointer(pointer string) (first, rest string) {
	first, rest, more := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if more {
		rest = "/" + rest
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(first), rest
}

// answerCheck holds the answers of a call, each page of them, against their
// documented schema, and warns of what breaks it.
type answerCheck struct {
	app    *app
	op     *operations.Operation
	off    bool
	said   []string
	broken bool
}

func (c *answerCheck) caller(next operations.Caller) operations.Caller {
	if c.off {
		return next
	}
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		res, err := next(ctx, req)
		if err == nil && res.Status < 400 {
			c.look(res)
		}
		return res, err
	}
}

// look warns of each fault once, however many pages have it.
func (c *answerCheck) look(res *operations.Response) {
	for _, v := range c.op.CheckResponse(res.Status, res.Header.Get("Content-Type"), res.Value) {
		c.broken = true
		line := fmt.Sprintf("warning: the answer breaks its documented schema at %s: %s", orRoot(v.Path), oneLine(v.Message))
		if !slices.Contains(c.said, line) {
			c.said = append(c.said, line)
			c.app.complain("%s", line)
		}
	}
}

func orRoot(pointer string) string {
	if pointer == "" {
		return "its root"
	}
	return pointer
}
