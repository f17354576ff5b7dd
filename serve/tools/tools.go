// Package tools serves capabilities as MCP tools with durable runs behind them:
// a tool for each capability, tools that follow, finish and cancel runs, and the
// capabilities' Agent Skills. Start with [New], and give the results of [Tools.Offer] and
// [Tools.Extensions] return to package mcp.
//
// A call of a capability's tool starts a run and stays with it until it has
// ended, waits for a person, or has taken too long for one call. The run is the
// same that every other face of the server shows: a run started here can be
// followed and finished anywhere.
package tools

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/serve/skill"
)

// Options shape a Tools. The zero value works.
type Options struct {
	// Version is the server's, for programs; "" is none.
	Version string
	// Wait is how long one call stays with a run before it answers that the run
	// goes on; 0 means 50 s, a little less than most clients wait.
	Wait time.Duration
	// Skill shapes the capabilities' skills; Name is not used.
	Skill skill.Options
	// Log receives failures; nil is silent.
	Log *slog.Logger
}

// Tools are the tools of served capabilities. A caller, as package access names it,
// sees and finishes only its own runs; one without a name sees all. It is safe for concurrent use.
type Tools struct {
	o      Options
	live   *live.Runs
	log    *slog.Logger
	skills atomic.Pointer[[]served] // of the last Offer
}

// New returns the tools of l's capabilities and runs. The maker of l closes it.
func New(l *live.Runs, o Options) *Tools {
	o.Wait = cmp.Or(o.Wait, 50*time.Second)
	t := &Tools{o: o, live: l, log: cmp.Or(o.Log, slog.New(slog.DiscardHandler))}
	t.skills.Store(&[]served{})
	return t
}

// instructions explain to a model how the tools belong together.
const instructions = `Every capability is a tool. A call starts a run that goes on by itself, whatever becomes of this conversation, and answers with the run's id and status:
- succeeded: "outputs" has the results.
- running: ask get_run for it later; do not call the capability again, that would start a second run.
- waiting: a person or another system has to do something. Tell the person what, and call finish_step when they say that it is done.
- in_doubt: a request was sent and its answer was lost, or may be a gateway's. Find out whether it took effect, then call finish_step with "happened".
- failed, timed_out, cancelled: "error" says why.`

// Offer describes the served tools and skills. Make it anew, and give it to mcp's
// Server.Replace, when the capabilities have changed.
func (t *Tools) Offer() *mcp.Offer {
	o := &mcp.Offer{Name: "capstan", Version: t.o.Version, Instructions: instructions}
	programs := t.live.Programs()
	if len(programs) == 1 {
		o.Title = programs[0].Title()
	}
	for _, p := range programs {
		o.Tools = append(o.Tools, t.capability(p))
	}
	o.Tools = append(o.Tools, t.runTools()...)
	skills := t.write(programs)
	t.skills.Store(&skills)
	for _, s := range skills {
		o.Resources = append(o.Resources, s.directory())
	}
	return o
}

// capability is a program as a tool.
func (t *Tools) capability(p *engine.Program) mcp.Tool {
	return mcp.Tool{
		Name: p.Name(), Title: p.Title(), Description: describe(p),
		InputSchema: p.InputSchema(), OutputSchema: documentSchema(p), Hints: hints(p.Plan()),
		Call: func(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
			if call.State != "" {
				return t.goOn(ctx, call)
			}
			id, err := t.live.Start(ctx, live.Start{Capability: p.Name(), Inputs: call.Arguments, Owner: access.Caller(ctx)})
			if err != nil {
				return nil, t.fault(fmt.Errorf("starting %s: %w", p.Name(), err))
			}
			return t.follow(ctx, call, id, asked{})
		},
	}
}
