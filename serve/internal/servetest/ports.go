package servetest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// FreePorts finds ports that nothing listens at. They lie below those that a system
// gives away by itself, so that nothing else takes one before its test does.
func FreePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range 1000 {
		if len(ports) == n {
			return ports
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err != nil {
			continue // it is taken
		}
		defer l.Close() // all are held until all are found
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	t.Fatal("no port is free")
	return nil
}
