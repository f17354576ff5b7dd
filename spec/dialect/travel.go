package dialect

import (
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/secrets"
)

// travels reports credentials of a file that others can read on their way: sent
// unencrypted, or in the query of a URL, which logs and histories keep.
func travels(f *spec.File) diag.List {
	var out diag.List
	for _, api := range f.APIs {
		if api.Described {
			out = append(out, unencrypted(api)...)
			out = append(out, inQueries(api)...)
		}
	}
	for _, x := range f.Exposures {
		if a := x.Auth; a != nil && a.Type.Value == "apikey" && a.Placement.Value == "query" {
			out.Add(warning(a.Placement, "credential-in-query", "callers of this exposure send their key in the query of a URL, which logs and histories keep", "write placement: header"))
		}
	}
	return out
}

func warning(at spec.Str, code, message, hint string) diag.Diagnostic {
	pos, end := at.Whole()
	return diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: pos, EndColumn: end, Message: message, Hint: hint}
}

// unencrypted reports the servers of an API that get a credential over plain HTTP.
func unencrypted(api *spec.API) (out diag.List) {
	var servers []spec.Str
	if api.Auth != nil || sendsCredential(api) {
		servers = append(servers, api.BaseURI)
	}
	for _, a := range api.Auth.All() {
		servers = append(servers, a.TokenEndpoint)
	}
	for _, s := range servers {
		host, readable := plainHost(s.Value)
		if readable {
			out.Add(warning(s, "insecure-server", fmt.Sprintf("the credential of %q would go to http://%s unencrypted", api.Namespace.Value, host), "write https://"+strings.TrimPrefix(strings.TrimSpace(s.Value), "http://")))
		}
	}
	return out
}

// plainHost returns the host of a URL, and whether others can read what is sent there.
// It is not where the host has a variable.
func plainHost(text string) (host string, readable bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" || strings.Contains(u.Host, "{") {
		return "", false
	}
	return u.Host, u.Hostname() != "" && !loopback.Private(u.Hostname())
}

// sendsCredential reports whether a parameter of the API is a credential.
func sendsCredential(api *spec.API) bool {
	for p := range params(api) {
		if !strings.EqualFold(p.In.Value, "path") && secrets.IsName(p.Name.Value) {
			return true
		}
	}
	return false
}

// inQueries reports the first credential that an API takes in the query.
func inQueries(api *spec.API) (out diag.List) {
	for _, a := range api.Auth.All() {
		if a.Type.Value == "apikey" && a.Placement.Value == "query" {
			return diag.List{inQuery(a.Placement, "the key of the API")}
		}
	}
	for p := range params(api) {
		if strings.EqualFold(p.In.Value, "query") && secrets.IsName(p.Name.Value) {
			return diag.List{inQuery(p.Name, "the credential "+p.Name.Value)}
		}
	}
	return nil
}

// params yields the parameters of an API and of its operations, some of them several times.
func params(api *spec.API) iter.Seq[*spec.Param] {
	return func(yield func(*spec.Param) bool) {
		for _, p := range api.Params {
			if !yield(p) {
				return
			}
		}
		for _, op := range api.Operations {
			for _, p := range op.Params {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// inQuery is a note: the API decides where it takes its key.
func inQuery(at spec.Str, what string) diag.Diagnostic {
	d := warning(at, "credential-in-query", what+" is sent in the query of a URL, which logs and histories keep", "send it in a header, where the API takes it there")
	d.Severity = diag.Info
	return d
}
