//go:build !unix

package command

import "os/exec"

// killGroup does nothing where there are no process groups: cancelling kills
// the shell.
func killGroup(*exec.Cmd) {}
