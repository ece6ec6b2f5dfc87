package storagetest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
)

// Server is a running versitygw: a real S3 server with versions and object lock
// over a temporary folder. It can be stopped and started again on the same
// address and data.
type Server struct {
	Config storage.S3Config // how to reach it; every caller may set its own bucket

	t    testing.TB
	args []string
	env  []string
	log  *lockedBuffer
	cmd  *exec.Cmd
}

// Versitygw starts a server on a free port of 127.0.0.1 and stops it with the
// test. With useTLS it has a certificate of its own that Config trusts.
func Versitygw(t testing.TB, useTLS bool) storage.S3Config {
	t.Helper()
	return StartServer(t, useTLS).Config
}

// StartServer is [Versitygw] for tests that stop and start the server.
func StartServer(t testing.TB, useTLS bool) *Server {
	t.Helper()
	program := pipelinetest.Program(t, "versitygw")
	dir := t.TempDir()
	for _, sub := range []string{"data", "versions", "iam"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	addr := freeAddr(t)
	s := &Server{t: t, log: &lockedBuffer{}, Config: storage.S3Config{
		Endpoint: addr, Bucket: "letters", AccessKey: "blattwerk", SecretKey: "blattwerk-secret",
		Region: "us-east-1", Insecure: !useTLS, SpoolDir: t.TempDir(),
	}}
	s.env = append(os.Environ(), "ROOT_ACCESS_KEY=blattwerk", "ROOT_SECRET_KEY=blattwerk-secret")
	s.args = []string{program, "--port", addr, "--quiet", "--iam-dir", filepath.Join(dir, "iam")}
	if useTLS {
		cert, key := certificate(t, dir)
		s.args = append(s.args, "--cert", cert, "--key", key)
		s.Config.CAFile = cert
	}
	s.args = append(s.args, "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data"))
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start runs the server and waits until it accepts connections.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Env = s.env
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Config.Endpoint)
		if err == nil {
			c.Close()
			return
		}
		if ctx.Err() != nil {
			s.t.Fatalf("versitygw does not answer: %v\n%s", err, s.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Stop kills the server. Its data stay.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.cmd = nil
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate makes a certificate for 127.0.0.1 that is its own authority.
func certificate(t testing.TB, dir string) (cert, key string) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "blattwerk test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, priv.Public(), priv)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
