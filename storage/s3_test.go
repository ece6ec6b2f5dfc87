package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"blattwerk/pipeline"
	"blattwerk/storage"
	"blattwerk/storage/storagetest"
)

// client is S3 past our own driver.
func client(t *testing.T, c storage.S3Config) *minio.Client {
	t.Helper()
	m, err := minio.New(c.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestS3LockedByServer asks the server itself, with the rights of its owner, to
// delete a retained object.
func TestS3LockedByServer(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	s := openS3(t, c)
	if !s.CanLock() {
		t.Fatal("the bucket was made without object lock")
	}
	until := time.Now().Add(time.Hour)
	info, err := s.Put(t.Context(), "locked/x", strings.NewReader("x"), storage.PutOptions{RetainUntil: until})
	if err != nil || !info.Locked || !info.RetainUntil.Equal(until.Truncate(time.Second)) {
		t.Fatalf("%+v, %v", info, err)
	}
	m := client(t, c)
	o, err := m.StatObject(t.Context(), c.Bucket, "locked/x", minio.StatObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.RemoveObject(t.Context(), c.Bucket, "locked/x", minio.RemoveObjectOptions{VersionID: o.VersionID}); err == nil {
		t.Error("the server deleted a retained object")
	}
	if got := content(t, s, "locked/x"); string(got) != "x" {
		t.Errorf("the object holds %q", got)
	}
}

// TestS3WithoutLock uses a bucket that somebody made without object lock: it is
// never called locked, but our own Delete still holds to the retention.
func TestS3WithoutLock(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	m := client(t, c)
	if err := m.MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	s := openS3(t, c)
	if s.CanLock() {
		t.Fatal("a bucket without object lock counts as one with it")
	}
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	info, err := s.Put(t.Context(), "x", strings.NewReader("x"), storage.PutOptions{RetainUntil: until})
	if err != nil || info.Locked || !info.RetainUntil.Equal(until) {
		t.Errorf("%+v, %v", info, err)
	}
	if err := s.Delete(t.Context(), "x"); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("Delete: %v", err)
	}
	blobs := storage.NewBlobs(s)
	out := archive(t, s, letter(t, blobs, "nolock"), blobs)
	if out.Record.Locked || out.Record.RetainUntil.IsZero() {
		t.Errorf("record: %+v", out.Record)
	}
}

// TestS3LockCompleted finds a file that is there and right but not locked, as a
// server leaves it that dies between writing and locking: the step locks it.
func TestS3LockCompleted(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	s := openS3(t, c)
	blobs := storage.NewBlobs(s)
	doc := letter(t, blobs, "half-locked")
	const key = "archive/2026/11/half-locked/document.pdf"
	body := "%PDF of half-locked"
	_, err := client(t, c).PutObject(t.Context(), c.Bucket, key, strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := archive(t, s, doc, blobs)
	info, err := s.Stat(t.Context(), key)
	if err != nil || !out.Record.Locked || !info.Locked || !info.RetainUntil.Equal(out.Record.RetainUntil) {
		t.Errorf("record %+v, object %+v, %v", out.Record, info, err)
	}
}

// TestS3SilentServer puts a proxy in front of the server that drops the lock's
// headers, as servers without the feature do: nothing is then called locked.
func TestS3SilentServer(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	openS3(t, c) // makes the bucket, with object lock
	server := c.Endpoint
	drop := func(h http.Header) {
		h.Del("X-Amz-Object-Lock-Mode")
		h.Del("X-Amz-Object-Lock-Retain-Until-Date")
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("retention") {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "<Error><Code>NoSuchObjectLockConfiguration</Code></Error>")
			return
		}
		out := r.Clone(r.Context())
		out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", server
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		drop(resp.Header)
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	defer proxy.Close()
	c.Endpoint = strings.TrimPrefix(proxy.URL, "http://")
	s := openS3(t, c)
	info, err := s.Put(t.Context(), "x", strings.NewReader("x"), storage.PutOptions{RetainUntil: time.Now().Add(time.Hour)})
	if err != nil || info.Locked {
		t.Errorf("%+v, %v", info, err)
	}
	opt := options()
	opt.RequireLock = true
	blobs := storage.NewBlobs(s)
	_, err = storage.NewArchive(s, opt).Step(t.Context(), letter(t, blobs, "silent"), blobs)
	if f := pipeline.AsFault(err); f == nil || f.Code != "not-retained" {
		t.Errorf("got %v", err)
	}
}

func TestS3Refused(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, true)
	openS3(t, c)
	for name, change := range map[string]struct {
		change func(*storage.S3Config)
		kind   error
	}{
		"wrong secret":      {func(c *storage.S3Config) { c.SecretKey = "wrong" }, storage.ErrDenied},
		"unknown authority": {func(c *storage.S3Config) { c.CAFile = "" }, storage.ErrUnreachable},
		"nobody there":      {func(c *storage.S3Config) { c.Endpoint = "127.0.0.1:1" }, storage.ErrUnreachable},
		"HTTP to TLS":       {func(c *storage.S3Config) { c.Insecure = true }, nil},
		"no bucket name":    {func(c *storage.S3Config) { c.Bucket = "" }, nil},
		"odd endpoint":      {func(c *storage.S3Config) { c.Endpoint = "ftp://host" }, nil},
		"no CA file":        {func(c *storage.S3Config) { c.CAFile = "/does/not/exist" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := c
			change.change(&c)
			_, err := storage.OpenS3(t.Context(), c)
			if err == nil || change.kind != nil && !errors.Is(err, change.kind) {
				t.Errorf("got %v, want %v", err, change.kind)
			}
		})
	}
	withScheme := c
	withScheme.Endpoint, withScheme.Insecure = "https://"+c.Endpoint, true
	openS3(t, withScheme)
}

// TestS3Outage stops the server, archives in vain, and goes on once it is back.
func TestS3Outage(t *testing.T) {
	t.Parallel()
	server := storagetest.StartServer(t, true)
	s := openS3(t, server.Config)
	blobs := storage.NewBlobs(s)
	doc := letter(t, blobs, "outage")
	before := archive(t, s, letter(t, blobs, "before"), blobs)
	open, _, err := s.Open(t.Context(), before.Record.Prefix+"manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	out, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
	if f := pipeline.AsFault(err); f == nil || f.Verdict != pipeline.TryAgain || f.Code != "store-down" || out.Record != nil {
		t.Errorf("Step during the outage: %v", err)
	}
	if _, err := blobs.Put(t.Context(), strings.NewReader("new")); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("Put during the outage: %v", err)
	}
	if _, err := io.ReadAll(open); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("reading during the outage: %v", err)
	}
	if f := pipeline.AsFault(storage.Preflight(t.Context(), s, 1, 0)); f == nil || f.Code != "store-down" {
		t.Errorf("Preflight during the outage: %v", f)
	}
	sum, err := storage.NewArchive(s, options()).Verify(t.Context(), func(p storage.Problem) error { return fmt.Errorf("%+v", p) })
	if !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("Verify during the outage must not call anything damaged: %+v, %v", sum, err)
	}
	server.Start()
	if err := storage.Preflight(t.Context(), s, 1, 0); err != nil {
		t.Errorf("Preflight afterwards: %v", err)
	}
	archive(t, s, doc, blobs)
}

