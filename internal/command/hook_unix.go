//go:build unix

package command

import (
	"os/exec"
	"syscall"
)

// killGroup makes cancelling reach every process the shell started, not the
// shell alone.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
