//go:build unix && !linux

package devserver

import "syscall"

func attributes(detached bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: detached} }
