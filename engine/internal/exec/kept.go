package exec

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// kept is the form in which a host keeps a step: the answer as later steps see it.
type kept struct {
	Status    int    `json:"status"`
	Attempts  int    `json:"attempts"` // sendings in all
	Millis    int64  `json:"ms"`       // from the first sending to the answer
	RequestID string `json:"request_id,omitempty"`
	Value     any    `json:"value"`
	// Of an answer that may be passed on as it came.
	Media string `json:"media,omitempty"`
	Raw   []byte `json:"raw,omitempty"`
	// Header is passed on by a served call; nothing is served from a kept answer.
	Header http.Header `json:"-"`
	// settled reports that the answer proves an effect and has no value.
	settled bool
}

// Supplied is the kept form of an answer that a person supplies for one that
// was lost: it was sent once at least.
func Supplied(value any) (json.RawMessage, error) {
	return (&kept{Value: value, Attempts: 1}).MarshalJSON()
}

// Figures returns the figures of a kept result; an external step's has none.
func Figures(raw json.RawMessage) (status, attempts int, millis int64) {
	k, err := decodeKept(raw)
	if err != nil {
		return 0, 0, 0
	}
	return k.Status, k.Attempts, k.Millis
}

// MarshalJSON makes kept the durable.Result of a step.
func (k *kept) MarshalJSON() ([]byte, error) {
	value, err := jsonvalue.Append(make([]byte, 0, 1024), k.Value)
	if err != nil {
		return nil, err
	}
	type fields kept
	encoded := fields(*k)
	encoded.Value = json.RawMessage(value)
	return json.Marshal(&encoded)
}

func decodeKept(raw json.RawMessage) (*kept, error) {
	k := &kept{}
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	k.Status, _ = m["status"].(int)
	k.Attempts, _ = m["attempts"].(int)
	ms, _ := m["ms"].(int)
	k.Millis = int64(ms)
	k.RequestID, _ = m["request_id"].(string)
	k.Value = m["value"]
	k.Media, _ = m["media"].(string)
	if text, ok := m["raw"].(string); ok {
		k.Raw, err = base64.StdEncoding.DecodeString(text)
	}
	return k, err
}
