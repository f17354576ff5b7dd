//go:build race

package command

// underRace reports that the race detector watches.
const underRace = true
