package access

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxKeyFile is how large a file of keys may be, in bytes.
const maxKeyFile = 1 << 20

// How many characters a key has at least. Any word of a text that is no key
// file at all would be a key without a name, so those are longer.
const (
	minKey         = 8
	minNamelessKey = 16
)

// KeyFileOptions shape the reading of a file of keys. The zero value is strict and
// silent.
type KeyFileOptions struct {
	// Readable accepts a file that everyone on the machine may read, as a
	// mounted secret often is. Otherwise such a file is refused. Windows shows
	// nothing of it here, so there every file is accepted.
	Readable bool
	// Warn hears why a changed file was not taken (the keys read before stay
	// good), once per change, and that a file is readable by everyone. It must
	// be safe for concurrent use; nil hears nothing.
	Warn func(error)
}

// Keys is a Scheme that takes the bearer keys of a file.
type Keys struct {
	path string
	o    KeyFileOptions
	good atomic.Pointer[keys]

	mu      sync.Mutex // held to look at the file
	looked  time.Time
	seen    fs.FileInfo // the file as it was read; nil when it could not be
	read    time.Time
	refused string // why the file was not taken last time
}

// KeyFile reads bearer keys from the file at path: one key per line, alone or
// as name:key. The name is the caller's (letters, digits, "-", "_", "."), and
// several keys may share one while they are rotated; a key without a name is
// known by a fingerprint. A key has 8 characters at least, one without a name
// 16. Empty lines and lines that start with "#" are skipped.
//
// When the file changes its keys are read again, looking at most once a second
// and only on a call. A file that has become unreadable or wrong
// leaves the last good keys in force.
func KeyFile(path string, o *KeyFileOptions) (*Keys, error) {
	k := &Keys{path: path}
	if o != nil {
		k.o = *o
	}
	return k, k.load(time.Now())
}

func (k *Keys) identify(r *http.Request) (string, *refusal) {
	k.refresh(time.Now())
	return bearer(func() keys {
		if ks := k.good.Load(); ks != nil {
			return *ks
		}
		return nil
	}).identify(r)
}

// refresh reads the file again if it changed. A caller that comes while another looks
// goes on with the keys at hand.
func (k *Keys) refresh(now time.Time) {
	if !k.mu.TryLock() {
		return
	}
	defer k.mu.Unlock()
	if now.Sub(k.looked) < time.Second {
		return
	}
	k.looked = now
	info, err := os.Stat(k.path)
	if err == nil && k.unchanged(info) {
		return
	}
	err = k.load(now)
	switch {
	case err == nil:
		k.refused = ""
	case err.Error() != k.refused:
		k.refused = err.Error()
		k.warn(fmt.Errorf("%w; the keys read before stay good", err))
	}
}

// unchanged reports that the file is still the one read. A file written within
// the two seconds before it was read may have been written again in the same
// tick of the file system's clock, so it counts as changed.
func (k *Keys) unchanged(info fs.FileInfo) bool {
	return k.seen != nil && os.SameFile(info, k.seen) && info.Size() == k.seen.Size() && info.Mode() == k.seen.Mode() &&
		info.ModTime().Equal(k.seen.ModTime()) && k.read.Sub(info.ModTime()) > 2*time.Second
}

// load reads the file. On an error the keys stay as they were.
func (k *Keys) load(now time.Time) error {
	f, err := os.Open(k.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("key file %s does not exist", k.path)
	case err != nil:
		return fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if err := k.checkMode(info); err != nil {
		return err
	}
	src, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	ks, err := readKeys(src)
	if err != nil {
		return fmt.Errorf("key file %s: %w", k.path, err)
	}
	k.good.Store(&ks)
	k.seen, k.read = info, now
	return nil
}

func (k *Keys) checkMode(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s is not a regular file", k.path)
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
		return nil
	}
	err := fmt.Errorf("key file %s can be read by everyone on this machine; run chmod 600 %s", k.path, k.path)
	if !k.o.Readable {
		return err
	}
	if k.seen == nil || k.seen.Mode() != info.Mode() {
		k.warn(err)
	}
	return nil
}

func (k *Keys) warn(err error) {
	if k.o.Warn != nil {
		k.o.Warn(err)
	}
}

// readKeys reads the lines of a key file. Its errors name lines, never keys.
func readKeys(src []byte) (keys, error) {
	if len(src) > maxKeyFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxKeyFile)
	}
	var ks keys
	known := map[[32]byte]int{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, maxKeyFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, secret, named := strings.Cut(line, ":")
		if !named {
			name, secret = "", line
		}
		secret = strings.TrimSpace(secret)
		switch {
		case named && !validName(name):
			return nil, fmt.Errorf("line %d: what stands before the colon is no name; write name:key, with letters, digits, \"-\", \"_\" or \".\" in the name", n)
		case secret == "":
			return nil, fmt.Errorf("line %d: the key is empty", n)
		case strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c > '~' }):
			return nil, fmt.Errorf("line %d: the key has a character that no header can carry; use letters, digits and punctuation", n)
		case !named && len(secret) < minNamelessKey:
			return nil, fmt.Errorf("line %d: a key without a name has %d characters at least; write name:key, with a random key, such as openssl rand -hex 32 prints", n, minNamelessKey)
		case len(secret) < minKey:
			return nil, fmt.Errorf("line %d: the key has fewer than %d characters; make a random one, such as openssl rand -hex 32 prints", n, minKey)
		}
		k := newKey(name, secret)
		if first, twice := known[k.sum]; twice {
			return nil, fmt.Errorf("line %d: the key of line %d again; give every caller its own", n, first)
		}
		known[k.sum] = n
		ks = append(ks, k)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(ks) == 0 {
		return nil, errors.New("it holds no key; write one per line, as name:key")
	}
	return ks, nil
}

func validName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c))
	})
}
