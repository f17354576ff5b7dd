package sqlite

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/capstan-run/capstan/internal/journal"
)

// A run that ended is archived: its document and its records become one compressed value, in
// the column archive of its row. A run has either its records or an archive of them. It is
// archived a while after its end, and its next change, which takes it up again, restores the
// records first.
//
// An archive is a byte for its format and deflated data, with numbers as varints and texts and
// values behind their lengths: the times of the first and the last record, the number of
// records, the document, and the records in order. They have the form of their columns, neither compressed
// nor sealed on their own: the archive is, as a whole. What is kept in pieces stays there.

// archiveFormat is the first byte of an archive whose data is deflated with archiveWords.
const archiveFormat = 1

// archiveWords are what archives have in common, the most frequent last. The compressor refers
// to them, so that archives of a released format are read with the same words: for others there
// is another format.
var archiveWords = []byte(`"mock":true,"labels":{"error":{"message":"","code":""},"title":"","reason":"external","description":"","until":"","deadline":"","next":"","tries":` +
	`"via":"probe","lost":true,"error":"answered 422 Unprocessable Entity","happened":true},"signal":"","by":"","key":"` +
	`retrypollsignalsettledstep-failedwaitingstartedcorrectedreopened` +
	`{"status":"failed"}{"status":"cancelled"},"policy":"probed","policy":"keyed","policy":"idempotent","policy":"unsafe","policy":"safe",` +
	`"list_metadata":{"before":null,"after":null}},"object":"list","data":[{"object":"","metadata":{},"url":"https://","description":"","type":"","state":"active",` +
	`"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z","email":"","name":"","id":"` +
	`{"run":"run_01m","capability":"","status":"succeeded","outputs":{"organization_id":""},"steps":[{"id":"","status":"succeeded","attempts":1,"http_status":200,"duration_ms":0},{"id":""` +
	`{"input_hash":"timerended{"status":"succeeded"}` +
	`step-intent{"operation":"","policy":"unsafe","input_hash":"","input":{"query.{"path.{"body":{"name":""}}}` +
	`step-done{"operation":"","policy":"safe","input_hash":"","input":{"status":201,"attempts":1,"ms":{"status":200,"attempts":1,"ms":1,"value":{"data":[{"id":"`)

// archiveMost is how long the document and the records of a run may be, in bytes, for it to be
// archived. One that is longer stays as it is: its values are compressed on their own.
const archiveMost = 1 << 20

// errUnfit means that a run is not archived: it is too long, or not as archives can have it.
var errUnfit = errors.New("the run stays as it is")

// archiving makes archives, one after the other.
type archiving struct {
	seal    *sealer
	deflate *flate.Writer
	out     bytes.Buffer

	id          string
	doc         []byte // as appendValue has it
	text        []byte // the records
	records     int64
	first, last int64 // their times
	size        int
}

func newArchiving(seal *sealer) (*archiving, error) {
	deflate, err := flate.NewWriterDict(nil, flate.DefaultCompression, archiveWords)
	return &archiving{seal: seal, deflate: deflate}, err
}

// reset begins the archive of a run.
func (a *archiving) reset(id string) {
	a.id, a.doc, a.text, a.records, a.size = id, a.doc[:0], a.text[:0], 0, 0
}

// add scans a row of sqlToArchive: a record, or the document as the result of a record 0.
func (a *archiving) add(rows *sql.Rows) error {
	var seq, at, attempt int64
	var kind, step, detail, result sql.RawBytes
	var pieces bool
	if err := rows.Scan(&seq, &at, &kind, &step, &attempt, &detail, &result, &pieces); err != nil {
		return err
	}
	if seq == 0 {
		var err error
		a.doc, err = a.plain(a.doc, place{id: a.id, column: "doc"}, result, pieces)
		return err
	}
	if a.records++; seq != a.records {
		return errUnfit
	}
	if seq == 1 {
		a.first, a.last = at, at
	}
	a.text = binary.AppendVarint(a.text, at-a.last)
	a.last = at
	a.text = binary.AppendVarint(a.text, attempt)
	a.text = appendValue(appendValue(a.text, kind), step)
	var err error
	if a.text, err = a.plain(a.text, place{id: a.id, column: "detail", seq: seq}, detail, false); err != nil {
		return err
	}
	a.text, err = a.plain(a.text, place{id: a.id, column: "result", seq: seq}, result, pieces)
	return err
}

// plain appends a value of a column neither sealed nor compressed, or the number of its pieces.
func (a *archiving) plain(to []byte, at place, v []byte, pieces bool) ([]byte, error) {
	if pieces {
		n, err := strconv.ParseUint(string(v), 10, 64)
		return binary.AppendUvarint(append(to, 1), n), err
	}
	if a.size+len(v) > archiveMost {
		return to, errUnfit
	}
	plain, err := a.seal.unpack(at, v)
	a.size += len(plain)
	switch {
	case err != nil, a.size > archiveMost:
		return to, errUnfit
	case isSealed(plain), bytes.HasPrefix(plain, gzipMagic[:]): // no JSON text, and read as what it begins like
		return to, errUnfit
	}
	return appendValue(to, plain), nil
}

// appendValue appends a value: 0 for none, its length and 2, and itself; 1 is that of one in
// pieces.
func appendValue(to, v []byte) []byte {
	if v == nil {
		return append(to, 0)
	}
	return append(binary.AppendUvarint(to, uint64(len(v))+2), v...)
}

