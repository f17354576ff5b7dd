package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// nonces issues the nonces of digest authentication and takes each count of one
// once. A nonce carries its time and a signature by a key that only this
// process has, so that issuing one costs no memory: an entry is kept only for
// those a caller has used with the right password, and no more than max.
type nonces struct {
	secret []byte
	life   time.Duration
	max    int

	mu     sync.Mutex
	used   map[string]*counts
	oldest time.Time // nonces issued up to here were forgotten, and so are refused
}

// counts remembers which counts of a nonce were used: the highest and the 63
// below it, since requests sent side by side arrive in any order.
type counts struct {
	issued  time.Time
	highest uint64
	seen    uint64 // bit n: highest-n was used
}

func newNonces(life time.Duration, max int) *nonces {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return &nonces{secret: secret, life: life, max: max, used: map[string]*counts{}}
}

const nonceSize, macSize = 16, 16 // bytes: time and randomness; signature

func (n *nonces) issue(now time.Time) string {
	raw := make([]byte, nonceSize, nonceSize+macSize)
	binary.BigEndian.PutUint64(raw, uint64(now.UnixNano()))
	_, _ = rand.Read(raw[8:])
	return base64.RawURLEncoding.EncodeToString(append(raw, n.sign(raw)...))
}

func (n *nonces) sign(raw []byte) []byte {
	mac := hmac.New(sha256.New, n.secret)
	mac.Write(raw)
	return mac.Sum(nil)[:macSize]
}

// issuedAt is when this process issued the nonce; false if it did not.
func (n *nonces) issuedAt(nonce string) (time.Time, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(raw) != nonceSize+macSize || !hmac.Equal(raw[nonceSize:], n.sign(raw[:nonceSize])) {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(raw))), true
}

// use takes one count of a nonce; false if the nonce is not ours or too old, or
// the count was used before, or is below those remembered.
func (n *nonces) use(nonce string, count uint64, now time.Time) bool {
	issued, ok := n.issuedAt(nonce)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !ok || now.Sub(issued) > n.life || !issued.After(n.oldest) {
		return false
	}
	c := n.used[nonce]
	if c == nil {
		n.makeRoom(now)
		c = &counts{issued: issued}
		n.used[nonce] = c
	}
	return c.take(count)
}

// makeRoom forgets the nonces that have expired, and the oldest quarter of the
// others when the room is still full.
func (n *nonces) makeRoom(now time.Time) {
	if len(n.used) < n.max {
		return
	}
	cut := now.Add(-n.life)
	for round := 0; round < 2 && len(n.used) >= n.max; round++ {
		oldest, newest := now, time.Time{}
		for nonce, c := range n.used {
			if !c.issued.After(cut) {
				delete(n.used, nonce)
				continue
			}
			if c.issued.Before(oldest) {
				oldest = c.issued
			}
			if c.issued.After(newest) {
				newest = c.issued
			}
		}
		if cut.After(n.oldest) {
			n.oldest = cut
		}
		cut = oldest.Add(newest.Sub(oldest) / 4)
	}
}

func (c *counts) take(count uint64) bool {
	if count == 0 {
		return false
	}
	if count > c.highest {
		c.seen = c.seen<<min(count-c.highest, 64) | 1
		c.highest = count
		return true
	}
	behind := c.highest - count
	if behind >= 64 || c.seen&(1<<behind) != 0 {
		return false
	}
	c.seen |= 1 << behind
	return true
}
