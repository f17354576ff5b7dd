package engine

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// crockford is the base-32 alphabet of ULIDs, in lower case: it sorts as its
// bytes do and leaves out letters that are read wrongly.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// newRunID returns "run_" and 26 characters: the milliseconds since 1970, then
// 80 random bits, so that ids sort by the time they were made.
func newRunID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	rand.Read(raw[6:]) // crypto/rand.Read never fails
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	var text [26]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return "run_" + string(text[:])
}
