package engine

import (
	"fmt"
	"net/url"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/loopback"
)

// checkBaseURL refuses a base URL that no request could go to, before anything
// is sent. It never repeats what may be a password.
func checkBaseURL(text string) error {
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

// checkServers reports servers that credentials must not go to, which is known
// before the run.
func (l *loader) checkServers(apis map[string]*api) {
	if !l.opts.sends() {
		return
	}
	for _, a := range apis {
		for _, host := range a.hosts {
			if u, err := url.Parse(host); len(a.needs) > 0 && err == nil && !loopback.Confidential(u) {
				l.report.Diagnostics.Errorf(diag.Pos{File: l.serverFrom()}, "insecure-server",
					"the credential of %q would go to %s unencrypted; use https", a.name, host)
			}
		}
	}
}

// serverFrom says where a server's URL stands.
func (l *loader) serverFrom() string {
	if l.opts.BaseURL != "" {
		return "--base-url"
	}
	return l.report.File
}
