// Package term is the terminal of the command: its streams, Ctrl-C, the progress
// of a run, the questions that a run asks, and text made fit for a screen. It
// knows no flags and no commands. Start with [Process].
package term
