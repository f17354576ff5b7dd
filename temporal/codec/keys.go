package codec

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of a key, in bytes.
const KeySize = 32

// Key is an operator's key with the name that payloads refer to it by.
//
// One key is for at most 4,000,000,000 payloads: AES-GCM with random nonces is safe up to
// 2^32 of them. A run of five steps has about 20.
type Key struct {
	ID     string
	Secret [KeySize]byte
}

// String does not have the secret.
func (k Key) String() string { return k.ID + ":[redacted]" }

// GoString does not have the secret.
func (k Key) GoString() string { return k.String() }

// ParseKeys reads keys that are separated by commas or white space, as operators write them:
// 32 bytes as base64 or hex, with an id before them (2026:KEY) or without, where the id is
// one of the key itself. The first encrypts. An error has no part of a key.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		k, err := parseKey(word)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key; make one with `openssl rand -base64 32`")
	}
	return keys, nil
}

func parseKey(word string) (k Key, err error) {
	id, secret, named := strings.Cut(word, ":")
	if !named {
		id, secret = "", word
	} else if id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		return k, errors.New("its id is not made of 1 to 64 letters, digits, dots, hyphens and underscores")
	}
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if data, err := decode(secret); err == nil && len(data) == KeySize {
			k.ID, k.Secret = id, [KeySize]byte(data)
			if !named {
				k.ID = fingerprint(k.Secret)
			}
			return k, nil
		}
	}
	return k, fmt.Errorf("it is not %d bytes as base64 or hex; make one with `openssl rand -base64 32`", KeySize)
}

// fingerprint is the id of a key that has none.
func fingerprint(secret [KeySize]byte) string {
	sum := sha256.Sum256(append([]byte("capstan temporal key\x00"), secret[:]...))
	return hex.EncodeToString(sum[:4])
}
