package access

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func writeKeys(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// opens gives the caller's name, or "" when the key is refused.
func opens(s Scheme, key string) string {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+key)
	if w := knock(s, r); w.Code == 200 {
		return w.Body.String()
	}
	return ""
}

func TestKeyFileLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	writeKeys(t, path, "\ufeff# who may call\n\n ops:k-ops-old \nops:k-ops-new\r\nci.main: k:with:colons\nk-plain-and-long\n#off:k-off-is-off\n", 0o600)
	k, err := KeyFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"k-ops-old": "ops", "k-ops-new": "ops", "k:with:colons": "ci.main", "k-off-is-off": "", "ops:k-ops-old": "", "#": "",
	} {
		if got := opens(k, key); got != want {
			t.Errorf("key %q: caller %q, want %q", key, got, want)
		}
	}
	if got := opens(k, "k-plain-and-long"); !strings.HasPrefix(got, "key-") || strings.Contains(got, "plain") {
		t.Errorf("a key without a name is called %q", got)
	}
}

func TestKeyFileFaults(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"empty":       {"# nothing\n", 0o600, "holds no key"},
		"empty key":   {"a:s3cretkey\nb: \n", 0o600, "line 2: the key is empty"},
		"no name":     {"my name:s3cretkey\n", 0o600, "line 1: what stands before the colon is no name"},
		"twice":       {"a:s3cretkey\nb:s3cretkey\n", 0o600, "line 2: the key of line 1 again"},
		"odd letters": {"a:s3cretkey key\n", 0o600, "line 1: the key has a character"},
		"too large":   {"a:" + strings.Repeat("s3cretkey", maxKeyFile/9+1), 0o600, "larger than"},
		"for all":     {"a:s3cretkey\n", 0o604, "can be read by everyone on this machine; run chmod 600"},
		"missing":     {"", 0, "missing does not exist"},
		"short":       {"a:s3cretkey\nb:short12\n", 0o600, "line 2: the key has fewer than 8 characters"},
		"a word":      {"# notes\ns3cretkey\n", 0o600, "line 2: a key without a name has 16 characters at least"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && (tt.mode == 0 || tt.mode == 0o604) {
				t.Skip("windows has other words and no such modes")
			}
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if tt.mode != 0 {
				writeKeys(t, path, tt.content, tt.mode)
			}
			k, err := KeyFile(path, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "s3cretkey") {
				t.Errorf("the error repeats the key: %v", err)
			}
			if got := opens(k, "s3cretkey"); got != "" {
				t.Errorf("a file that was refused lets %q in", got)
			}
		})
	}
}

func TestKeyFileThatEveryoneReadsIsTakenOnRequest(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	path := filepath.Join(t.TempDir(), "keys")
	writeKeys(t, path, "a:key-of-a\n", 0o644)
	var heard []string
	k, err := KeyFile(path, &KeyFileOptions{Readable: true, Warn: func(err error) { heard = append(heard, err.Error()) }})
	if err != nil || opens(k, "key-of-a") != "a" {
		t.Fatalf("error %v", err)
	}
	want := []string{"key file " + path + " can be read by everyone on this machine; run chmod 600 " + path}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestChangedKeyFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys")
		writeKeys(t, path, "a:old-key8\n", 0o600)
		var heard []string
		k, err := KeyFile(path, &KeyFileOptions{Warn: func(err error) { heard = append(heard, err.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		check := func(when, old, new string) {
			t.Helper()
			if gotOld, gotNew := opens(k, "old-key8"), opens(k, "new-key8"); gotOld != old || gotNew != new {
				t.Errorf("%s: callers %q and %q, want %q and %q", when, gotOld, gotNew, old, new)
			}
		}
		check("at first", "a", "")

		writeKeys(t, path, "b:new-key8\n", 0o600)
		check("within a second of looking", "a", "")
		time.Sleep(time.Second)
		check("after a second", "", "b")

		writeKeys(t, path, "c:new-key8\nbroken line:x\n", 0o600)
		for range 3 {
			time.Sleep(time.Second)
			check("while the file is broken", "", "b")
		}
		writeKeys(t, path, "remember the milk\n", 0o600) // not a list of keys any more
		time.Sleep(time.Second)
		check("while the file is something else", "", "b")
		writeKeys(t, path, "c:new-key8\nword\n", 0o600)
		time.Sleep(time.Second)
		check("while a word is in it", "", "b")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		check("while there is no file", "", "b")
		if len(heard) != 4 || !strings.Contains(heard[0], "line 2") || !strings.Contains(heard[0], "stay good") {
			t.Errorf("heard %q; want each fault once", heard)
		}

		writeKeys(t, path, "d:old-key8\n", 0o600)
		time.Sleep(time.Second)
		check("when it is back", "d", "")

		writeKeys(t, path, "e:new-key8\n", 0o600)
		if err := k.load(time.Now()); err != nil {
			t.Fatal(err)
		}
		check("when told to reload", "", "e")
	})
}
