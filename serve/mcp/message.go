package mcp

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// message is the body of a POST: one JSON-RPC message, or before 2025-06-18 a
// batch of them.
type message struct {
	body    []byte
	request *jsonrpc.Request // nil for a response and for a batch
	meta    map[string]json.RawMessage
	// exchange is that of a call that has begun, nil for any other message.
	exchange *exchange
}

// readMessage checks that body is JSON-RPC. The message it gives with a fault
// is good for its id.
func readMessage(body []byte) (*message, *jsonrpc.Error) {
	m := &message{body: body}
	if !utf8.Valid(body) {
		return m, &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "the request is not UTF-8"}
	}
	if !json.Valid(body) {
		return m, &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "the request is not JSON"}
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return m, checkBatch(body)
	}
	decoded, err := jsonrpc.DecodeMessage(body)
	if err != nil {
		return m, &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "the request is not a JSON-RPC 2.0 message"}
	}
	if m.request, _ = decoded.(*jsonrpc.Request); m.request != nil {
		var params struct {
			Meta map[string]json.RawMessage `json:"_meta"`
		}
		_ = json.Unmarshal(m.request.Params, &params) // the SDK reports parameters of the wrong type
		m.meta = params.Meta
	}
	return m, nil
}

func checkBatch(body []byte) *jsonrpc.Error {
	var all []json.RawMessage
	_ = json.Unmarshal(body, &all) // known to be a JSON array
	for _, one := range all {
		if _, err := jsonrpc.DecodeMessage(one); err != nil {
			all = nil
			break
		}
	}
	if len(all) == 0 {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "the request is not a batch of JSON-RPC 2.0 messages"}
	}
	return nil
}

// id is the request's id as JSON would have it; nil if there is none.
func (m *message) id() any {
	if m.request == nil {
		return nil
	}
	return m.request.ID.Raw()
}

// version is the version that the message itself names; "" for older ones.
func (m *message) version() string {
	var version string
	_ = json.Unmarshal(m.meta[sdk.MetaKeyProtocolVersion], &version) // no text is no version
	return version
}

// era decides whether a request stands alone (from 2026-07-28 on) or belongs to
// a session. A header that contradicts the body is a fault, and so is an unknown
// version.
func (m *message) era(header http.Header) (modern bool, fault *jsonrpc.Error) {
	said, version := header.Get(versionHeader), m.version()
	if said != "" && version != "" && said != version {
		return false, &jsonrpc.Error{Code: sdk.CodeHeaderMismatch, Message: "the header Mcp-Protocol-Version says " + said + ", the request " + version}
	}
	if fault := checkVersion(cmp.Or(said, version)); fault != nil {
		return false, fault
	}
	if said == "" && version == "" && header.Get(methodHeader) != "" && header.Get(sessionHeader) == "" {
		return false, &jsonrpc.Error{Code: sdk.CodeHeaderMismatch, Message: "the header Mcp-Protocol-Version is missing"}
	}
	return said >= modernVersion || version >= modernVersion, nil
}

var supportedVersions = sdk.SupportedProtocolVersions()

// checkVersion refuses a version that is not spoken here; "" is none.
func checkVersion(version string) *jsonrpc.Error {
	if version == "" || slices.Contains(supportedVersions, version) {
		return nil
	}
	data, _ := json.Marshal(sdk.UnsupportedProtocolVersionData{Supported: supportedVersions, Requested: version})
	return &jsonrpc.Error{Code: sdk.CodeUnsupportedProtocolVersion, Message: "protocol version " + version + " is not supported", Data: data}
}

// plainName decodes the Mcp-Name header (=?base64?...?=), which the SDK
// compares with the body as it stands.
func plainName(header http.Header) *jsonrpc.Error {
	body, ok := strings.CutPrefix(header.Get(nameHeader), "=?base64?")
	if !ok {
		return nil
	}
	body, ok = strings.CutSuffix(body, "?=")
	if !ok {
		return nil
	}
	name, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return &jsonrpc.Error{Code: sdk.CodeHeaderMismatch, Message: "the header Mcp-Name is not base64"}
	}
	header.Set(nameHeader, string(name))
	return nil
}

// fillCapabilities adds empty capabilities to a request without any: nothing is
// gained by refusing it.
func (m *message) fillCapabilities() {
	if m.request == nil || !m.request.IsCall() || m.meta == nil || m.meta[sdk.MetaKeyClientCapabilities] != nil {
		return
	}
	var whole, params map[string]json.RawMessage
	if json.Unmarshal(m.body, &whole) != nil || json.Unmarshal(whole["params"], &params) != nil {
		return
	}
	m.meta[sdk.MetaKeyClientCapabilities] = json.RawMessage("{}")
	params["_meta"], _ = json.Marshal(m.meta)
	whole["params"], _ = json.Marshal(params)
	if body, err := json.Marshal(whole); err == nil {
		m.body = body
	}
}

// wantsStream reports whether the answer may take long, never ends, or comes
// after something else that the client asked for.
func (m *message) wantsStream() bool {
	if m.request == nil {
		return false
	}
	return m.request.Method == "tools/call" || m.request.Method == "subscriptions/listen" || m.meta["progressToken"] != nil
}

func knownMethod(method string) bool {
	switch method {
	case "initialize", "ping", "server/discover", "subscriptions/listen",
		"tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read",
		"resources/subscribe", "resources/unsubscribe", "prompts/list", "prompts/get",
		"completion/complete", "logging/setLevel",
		"notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/roots/list_changed":
		return true
	}
	return false
}
