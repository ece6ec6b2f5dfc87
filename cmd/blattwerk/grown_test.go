package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage"
	"blattwerk/storage/catalog/catalogtest"
	"blattwerk/storage/storagetest"
)

// TestGrown runs the same program with PostgreSQL, S3 over TLS and Redis, one
// serve and a worker of its own on another data folder. The worker is killed in
// the middle; the letters arrive all the same.
func TestGrown(t *testing.T) {
	s3 := storagetest.Versitygw(t, true)
	env := []string{
		"BLATTWERK_DATABASE_URL=" + catalogtest.Postgres(t),
		"BLATTWERK_REDIS_URL=" + redisServer(t),
		"BLATTWERK_S3_ENDPOINT=" + s3.Endpoint, "BLATTWERK_S3_BUCKET=" + s3.Bucket,
		"BLATTWERK_S3_ACCESS_KEY=" + s3.AccessKey, "BLATTWERK_S3_SECRET_KEY=" + s3.SecretKey,
		"BLATTWERK_S3_REGION=" + s3.Region, "BLATTWERK_S3_CA_FILE=" + s3.CAFile,
	}
	data := t.TempDir()
	s := startServe(t, data, env...)
	worker := programCommand(t, t.TempDir(), append(env, "BLATTWERK_TEST_KILL=read:during"), "work")
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	killed := make(chan struct{})
	go func() { _ = worker.Wait(); close(killed) }()
	t.Cleanup(func() { _ = worker.Process.Kill(); <-killed })

	accepted := map[pipeline.DocID][]byte{}
	for n := range 6 {
		content := distinct(sample(t), n)
		l, err := s.deliver("brief.jpg", content)
		if err != nil {
			t.Fatal(err)
		}
		accepted[l.ID] = content
	}
	for id := range accepted {
		if l := s.settled(id); l.State != pipeline.Archived {
			t.Errorf("%s is %s: %+v", id, l.State, l.Reason)
		}
	}
	select {
	case <-killed:
	case <-time.After(time.Second):
		t.Error("the worker did no reading; the test proved less than it should")
	}
	s.stop()
	inBucket(t, s3, accepted)
	for _, want := range []struct{ args, out string }{
		{"verify", "0 Auffälligkeiten"}, {"status", "archiviert   6"}, {"search Hundesteuer", "6 Treffer"}, {"savings", "22"},
	} {
		cmd := programCommand(t, data, env, strings.Fields(want.args)...)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want.out) {
			t.Errorf("%s: %v, %s", want.args, err, out)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(data, "store", "*")); len(files) != 0 {
		t.Errorf("the data folder keeps %v", files)
	}
	if _, err := os.Stat(filepath.Join(data, "catalog.db")); !os.IsNotExist(err) {
		t.Errorf("a catalogue of its own: %v", err)
	}
	rebuild(t, env, accepted)
}

// inBucket checks that each original lies in the bucket as it was, and locked.
func inBucket(t *testing.T, cfg storage.S3Config, want map[pipeline.DocID][]byte) {
	t.Helper()
	store, err := storage.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	archive := storage.NewArchive(store, storage.ArchiveOptions{})
	n := 0
	err = archive.Walk(t.Context(), func(m storage.Manifest) error {
		n++
		c, f, err := archive.Open(t.Context(), m.Record(), "original")
		if err != nil {
			return err
		}
		defer c.Close()
		var kept bytes.Buffer
		if _, err := kept.ReadFrom(c); err != nil {
			return err
		}
		if !bytes.Equal(kept.Bytes(), want[m.ID]) {
			t.Errorf("the original of %s has changed", m.ID)
		}
		info, err := store.Stat(t.Context(), f.Key)
		if err != nil || !info.Locked || info.RetainUntil.Before(time.Now()) {
			t.Errorf("%s is not locked: %+v, %v", f.Key, info, err)
		}
		return nil
	})
	if err != nil || n != len(want) {
		t.Errorf("%d letters in the bucket, want %d (%v)", n, len(want), err)
	}
}

// rebuild makes a catalogue on another, empty database from the bucket alone.
func rebuild(t *testing.T, env []string, want map[pipeline.DocID][]byte) {
	t.Helper()
	data := t.TempDir()
	fresh := append([]string{}, env...)
	fresh[0] = "BLATTWERK_DATABASE_URL="
	cmd := programCommand(t, data, fresh, "reindex")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("reindex: %v, %s", err, out)
	}
	out, err := programCommand(t, data, fresh, "search", "--limit", "50", "Hundesteuer").Output()
	if err != nil || strings.Count(string(out), "document.pdf") != len(want) {
		t.Errorf("after reindex: %v, %s", err, out)
	}
}
