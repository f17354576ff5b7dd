package client

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// oauthMessage is an HTTP message without a body; a form's type is set where there is one.
func oauthMessage(t *testing.T, method, target, form string) *http.Request {
	t.Helper()
	hr, err := http.NewRequest(method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	return hr
}

// oauthFields splits "name=value name=value", values as they are.
func oauthFields(text string) []field {
	var out []field
	for piece := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(piece, "=")
		out = append(out, field{name, value})
	}
	return out
}

// The examples of RFC 5849 (sections 3.4.1.1 and 3.4.1.2) of the text that is signed.
func TestTextThatOAuth1Signs(t *testing.T) {
	const form = "c2&a3=2+q"
	hr := oauthMessage(t, "post", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", form)
	own := oauthFields("oauth_consumer_key=9djdj82h48djs9d2 oauth_token=kkk9d7dh3k39sjv7 oauth_signature_method=HMAC-SHA1 oauth_timestamp=137131201 oauth_nonce=7d8f3e4a")
	const want = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2" +
		"%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := signatureBase(hr, []byte(form), own); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	hr.Header.Set("Content-Type", "text/plain")
	if got := signatureBase(hr, []byte(form), own); strings.Contains(got, "c2") {
		t.Errorf("text is signed as a form: %s", got)
	}
	for address, want := range map[string]string{
		"http://EXAMPLE.COM:80/r%20v/X?id=123": "http://example.com/r%20v/X", "https://www.example.net:8080/?q=1": "https://www.example.net:8080/",
		"https://a.example:443": "https://a.example/", "http://a.example:443/b": "http://a.example:443/b",
	} {
		u, err := url.Parse(address)
		if got := baseAddress(u); err != nil || got != want {
			t.Errorf("%s: got %s, want %s (%v)", address, got, want, err)
		}
	}
}

// testCasesKey is the key of http://wiki.oauth.net/TestCases, section 9.3, made for tests.
const testCasesKey = `-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALRiMLAh9iimur8V
A7qVvdqxevEuUkW4K+2KdMXmnQbG9Aa7k7eBjK1S+0LYmVjPKlJGNXHDGuy5Fw/d
7rjVJ0BLB+ubPK8iA/Tw3hLQgXMRRGRXXCn8ikfuQfjUS1uZSatdLB81mydBETlJ
hI6GH4twrbDJCR2Bwy/XWXgqgGRzAgMBAAECgYBYWVtleUzavkbrPjy0T5FMou8H
X9u2AC2ry8vD/l7cqedtwMPp9k7TubgNFo+NGvKsl2ynyprOZR1xjQ7WgrgVB+mm
uScOM/5HVceFuGRDhYTCObE+y1kxRloNYXnx3ei1zbeYLPCHdhxRYW7T0qcynNmw
rn05/KO2RLjgQNalsQJBANeA3Q4Nugqy4QBUCEC09SqylT2K9FrrItqL2QKc9v0Z
zO2uwllCbg0dwpVuYPYXYvikNHHg+aCWF+VXsb9rpPsCQQDWR9TT4ORdzoj+Nccn
qkMsDmzt0EfNaAOwHOmVJ2RVBspPcxt5iN4HI7HNeG6U5YsFBb+/GZbgfBT3kpNG
WPTpAkBI+gFhjfJvRw38n3g/+UeAkwMI2TJQS4n8+hid0uus3/zOjDySH3XHCUno
cn1xOJAyZODBo47E+67R4jV1/gzbAkEAklJaspRPXP877NssM5nAZMU0/O/NGCZ+
3jPgDUno6WbJn5cqm8MqWhW1xGkImgRk+fkDBquiq4gPiT898jusgQJAd5Zrr6Q8
AO/0isr/3aa6O6NLQxISLKcPDk2NOccAfS/xOtfOz4sJYM3+Bs4Io9+dZGSDCA54
Lw03eHTNQghS0A==
-----END PRIVATE KEY-----`

// Published signatures: the examples of RFC 5849 (section 1.2 and 2.1), the test cases
// of wiki.oauth.net, and the example of Twitter's guide "Creating a signature".
func TestPublishedSignaturesOfOAuth1(t *testing.T) {
	for name, tt := range map[string]struct {
		method, target, form, own string
		kind                      string
		c                         Credential
		want                      string
	}{
		"RFC 5849, temporary credentials": {"POST", "https://photos.example.net/initiate", "", "oauth_consumer_key=dpf43f3p2l4k3l03 oauth_signature_method=HMAC-SHA1 oauth_timestamp=137131200 oauth_nonce=wIjqoS oauth_callback=http://printer.example.com/ready",
			"HMAC-SHA1", Credential{Password: "kd94hf93k423kf44"}, "74KNZJeDHnMBp0EMJ9ZHt/XKycU="},
		"RFC 5849, a token": {"POST", "https://photos.example.net/token", "", "oauth_consumer_key=dpf43f3p2l4k3l03 oauth_token=hh5s93j4hdidpola oauth_signature_method=HMAC-SHA1 oauth_timestamp=137131201 oauth_nonce=walatlh oauth_verifier=hfdp7dh39dks9884",
			"HMAC-SHA1", Credential{Password: "kd94hf93k423kf44", TokenSecret: "hdhd0244k9j7ao03"}, "gKgrFCywp7rO0OXSjdot/IHF7IU="},
		"RFC 5849, a resource": {"GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "", "oauth_consumer_key=dpf43f3p2l4k3l03 oauth_token=nnch734d00sl2jdk oauth_signature_method=HMAC-SHA1 oauth_timestamp=137131202 oauth_nonce=chapoH",
			"HMAC-SHA1", Credential{Password: "kd94hf93k423kf44", TokenSecret: "pfkkdhi9sl3r4s00"}, "MdpQcU8iPSUjWoN/UDMsK2sui9I="},
		"RFC 5849, in clear": {"GET", "https://photos.example.net/request_temp_credentials", "", "", "PLAINTEXT", Credential{Password: "ja893SD9"}, "ja893SD9&"},
		"wiki.oauth.net": {"GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "", "oauth_consumer_key=dpf43f3p2l4k3l03 oauth_token=nnch734d00sl2jdk oauth_signature_method=HMAC-SHA1 oauth_timestamp=1191242096 oauth_nonce=kllo9940pd9333jh oauth_version=1.0",
			"HMAC-SHA1", Credential{Password: "kd94hf93k423kf44", TokenSecret: "pfkkdhi9sl3r4s00"}, "tR3+Ty81lMeYAr/Fid0kMTYa/WM="},
		"wiki.oauth.net, RSA": {"GET", "http://photos.example.net/photos?file=vacaction.jpg&size=original", "", "oauth_consumer_key=dpf43f3p2l4k3l03 oauth_signature_method=RSA-SHA1 oauth_timestamp=1196666512 oauth_nonce=13917289812797014437 oauth_version=1.0",
			"RSA-SHA1", Credential{Password: strings.ReplaceAll(testCasesKey, "\n", `\n`)}, "jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5qg5T1LVTGliMRpKasKsW//e+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE="},
		"Twitter": {"POST", "https://api.twitter.com/1/statuses/update.json?include_entities=true", "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
			"oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg oauth_signature_method=HMAC-SHA1 oauth_timestamp=1318622958 oauth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb oauth_version=1.0",
			"HMAC-SHA1", Credential{Password: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", TokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"}, "tnnArxj06cWHq44gCs1OSKk/jLY="},
	} {
		hr := oauthMessage(t, tt.method, tt.target, tt.form)
		got, err := signatureOf(tt.kind, signatureBase(hr, []byte(tt.form), oauthFields(tt.own)), &tt.c)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %s, want %s (%v)", name, got, tt.want, err)
		}
	}
}

