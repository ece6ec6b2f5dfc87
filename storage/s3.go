package storage

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"blattwerk/pipeline"
)

// maxPut is the largest object of one PUT, by the limits of S3.
const maxPut = 5 << 30

// Metadata that we keep with every object, for servers that do not keep SHA-256
// checksums or have no object lock.
const (
	metaDigest = "Blattwerk-Sha256"
	metaRetain = "Blattwerk-Retain-Until"
)

// S3 is a [Store] in a bucket of an S3 server.
//
// Objects that are to be retained get an object lock in governance mode where
// the bucket has object lock: nobody deletes them without a special right, and
// a court's or a citizen's demand for erasure can still be met (Art. 17 GDPR),
// which compliance mode would forbid.
type S3 struct {
	core    minio.Core
	bucket  string
	spool   string
	canLock bool // the bucket has object lock
}

var (
	_ Store = (*S3)(nil)
	_ namer = (*S3)(nil)
)

// OpenS3 connects to a bucket and finds out whether it has object lock.
func OpenS3(ctx context.Context, c S3Config) (*S3, error) {
	endpoint, secure, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	core, err := minio.NewCore(endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: secure, Transport: transport, Region: c.Region,
		// Few, since the belt tries again later and a clerk waits meanwhile.
		MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up S3: %w", err)
	}
	s := &S3{core: *core, bucket: c.Bucket, spool: c.SpoolDir}
	if err := s.openBucket(ctx, c.Region); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *S3) openBucket(ctx context.Context, region string) error {
	there, err := s.core.BucketExists(ctx, s.bucket)
	if err != nil {
		return s3Error("looking for the bucket", err)
	}
	if !there {
		err := s.core.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: region, ObjectLocking: true})
		if code := minio.ToErrorResponse(err).Code; err != nil && code != "BucketAlreadyOwnedByYou" {
			return s3Error("making the bucket", err)
		}
	}
	state, _, _, _, err := s.core.GetObjectLockConfig(ctx, s.bucket)
	switch {
	case err == nil:
		s.canLock = state == "Enabled"
	case noLock(err):
		s.canLock = false
	default:
		return s3Error("asking for the bucket's object lock", err)
	}
	return nil
}

// CanLock says whether the bucket has object lock. Without it, retention is kept
// as metadata and enforced by Delete only.
func (s *S3) CanLock() bool { return s.canLock }

// Put implements [Store]. The object is spooled first, since S3 wants size and
// digest before the bytes. With retention, it is read back from the server
// before Put returns.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, opt PutOptions) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	body, err := newSpool(ctx, s.spool, r)
	if err != nil {
		return Info{}, err
	}
	defer body.Close()
	if err := checkAnnounced(opt, body.size, body.digest); err != nil {
		return Info{}, err
	}
	if err := s.sendNew(ctx, key, body, opt); err != nil {
		return Info{}, err
	}
	return s.sent(ctx, key, body)
}

// sent describes an object that was just put, as the server sees it.
func (s *S3) sent(ctx context.Context, key string, body *spool) (Info, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return Info{}, err
	}
	return info, checkAnnounced(PutOptions{Size: body.size, Digest: body.digest}, info.Size, info.Digest)
}

func (s *S3) ensure(ctx context.Context, name func(pipeline.Digest) string, r io.Reader) (Info, error) {
	body, err := newSpool(ctx, s.spool, r)
	if err != nil {
		return Info{}, err
	}
	defer body.Close()
	key := name(body.digest)
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	err = s.sendNew(ctx, key, body, PutOptions{})
	if errors.Is(err, ErrExists) {
		return s.renew(ctx, key, body)
	}
	if err != nil {
		return Info{}, err
	}
	return s.sent(ctx, key, body)
}

