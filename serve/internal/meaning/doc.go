// Package meaning holds one test: TestWhatIsSentIsWhatTheFileMeans generates
// framework files (an operation of an API with parameters in every place, bodies of
// every type and each kind of credential; REST routes, MCP tools and resources that
// call it, directly, by a step or by an aggregate's flow), serves them, and compares
// the requests that reach the API with those that an oracle derives from the generated
// structure, which knows nothing of the readers. Start with meaning_test.go.
//
//	CAPSTAN_MEANING=10000 go test ./serve/internal/meaning   # how many files
//	CAPSTAN_SEED=4711 go test ./serve/internal/meaning       # from which seed on; the default is 1
//	CAPSTAN_MEANING=1 CAPSTAN_SEED=4711 go test ./serve/internal/meaning   # that one again
package meaning
