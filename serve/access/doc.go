// Package access decides who may call a served capability. Start with Require,
// which asks every request to prove who sends it. Package limit, which bounds
// how much a caller may take, shows the order in which the two are put together.
//
// Everything is plain net/http middleware, safe for concurrent use.
package access
