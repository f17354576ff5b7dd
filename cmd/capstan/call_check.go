package main

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// check holds the request against its documented schemas: an API answers a wrong
// one less clearly, or does something else.
func (r *requestBuilder) check() {
	for _, arg := range r.req.Args {
		for _, v := range check.Value(arg.Param.Schema, arg.Value) {
			r.problem(arg.Param.Name, violationText(v.Path, v.Message), "")
		}
	}
	media := bodyMedia(r.req.Op)
	if media == nil || r.props == nil {
		return
	}
	for _, v := range check.Value(media.Schema, r.props) {
		name, rest := splitPointer(v.Path)
		switch {
		case name == "" && strings.HasSuffix(v.Message, "is missing"): // reported for each property
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
