package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/operations"
)

// mostOffered bounds the operations that one search shows.
const mostOffered = 10

// lineReader reads a line of the terminal.
type lineReader = func(context.Context) (string, error)

// question asks for a line on the terminal. The end of input is an empty one.
func (a *app) question(ctx context.Context, lines lineReader, text string) (string, error) {
	fmt.Fprint(a.io.Err, text)
	answer, err := lines(ctx)
	if err != nil {
		fmt.Fprintln(a.io.Err)
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return strings.TrimSpace(answer), nil
}

// pick lets a person search for operations until an empty line: words list those that
// fit, a number takes one of the list, and an id is taken at once.
func (a *app) pick(ctx context.Context, lines lineReader, api *engine.API) ([]*operations.Operation, error) {
	var picked []*operations.Operation
	var offered []operations.Summary
	a.complain("%s has %d operations. Type words to search, a number or an id to take one, nothing to end.", term.Printable(api.Name), api.Set.Len())
	for {
		answer, err := a.question(ctx, lines, fmt.Sprintf("operation %d: ", len(picked)+1))
		if err != nil {
			return nil, err
		}
		if answer == "" {
			break
		}
		op, known := api.Set.Lookup(answer)
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(offered) {
			op, known = api.Set.Lookup(offered[n-1].ID)
		}
		if known {
			picked = append(picked, op)
			a.complain("  %s %s %s", term.Printable(op.ID), op.Method, term.Printable(op.Path))
			continue
		}
		offered = api.Set.Search(answer)
		a.offer(offered)
		offered = offered[:min(len(offered), mostOffered)]
	}
	if len(picked) == 0 {
		return nil, usage("no operation was picked", "name them with --operations, or search: capstan operations "+shellWord(api.Name)+" --like TEXT")
	}
	return picked, nil
}

// offer prints the operations that were found, with their numbers.
func (a *app) offer(found []operations.Summary) {
	if len(found) == 0 {
		a.complain("  nothing fits; other words?")
		return
	}
	var rows [][]string
	for i, s := range found[:min(len(found), mostOffered)] {
		rows = append(rows, []string{fmt.Sprintf("%3d", i+1), s.ID, term.OneLine(s.Summary)})
	}
	for _, line := range term.Table(rows) {
		a.complain("%s", fit(line, a.textWidth(a.io.ErrTTY)))
	}
	if more := len(found) - mostOffered; more > 0 {
		a.complain("  and %d more", more)
	}
}

// pickDocument lets a person choose one of several documents.
func (a *app) pickDocument(ctx context.Context, lines lineReader, found []string) (string, error) {
	for i, name := range found {
		a.complain("%3d  %s", i+1, term.Printable(name))
	}
	answer, err := a.question(ctx, lines, "which OpenAPI document? ")
	if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(found) {
		return found[n-1], nil
	}
	return "", usage("no document was chosen", "name one: --openapi "+shellWord(found[0]))
}
