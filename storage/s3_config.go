package storage

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// S3Config says where a bucket is and how to get in.
type S3Config struct {
	Endpoint  string // "s3.example.org:9000", or a URL whose scheme then decides about TLS
	Bucket    string // made, with object lock, if it is not there and we are allowed to
	AccessKey string
	SecretKey string
	Region    string // "" asks the server
	Insecure  bool   // plain HTTP
	CAFile    string // PEM certificates to trust beside the system's; "" for none
	SpoolDir  string // where large objects wait to be sent; "" is the system's temporary folder
}

func (c S3Config) endpoint() (host string, secure bool, err error) {
	if c.Bucket == "" || c.Endpoint == "" {
		return "", false, errors.New("setting up S3: endpoint and bucket are needed")
	}
	if !strings.Contains(c.Endpoint, "://") {
		return c.Endpoint, !c.Insecure, nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return "", false, errors.New("setting up S3: the endpoint is neither host:port nor http(s)://host:port")
	}
	return u.Host, u.Scheme == "https", nil
}

func (c S3Config) transport() (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	t.ResponseHeaderTimeout = 2 * time.Minute
	t.MaxIdleConnsPerHost = 16
	t.DisableCompression = true // an archive's bytes are never to be unpacked on the way
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the S3 server's CA file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("reading the S3 server's CA file: no certificate in it")
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}
