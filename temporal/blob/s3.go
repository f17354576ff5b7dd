package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options are how a bucket is reached. Bucket is required.
type S3Options struct {
	Bucket   string
	Prefix   string // before every key, with a slash between them
	Endpoint string // HOST or HOST:PORT; "" is AWS
	Region   string // "" is us-east-1
	Insecure bool   // HTTP without TLS
	// PathStyle has the bucket in the path of every address; without it AWS and Google have
	// it in the host name.
	PathStyle bool
	// Credentials of the service; nil are those of the environment (AWS_ACCESS_KEY_ID,
	// AWS_SECRET_ACCESS_KEY), the AWS credentials file, or the machine's or pod's role.
	Credentials *credentials.Credentials
	// Transport sends the requests; nil is one of its own, with the proxy of the environment.
	Transport http.RoundTripper
}

// s3Options reads the URL of [Open].
func s3Options(u *url.URL) (o S3Options, err error) {
	o = S3Options{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Region: os.Getenv("AWS_REGION")}
	if u.User != nil {
		return o, errors.New("credentials are read from the environment, not from the address")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return o, err
	}
	for name, values := range query {
		value, is := values[len(values)-1], false
		switch name {
		case "endpoint":
			o.Endpoint = value
		case "region":
			o.Region = value
		case "insecure":
			is, err = truth(name, value)
			o.Insecure = is
		case "path-style":
			is, err = truth(name, value)
			o.PathStyle = is
		default:
			err = fmt.Errorf("parameter %q is not known; there are endpoint, region, insecure and path-style", name)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func truth(name, value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("parameter %s is true or false, not %q", name, value)
	}
	return value == "true", nil
}

// S3 keeps values as objects of a bucket.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string
}

// tries is how often a request is sent while the service is busy or does not answer: over
// about two seconds.
const tries = 4

// NewS3 returns the store of a bucket. It sends nothing.
func NewS3(o S3Options) (*S3, error) {
	if o.Bucket == "" {
		return nil, errors.New("blob store: no bucket is named; write s3://BUCKET/PREFIX")
	}
	if o.Endpoint == "" {
		o.Endpoint = "s3.amazonaws.com"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Credentials == nil {
		o.Credentials = credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Region: o.Region}})
	}
	style := minio.BucketLookupAuto
	if o.PathStyle {
		style = minio.BucketLookupPath
	}
	client, err := minio.New(o.Endpoint, &minio.Options{
		Creds: o.Credentials, Secure: !o.Insecure, Transport: o.Transport, Region: o.Region, BucketLookup: style, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("blob store: endpoint %q: %w", o.Endpoint, err)
	}
	return &S3{client, o.Bucket, o.Prefix}, nil
}

func (s *S3) name(key string) string { return path.Join(s.prefix, key) }

// Put sends the value as one object.
func (s *S3) Put(ctx context.Context, key string, data []byte) error {
	_, err := s.client.PutObject(ctx, s.bucket, s.name(key), bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	return s.explain(key, err)
}

// Get reads an object.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	object, err := s.client.GetObject(ctx, s.bucket, s.name(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.explain(key, err)
	}
	defer object.Close()
	data, err := readAll(object) // sends the one request
	return data, s.explain(key, err)
}

func (s *S3) explain(key string, err error) error {
	if err == nil {
		return nil
	}
	where := fmt.Sprintf("s3://%s/%s at %s", s.bucket, s.name(key), s.client.EndpointURL().Host)
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return fmt.Errorf("blob %s: %w (%s)", key, ErrNotFound, where)
	}
	return fmt.Errorf("blob %s: %w (%s)", key, err, where)
}
