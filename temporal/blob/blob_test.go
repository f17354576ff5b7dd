package blob

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket is a service with one bucket, as S3 answers.
type bucket struct {
	name    string
	mu      sync.Mutex
	objects map[string][]byte
	fail    []int // statuses of the next answers
	asked   []string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, r.Method+" "+r.URL.RequestURI())
	if len(b.fail) > 0 {
		status := b.fail[0]
		b.fail = b.fail[1:]
		refuse(w, status, map[int]string{503: "SlowDown", 500: "InternalError", 403: "AccessDenied"}[status])
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/") || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-3/s3/aws4_request") {
		refuse(w, 403, "AccessDenied")
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/"+b.name+"/")
	if !ok {
		refuse(w, 404, "NoSuchBucket")
		return
	}
	switch r.Method {
	case http.MethodPut:
		data, err := body(r)
		if err != nil {
			refuse(w, 400, err.Error())
			return
		}
		b.objects[name] = data
		w.Header().Set("ETag", `"1"`)
	case http.MethodGet, http.MethodHead:
		data, ok := b.objects[name]
		if !ok {
			refuse(w, 404, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data)
	default:
		refuse(w, 405, "MethodNotAllowed")
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>%[1]s by the test</Message></Error>`, code)
}

// body is what a PUT carries: as it is, with its hash, or in signed chunks.
func body(r *http.Request) ([]byte, error) {
	if r.Header.Get("X-Amz-Content-Sha256") != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" {
		data, err := io.ReadAll(r.Body)
		sum := sha256.Sum256(data)
		if want := r.Header.Get("X-Amz-Content-Sha256"); want != "UNSIGNED-PAYLOAD" && want != hex.EncodeToString(sum[:]) {
			return nil, errors.New("XAmzContentSHA256Mismatch")
		}
		return data, err
	}
	var data []byte
	for in := bufio.NewReader(r.Body); ; {
		head, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(head, ";")
		n, err := strconv.ParseInt(digits, 16, 64)
		if err != nil || n == 0 {
			return data, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		data = append(data, chunk[:n]...)
	}
}

// service starts a bucket, over HTTP or TLS, and returns the store of it.
func service(t *testing.T, tls bool) (*bucket, *S3) {
	t.Helper()
	b := &bucket{name: "runs", objects: map[string][]byte{}}
	server := httptest.NewUnstartedServer(b)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // requests that are given up
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s, err := NewS3(S3Options{
		Bucket: "runs", Prefix: "capstan/blobs", Endpoint: server.Listener.Addr().String(), Region: "eu-west-3", Insecure: !tls,
		Credentials: credentials.NewStaticV4("id", "secret", ""), Transport: server.Client().Transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, s
}

// stores are all kinds of stores, each with a way to change the bytes of a value.
func stores(t *testing.T, test func(t *testing.T, s Store, change func(key string, data []byte))) {
	t.Run("directory", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "a", "blobs")
		s, err := NewDir(root)
		if err != nil {
			t.Fatal(err)
		}
		test(t, s, func(key string, data []byte) {
			if err := os.WriteFile(filepath.Join(root, key[:2], key), data, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	})
	for name, tls := range map[string]bool{"s3": false, "s3 with tls": true} {
		t.Run(name, func(t *testing.T) {
			b, s := service(t, tls)
			test(t, s, func(key string, data []byte) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if _, ok := b.objects["capstan/blobs/"+key]; !ok {
					t.Errorf("no object of %s among %d", key, len(b.objects))
				}
				b.objects["capstan/blobs/"+key] = data
			})
		})
	}
}

func TestStores(t *testing.T) {
	stores(t, func(t *testing.T, s Store, change func(string, []byte)) {
		ctx := t.Context()
		values := [][]byte{{}, []byte("x"), bytes.Repeat([]byte("0123456789abcdef"), 20<<16)} // 20 MiB: above a part of S3
		for _, v := range values {
			var key string
			for range 2 { // again is harmless
				var err error
				if key, err = Keep(ctx, s, v); err != nil {
					t.Fatal(err)
				}
			}
			sum := sha256.Sum256(v)
			if key != hex.EncodeToString(sum[:]) {
				t.Errorf("key %s of %d bytes", key, len(v))
			}
			got, err := Fetch(ctx, s, key)
			if err != nil || !bytes.Equal(got, v) {
				t.Errorf("%d bytes come back as %d: %v", len(v), len(got), err)
			}
		}
		key := Key([]byte("x"))
		for _, other := range []string{"y", "", "xx"} {
			change(key, []byte(other))
			if _, err := Fetch(ctx, s, key); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), key) {
				t.Errorf("changed to %q: %v", other, err)
			}
		}
		if _, err := Keep(ctx, s, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if got, err := Fetch(ctx, s, key); err != nil || string(got) != "x" {
			t.Errorf("kept again after it was changed: %q, %v", got, err)
		}
		missing := Key([]byte("never kept"))
		if _, err := Fetch(ctx, s, missing); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), missing) {
			t.Errorf("missing: %v", err)
		}
		for _, key := range []string{"", "../../etc/passwd", strings.ToUpper(key), key + "0"} {
			if _, err := Fetch(ctx, s, key); err == nil || !strings.Contains(err.Error(), "that is no key") {
				t.Errorf("key %q: %v", key, err)
			}
		}
	})
}

func TestMany(t *testing.T) {
	stores(t, func(t *testing.T, s Store, _ func(string, []byte)) {
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				v := fmt.Appendf(nil, "value %d", i%8)
				key, err := Keep(t.Context(), s, v)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := Fetch(t.Context(), s, key); err != nil || !bytes.Equal(got, v) {
					t.Errorf("%q comes back as %q: %v", v, got, err)
				}
			})
		}
		all.Wait()
	})
}

func TestTooLarge(t *testing.T) {
	if _, err := Keep(t.Context(), nil, make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "at most 268435456 are kept") {
		t.Errorf("error %v", err)
	}
}

// Files are the owner's, and nothing else is left of a Put.
func TestFiles(t *testing.T) {
	root := t.TempDir()
	s, err := NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	key, err := Keep(t.Context(), s, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		names = append(names, path)
		return err
	})
	if want := filepath.Join(root, key[:2], key); err != nil || len(names) != 1 || names[0] != want {
		t.Errorf("there are %v, %v", names, err)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root, nil, 0o600); err != nil { // no folder can be made there
		t.Fatal(err)
	}
	if _, err := Keep(t.Context(), s, []byte("secret")); err == nil || !strings.Contains(err.Error(), "blob "+key) {
		t.Errorf("error %v", err)
	}
}

// A busy service is asked again; one that refuses is not.
func TestS3Answers(t *testing.T) {
	b, s := service(t, false)
	b.fail = []int{503, 500}
	key, err := Keep(t.Context(), s, []byte("x"))
	if err != nil || len(b.asked) != 3 {
		t.Errorf("asked %q, %v", b.asked, err)
	}
	b.fail, b.asked = []int{403}, nil
	_, err = Fetch(t.Context(), s, key)
	if err == nil || errors.Is(err, ErrNotFound) || len(b.asked) != 1 || !strings.Contains(err.Error(), "AccessDenied by the test (s3://runs/capstan/blobs/"+key+" at 127.0.0.1:") {
		t.Errorf("asked %q, %v", b.asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(ctx, s, key); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	s.bucket = "other"
	if _, err := Fetch(t.Context(), s, key); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("no bucket: %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-north-1")
	root := filepath.Join(t.TempDir(), "blobs")
	if _, err := Open("file://" + filepath.ToSlash(root)); runtime.GOOS != "windows" && err != nil {
		t.Error(err)
	}
	for address, want := range map[string]string{
		"s3://runs":              "https://s3.amazonaws.com '' eu-north-1",
		"s3://runs/a/b/":         "https://s3.amazonaws.com 'a/b' eu-north-1",
		"s3://runs?region=x-y-1": "https://s3.amazonaws.com '' x-y-1",
		"s3://runs/a?endpoint=minio.svc:9000&insecure=true&path-style=true": "http://minio.svc:9000 'a' eu-north-1",
	} {
		s, err := Open(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		s3 := s.(*S3)
		region, err := s3.client.GetBucketLocation(t.Context(), s3.bucket)
		if err != nil {
			t.Error(err)
		}
		if got := fmt.Sprintf("%s '%s' %s", s3.client.EndpointURL(), s3.prefix, region); s3.bucket != "runs" || got != want {
			t.Errorf("%s is %s", address, got)
		}
	}
	for address, want := range map[string]string{
		"":                       "neither file:///PATH nor s3://BUCKET/PREFIX",
		"/var/lib/blobs":         "neither file:///PATH nor s3://BUCKET/PREFIX",
		"file://var/lib":         "a directory is written file:///PATH",
		"file:///var?x=1":        "a directory is written file:///PATH",
		"s3:///prefix":           "no bucket is named",
		"s3://id:secret@runs":    `blob store "s3://id:xxxxx@runs": credentials are read from the environment`,
		"s3://runs?acl=public":   `parameter "acl" is not known; there are endpoint, region, insecure and path-style`,
		"s3://runs?insecure=yes": `parameter insecure is true or false, not "yes"`,
		"s3://runs?a;b":          "invalid semicolon separator",
		"s3://runs?endpoint=a/b": `endpoint "a/b"`,
		"s3://%zz":               "invalid URL escape",
	} {
		if _, err := Open(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
