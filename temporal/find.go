package temporal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	"go.temporal.io/sdk/temporal"
)

// place is where a run stands, as the index has it.
type place struct {
	status  durable.Status
	waiting string
	due     time.Time
}

func placeOf(r journal.Row) place {
	p := place{status: r.Status}
	if r.Waiting != nil {
		p.waiting = attribute.Keyword(r.Waiting.Path)
	}
	if !r.Due.IsZero() && !r.Parked() {
		p.due = r.Due.Round(0).UTC()
	}
	return p
}

// placeIn returns the place that the attributes of a workflow have.
func placeIn(a temporal.SearchAttributes) place {
	status, _ := a.GetKeyword(attribute.Status)
	waiting, _ := a.GetKeyword(attribute.Waiting)
	due, _ := a.GetTime(attribute.Due)
	return place{durable.Status(status), waiting, due.Round(0).UTC()}
}

// attributes are those of a run that change as it goes on.
func (p place) attributes() []temporal.SearchAttributeUpdate {
	out := []temporal.SearchAttributeUpdate{attribute.Status.ValueSet(string(p.status)), attribute.Waiting.ValueUnset(), attribute.Due.ValueUnset()}
	if p.waiting != "" {
		out[1] = attribute.Waiting.ValueSet(p.waiting)
	}
	if !p.due.IsZero() {
		out[2] = attribute.Due.ValueSet(p.due)
	}
	return out
}

// foundBy are the attributes by which lists find a run, whatever becomes of it.
func foundBy(s durable.Spec, found *journal.Found, blind []byte) ([]temporal.SearchAttributeUpdate, error) {
	facts, err := attribute.Keywords(blinded(found.Facts, blind))
	out := []temporal.SearchAttributeUpdate{attribute.Facts.ValueSet(facts), attribute.Title.ValueUnset()}
	if title := attribute.Words(s.Title); title != "" && blind == nil {
		out[1] = attribute.Title.ValueSet(title)
	}
	return out, err
}

// blinded are facts as the server may know them.
func blinded(facts []string, blind []byte) []string {
	if blind == nil {
		return facts
	}
	out := make([]string, len(facts))
	for i, fact := range facts {
		mac := hmac.New(sha256.New, blind)
		mac.Write([]byte(fact))
		out[i] = base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
	}
	return out
}

// asked is the condition of a query for a run that has a fact.
func asked(fact string, blind []byte) string {
	var forms []string
	for _, form := range attribute.Forms(blinded([]string{fact}, blind)[0]) {
		forms = append(forms, quote(form))
	}
	return attribute.Facts.GetName() + " IN (" + strings.Join(forms, ", ") + ")"
}
