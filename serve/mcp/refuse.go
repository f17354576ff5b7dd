package mcp

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// codeServer is a JSON-RPC error of the server's own: the request was refused
// before it reached a method.
const codeServer = -32000

// codeNoSession is also other servers' code for a session that is over.
const codeNoSession = -32001

func refuse(w http.ResponseWriter, status int, id any, code int64, message string) {
	refuseWith(w, status, id, &jsonrpc.Error{Code: code, Message: message})
}

func refuseWith(w http.ResponseWriter, status int, id any, fault *jsonrpc.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("Content-Length")
	w.WriteHeader(status)
	// A client that is gone does not read why.
	_ = json.NewEncoder(w).Encode(struct {
		Version string         `json:"jsonrpc"`
		ID      any            `json:"id"`
		Error   *jsonrpc.Error `json:"error"`
	}{"2.0", id, fault})
}

// spoken turns the SDK's plain-text refusals into JSON-RPC errors, which clients
// look for; all else goes through as it is.
type spoken struct {
	http.ResponseWriter
	id     any
	status int // of a refusal that is being collected
	text   strings.Builder
}

func (s *spoken) WriteHeader(status int) {
	if status >= 400 && strings.HasPrefix(s.Header().Get("Content-Type"), "text/plain") {
		s.status = status
		return
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *spoken) Write(data []byte) (int, error) {
	if s.status != 0 {
		return s.text.Write(data)
	}
	return s.ResponseWriter.Write(data)
}

// Unwrap lets the SDK flush events (http.ResponseController).
func (s *spoken) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *spoken) finish() {
	if s.status == 0 {
		return
	}
	code := int64(codeServer)
	if s.status == http.StatusBadRequest {
		code = jsonrpc.CodeInvalidRequest
	}
	refuse(s.ResponseWriter, s.status, s.id, code, strings.TrimSpace(s.text.String()))
}
