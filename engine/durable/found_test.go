package durable_test

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
)

func TestTitleOf(t *testing.T) {
	type labels = map[string]string
	type values = []durable.Value
	org, mail, imo, long := durable.Value{"organization_name", "Acme"}, durable.Value{"admin_email", "it@acme.example"}, durable.Value{"imo", "9074729"}, durable.Value{"note", strings.Repeat("long ", 50)}
	for _, tt := range []struct {
		labels labels
		naming values
		all    values
		want   string
	}{
		{labels{"customer": "Acme"}, values{org}, values{org}, "Acme"},
		{labels{"env": "prod", "customer": "Acme"}, nil, nil, "customer=Acme env=prod"},
		{labels{"env": "prod", "team": "a"}, values{org}, values{org, mail}, "Acme env=prod team=a"},
		{labels{"env": "prod"}, nil, values{imo}, "imo=9074729 env=prod"},
		{labels{"ship": "9074729", "env": "prod"}, nil, values{imo}, "imo=9074729 env=prod"},
		{labels{durable.KeyLabel: "k-1"}, values{mail, org}, nil, "Acme"},
		{nil, values{mail}, values{imo, mail}, "it@acme.example"},
		{nil, nil, values{imo}, "9074729"},
		{nil, values{imo}, values{imo, mail}, "imo=9074729 admin_email=it@acme.example"},
		{nil, values{{"name", " "}}, values{imo}, "9074729"},
		{nil, nil, values{{"a", "two\n\x1b[31m lines"}}, "two [31m lines"},
		{nil, nil, values{long}, strings.Repeat("long ", 19) + "long…"},
		{nil, nil, nil, ""},
	} {
		if got := durable.TitleOf(tt.labels, tt.naming, tt.all); got != tt.want {
			t.Errorf("%v, %v, %v: %q, want %q", tt.labels, tt.naming, tt.all, got, tt.want)
		}
	}
}
