// Package eval compiles and evaluates the expressions of a capability, such as
// poll-connection-active.data[0].id. Start with [NewScope], which lists the
// steps and variables an expression may read, then [Scope.Compile].
//
// The language is expr-lang's. Three things are added here:
//
//   - Step ids stand in expressions as they are written, hyphens, leading
//     digits and keywords included. A known id wins over a subtraction, the
//     longest id first; write a - b with spaces to subtract. steps["id"].x
//     always works, whatever the id looks like.
//   - Values are typed by their OpenAPI schemas, so that a misspelt field is a
//     [Problem] before anything is sent.
//   - Evaluation is bounded in size, memory and work, ends with its context,
//     and is deterministic: no clock, no I/O, no random order.
//
// How an expression gets there, stage by stage: rewrite.go makes step ids
// lexable without moving a position, objects.go lets object literals be
// arguments, expr parses, restrict.go refuses the parts of expr's language that
// are left out, expr's checker types the tree, explain.go turns its errors into
// the author's words, refs.go lists the steps and variables that are read,
// lower.go adds the bounds, expr compiles.
//
// No type of expr-lang appears in this package's API.
package eval

// Bounds of one expression. They keep a capability from stalling the process
// that serves it: expr's machine takes no context, and three nested predicates
// over 2,000 items run for many seconds.
const (
	maxSource     = 8 << 10   // bytes of source
	maxNodes      = 500       // nodes of the parsed tree
	maxNesting    = 2         // predicates inside predicates
	maxItems      = 1_000_000 // array items and object members an evaluation may make
	maxIterations = 2_000_000 // predicate calls in one evaluation
	maxBytes      = 64 << 20  // bytes of text an evaluation may make
	maxProblems   = 20        // problems reported for one expression
)
