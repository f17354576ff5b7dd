// Package readme holds the tests that keep the documentation true: the
// commands in ```console blocks run and print what the page shows, the Go code
// in ```go blocks compiles, and links lead somewhere. It exports nothing.
package readme
