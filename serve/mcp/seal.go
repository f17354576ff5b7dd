package mcp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// seal signs the state of an Ask for its way through the client, bound to the
// tool that asked (2026-07-28, multi-round-trip requests: a server must not
// trust state it cannot verify).
type seal struct{ key []byte }

var errState = errors.New("the request state was not issued here: call the tool again without it")

func newSeal(key []byte) *seal {
	if len(key) == 0 {
		key = make([]byte, sha256.Size)
		rand.Read(key) // never fails
	}
	return &seal{key}
}

// close gives the sealed state; "" needs no seal.
func (s *seal) close(tool, state string) string {
	if state == "" {
		return ""
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(state)) + "." + encode(s.sum(tool, state))
}

func (s *seal) open(tool, sealed string) (string, error) {
	body, sum, _ := strings.Cut(sealed, ".")
	state, err1 := base64.RawURLEncoding.DecodeString(body)
	mac, err2 := base64.RawURLEncoding.DecodeString(sum)
	if err1 != nil || err2 != nil || !hmac.Equal(mac, s.sum(tool, string(state))) {
		return "", errState
	}
	return string(state), nil
}

func (s *seal) sum(tool, state string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("capstan mcp state\x00" + tool + "\x00" + state))
	return mac.Sum(nil)
}