// The hashes of OAuth Request Body Hash 1.0 (appendix A): of no body, and of one.
func TestHashOfTheBody(t *testing.T) {
	for body, want := range map[string]string{"": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "Hello World!": "Lve95gjOVATpfV8EL5X4nxwjKHE="} {
		if got := bodyHash("HMAC-SHA1", []byte(body)); got != want {
			t.Errorf("%q: got %s, want %s", body, got, want)
		}
	}
	sum := sha256.Sum256([]byte("Hello World!"))
	if got := bodyHash("RSA-SHA256", []byte("Hello World!")); got != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("with SHA-256 it is %s", got)
	}
}

// What the header says is what is signed, with every method.
func TestOAuth1Header(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	body := &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}, {Type: "application/x-www-form-urlencoded", Schema: &operations.Schema{}}}}
	nonces := map[string]bool{}
	for _, method := range []string{"", "HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT"} {
		for _, as := range []string{"application/json", "application/x-www-form-urlencoded"} {
			synctest.Test(t, func(t *testing.T) { // whose clock begins with the year 2000
				c := Credential{User: "con sumer", Password: "s&cret", Token: "tok/en", TokenSecret: "t=secret"}
				if strings.HasPrefix(method, "RSA") {
					c.Password = inPEM
				}
				op := optest.Get("/a b")
				op.Method, op.Body = "POST", body
				op.Security = []operations.Requirement{{{Name: "o", Scheme: operations.SecurityScheme{Type: "oauth1", Scheme: method, Realm: "Photos", BodyHash: true}}}}
				hr, err := signed(t, fixed(c), &operations.Request{Op: op, Body: map[string]any{"x": "1 2"}, MediaType: as})
				if err != nil {
					t.Fatal(err)
				}
				header := hr.Header.Get("Authorization")
				own, given := map[string]string{}, []field{}
				for piece := range strings.SplitSeq(strings.TrimPrefix(header, "OAuth "), ", ") {
					name, quoted, _ := strings.Cut(piece, "=")
					value, err := url.PathUnescape(strings.Trim(quoted, `"`))
					if err != nil || own[name] != "" {
						t.Fatalf("%s in %s", piece, header)
					}
					own[name] = value
					if name != "realm" && name != "oauth_signature" {
						given = append(given, field{name, value})
					}
				}
				text := map[string]string{"application/json": `{"x":"1 2"}`}[as]
				if text == "" {
					text = "x=1+2"
				}
				base := signatureBase(hr, []byte(text), given)
				if nonces[own["oauth_nonce"]] || own["realm"] != "Photos" || own["oauth_consumer_key"] != c.User || own["oauth_token"] != c.Token || own["oauth_timestamp"] != "946684800" || own["oauth_version"] != "1.0" {
					t.Errorf("the header is %s", header)
				}
				nonces[own["oauth_nonce"]] = true
				if hash := own["oauth_body_hash"]; (as == "application/json") != (hash == bodyHash(method, []byte(text))) || as != "application/json" && hash != "" {
					t.Errorf("%s: the hash of the body is %q", as, hash)
				}
				if strings.HasPrefix(method, "RSA") {
					sum, kind := h(method, base)
					signature, _ := base64.StdEncoding.DecodeString(own["oauth_signature"])
					if err := rsa.VerifyPKCS1v15(&key.PublicKey, kind, sum, signature); err != nil {
						t.Errorf("%s: %v", method, err)
					}
				} else if want, err := signatureOf(own["oauth_signature_method"], base, &c); err != nil || own["oauth_signature"] != want {
					t.Errorf("%s: got %s, want %s (%v)", method, own["oauth_signature"], want, err)
				}
			})
		}
	}
}

