package client

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// signAWS signs a request with AWS Signature Version 4. Everything that it carries is
// covered, so it comes after all other credentials.
func signAWS(ctx context.Context, req *operations.Request, use operations.SchemeUse, c *Credential) error {
	for _, part := range []string{c.User, c.Password} {
		if err := checkKey(req, use, part); err != nil {
			return err
		}
	}
	hr, err := request.Build(ctx, req)
	if err != nil {
		return err
	}
	service, region := operations.AWSScope(hr.URL.Hostname())
	service, region = cmp.Or(use.Scheme.Service, service), cmp.Or(use.Scheme.Region, region)
	if service == "" || region == "" {
		return operations.NewError(req, operations.ReasonCredential, nil, "the AWS signature of %q needs a service and a region, and the host %s does not name them", use.Name, hr.URL.Hostname())
	}
	body, _, err := request.Body(req)
	if err != nil {
		return err
	}
	if err := signMessage(ctx, hr, body, c, service, region); err != nil {
		return operations.NewError(req, operations.ReasonCredential, err, "the request cannot be signed for %q: %v", use.Name, err)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		if v := hr.Header.Get(name); v != "" {
			setHeader(req, name, v)
		}
	}
	return nil
}

// signMessage adds the headers of a signature to a message with a body.
func signMessage(ctx context.Context, hr *http.Request, body []byte, c *Credential, service, region string) error {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if declaresHash(service) {
		hr.Header.Set("X-Amz-Content-Sha256", hash)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = strings.HasPrefix(service, "s3") })
	key := aws.Credentials{AccessKeyID: c.User, SecretAccessKey: c.Password, SessionToken: c.Token}
	return signer.SignHTTP(ctx, key, hr, hash, service, region, time.Now())
}

// declaresHash reports whether a service wants the hash of the body as a header, too.
func declaresHash(service string) bool {
	switch service {
	case "glacier", "aoss", "vpc-lattice-svcs":
		return true
	}
	return strings.HasPrefix(service, "s3")
}
