// Package archtest holds tests of the tree itself: which package may import
// which, which package is the door to each dependency, and what the public
// packages export. It exports nothing; start with imports_test.go.
//
// The tests read the sources in process rather than asking `go list`, so that
// a cached test result is thrown away whenever a file they judge changes.
package archtest
