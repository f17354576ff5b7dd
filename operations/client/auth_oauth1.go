package client

import (
	"cmp"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// OAuth 1.0 (RFC 5849), with the signatures of SHA-256 that came later and the hash of
// the body (OAuth Request Body Hash 1.0).

// field is a name with its value.
type field struct{ name, value string }

// signOAuth1 signs a request for a consumer and, where there is a token, the user that
// it acts for. Query and form are covered, so it comes after all other credentials.
func signOAuth1(ctx context.Context, req *operations.Request, use operations.SchemeUse, c *Credential) error {
	for _, part := range []string{c.User, c.Password} {
		if part == "" {
			return checkKey(req, use, part)
		}
	}
	hr, err := request.Build(ctx, req)
	if err != nil {
		return err
	}
	body, _, err := request.Body(req)
	if err != nil {
		return err
	}
	method := cmp.Or(strings.ToUpper(use.Scheme.Scheme), "HMAC-SHA1")
	own := []field{
		{"oauth_consumer_key", c.User}, {"oauth_nonce", rand.Text()}, {"oauth_signature_method", method},
		{"oauth_timestamp", strconv.FormatInt(time.Now().Unix(), 10)}, {"oauth_version", "1.0"},
	}
	if c.Token != "" {
		own = append(own, field{"oauth_token", c.Token})
	}
	if use.Scheme.BodyHash && !isForm(hr) {
		own = append(own, field{"oauth_body_hash", bodyHash(method, body)})
	}
	signature, err := signatureOf(method, signatureBase(hr, body, own), c)
	if err != nil {
		return operations.NewError(req, operations.ReasonCredential, nil, "the request cannot be signed for %q: %v", use.Name, err)
	}
	own = append(own, field{"oauth_signature", signature})
	header := []string{}
	if use.Scheme.Realm != "" {
		header = append(header, fmt.Sprintf("realm=%q", use.Scheme.Realm))
	}
	for _, f := range own {
		header = append(header, fmt.Sprintf(`%s="%s"`, f.name, percent(f.value)))
	}
	text := "OAuth " + strings.Join(header, ", ")
	if err := checkKey(req, use, text); err != nil {
		return err
	}
	setHeader(req, "Authorization", text)
	return nil
}

// signatureBase is the text that is signed: method, address, and all parameters but
// the realm (RFC 5849, section 3.4.1).
func signatureBase(hr *http.Request, body []byte, own []field) string {
	all := slices.Concat(own, fields(hr.URL.RawQuery))
	if isForm(hr) {
		all = append(all, fields(string(body))...)
	}
	pieces := make([]field, len(all))
	for i, f := range all {
		pieces[i] = field{percent(f.name), percent(f.value)}
	}
	slices.SortFunc(pieces, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	pairs := make([]string, len(pieces))
	for i, f := range pieces {
		pairs[i] = f.name + "=" + f.value
	}
	return strings.ToUpper(hr.Method) + "&" + percent(baseAddress(hr.URL)) + "&" + percent(strings.Join(pairs, "&"))
}

// baseAddress is the address without its query, and without the port that its scheme
// has anyway.
func baseAddress(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return scheme + "://" + host + cmp.Or(u.EscapedPath(), "/")
}

// isForm reports whether the parameters of the body are signed.
func isForm(hr *http.Request) bool {
	media, _, _ := mime.ParseMediaType(hr.Header.Get("Content-Type"))
	return media == "application/x-www-form-urlencoded"
}

// fields splits a query or a form.
func fields(text string) []field {
	var out []field
	for piece := range strings.SplitSeq(text, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		out = append(out, field{unescaped(name), unescaped(value)})
	}
	return out
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// percent encodes all but the unreserved characters (RFC 5849, section 3.6).
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// digestOf is the hash of a signature method.
func digestOf(method string) (crypto.Hash, func() hash.Hash) {
	if strings.HasSuffix(method, "SHA256") {
		return crypto.SHA256, sha256.New
	}
	return crypto.SHA1, sha1.New
}

func bodyHash(method string, body []byte) string {
	_, h := digestOf(method)
	sum := h()
	sum.Write(body)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// signatureOf signs a text (RFC 5849, sections 3.4.2 to 3.4.4).
func signatureOf(method, base string, c *Credential) (string, error) {
	kind, h := digestOf(method)
	secrets := percent(c.Password) + "&" + percent(c.TokenSecret)
	switch method {
	case "PLAINTEXT":
		return secrets, nil
	case "HMAC-SHA1", "HMAC-SHA256":
		mac := hmac.New(h, []byte(secrets))
		mac.Write([]byte(base))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
	case "RSA-SHA1", "RSA-SHA256":
		key, err := privateKey(c.Password)
		if err != nil {
			return "", err
		}
		sum := h()
		sum.Write([]byte(base))
		signature, err := rsa.SignPKCS1v15(nil, key, kind, sum.Sum(nil))
		return base64.StdEncoding.EncodeToString(signature), err
	}
	return "", fmt.Errorf("its signature method %q is none of RFC 5849", method)
}

// privateKey reads a key in PEM. In a variable its lines may be written with \n.
func privateKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errors.New("its private key is not in PEM (-----BEGIN PRIVATE KEY-----)")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if rsaKey, ok := key.(*rsa.PrivateKey); ok && err == nil {
		return rsaKey, nil
	}
	return nil, errors.New("its private key is no RSA key")
}
