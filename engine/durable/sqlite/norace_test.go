//go:build !race

package sqlite_test

// underRace reports that the race detector watches.
const underRace = false
