package sqlite

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Values are sealed with AES-256-GCM under a data key, which is made once and kept in the
// database, sealed itself under the operator's key. Another operator's key is another seal of
// the same data key: none of the values is written anew.

// KeySize is the length of a key, in bytes.
const KeySize = 32

// ErrKey means that values are sealed and the key is missing or another one.
var ErrKey = errors.New("its runs are encrypted")

// ErrClear means that there is a key and runs were kept in clear before: [Rekey] encrypts
// them.
var ErrClear = errors.New("its runs were kept without a key, in clear")

const (
	sqlKeys    = `SELECT id, sealed FROM keys`
	sqlAddKey  = `INSERT OR REPLACE INTO keys (id, sealed, added) VALUES (?, ?, ?)`
	sqlOnlyKey = `DELETE FROM keys WHERE id <> ?`
)

// sealMagic is how a sealed value begins, and neither JSON text nor a compressed value.
var sealMagic = [2]byte{0x00, 0xc5}

// sealer seals values and opens them. A nil sealer leaves them in clear.
type sealer struct {
	aead     cipher.AEAD
	key      []byte
	blinding []byte // the key of facts
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key has %d bytes, and this one %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	blinding := sha256.Sum256(append([]byte("capstan facts\x00"), key...))
	return &sealer{aead, key, blinding[:]}, err
}

// place is where a value belongs: sealed there, it opens nowhere else.
type place struct {
	id     string // of the run, or the hash of a snapshot
	column string
	seq    int64 // of a record
	piece  int   // from 1 of the pieces of a long value
}

func (p place) bytes() []byte {
	out := make([]byte, 0, len(p.id)+len(p.column)+24)
	out = append(out, p.column...)
	out = strconv.AppendInt(append(out, ' '), p.seq, 10)
	out = strconv.AppendInt(append(out, ' '), int64(p.piece), 10)
	return append(append(out, ' '), p.id...)
}

// seal returns a value as it is kept at a place. None is kept as none.
func (s *sealer) seal(at place, v []byte) []byte {
	if s == nil || len(v) == 0 {
		return v
	}
	out := make([]byte, len(sealMagic), len(sealMagic)+len(v)+s.aead.Overhead())
	copy(out, sealMagic[:])
	return s.aead.Seal(out, nil, v, at.bytes())
}

// open undoes seal. A value that was kept before there was a key is in clear.
func (s *sealer) open(at place, v []byte) ([]byte, error) {
	switch {
	case !isSealed(v):
		return v, nil
	case s == nil:
		return nil, fmt.Errorf("%w: %s", ErrKey, hintKey)
	}
	out, err := s.aead.Open(nil, nil, v[len(sealMagic):], at.bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: an encrypted value was changed, or belongs elsewhere", ErrCorrupt)
	}
	return out, nil
}

func isSealed(v []byte) bool { return bytes.HasPrefix(v, sealMagic[:]) }

const hintKey = "give their key"

// blind is a fact as it can be looked for and not read.
func (s *sealer) blind(fact string) string {
	if s == nil {
		return fact
	}
	mac := hmac.New(sha256.New, s.blinding)
	mac.Write([]byte(fact))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// keyID is the name of an operator's key in the database.
func keyID(key []byte) []byte {
	sum := sha256.Sum256(append([]byte("capstan state key\x00"), key...))
	return sum[:16]
}

// dataKey is where a data key belongs.
func dataKey(id []byte) place { return place{id: string(id), column: "keys"} }

// querier asks the database, over a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// unlock returns the sealer of a database for an operator's key, nil where values are in clear.
// fresh reports that the database has no data key yet.
func unlock(ctx context.Context, db querier, path string, key []byte) (s *sealer, fresh bool, err error) {
	rows, err := db.QueryContext(ctx, sqlKeys)
	if err != nil {
		return nil, false, explain(path, err)
	}
	defer rows.Close()
	sealed := map[string][]byte{}
	for rows.Next() {
		var id, data []byte
		if err := rows.Scan(&id, &data); err != nil {
			return nil, false, explain(path, err)
		}
		sealed[string(id)] = data
	}
	if err := rows.Err(); err != nil {
		return nil, false, explain(path, err)
	}
	switch {
	case len(sealed) == 0:
		if key != nil && len(key) != KeySize {
			_, err = newSealer(key)
		}
		return nil, true, err
	case key == nil:
		return nil, false, fmt.Errorf("%s: %w: %s", path, ErrKey, hintKey)
	}
	id := keyID(key)
	own, known := sealed[string(id)]
	if !known {
		return nil, false, fmt.Errorf("%s: %w with another key than the one that is given", path, ErrKey)
	}
	operator, err := newSealer(key)
	if err != nil {
		return nil, false, err
	}
	if !isSealed(own) {
		return nil, false, fmt.Errorf("%s: %w: its key was changed", path, ErrCorrupt)
	}
	data, err := operator.open(dataKey(id), own)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	s, err = newSealer(data)
	return s, false, err
}

// unlocked returns the sealer of a database that may be written, with a data key made where
// there is none. Runs in clear are ErrClear, unless they are about to be sealed.
func unlocked(ctx context.Context, conn *sql.Conn, path string, key []byte, sealing bool) (*sealer, error) {
	s, fresh, err := unlock(ctx, conn, path, key)
	if err != nil || !fresh || key == nil {
		return s, err
	}
	// Of two processes that make one, the first wins.
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, explain(path, err)
	}
	if err := makeDataKey(ctx, conn, path, key, sealing); err != nil {
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return nil, explain(path, err)
	}
	s, _, err = unlock(ctx, conn, path, key)
	return s, err
}

// makeDataKey makes the data key of a database in a transaction, unless there is one by now.
func makeDataKey(ctx context.Context, conn *sql.Conn, path string, key []byte, sealing bool) error {
	_, fresh, err := unlock(ctx, conn, path, key)
	if err != nil || !fresh {
		return err
	}
	var runs bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM runs)").Scan(&runs); err != nil {
		return explain(path, err)
	}
	if runs && !sealing {
		return fmt.Errorf("%s: %w", path, ErrClear)
	}
	data := make([]byte, KeySize)
	rand.Read(data)
	return addKey(ctx, conn, path, key, data)
}

// addKey keeps a data key sealed under an operator's key.
func addKey(ctx context.Context, conn *sql.Conn, path string, key, data []byte) error {
	operator, err := newSealer(key)
	if err != nil {
		return err
	}
	id := keyID(key)
	_, err = conn.ExecContext(ctx, sqlAddKey, id, operator.seal(dataKey(id), data), time.Now().UnixNano())
	return explain(path, err)
}
