package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
)

// callFlags are the flags of `capstan call`.
type callFlags struct {
	api    apiFlags
	send   sendFlags
	params []string
	body   string
	all    bool
}

func (a *app) callCommand() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call API OPERATION",
		Short: "Call one operation by its id and print the answer",
		Long: `Call sends one request and prints the answer's body. A parameter is named as the
OpenAPI document names it, and so is a property of the body; when both have one
name, write path.id, query.id, header.id, cookie.id or body.id.

"capstan operations API OPERATION" lists what an operation takes. An answer of
status 400 or more is printed too, and the exit code is 1; it is 5 where the
request writes and the answer proves nothing, since a gateway may have given it.`,
		Example: `  capstan call workos OrganizationsController_list -p limit=2 --all
  capstan call workos OrganizationsController_create -p name=Acme -p 'domain_data:=[{"domain":"acme.com","state":"pending"}]'
  capstan call fleet getShip -p imo=9074729 --openapi fleet=fleet.openapi.yaml --mock`,
		Args: exactArgs("API", "OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), args[0], args[1], &f)
		},
	}
	fs := cmd.Flags()
	fs.VarP((*texts)(&f.params), "param", "p", "parameter or body property as `NAME=VALUE`, NAME:=JSON or NAME=@FILE; repeat one to fill an array")
	fs.StringVar(&f.body, "body", "", "request body from `FILE`, - for stdin; -p sets properties on top of a JSON object")
	fs.BoolVar(&f.all, "all", false, "follow pagination and print all items as one answer, at most --max-pages pages")
	f.api.add(fs)
	f.send.add(fs)
	a.completeCall(cmd, &f.api)
	return cmd
}

func (a *app) call(ctx context.Context, apiName, id string, f *callFlags) error {
	opts, err := f.send.options(a)
	if err != nil {
		return err
	}
	load, err := f.api.options(a)
	if err != nil {
		return err
	}
	api, op, err := a.operation(ctx, apiName, id, load)
	if err != nil {
		return err
	}
	runner := engine.NewRunner(opts)
	call, err := runner.Caller(api)
	if err != nil {
		return usage(err.Error(), "")
	}
	if f.all && !paging.Supported(op) {
		return usagef("--all: operation %q has no pagination that capstan knows", id)
	}
	req, err := a.request(ctx, op, f)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	x := &apiCall{app: a, op: op, call: call, maxPages: runner.MaxPages(api), unchecked: !f.send.strictResponses && a.flags.quiet}
	err = a.deliver(ctx, x, req, f)
	switch {
	case err != nil && !a.io.Interrupts.Claim():
		return silent(exitInterrupted)
	case err != nil:
		return unanswered(ctx, op, err)
	}
	err = x.print()
	if err == nil && x.broken && f.send.strictResponses {
		err = silent(exitFailed)
	}
	if err != nil || ctx.Err() == nil {
		return err
	}
	a.complain("capstan call: interrupted after the answer came")
	return silent(exitInterrupted)
}

// deliver sends the request, or all its pages. A write that Ctrl-C finds in
// flight gets some time for its answer, as in a run: cut off, it would be unknown
// whether it took effect.
func (a *app) deliver(ctx context.Context, x *apiCall, req *operations.Request, f *callFlags) error {
	writes := req.Op.Effect() != operations.Read
	if writes {
		defer a.io.Interrupts.During(func() {
			a.complain("stopping: the request is in flight and gets a few seconds to finish; Ctrl-C again ends at once")
		}, func() { a.leaveCall(req.Op) })()
		var cancel context.CancelFunc
		ctx, cancel = bounded.Grace(ctx)
		defer cancel()
	}
	if f.send.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.send.timeout, errTimeUp)
		defer cancel()
	}
	err := x.send(ctx, req, f.all)
	if err != nil && errors.Is(context.Cause(ctx), errTimeUp) {
		err = fmt.Errorf("%w: %w", errTimeUp, err)
	}
	return err
}

// leaveCall reports the state that the second Ctrl-C leaves behind.
func (a *app) leaveCall(op *operations.Operation) {
	f := &failure{exit: exitInterrupted, code: codeInterrupted, message: "capstan call: interrupted", hint: maybeDone(op)}
	a.complain("%s", f.message)
	a.complain("%s", f.hint)
	a.documentError(f)
}

// errTimeUp ends a call that --timeout bounds.
var errTimeUp = errors.New("the time of --timeout is up")

func maybeDone(op *operations.Operation) string {
	return fmt.Sprintf("it is not known whether %s took effect: look before you send it again", op.ID)
}

// unanswered ends a call that got no whole answer. A write that may have taken
// effect is not called a failure.
func unanswered(ctx context.Context, op *operations.Operation, err error) error {
	f := &failure{message: err.Error()}
	var call *operations.CallError
	switch {
	case op.Effect() != operations.Read && operations.IsInDoubt(err):
		f.exit, f.code, f.hint = exitWaiting, codeInDoubt, maybeDone(op)
		if errors.As(err, &call) && call.Status >= 200 && call.Status < 300 {
			f.hint = fmt.Sprintf("look at what %s did before you send it again", op.ID)
		}
	case errors.As(err, &call) && operations.IsNotSent(err) && call.Reason == operations.ReasonCredential:
		f.exit, f.code, f.hint = exitInputs, codeCredentials, "nothing was sent"
	}
	switch {
	case ctx.Err() != nil:
		f.exit, f.code, f.message = exitInterrupted, codeInterrupted, "capstan call: interrupted"
	case f.exit == 0 && errors.Is(err, errTimeUp):
		f.exit, f.code = exitTimedOut, "timeout"
	case f.exit == 0:
		return err
	}
	return f
}

// operation finds an operation by its exact id. A near miss is suggested and
// never called.
func (a *app) operation(ctx context.Context, apiName, id string, opts *engine.LoadOptions) (*engine.API, *operations.Operation, error) {
	api, err := a.api(ctx, apiName, opts)
	if err != nil {
		return nil, nil, err
	}
	op, ok := api.Set.Lookup(id)
	if ok {
		return api, op, nil
	}
	e := usagef("%s has no operation %q", api.Name, id)
	var lines []string
	for _, s := range api.Set.Suggest(operations.Want{ID: id}, 3) {
		lines = append(lines, fmt.Sprintf("%s (%s %s: %s)", s.ID, s.Method, s.Path, term.OneLine(s.Summary)))
	}
	if len(lines) > 0 {
		e.hint = "did you mean " + strings.Join(lines, ",\n    or ") + "?"
	} else {
		e.hint = fmt.Sprintf("search them: capstan operations %s WORDS", api.Name)
	}
	return nil, nil, e
}
