package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// library compares programs that have the engine, or libopenapi's, in process.
func library(ctx context.Context, b *bench) ([]axis, error) {
	var axes []axis
	for _, workers := range []int{1, 16} {
		a := axis{title: fmt.Sprintf("library, %d at once", workers), metrics: []string{"a second", "CPU µs", "allocations", "KiB allocated", "peak MiB"}, slow: 2}
		a.subjects = []subject{
			b.workers("hand", "hand", workers),
			b.workers("capstan, small document", "embed", workers, "-i", "organization_name=Harbour Works", "-openapi", "small.yaml", "onboard.yaml"),
			b.workers("capstan, WorkOS document", "embed", workers, "-i", "organization_name=Harbour Works", "-openapi", "workos.yaml", "onboard.yaml"),
		}
		a.subjects = append(a.subjects, b.libraryPeers("libopenapi, small document", "onboard.arazzo.yaml", workers)...)
		a.subjects = append(a.subjects, b.libraryPeers("libopenapi, WorkOS document", "workos.arazzo.yaml", workers)...)
		axes = append(axes, a)
	}
	return axes, nil
}

// perRun runs a client whose runs each have that many parts: what a part costs.
func perRun(cmd *exec.Cmd, parts int) (sample, error) {
	r, err := client(cmd)
	if err != nil {
		return nil, err
	}
	if r.Run.Count == 0 {
		return nil, fmt.Errorf("%s ran nothing", cmd)
	}
	n := float64(r.Run.Count * parts)
	return sample{
		"a second":      n / r.Run.Wall.Seconds(),
		"wall µs":       us(r.Run.Wall) / n,
		"CPU µs":        us(r.Run.CPU) / n,
		"allocations":   float64(r.Run.Allocs) / n,
		"KiB allocated": float64(r.Run.Bytes) / n / (1 << 10),
		"peak MiB":      float64(r.Peak) / (1 << 20),
		"load CPU ms":   ms(r.Load.CPU),
		"load MiB":      float64(r.Load.Bytes) / (1 << 20),
	}, nil
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
