package engine

import (
	"cmp"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// mostRaised bounds how far a run's own bound raises the limit of an exchange: a
// run may wait for days, and a connection that went silent must not hold it for
// as long.
const mostRaised = 10 * time.Minute

// exchangeLimit is how long one request with its answer may take where its step
// states no limit: as is set, else the default, which the bound of the whole run
// raises. Zero is not set.
func exchangeLimit(set, whole time.Duration) time.Duration {
	return cmp.Or(set, max(operations.DefaultTimeout, min(whole, mostRaised)))
}

func (o *Options) exchangeLimit() time.Duration {
	return exchangeLimit(o.RequestTimeout, o.Timeout)
}

// exchangeLimit is the limit of this execution.
func (r *running) exchangeLimit() time.Duration {
	o := &r.p.opts
	return exchangeLimit(cmp.Or(r.opts.RequestTimeout, o.RequestTimeout), cmp.Or(r.opts.Timeout, o.Timeout))
}
