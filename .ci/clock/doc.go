// Package clock holds a test of the built binary under a clock that is set while
// runs wait. libfaketime does not reach a Go program, which reads the clock in
// the vDSO and not through libc (the test shows it), so the binary is built with
// a time.Now that adds the seconds in a file. `.ci/run` runs it with -tags e2e.
package clock
