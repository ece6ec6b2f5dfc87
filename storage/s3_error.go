package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
)

// errConflict is the server's answer while another put of the same key is under
// way. To callers it is one of the ways of not being reachable.
var errConflict = fmt.Errorf("%w: busy with another put of the key", ErrUnreachable)

// s3Error wraps an error of the S3 client with what was being done and with what
// kind of error it is.
func s3Error(doing string, err error) error {
	if kind := s3Kind(err); kind != nil {
		return fmt.Errorf("%s: %w: %w", doing, kind, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// s3Kind sorts by the error codes of S3 ("Error responses" in the S3 API
// reference) and, where a HEAD leaves only that, by the HTTP status.
func s3Kind(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	// One that wraps another error of ours came through the client from our reader.
	for _, kind := range []error{ErrFull, ErrMismatch, ErrUnreachable} {
		if errors.Is(err, kind) {
			return nil
		}
	}
	var netErr net.Error
	var urlErr *url.Error
	if errors.As(err, &netErr) || errors.As(err, &urlErr) {
		return ErrUnreachable
	}
	r := minio.ToErrorResponse(err)
	switch r.Code {
	case "NoSuchKey", "NoSuchVersion", "NotFound":
		return ErrNotFound
	case "PreconditionFailed":
		return ErrExists
	case "ConditionalRequestConflict", "OperationAborted":
		return errConflict
	case "ObjectParentIsFile", "ExistingObjectIsDirectory", "ExistingObjectIsDir":
		return ErrKey
	case "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest":
		return ErrMismatch
	case "QuotaExceeded", "EntityTooLarge", "XMinioStorageFull", "InsufficientStorage":
		return ErrFull
	case "ObjectLocked", "InvalidObjectState":
		return ErrLocked
	case "NoSuchBucket", "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout":
		return ErrUnreachable
	}
	switch {
	case r.StatusCode == http.StatusNotFound:
		return ErrNotFound
	case r.StatusCode == http.StatusPreconditionFailed:
		return ErrExists
	case r.StatusCode == http.StatusForbidden, r.StatusCode == http.StatusUnauthorized:
		return ErrDenied
	case r.StatusCode == http.StatusInsufficientStorage:
		return ErrFull
	case r.StatusCode >= 500, r.StatusCode == http.StatusTooManyRequests:
		return ErrUnreachable
	}
	return nil
}
