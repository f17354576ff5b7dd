package mcp

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/loopback"
)

// plainCall is a message that calls a tool, of the shape that nearly all have: the
// SDK has nothing to find fault with, and nothing to do for it but to call.
type plainCall struct {
	id        any // an int64 or a string
	name      string
	arguments map[string]any // nil for none
	version   string         // "" up to 2025-11-25
	canAsk    bool           // the message announces that; never up to 2025-11-25
}

// mostNested is how many lists and objects a plain message has at most. The SDK
// refuses more than 1,000 levels of them.
const mostNested = 1000

// readPlain reads a message of that shape. Any other, right or wrong, is not ok.
func readPlain(body []byte) (c plainCall, ok bool) {
	text := string(body)
	if strings.Count(text, "{")+strings.Count(text, "[") > mostNested {
		return c, false
	}
	v, repeated, err := jsonvalue.DecodeText(text)
	if repeated {
		_, repeated = jsonvalue.RepeatedName(text)
	}
	if err != nil || repeated || jsonvalue.HalfPair(body) != nil {
		return c, false
	}
	whole, _ := v.(map[string]any)
	params, isObject := whole["params"].(map[string]any)
	if whole["jsonrpc"] != "2.0" || whole["method"] != "tools/call" || !isObject ||
		!only(whole, "jsonrpc", "id", "method", "params") || !only(params, "name", "arguments", "_meta") {
		return c, false
	}
	var okID, okName, okArguments, okMeta bool
	c.id, okID = plainID(whole["id"])
	c.name, okName = params["name"].(string)
	c.arguments, okArguments = object(params, "arguments")
	meta, okMeta := object(params, "_meta")
	return c, okID && okName && okArguments && okMeta && c.readMeta(meta)
}

// plainID returns an id as the SDK has it. A number that a float64 does not hold,
// or that is written as another one, is not ok.
func plainID(v any) (id any, ok bool) {
	const exact = 1 << 53
	switch v := v.(type) {
	case string:
		return v, true
	case int:
		return int64(v), -exact < v && v < exact
	}
	return nil, false
}

// object returns a member that is an object or absent.
func object(of map[string]any, name string) (m map[string]any, ok bool) {
	v, there := of[name]
	m, ok = v.(map[string]any)
	return m, ok || !there
}

func only(m map[string]any, names ...string) bool {
	for name := range m {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// readMeta reads the client's version, name and capabilities.
func (c *plainCall) readMeta(meta map[string]any) bool {
	if meta["progressToken"] != nil || !floats(meta) {
		return false
	}
	version, there := meta[sdk.MetaKeyProtocolVersion]
	if !there {
		_, info := meta[sdk.MetaKeyClientInfo]
		_, capabilities := meta[sdk.MetaKeyClientCapabilities]
		return !info && !capabilities
	}
	c.version, _ = version.(string)
	info, okInfo := object(meta, sdk.MetaKeyClientInfo)
	capabilities, okCapabilities := object(meta, sdk.MetaKeyClientCapabilities)
	return c.version == modernVersion && okInfo && okCapabilities && plainInfo(info) && c.readCapabilities(capabilities)
}

// floats reports whether the SDK can read every number in a value.
func floats(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return false
	case []any:
		for _, item := range v {
			if !floats(item) {
				return false
			}
		}
	case map[string]any:
		for _, item := range v {
			if !floats(item) {
				return false
			}
		}
	}
	return true
}

// plainInfo reports whether a client describes itself in texts alone.
func plainInfo(info map[string]any) bool {
	for name, v := range info {
		if _, isText := v.(string); !isText || name == "icons" {
			return false
		}
	}
	return true
}

func (c *plainCall) readCapabilities(capabilities map[string]any) bool {
	for name := range capabilities {
		of, ok := object(capabilities, name)
		switch name {
		case "experimental", "extensions":
		case "elicitation", "sampling":
			for part := range of {
				_, isObject := object(of, part)
				ok = ok && isObject
			}
			if name == "elicitation" {
				c.canAsk = of["form"] != nil || of["url"] == nil
			}
		case "roots":
			changed, there := of["listChanged"]
			_, isBool := changed.(bool)
			ok = ok && (isBool || !there)
		default: // unknown to the SDK, too
			continue
		}
		if !ok {
			return false
		}
	}
	return true
}

// fits reports whether the SDK would serve the call with these headers.
func (c *plainCall) fits(h http.Header, tool *served) bool {
	if !isJSON(h.Get("Content-Type")) || !acceptsBoth(h.Values("Accept")) || h[lastEventHeader] != nil {
		return false
	}
	said := h.Get(versionHeader)
	if c.version == "" {
		return said < modernVersion && (said == "" || slices.Contains(supportedVersions, said))
	}
	return said == c.version && h.Get(methodHeader) == "tools/call" && h.Get(nameHeader) == c.name &&
		!strings.HasPrefix(c.name, "=?") && !tool.mirrored
}

func isJSON(contentType string) bool {
	switch contentType {
	case "application/json", "application/json; charset=utf-8", "application/json;charset=utf-8":
		return true
	}
	return false
}

// acceptsBoth reports whether a client takes JSON and event streams, as the
// protocol has it.
func acceptsBoth(accept []string) bool {
	var plain, stream bool
	for _, values := range accept {
		for value := range strings.SplitSeq(values, ",") {
			value, _, _ = strings.Cut(value, ";")
			switch strings.TrimSpace(value) {
			case "application/json", "application/*":
				plain = true
			case "text/event-stream", "text/*":
				stream = true
			case "*/*":
				return true
			}
		}
	}
	return plain && stream
}

// rebound reports whether a request reached a loopback address under another
// host's name, as those of web pages do that have their own name lead there.
func rebound(r *http.Request) bool {
	switch at := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.TCPAddr:
		return at.IP.IsLoopback() && !loopback.Address(r.Host)
	case net.Addr:
		return loopback.Address(at.String()) && !loopback.Address(r.Host)
	}
	return false
}
