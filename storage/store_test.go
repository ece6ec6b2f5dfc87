package storage_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage"
	"blattwerk/storage/storagetest"
)

func TestDir(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return openDir(t) })
}

func TestS3OverTLS(t *testing.T)  { s3Suite(t, true) }
func TestS3OverHTTP(t *testing.T) { s3Suite(t, false) }

func s3Suite(t *testing.T, useTLS bool) {
	config := storagetest.Versitygw(t, useTLS)
	var n atomic.Int64
	storagetest.Run(t, func(t *testing.T) storage.Store {
		c := config
		c.Bucket = fmt.Sprintf("bucket-%d", n.Add(1))
		return openS3(t, c)
	})
}

// digest is the SHA-256 of b.
func digest(b []byte) pipeline.Digest {
	sum := sha256.Sum256(b)
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

func openDir(t testing.TB) *storage.Dir {
	t.Helper()
	d, err := storage.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func openS3(t testing.TB, c storage.S3Config) *storage.S3 {
	t.Helper()
	s, err := storage.OpenS3(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