// sendNew puts a body if its key is free. A server that is busy with another put
// of the same key says so and is asked again, until one of the two has won.
//
// A server that sees a taken key may answer and hang up while we are still
// sending, and then its answer can be lost: a broken put is looked after.
func (s *S3) sendNew(ctx context.Context, key string, body *spool, opt PutOptions) error {
	wait := 20 * time.Millisecond
	for {
		err := s.send(ctx, key, body, opt, true)
		if !errors.Is(err, ErrUnreachable) || ctx.Err() != nil {
			return err
		}
		if _, herr := s.Stat(ctx, key); herr == nil {
			return fmt.Errorf("%w: found after: %w", ErrExists, err)
		}
		if !errors.Is(err, errConflict) || wait > 2*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// send puts a body; absent asks for [ErrExists] if the key is taken.
func (s *S3) send(ctx context.Context, key string, body *spool, opt PutOptions, absent bool) error {
	if body.size > maxPut {
		return fmt.Errorf("an object of %d bytes is more than S3 takes in one piece", body.size)
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return diskError("rewinding what is to be stored", err)
	}
	sum, err := hex.DecodeString(string(body.digest))
	if err != nil {
		return fmt.Errorf("encoding a digest: %w", err)
	}
	o := minio.PutObjectOptions{
		ContentType: opt.Media,
		UserMetadata: map[string]string{
			// As a header: trailing checksums fail on some servers over plain HTTP.
			"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum),
			metaDigest:              string(body.digest),
		},
		DisableMultipart: true, DisableContentSha256: true,
	}
	if absent {
		o.SetMatchETagExcept("*")
	}
	if opt.RetainUntil.After(time.Now()) {
		until := opt.RetainUntil.UTC().Truncate(time.Second)
		o.UserMetadata[metaRetain] = until.Format(time.RFC3339)
		if s.canLock {
			o.Mode, o.RetainUntilDate = minio.Governance, until
		}
	}
	// The signed payload hash makes the server verify what arrives.
	var r io.Reader = body
	if body.size == 0 {
		r = http.NoBody
	}
	_, err = s.core.PutObject(ctx, s.bucket, key, r, body.size, "", string(body.digest), o)
	if err != nil {
		return s3Error("putting an object", err)
	}
	return nil
}

// renew makes an object that is there already count as put now. A fresh one is
// left alone; an old or damaged one is put again, which in a bucket with versions
// adds a version.
func (s *S3) renew(ctx context.Context, key string, body *spool) (Info, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return Info{}, err
	}
	err = verify(ctx, s, key, body.digest)
	if err == nil && time.Since(info.Modified) < time.Hour {
		return info, nil
	}
	if errors.Is(err, ErrDamaged) {
		slog.WarnContext(ctx, "a damaged object is replaced", "key", key)
	} else if err != nil {
		return Info{}, err
	}
	if err := s.send(ctx, key, body, PutOptions{}, false); err != nil {
		return Info{}, err
	}
	return s.sent(ctx, key, body)
}

// Open implements [Store].
func (s *S3) Open(ctx context.Context, key string) (pipeline.Content, Info, error) {
	info, _, err := s.head(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	return &remote{ctx: ctx, s: s, key: key, size: info.Size}, info, nil
}

// Stat implements [Store].
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	info, _, err := s.head(ctx, key)
	return info, err
}

func (s *S3) head(ctx context.Context, key string) (info Info, version string, err error) {
	if err := CheckKey(key); err != nil {
		return Info{}, "", err
	}
	o, err := s.core.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return Info{}, "", s3Error("looking at an object", err)
	}
	info = Info{Key: key, Size: o.Size, Media: o.ContentType, Modified: o.LastModified}
	info.Digest = pipeline.Digest(o.UserMetadata[metaDigest])
	if sum, err := base64.StdEncoding.DecodeString(o.ChecksumSHA256); err == nil && len(sum) == 32 {
		info.Digest = pipeline.Digest(hex.EncodeToString(sum))
	}
	if info.RetainUntil, info.Locked, err = s.retention(ctx, o); err != nil {
		return Info{}, "", err
	}
	return info, o.VersionID, nil
}

// retention says until when an object is retained and whether the server itself
// sees to that. What was asked for is not what holds, since some servers ignore
// it: only the server's own word counts as a lock.
func (s *S3) retention(ctx context.Context, o minio.ObjectInfo) (until time.Time, locked bool, err error) {
	mode := minio.RetentionMode(o.Headers.Get("X-Amz-Object-Lock-Mode"))
	date := o.Headers.Get("X-Amz-Object-Lock-Retain-Until-Date")
	asked := o.UserMetadata[metaRetain]
	if mode == "" && asked != "" && s.canLock { // a HEAD shows it only to who may also ask
		mode, date, err = s.askRetention(ctx, o)
		if err != nil {
			return time.Time{}, false, err
		}
	}
	locked = mode.IsValid() && date != ""
	if !locked {
		date = asked
	}
	if date == "" {
		return time.Time{}, false, nil
	}
	until, err = time.Parse(time.RFC3339, date)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading an object's retention: %w: %w", ErrDamaged, err)
	}
	return until.UTC(), locked && until.After(time.Now()), nil
}

