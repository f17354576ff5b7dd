// Package conformance plays cases of the framework dialect: files with a capability,
// the HTTP services that it consumes, calls of what it exposes, and what these must
// answer and send. The cases of testdata are the project's own, one for each spelling
// that means something and that the published schemas do not have. Those of
// ../shared/conformance, whose README describes the form, are played in the same way
// where they are at hand; there .ci/run also plays both against the built binary.
// Start with play_test.go.
package conformance
