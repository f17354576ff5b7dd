package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// sealer encrypts so that the same text is the same data every time, under one key: a
// program is then kept once, however many runs have it. Whoever sees the data learns that two
// are equal, and nothing else; without the key nobody can make the data of a text to compare.
//
// The nonce is a MAC of the text, under a key of its own, and the encryption has a third key:
// one nonce is used for one text, and never with the key of other payloads.
type sealer struct {
	aead  cipher.AEAD
	nonce []byte // the key of nonces
	bound []byte // what the encryption binds the data to
}

func newSealer(k Key) (sealer, error) {
	derive := func(use string) []byte {
		mac := hmac.New(sha256.New, k.Secret[:])
		mac.Write([]byte("capstan shared payload 1: " + use))
		return mac.Sum(nil)
	}
	block, err := aes.NewCipher(derive("encryption"))
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return sealer{aead, derive("nonce"), []byte("capstan shared payload 1\x00" + k.ID)}, err
}

func (s sealer) seal(text []byte) []byte {
	mac := hmac.New(sha256.New, s.nonce)
	mac.Write(text)
	nonce := mac.Sum(nil)[:s.aead.NonceSize()]
	return s.aead.Seal(nonce, nonce, text, s.bound)
}

func (s sealer) open(data []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(data) < n {
		return nil, errors.New("it is too short")
	}
	return s.aead.Open(nil, data[:n], data[n:], s.bound)
}

// shelf has values of the store that histories share, as the store has them: each run begins with
// one, and each reader of a run reads it. It is safe for concurrent use.
type shelf struct {
	mu     sync.Mutex
	values map[string]shelved
	size   int
}

type shelved struct {
	data []byte
	put  time.Time // when this process put it into the store, zero for never
}

// The most that a shelf has, in bytes, and how long a value that was put is not put again.
// It is put again after that, so that what removes old values leaves those that are in use.
const (
	shelfSize = 16 << 20
	freshFor  = time.Hour
)

func newShelf() *shelf { return &shelf{values: map[string]shelved{}} }

// fresh reports whether a value was put into the store a short time ago.
func (s *shelf) fresh(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	put := s.values[key].put
	return !put.IsZero() && time.Since(put) < freshFor
}

func (s *shelf) get(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key].data
}

// put puts a value on the shelf, which is emptied where it would be too large.
func (s *shelf) put(key string, data []byte, stored bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(data) > shelfSize/4 {
		return
	}
	if s.size+len(data) > shelfSize {
		s.values, s.size = map[string]shelved{}, 0
	}
	v, ok := s.values[key]
	if !ok {
		s.size += len(data)
	}
	v.data = data
	if stored {
		v.put = time.Now()
	}
	s.values[key] = v
}
