// Package history holds one test: TestHistories plays seeded
// histories of runs (a random program, an API that fails at every phase of an
// exchange, a process that dies at any record) and holds each of them to a
// reference model that knows nothing of the engine's code. Start with
// history_test.go.
//
//	CAPSTAN_HISTORIES=20000 go test ./engine/internal/history   # how many
//	CAPSTAN_SEED=4711 go test ./engine/internal/history         # from which seed on; the default is 1
//	CAPSTAN_HISTORIES=1 CAPSTAN_SEED=4711 go test ./engine/internal/history   # that one again
package history