// value is the archive, sealed.
func (a *archiving) value() ([]byte, error) {
	head := binary.AppendVarint(nil, a.first)
	head = binary.AppendVarint(head, a.last-a.first)
	head = binary.AppendUvarint(head, uint64(a.records))
	a.out.Reset()
	a.out.WriteByte(archiveFormat)
	a.deflate.Reset(&a.out)
	for _, part := range [][]byte{head, a.doc, a.text} {
		if _, err := a.deflate.Write(part); err != nil {
			return nil, err
		}
	}
	if err := a.deflate.Close(); err != nil {
		return nil, err
	}
	return a.seal.seal(archiveAt(a.id), bytes.Clone(a.out.Bytes())), nil
}

func archiveAt(id string) place { return place{id: id, column: "archive"} }

// archived is an archive that is being read. The first error stays.
type archived struct {
	first, last int64 // the times of the first and the last record
	records     int64 // how many there are
	doc         any   // as its column has it, in clear

	from    bytes.Reader
	inflate io.ReadCloser // a flate.Resetter
	in      *bufio.Reader
	err     error
}

// openArchive reads an archive up to its document. It is to be closed if there is no error.
func (s *store) openArchive(id string, v []byte) (*archived, error) {
	v, err := s.seal.open(archiveAt(id), v)
	if err != nil {
		return nil, err
	}
	if v[0] != archiveFormat {
		return nil, fmt.Errorf("%w: run %q has an archive of the unknown format %d", ErrCorrupt, id, v[0])
	}
	a, ok := s.archives.Get().(*archived)
	if !ok {
		a = &archived{inflate: flate.NewReader(nil), in: bufio.NewReaderSize(nil, 512)}
	}
	a.from.Reset(v[1:])
	a.err = a.inflate.(flate.Resetter).Reset(&a.from, archiveWords)
	a.in.Reset(a.inflate)
	a.first = a.varint()
	a.last = a.first + a.varint()
	a.records = a.number()
	a.doc = a.value()
	return a, a.fault(id)
}

// close lets another archive be read with the same buffers.
func (s *store) closeArchive(a *archived) {
	a.doc = nil
	a.from.Reset(nil)
	s.archives.Put(a)
}

// each calls do for each record after the one numbered after.
func (a *archived) each(id string, after int64, do func(keptRecord) error) error {
	at := a.first
	for seq := int64(1); seq <= a.records; seq++ {
		at += a.varint()
		k := keptRecord{seq: seq, at: at, attempt: int(a.varint()), kind: a.text(), step: a.text(), detail: a.bytes(), result: a.value()}
		if err := a.fault(id); err != nil {
			return err
		}
		if seq <= after {
			continue
		}
		if err := do(k); err != nil {
			return err
		}
	}
	return nil
}

// fault is the error of an archive that cannot be read.
func (a *archived) fault(id string) error {
	if a.err == nil {
		return nil
	}
	return fmt.Errorf("%w: the archive of run %q cannot be read: %w", ErrCorrupt, id, a.err)
}

func (a *archived) varint() int64 {
	if a.err != nil {
		return 0
	}
	var n int64
	n, a.err = binary.ReadVarint(a.in)
	return n
}

func (a *archived) number() int64 {
	if a.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(a.in)
	if a.err = err; n > math.MaxInt64 {
		a.err = errLength
	}
	return int64(n)
}

var errLength = errors.New("a length is out of range")

// value undoes appendValue.
func (a *archived) value() any {
	n := a.number()
	switch {
	case a.err != nil || n == 0:
		return nil
	case n == 1:
		return a.number()
	case n-2 > archiveMost:
		a.err = errLength
		return nil
	}
	v := make([]byte, n-2)
	_, a.err = io.ReadFull(a.in, v)
	return v
}

func (a *archived) bytes() []byte {
	v, _ := a.value().([]byte)
	return v
}

func (a *archived) text() string { return string(a.bytes()) }

// restore gives a run that is archived its records back, if the last one is the one numbered
// last.
func (s *store) restore(tx stmts, id string, last int64) (restored bool, err error) {
	var v []byte
	err = tx[sqlArchive].QueryRow(id).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(v) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := s.openArchive(id, v)
	if err != nil {
		return false, err
	}
	defer s.closeArchive(a)
	if a.records != last {
		return false, nil
	}
	doc, err := s.seal.keep(place{id: id, column: "doc"}, a.doc)
	if err != nil {
		return false, err
	}
	if err := tx.exec(sqlUnarchive, id, doc); err != nil {
		return false, err
	}
	return true, a.each(id, 0, func(k keptRecord) error {
		detail, err := s.seal.keep(place{id: id, column: "detail", seq: k.seq}, k.detail)
		if err != nil {
			return err
		}
		result, err := s.seal.keep(place{id: id, column: "result", seq: k.seq}, k.result)
		if err != nil {
			return err
		}
		return tx.exec(sqlRecord, id, k.seq, k.at, k.kind, k.step, k.attempt, detail, result)
	})
}

// keep returns a value of an archive as its column keeps it.
func (s *sealer) keep(at place, v any) (any, error) {
	if v, ok := v.([]byte); ok {
		return s.pack(at, "a value", v)
	}
	return v, nil
}

// guard makes the change's first record, or only looks, and fails when the run's last record is
// not the one numbered after. A run that is archived gets its records back first.
func (s *store) guard(tx stmts, id string, after int64, adds []entry) error {
	err := guard(tx, id, after, adds)
	if !errors.Is(err, journal.ErrMoved) {
		return err
	}
	restored, failed := s.restore(tx, id, after)
	if failed != nil || !restored {
		return cmp.Or(failed, err)
	}
	return guard(tx, id, after, adds)
}
