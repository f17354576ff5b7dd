package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// embedded compares programs that have the engine, or libopenapi's, in process.
func embedded(ctx context.Context, b *bench) ([]axis, error) {
	var axes []axis
	for _, workers := range []int{1, 16} {
		a := axis{title: fmt.Sprintf("library, %d at once", workers), metrics: []string{"a second", "CPU µs", "allocations", "KiB", "peak MiB"}, slow: 2}
		at := []string{"-workers", strconv.Itoa(workers)}
		embed := append(at, "-i", "organization_name=Harbour Works", "-openapi")
		a.subjects = []subject{
			b.library("hand", 1, "hand", at...),
			b.library("capstan, small document", 1, "embed", append(embed, "small.yaml", "onboard.yaml")...),
			b.library("capstan, WorkOS document", 1, "embed", append(embed, "workos.yaml", "onboard.yaml")...),
		}
		if peer := b.peer.libopenapi; peer != "" {
			a.subjects = append(a.subjects,
				b.library("libopenapi, small document", 1, peer, append(at, "onboard.arazzo.yaml")...),
				b.library("libopenapi, WorkOS document", 1, peer, append(at, "workos.arazzo.yaml")...))
		}
		axes = append(axes, a)
	}
	return axes, nil
}

// library is a subject that runs a client whose runs have that many parts: a sample
// has the cost of a part.
func (b *bench) library(name string, parts int, program string, args ...string) subject {
	args = append([]string{"-server", b.server, "-for", b.long.String()}, args...)
	return subject{name, func(ctx context.Context) (sample, error) { return perPart(b.command(ctx, program, args...), parts) }}
}

// perPart measures a client.
func perPart(cmd *exec.Cmd, parts int) (sample, error) {
	r, err := client(cmd)
	if err != nil {
		return nil, err
	}
	n := float64(max(1, r.Run.Count) * parts)
	return sample{
		"a second":    n / r.Run.Wall.Seconds(),
		"wall µs":     us(r.Run.Wall) / n,
		"CPU µs":      us(r.Run.CPU) / n,
		"allocations": float64(r.Run.Allocs) / n,
		"KiB":         float64(r.Run.Bytes) / n / (1 << 10),
		"peak MiB":    float64(r.Peak) / (1 << 20),
		"load CPU µs": us(r.Load.CPU) / float64(parts),
		"load KiB":    float64(r.Load.Bytes) / float64(parts) / (1 << 10),
	}, nil
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
