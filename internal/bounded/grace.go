package bounded

import (
	"context"
	"time"
)

// graceTime is how long a write may go on after it was stopped.
const graceTime = 5 * time.Second

// Grace returns the context of a write that is stopped by ctx: it ends some time
// later, so that a write in flight can finish. Its cause is that of ctx.
func Grace(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Done() == nil { // nothing will stop it
		return ctx, func() {}
	}
	out, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(graceTime, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(out, func() { timer.Stop() })
	})
	return out, func() {
		stop()
		cancel(context.Canceled)
	}
}
