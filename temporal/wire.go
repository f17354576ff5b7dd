package temporal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/payload"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// What a history holds, in the order in which it is read: the input of an execution
// (begin), the inputs and results of its calls (callIn, callOut), what was said to the
// run from outside (said), where it came to rest (rest), and its end (rest again). Every
// record of the run's journal is in one of them, or follows from it by a rule that the
// workflow and those who read its history share, see fold.

// begin is the input of a workflow execution, beside the program, which is a payload of its
// own. It has all that earlier executions left.
type begin struct {
	Spec    spec     `json:"spec"` // without its snapshot
	Row     row      `json:"row"`
	Records []record `json:"records"`
	Drive   *drive   `json:"drive,omitempty"` // that the run was asked to be executed for
	Over    string   `json:"over,omitempty"`  // the last Drive that is over
	Heard   []string `json:"heard,omitempty"` // what was said to it that counts
	Gone    gone     `json:"gone,omitzero"`   // the last worker that was given up
	// Now is the time where Manual is set: it is set by hand.
	Now    time.Time `json:"now,omitzero"`
	Manual bool      `json:"manual,omitempty"`
	// Salt is for hashes that are in the history in clear: nobody without the run's values
	// finds out by trying what they are made of.
	Salt string `json:"salt,omitempty"`
}

// gone is when a worker was given up, and the call that it had. It may have sent that as late
// as then: waits for an API's pace and refused connections come after the intent.
type gone struct {
	Path string    `json:"path"`
	At   time.Time `json:"at"`
}

// drive is a Drive's wish that a run be executed.
type drive struct {
	ID       string        `json:"id"`
	MaxBlock time.Duration `json:"max_block"`
	Park     bool          `json:"park,omitempty"`
	Now      time.Time     `json:"now"`
	// Manual reports that Now is set by hand: time does not pass by itself.
	Manual bool `json:"manual,omitempty"`
}

// said is the payload of a signal or of an update.
type said struct {
	ID      string      `json:"id"`
	At      time.Time   `json:"at"`
	Signal  *signal     `json:"signal,omitempty"`
	Settle  *settlement `json:"settle,omitempty"`
	Correct *correction `json:"correct,omitempty"`
	Reopen  bool        `json:"reopen,omitempty"`
	Cancel  bool        `json:"cancel,omitempty"`
	Drive   *drive      `json:"drive,omitempty"`
}

func (s said) journal() journal.Said {
	out := journal.Said{Reopen: s.Reopen, Cancel: s.Cancel}
	if s.Signal != nil {
		out.Signal = &s.Signal.Signal
		out.Signal.Result = json.RawMessage(s.Signal.Result)
	}
	if s.Settle != nil {
		out.Settle = &s.Settle.Settlement
		out.Settle.Result = json.RawMessage(s.Settle.Result)
	}
	if s.Correct != nil {
		out.Correct = &s.Correct.Correction
		out.Correct.Input, out.Correct.Changes = json.RawMessage(s.Correct.Input), json.RawMessage(s.Correct.Changes)
	}
	return out
}

// The same as in package durable, with values that keep their bytes.
type (
	signal struct {
		durable.Signal
		Result raw
	}
	settlement struct {
		durable.Settlement
		Result raw
	}
	correction struct {
		durable.Correction
		Input, Changes raw
	}
)

// news are records that go on from the last one, and where the run stands after them.
type news struct {
	Add     []record `json:"add,omitempty"`
	Replace *record  `json:"replace,omitempty"`
	Row     *row     `json:"row,omitempty"`
}

// callIn is the input of an activity.
type callIn struct {
	news
	Call    string  `json:"call"`          // by which the worker knows the call
	Key     string  `json:"key,omitempty"` // its idempotency key
	Path    string  `json:"path"`
	Read    *record `json:"read,omitempty"` // of a read: its intent, which goes on record with the outcome
	Attempt int     `json:"attempt"`        // the sending, from 1
	Lost    bool    `json:"lost,omitempty"` // an earlier one may have taken effect

	asks durable.Detail // what the call asks for; on record elsewhere

	// Of polls.
	Schedule durable.Schedule `json:"schedule,omitzero"`
	Deadline time.Time        `json:"deadline,omitzero"`
	Tries    int              `json:"tries,omitempty"`   // looks so far
	Virtual  bool             `json:"virtual,omitempty"` // waits pass at once
	Single   bool             `json:"single,omitempty"`  // one look alone
}

// callOut is the result of an activity.
type callOut struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt,omitempty"` // the last sending
	Tries   int       `json:"tries,omitempty"`   // of a poll: looks so far
	Retried []record  `json:"retried,omitempty"` // sendings that were followed by others
	Maybe   bool      `json:"maybe,omitempty"`   // a sending before the last may have taken effect
	Via     string    `json:"via,omitempty"`
	// One of these: how it went. None: there was nothing yet, or no effect.
	Done     bool    `json:"done,omitempty"`
	Lost     *doubt  `json:"lost,omitempty"`
	Later    *later  `json:"later,omitempty"`
	Failed   *failed `json:"failed,omitempty"`
	TimedOut bool    `json:"timed_out,omitempty"`
	Result   raw     `json:"result,omitempty"` // when Done
}

// doubt is how an answer was lost.
type doubt struct {
	Description string `json:"description,omitempty"`
	How         string `json:"how,omitempty"`
}

// later is an API's wish to be left alone.
type later struct {
	At    time.Time `json:"at"`
	Cause string    `json:"cause,omitempty"`
}

