package command

import (
	"cmp"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/limit"
)

// accessFlags guard served compositions.
type accessFlags struct {
	set      *pflag.FlagSet
	keyFile  string
	issuer   string
	resource string
	audience string
	scopes   []string
	open     bool
	origins  []string
	hosts    []string
	rate     float64
}

func (f *accessFlags) add(to *pflag.FlagSet) {
	fs := pflag.NewFlagSet("access", pflag.ContinueOnError)
	fs.StringVar(&f.keyFile, "api-key-file", "", "callers need a key of `FILE`: one a line, as NAME:KEY; each name sees its own runs; changes count at once")
	fs.StringVar(&f.issuer, "oauth-issuer", "", "callers need an OAuth2 token of the authorization server at `URL`")
	fs.StringVar(&f.resource, "oauth-resource", "", "this server's `URI` as tokens know it, such as https://capstan.example.com/mcp")
	fs.StringVar(&f.audience, "oauth-audience", "", "what tokens are for, their `AUD` (default: the resource)")
	textsVar(fs, &f.scopes, "oauth-scope", "a `SCOPE` that tokens must grant (repeat)")
	fs.BoolVar(&f.open, "insecure-open", false, "let in everybody who can reach the address, without a key or token")
	textsVar(fs, &f.origins, "cors-origin", "let pages of `ORIGIN` call, such as https://console.example.com (repeat; default none)")
	textsVar(fs, &f.hosts, "allow-host", "answer on loopback under the name `HOST` too, as behind a proxy (repeat)")
	fs.Float64Var(&f.rate, "rate", 0, "let each caller send `N` requests a second (default no bound)")
	f.set = fs
	to.AddFlagSet(fs)
}

// given names one of the flags that were set, "" for none.
func (f *accessFlags) given() (name string) {
	f.set.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed {
			name = cmp.Or(name, "--"+flag.Name)
		}
	})
	return name
}

// access makes the guard of the flags.
func (f *accessFlags) access(log *slog.Logger) (serve.Access, error) {
	out := serve.Access{Open: f.open, Origins: f.origins, Hosts: f.hosts, Rate: limit.Rate{PerSecond: f.rate}}
	switch {
	case f.keyFile != "" && f.issuer != "":
		return out, usagef("--api-key-file and --oauth-issuer are two ways to tell callers apart: give one")
	case f.open && (f.keyFile != "" || f.issuer != ""):
		return out, usagef("--insecure-open lets in everybody, with or without a key or token: drop it")
	case f.issuer == "" && (f.resource != "" || f.audience != "" || len(f.scopes) > 0):
		return out, usagef("--oauth-issuer is missing: the authorization server whose tokens are taken")
	case f.issuer != "" && f.resource == "":
		return out, usagef("--oauth-resource is missing: this server's URI, as tokens know it")
	case f.rate < 0:
		return out, usagef("--rate %v is not a number of requests", f.rate)
	case f.keyFile != "":
		keys, err := access.KeyFile(f.keyFile, &access.KeyFileOptions{Warn: func(err error) { log.Warn(err.Error()) }})
		if err != nil {
			return out, usagef("--api-key-file: %v", err)
		}
		out.Scheme = keys
	case f.issuer != "":
		oauth, err := access.OAuth2(access.OAuth2Options{Issuer: f.issuer, Resource: f.resource, Audience: f.audience, Scopes: f.scopes, Log: log})
		if err != nil {
			return out, usagef("OAuth2: %v", err)
		}
		out.Scheme = oauth
	}
	return out, nil
}
