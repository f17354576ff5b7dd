//go:build !unix

package main

import "os/exec"

// killGroup does nothing where there are no process groups: cancelling kills
// the shell.
func killGroup(*exec.Cmd) {}
