// Package blob keeps values that are too large for the history of a run, each under the hash
// of its bytes: in a directory, or in a bucket of an S3-compatible service.
//
// Values are never changed and never removed here. A bucket's lifecycle rule, or a program
// that removes old files, must leave those that are younger than the longest run, the
// namespace's retention and an hour together.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// MaxSize is the size of the largest value, in bytes.
const MaxSize = 256 << 20

// ErrNotFound means that a store has no value of a key.
var ErrNotFound = errors.New("the value is not there")

// ErrChanged means that the bytes under a key are not those that were kept.
var ErrChanged = errors.New("the value was changed or cut short")

// Store keeps values. Its methods are safe for concurrent use; their errors name the key and
// the store, and are ErrNotFound where there is no such value.
type Store interface {
	// Put keeps data under a key. Once it returned nil, every Get finds the value. The same
	// key is given again with the same data only.
	Put(ctx context.Context, key string, data []byte) error
	// Get returns the value of a key.
	Get(ctx context.Context, key string) ([]byte, error)
}

// Key returns the key of a value: its SHA-256 in lower-case hexadecimal digits.
func Key(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Keep puts data into a store and returns its key.
func Keep(ctx context.Context, s Store, data []byte) (string, error) {
	key := Key(data)
	if len(data) > MaxSize {
		return "", fmt.Errorf("blob %s: it has %d bytes, and at most %d are kept", key, len(data), MaxSize)
	}
	return key, s.Put(ctx, key, data)
}

// Fetch returns the value of a key that Keep returned. It is ErrChanged where the store
// returns other bytes.
func Fetch(ctx context.Context, s Store, key string) ([]byte, error) {
	if !isKey(key) {
		return nil, fmt.Errorf("blob %q: that is no key, which is a SHA-256 in hexadecimal digits", key)
	}
	data, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if Key(data) != key {
		return nil, fmt.Errorf("blob %s: %w: it has %d bytes with another hash", key, ErrChanged, len(data))
	}
	return data, nil
}

func isKey(key string) bool {
	if len(key) != 2*sha256.Size {
		return false
	}
	for _, r := range key {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// Open returns the store of a URL:
//
//	file:///var/lib/capstan/blobs             a directory, made if it is not there
//	s3://BUCKET/PREFIX                        a bucket of AWS
//	s3://BUCKET/PREFIX?endpoint=HOST:PORT     a bucket of another service
//
// The parameters of s3 are endpoint, region (else AWS_REGION, else us-east-1), insecure=true
// for HTTP without TLS, and path-style=true where the bucket is no part of the host name.
// The credentials are those of the environment, the AWS credentials file, or the machine's or
// pod's role, in this order.
func Open(address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || !filepath.IsAbs(filepath.FromSlash(u.Path)) || u.RawQuery != "" {
			return nil, fmt.Errorf("blob store %q: a directory is written file:///PATH", address)
		}
		return NewDir(filepath.FromSlash(u.Path))
	case "s3":
		o, err := s3Options(u)
		if err != nil {
			return nil, fmt.Errorf("blob store %q: %w", u.Redacted(), err)
		}
		return NewS3(o)
	}
	return nil, fmt.Errorf("blob store %q: it is neither file:///PATH nor s3://BUCKET/PREFIX", u.Redacted())
}