func (s *S3) askRetention(ctx context.Context, o minio.ObjectInfo) (minio.RetentionMode, string, error) {
	mode, date, err := s.core.GetObjectRetention(ctx, s.bucket, o.Key, o.VersionID)
	if noLock(err) {
		return "", "", nil
	}
	if err != nil {
		return "", "", s3Error("reading an object's retention", err)
	}
	if mode == nil || date == nil {
		return "", "", nil
	}
	return *mode, date.UTC().Format(time.RFC3339), nil
}

// prolongs says whether the server holds locks: without them, an object's
// retention stands among its metadata, which are written once.
func (s *S3) prolongs() bool { return s.canLock }

// prolong asks the server for a lock until a moment that lies later than the one
// it holds, or for one that a put should have brought but did not, because the
// server stopped between writing the object and locking it.
func (s *S3) prolong(ctx context.Context, key string, until time.Time) error {
	_, version, err := s.head(ctx, key)
	if err != nil {
		return err
	}
	mode, until := minio.Governance, until.UTC().Truncate(time.Second)
	err = s.core.PutObjectRetention(ctx, s.bucket, key, minio.PutObjectRetentionOptions{
		Mode: &mode, RetainUntilDate: &until, VersionID: version,
	})
	if noLock(err) {
		return nil // the caller sees that there is none
	}
	if err != nil {
		return s3Error("locking an object", err)
	}
	return nil
}

// noLock says whether an answer means that there is no lock, or no such feature.
func noLock(err error) bool {
	switch minio.ToErrorResponse(err).Code {
	case "NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "NotImplemented":
		return true
	}
	return false
}

// List implements [Store].
func (s *S3) List(ctx context.Context, prefix string, each func(Info) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return s3Error("listing objects", o.Err)
		}
		if strings.HasSuffix(o.Key, "/") || CheckKey(o.Key) != nil {
			continue // not an object of ours
		}
		if err := each(Info{Key: o.Key, Size: o.Size, Modified: o.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Delete implements [Store]. In a bucket with versions all versions go, so that
// nothing of a deleted letter stays behind a delete marker.
func (s *S3) Delete(ctx context.Context, key string) error {
	_, err := s.remove(ctx, key, time.Time{})
	return err
}

func (s *S3) deleteOlder(ctx context.Context, key string, t time.Time) (bool, error) {
	return s.remove(ctx, key, t)
}

// remove deletes version after version, so that one that is put meanwhile is
// seen and, if it is not older than older, kept.
func (s *S3) remove(ctx context.Context, key string, older time.Time) (bool, error) {
	for gone := false; ; gone = true {
		info, version, err := s.head(ctx, key)
		if errors.Is(err, ErrNotFound) && gone {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if info.RetainUntil.After(time.Now()) {
			return false, fmt.Errorf("%w until %s", ErrLocked, info.RetainUntil.Format(time.RFC3339))
		}
		if !older.IsZero() && !info.Modified.Before(older) {
			return false, nil
		}
		if err := s.core.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{VersionID: version}); err != nil {
			return false, s3Error("deleting an object", err)
		}
	}
}

// Ready says whether the server answers and the spool has room for that many
// bytes; its error wraps [ErrUnreachable], [ErrDenied] or [ErrFull].
func (s *S3) Ready(ctx context.Context, room int64) error {
	there, err := s.core.BucketExists(ctx, s.bucket)
	if err != nil {
		return s3Error("looking for the bucket", err)
	}
	if !there {
		return fmt.Errorf("%w: the bucket is gone", ErrUnreachable)
	}
	dir := s.spool
	if dir == "" {
		dir = os.TempDir()
	}
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if free < room {
		return fmt.Errorf("%w: %d MiB free for spooling, %d MiB needed", ErrFull, free>>20, room>>20)
	}
	return nil
}
