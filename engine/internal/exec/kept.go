package exec

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// kept is the form in which a host keeps a step: the answer as later steps see it.
type kept struct {
	Status    int
	Attempts  int   // sendings in all
	Millis    int64 // from the first sending to the answer
	RequestID string
	Value     any
	// Of an answer that may be passed on as it came.
	Media string
	Raw   []byte
	// Headers are those that the plan reads, texts by their names in lower case.
	Headers map[string]any
	// Header is passed on by a served call; nothing is served from a kept answer.
	Header http.Header
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

// MarshalJSON makes kept the durable.Result of a step: one buffer, without
// reflection.
func (k *kept) MarshalJSON() ([]byte, error) {
	to := make([]byte, 0, 512)
	for _, f := range [...]struct {
		name  string // with what comes before it
		value any
		empty bool
	}{
		{`{"status":`, k.Status, false},
		{`,"attempts":`, k.Attempts, false},
		{`,"ms":`, int(k.Millis), false},
		{`,"request_id":`, k.RequestID, k.RequestID == ""},
		{`,"value":`, k.Value, false},
		{`,"headers":`, k.Headers, len(k.Headers) == 0},
		{`,"media":`, k.Media, k.Media == ""},
		{`,"raw":`, k.Raw, len(k.Raw) == 0},
	} {
		if f.empty {
			continue
		}
		var err error
		if to, err = jsonvalue.Append(append(to, f.name...), f.value); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
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
	k.Headers, _ = m["headers"].(map[string]any)
	k.Media, _ = m["media"].(string)
	if text, ok := m["raw"].(string); ok {
		k.Raw, err = base64.StdEncoding.DecodeString(text)
	}
	return k, err
}
