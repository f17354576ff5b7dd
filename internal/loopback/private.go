package loopback

import (
	"net/netip"
	"strings"
)

// Private reports whether a host is reached without the internet: this machine, an
// address of a private network (RFC 1918, RFC 4193) or of one link, a name of one
// label, such as a service of a cluster, or one below a suffix that no public name has.
func Private(host string) bool {
	if Host(host) {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range privateSuffixes {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// privateSuffixes are those of multicast DNS (RFC 6762), of private use (ICANN 2024), of
// home networks (RFC 8375) and of tests (RFC 6761), and those that clusters and
// companies use.
var privateSuffixes = [...]string{".local", ".internal", ".home.arpa", ".test", ".svc", ".lan", ".intranet", ".corp", ".private"}
