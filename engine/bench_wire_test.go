package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
)

// customers answers the five calls of the onboarding in bench/files, as the stub of
// bench/run does.
func customers(b *testing.B) string {
	answers := map[string][]byte{}
	for _, path := range []string{"/organizations", "/portal/generate_link", "/connections", "/directories", "/directory_users"} {
		text, err := os.ReadFile("../bench/stub/answers/" + filepath.Base(path) + ".json")
		if err != nil {
			b.Fatal(err)
		}
		answers[path] = text
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
		_, _ = w.Write(answers[r.URL.Path])
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

// byHand makes the five calls as a program would that knows nothing but them.
func byHand(client *http.Client, server string) (user string, err error) {
	var got struct {
		ID   string
		Link string
		Data []struct{ ID string }
	}
	call := func(method, path string, query url.Values, body any) {
		var content io.Reader
		if body != nil {
			text, _ := json.Marshal(body)
			content = bytes.NewReader(text)
		}
		req, _ := http.NewRequest(method, server+path+"?"+query.Encode(), content)
		req.Header.Set("Authorization", "Bearer sk_test_bench")
		req.Header.Set("Content-Type", "application/json")
		resp, failed := client.Do(req)
		if err = cmp.Or(err, failed); err != nil {
			return
		}
		defer resp.Body.Close()
		text, failed := io.ReadAll(resp.Body)
		err = cmp.Or(err, failed, json.Unmarshal(text, &got))
	}
	call("POST", "/organizations", nil, map[string]string{"name": "Harbour Works"})
	id := got.ID
	call("POST", "/portal/generate_link", nil, map[string]string{"organization": id, "intent": "sso"})
	call("GET", "/connections", url.Values{"organization_id": {id}}, nil)
	call("GET", "/directories", url.Values{"organization_id": {id}}, nil)
	if len(got.Data) == 0 {
		return "", cmp.Or(err, fmt.Errorf("no directory"))
	}
	call("GET", "/directory_users", url.Values{"directory": {got.Data[0].ID}}, nil)
	return got.Data[0].ID, err
}

// BenchmarkWire compares runs over a loopback connection, 16 at once, with the same
// calls made by hand, in turns: what a second does of the hand-written client's
// workflows, and what a workflow allocates, the server included in both. Every
// answer is checked. bench/run has the figures of separate processes.
func BenchmarkWire(b *testing.B) {
	server := customers(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	for name, document := range map[string]map[string]string{"small": {"": "../bench/files/small.yaml"}, "workos": nil} {
		b.Run(name, func(b *testing.B) {
			prog, err := engine.Load(b.Context(), "../bench/files/onboard.yaml", &engine.LoadOptions{Project: "none", OpenAPI: document})
			if err != nil {
				b.Fatal(err)
			}
			r := engine.NewRunner(&engine.Options{BaseURL: server, StrictResponses: true, Secrets: func(context.Context, string) (string, bool, error) { return "sk_test_bench", true, nil }})
			defer r.Close()
			hand := func() error {
				_, err := byHand(client, server)
				return err
			}
			capstan := func() error {
				res, err := r.Run(b.Context(), prog, engine.Inputs{"organization_name": "Harbour Works"}, nil)
				if err == nil && res.Outputs["user_id"] != "directory_user_01JQ7Z3M5T9W2K4X6B8N0PRVCH" {
					err = fmt.Errorf("outputs %v", res.Outputs)
				}
				return err
			}
			var spent [2]time.Duration
			var allocated [2]uint64
			for b.Loop() {
				for i, one := range []func() error{hand, capstan} {
					took, allocs := sixteen(b, one)
					spent[i], allocated[i] = spent[i]+took, allocated[i]+allocs
				}
			}
			b.ReportMetric(float64(spent[0])/float64(spent[1]), "throughput/hand")
			b.ReportMetric(float64(allocated[1])/float64(allocated[0]), "allocs/hand")
		})
	}
}

// sixteen does one eight times on each of 16 goroutines.
func sixteen(b *testing.B, one func() error) (took time.Duration, allocs uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 8 {
				if err := one(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	took = time.Since(started)
	runtime.ReadMemStats(&after)
	return took, after.Mallocs - before.Mallocs
}
