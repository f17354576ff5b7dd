//go:build unix

package measure

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// used returns what this process has used so far.
func used() (cpu time.Duration, peak int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), bytes(u.Maxrss)
}

// Peak returns the most memory, in bytes, that a process had which has ended.
func Peak(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return bytes(u.Maxrss)
	}
	return 0
}

// bytes reads Maxrss, whose unit is the system's.
func bytes(maxrss int64) int64 {
	if runtime.GOOS == "darwin" {
		return maxrss
	}
	return maxrss << 10
}
