//go:build !unix

package devserver

import "syscall"

func attributes(bool) *syscall.SysProcAttr { return nil }
