package connect

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/internal/loopback"
)

// CheckBaseURL refuses a base URL that no request could go to, before anything
// is sent. It never repeats a part that may be a password.
func CheckBaseURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("it is no URL")
	case u.User != nil:
		return fmt.Errorf("credentials do not belong in it; put them in the environment")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("it must begin with https:// (or http:// for this machine)")
	case u.Hostname() == "":
		return fmt.Errorf("it names no host")
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("it must not have a query or fragment")
	}
	return nil
}

// confidential reports whether requests to a server cannot be read on the way.
func confidential(server string) bool {
	u, err := url.Parse(server)
	return err == nil && loopback.Confidential(u)
}

// origin returns the scheme and host of a URL.
func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return url[:len(scheme)+len("://")+len(host)]
}

// originOr returns the scheme and host of a URL, or the text where it has none,
// such as one with a placeholder.
func originOr(url string) string {
	if host := origin(url); host != "" {
		return host
	}
	return url
}
