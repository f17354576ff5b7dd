// Package access guards a served capability. Start with Require, which lets
// only callers through that prove their identity. Package limit, which bounds
// how much a caller may take, shows the order in which the two are put together.
//
// Everything is plain net/http middleware, safe for concurrent use.
package access