// failed is a definite failure.
type failed struct {
	Text string `json:"text"`
	Kept raw    `json:"kept,omitempty"` // as durable.Failed keeps it
	Took bool   `json:"took_effect,omitempty"`
}

// row is a journal.Row with what its JSON would leave out.
type row struct {
	Status  durable.Status     `json:"status"`
	Due     time.Time          `json:"due,omitzero"`
	Ended   time.Time          `json:"ended,omitzero"`
	Waiting *durable.Suspended `json:"waiting,omitempty"`
	Lost    *string            `json:"lost,omitempty"`
	Doc     raw                `json:"doc,omitempty"`
}

func rowOf(r journal.Row) row {
	out := row{Status: r.Status, Due: r.Due, Ended: r.Ended, Waiting: r.Waiting, Doc: raw(r.Doc)}
	if r.Waiting != nil && r.Waiting.Err != nil {
		how := r.Waiting.Err.Error()
		out.Lost = &how
	}
	return out
}

func (r row) journal() journal.Row {
	out := journal.Row{Status: r.Status, Due: r.Due, Ended: r.Ended, Doc: json.RawMessage(r.Doc)}
	if r.Waiting != nil {
		w := *r.Waiting
		if r.Lost != nil {
			w.Err = errors.New(*r.Lost)
		}
		out.Waiting = &w
	}
	return out
}

// record is a journal.Record whose values keep their bytes.
type record struct {
	Seq     int64          `json:"seq"`
	At      time.Time      `json:"at"`
	Kind    string         `json:"kind"`
	Step    string         `json:"step,omitempty"`
	Attempt int            `json:"attempt,omitempty"`
	Detail  durable.Detail `json:"detail,omitzero"`
	Input   raw            `json:"input,omitempty"`
	Result  raw            `json:"result,omitempty"`
}

func recordOf(r journal.Record) record {
	out := record{Seq: r.Seq, At: r.At, Kind: r.Kind, Step: r.Step, Attempt: r.Attempt, Detail: r.Detail, Input: raw(r.Detail.Input), Result: raw(r.Result)}
	out.Detail.Input, out.Detail.Result = nil, nil
	return out
}

func (r record) journal() journal.Record {
	out := journal.Record{Seq: r.Seq, At: r.At, Kind: r.Kind, Step: r.Step, Attempt: r.Attempt, Detail: r.Detail, Result: json.RawMessage(r.Result)}
	out.Detail.Input = json.RawMessage(r.Input)
	return out
}

func recordsOf(in []journal.Record) []record {
	out := make([]record, len(in))
	for i, r := range in {
		out[i] = recordOf(r)
	}
	return out
}

func journals(in []record) []journal.Record {
	var out []journal.Record
	for _, r := range in {
		out = append(out, r.journal())
	}
	return out
}

// spec is a durable.Spec without its snapshot, whose inputs keep their bytes.
type spec struct {
	durable.Spec
	Input raw
}

func specOf(s durable.Spec) spec {
	out := spec{Spec: s, Input: raw(s.Input)}
	out.Spec.Snapshot, out.Spec.Input = nil, nil
	return out
}

func (s spec) durable(snapshot []byte) durable.Spec {
	out := s.Spec
	out.Snapshot, out.Input = snapshot, json.RawMessage(s.Input)
	return out
}

// programOf returns the payload of a program.
func programOf(snapshot []byte) converter.RawValue {
	return converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingBinary), payload.Shared: []byte("1")},
		Data:     snapshot,
	})
}

// raw is JSON that keeps its bytes: as itself where an encoder leaves it alone, else as
// base64 in an object.
type raw []byte

type rawBytes struct {
	Bytes []byte `json:"$bytes"`
}

// MarshalJSON returns the JSON, or the object.
func (r raw) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	var compact bytes.Buffer
	if json.Compact(&compact, r) == nil && bytes.Equal(compact.Bytes(), r) && !bytes.HasPrefix(r, []byte(`{"$bytes":`)) && !bytes.Equal(r, []byte("null")) {
		return r, nil
	}
	return json.Marshal(rawBytes{r})
}

// UnmarshalJSON takes back what MarshalJSON returned.
func (r *raw) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*r = nil
		return nil
	}
	var as rawBytes
	if bytes.HasPrefix(b, []byte(`{"$bytes":`)) {
		err := json.Unmarshal(b, &as)
		*r = as.Bytes
		return err
	}
	*r = bytes.Clone(b)
	return nil
}

// pack encodes a value of this file as a payload. The client's codec encrypts it, or stores
// it elsewhere when it is large.
func pack(v any) (converter.RawValue, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it would change values
	if err := e.Encode(v); err != nil {
		return converter.RawValue{}, err
	}
	return converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
		Data:     bytes.TrimSuffix(b.Bytes(), []byte("\n")),
	}), nil
}

// unpack decodes a payload.
func unpack(p *commonpb.Payload, into any) error {
	if p == nil {
		return errors.New("there is no value")
	}
	if e := string(p.Metadata[converter.MetadataEncoding]); e != converter.MetadataEncodingJSON {
		return fmt.Errorf("a value is encoded as %q, and the client has no codec for that", e)
	}
	if err := json.Unmarshal(p.Data, into); err != nil {
		return fmt.Errorf("a value of the history cannot be read: %w", err)
	}
	return nil
}

// rest is what an execution leaves where it comes to rest, in its memo.
type rest struct {
	news
	Drive string `json:"drive,omitempty"` // the Drive that is over with it
}