// TestS3KilledMidway kills the server while letters are being archived, again and
// again, and repeats each step until it is through.
func TestS3KilledMidway(t *testing.T) {
	t.Parallel()
	server := storagetest.StartServer(t, true)
	s := openS3(t, server.Config)
	blobs := storage.NewBlobs(s)
	var docs []pipeline.Document
	for i := range 12 {
		docs = append(docs, letter(t, blobs, fmt.Sprintf("midway-%d", i)))
	}
	kills := make(chan struct{})
	go func() {
		defer close(kills)
		for range 4 {
			time.Sleep(60 * time.Millisecond)
			server.Stop()
			server.Start()
		}
	}()
	for _, doc := range docs {
		for try := 0; ; try++ {
			out, err := storage.NewArchive(s, options()).Step(t.Context(), doc, blobs)
			if err == nil && out.Record != nil {
				break
			}
			if f := pipeline.AsFault(err); f.Verdict != pipeline.TryAgain || try > 50 {
				t.Fatalf("%s: %v", doc.ID, err)
			}
		}
	}
	<-kills
	sum, err := storage.NewArchive(s, options()).Verify(t.Context(), func(p storage.Problem) error { return fmt.Errorf("%+v", p) })
	if err != nil || sum.Letters != len(docs) || sum.Locked != len(docs) {
		t.Errorf("%+v, %v", sum, err)
	}
}

// TestS3Versions deletes an object that has several versions: none stays.
func TestS3Versions(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	s := openS3(t, c)
	m := client(t, c)
	for _, body := range []string{"one", "two", "three"} {
		if _, err := m.PutObject(t.Context(), c.Bucket, "v/x", strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), "v/x"); err != nil {
		t.Fatal(err)
	}
	for o := range m.ListObjects(t.Context(), c.Bucket, minio.ListObjectsOptions{Prefix: "v/", Recursive: true, WithVersions: true}) {
		t.Errorf("left: %s %s (delete marker %t)", o.Key, o.VersionID, o.IsDeleteMarker)
	}
}

// TestS3ContextEnds stops reading an object with its context.
func TestS3ContextEnds(t *testing.T) {
	t.Parallel()
	s := openS3(t, storagetest.Versitygw(t, false))
	if _, err := s.Put(t.Context(), "x", bytes.NewReader(make([]byte, 8<<20)), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, _, err := s.Open(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkS3Put(b *testing.B) {
	s := openS3(b, storagetest.Versitygw(b, true))
	body := make([]byte, 200<<10)
	b.SetBytes(int64(len(body)))
	for i := 0; b.Loop(); i++ {
		if _, err := s.Put(b.Context(), fmt.Sprintf("b/%d", i), bytes.NewReader(body), storage.PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
