package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// key is one secret that opens the door, kept as its hash: equal lengths, so
// that comparing reveals nothing about the secret's.
type key struct {
	name string
	sum  [sha256.Size]byte
}

// newKey makes a key. Without a name it is called by a fingerprint of the
// secret, which stays the same when keys are added or reordered.
func newKey(name, secret string) key {
	if name == "" {
		fp := sha256.Sum256([]byte("capstan caller\x00" + secret))
		name = "key-" + hex.EncodeToString(fp[:6])
	}
	return key{name: name, sum: sha256.Sum256([]byte(secret))}
}

type keys []key

// find gives the name of the key that secret is. It compares with every key
// whether or not one matched, with equal, which must take the same time for
// all it compares: subtle.ConstantTimeCompare.
func (ks keys) find(secret string, equal func(x, y []byte) int) (name string, ok bool) {
	sum := sha256.Sum256([]byte(secret))
	at := -1
	for i := range ks {
		at = subtle.ConstantTimeSelect(equal(sum[:], ks[i].sum[:]), i, at)
	}
	if at < 0 {
		return "", false
	}
	return ks[at].name, true
}
