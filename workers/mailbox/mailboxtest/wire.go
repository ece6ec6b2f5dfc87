package mailboxtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// brittle gives connections that can be broken.
type brittle struct{ net.Listener }

func (b brittle) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &brittleConn{Conn: c, left: -1}, nil
}

type brittleConn struct {
	net.Conn
	mu     sync.Mutex
	left   int // bytes until it breaks; negative is never
	silent bool
}

func (c *brittleConn) breakAfter(bytes int, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.silent = bytes, silent
}

func (c *brittleConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left < 0 {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:min(len(p), c.left)])
	if c.left -= n; n == len(p) || err != nil {
		return n, err
	}
	if c.silent {
		return len(p), nil // and nothing more comes
	}
	_ = c.Conn.Close()
	return n, net.ErrClosed
}

// beneath finds the connection that can be broken under TLS.
func beneath(c net.Conn) *brittleConn {
	for {
		switch at := c.(type) {
		case *brittleConn:
			return at
		case *tls.Conn:
			c = at.NetConn()
		default:
			return nil
		}
	}
}

// certificate makes one for 127.0.0.1, what trusts it, and its authority as PEM.
func certificate(t *testing.T) (server, client *tls.Config, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("our own certificate is none")
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}, authority
}