func h(method, text string) ([]byte, crypto.Hash) {
	kind, make := digestOf(method)
	sum := make()
	sum.Write([]byte(text))
	return sum.Sum(nil), kind
}

// What cannot be signed is not sent, and its reason holds no secret.
func TestOAuth1Refusals(t *testing.T) {
	for want, tt := range map[string]struct {
		method string
		c      Credential
		server string
	}{
		"is empty":                                {"HMAC-SHA1", Credential{User: "u"}, "https://a.example"},
		"its private key is not in PEM":           {"RSA-SHA1", Credential{User: "u", Password: "s3cret"}, "https://a.example"},
		"its private key is no RSA key":           {"RSA-SHA1", Credential{User: "u", Password: "-----BEGIN X-----\nczNjcmV0\n-----END X-----"}, "https://a.example"},
		`its signature method "HMAC-MD5" is none`: {"HMAC-MD5", Credential{User: "u", Password: "s3cret"}, "https://a.example"},
		"not sent over plain http to a.example":   {"PLAINTEXT", Credential{User: "u", Password: "s3cret"}, "http://a.example"},
	} {
		op := optest.Get("/a")
		op.Security = []operations.Requirement{{{Name: "o", Scheme: operations.SecurityScheme{Type: "oauth1", Scheme: tt.method}}}}
		_, err := signed(t, fixed(tt.c), &operations.Request{Op: op, BaseURL: tt.server})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
