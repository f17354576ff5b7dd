package loopback_test

import (
	"testing"

	"github.com/capstan-run/capstan/internal/loopback"
)

func TestPrivate(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.0.9": true, "fd00::1": true, "::ffff:10.0.0.1": true,
		"169.254.0.1": true, "0.0.0.0": true, "fleet": true, "fleet.default.svc": true, "fleet.svc.cluster.local": true, "printer.LOCAL.": true, "db.internal": true, "nas.home.arpa": true,
		"172.32.0.1": false, "8.8.8.8": false, "2001:db8::1": false, "api.example.com": false, "local.example.com": false, "localnet.example": false,
	} {
		if got := loopback.Private(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
