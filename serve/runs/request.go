package runs

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/body"
)

// body reads the JSON object that a request carries, with none but the known
// members. A request without a body and without a Content-Type carries an empty
// object.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, known ...string) (map[string]any, error) {
	data, wrong := body.Read(r, h.o.MaxBody)
	if wrong != nil {
		return nil, &faulty{*wrong}
	}
	switch contentType := r.Header.Get("Content-Type"); {
	case contentType == "" && len(data) == 0:
		return map[string]any{}, nil
	case !isJSON(contentType):
		w.Header().Set("Accept-Post", "application/json")
		return nil, refuse(http.StatusUnsupportedMediaType, "the body has to be application/json, and its Content-Type has to say so")
	case len(strings.TrimSpace(string(data))) == 0:
		return map[string]any{}, nil
	}
	v, wrong := body.Decode(data, r.Header.Get("Content-Type"))
	if wrong != nil {
		return nil, &faulty{*wrong}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, refuseAt("", "give an object")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			return nil, refuseAt("/"+answer.Token(name), "there is no %q here; known are: %s", name, strings.Join(known, ", "))
		}
	}
	return object, nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}

// maxKey bounds an idempotency key.
const maxKey = 255

// idempotencyKey reads the Idempotency-Key header (draft-ietf-httpapi-
// idempotency-key-header): a quoted string, or as many clients send it without
// the quotes.
func idempotencyKey(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := strings.TrimSpace(values[0])
	if quoted, ok := strings.CutPrefix(key, `"`); ok {
		key, ok = strings.CutSuffix(quoted, `"`)
		if !ok {
			return "", refuse(http.StatusBadRequest, "the Idempotency-Key begins with a quote and does not end with one")
		}
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(key)
	}
	printable := !strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c > 0x7e })
	if len(values) > 1 || key == "" || len(key) > maxKey || !printable {
		return "", refuse(http.StatusBadRequest, "the Idempotency-Key is one text of 1 to %d printable ASCII characters", maxKey)
	}
	return key, nil
}

// wait reads how long a client wants to wait for the end of a run: Prefer:
// wait=N, in seconds (RFC 7240, section 4.3). Preferences that are not
// understood are ignored, as that section wants it; so is one without sense.
func (h *Handler) wait(r *http.Request) time.Duration {
	for _, preference := range strings.Split(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		name, value, _ := strings.Cut(strings.Split(preference, ";")[0], "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 64)
		if err != nil {
			return 0
		}
		return time.Duration(min(seconds, uint64(h.o.MaxWait/time.Second))) * time.Second
	}
	return 0
}

// query holds the parameters in a request's URL against those that are known: a
// misspelt filter would show more than was asked for.
func query(r *http.Request, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the parameters in the address cannot be read")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(known, name) {
			continue
		}
		if len(known) == 0 {
			return nil, refuse(http.StatusBadRequest, "there is no parameter %q here", name)
		}
		return nil, refuse(http.StatusBadRequest, "there is no parameter %q here; known are: %s", name, strings.Join(known, ", "))
	}
	return values, nil
}

// showSensitive reports whether a client asks for sensitive values in clear.
func showSensitive(r *http.Request) (bool, error) {
	values, err := query(r, "show-sensitive")
	if err != nil || len(values["show-sensitive"]) == 0 {
		return false, err
	}
	switch values["show-sensitive"][0] {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, refuse(http.StatusBadRequest, "show-sensitive is true or false")
}
