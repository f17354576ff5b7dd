// Package loopback recognises this machine: the hosts that no network lies
// before. Start with [Host].
package loopback

import (
	"net/netip"
	"net/url"
	"strings"
)

// Host reports whether a host, without a port, is this machine.
func Host(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Confidential reports whether a request to u can be read by nobody on the way:
// it goes over https, or to this machine.
func Confidential(u *url.URL) bool { return u.Scheme == "https" || Host(u.Hostname()) }
