package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pb33f/libopenapi/arazzo"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// sender sends the engine's requests, which it leaves to its caller.
type sender struct {
	server     string
	http       *http.Client
	operations map[string]operation
}

type operation struct{ method, path string }

func newSender(server string, doc *v3.Document) *sender {
	s := &sender{server, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}, map[string]operation{}}
	for path, item := range doc.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			s.operations[op.OperationId] = operation{strings.ToUpper(method), path}
		}
	}
	return s
}

func (s *sender) Execute(ctx context.Context, r *arazzo.ExecutionRequest) (*arazzo.ExecutionResponse, error) {
	op, ok := s.operations[r.OperationID]
	if !ok {
		return nil, fmt.Errorf("no operation %q", r.OperationID)
	}
	query, path := url.Values{}, op.path
	for name, value := range r.Parameters {
		text := fmt.Sprint(value)
		if filled := strings.Replace(path, "{"+name+"}", url.PathEscape(text), 1); filled != path {
			path = filled
		} else {
			query.Set(name, text)
		}
	}
	address := s.server + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var content io.Reader
	if r.RequestBody != nil {
		text, err := json.Marshal(r.RequestBody)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, op.method, address, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer sk_test_bench")
	if content != nil {
		req.Header.Set("Content-Type", r.ContentType)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	answer := &arazzo.ExecutionResponse{StatusCode: resp.StatusCode, Headers: resp.Header, URL: address, Method: op.method}
	return answer, json.Unmarshal(text, &answer.Body)
}
