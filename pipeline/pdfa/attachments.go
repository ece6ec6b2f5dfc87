package pdfa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// attachments takes the files out that are embedded in a PDF and keeps each as a
// blob. One that cannot be taken out is listed without a digest.
func (r *Room) attachments(ctx context.Context, s *stage, blobs pipeline.Blobs) ([]pipeline.Attachment, error) {
	files, err := r.extract(ctx, s, s.work)
	if err != nil {
		return nil, err
	}
	var out []pipeline.Attachment
	for _, f := range files {
		a := pipeline.Attachment{Name: f.Name, Media: f.Media}
		if f.File != "" {
			if a.Blob, err = keepFile(ctx, blobs, f.File); err != nil {
				return nil, fmt.Errorf("keeping an embedded file: %w", err)
			}
			if err := describeFile(f.File, &a); err != nil {
				return nil, err
			}
			_ = os.Remove(f.File)
		}
		out = append(out, a)
	}
	return out, nil
}

// extract asks a child for the embedded files of path. Where it dies over them,
// they are listed as not taken out.
func (r *Room) extract(ctx context.Context, s *stage, path string) ([]foreign.Extracted, error) {
	if len(s.report.Attachments) == 0 {
		return nil, nil
	}
	var files []foreign.Extracted
	_, err := r.children.Call(ctx, foreign.OpExtract, foreign.ExtractCall{Path: path, Dir: s.dir}, nil, &files)
	if err == nil {
		return files, nil
	}
	if ctx.Err() != nil || !isCrash(err) {
		return nil, fmt.Errorf("taking embedded files out: %w", err)
	}
	for _, n := range s.report.Attachments {
		files = append(files, foreign.Extracted{Name: n, Why: err.Error()})
	}
	return files, nil
}

// describeFile looks into a taken-out file: is it an invoice, and what is it if
// the PDF does not say.
func describeFile(path string, a *pipeline.Attachment) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if a.Invoice = pipeline.InvoiceIn(f); a.Invoice != "" {
		a.Media = "text/xml" // what the Factur-X specification names
		return nil
	}
	if strings.Contains(a.Media, "/") && a.Media != "application/octet-stream" {
		return nil
	}
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if n == 0 && err != nil {
		a.Media = "application/octet-stream"
		return nil
	}
	a.Media = http.DetectContentType(head[:n])
	return nil
}

// compareFiles says whether the PDF at path carries the same embedded files,
// byte for byte, as the stage's working copy. The error is nil, wraps
// [errDiffers], or something went wrong.
func (r *Room) compareFiles(ctx context.Context, s *stage, path string) error {
	before, err := r.sums(ctx, s, s.work)
	if err != nil {
		return err
	}
	after, err := r.sums(ctx, s, path)
	if err != nil {
		return err
	}
	if len(before) != len(after) {
		return fmt.Errorf("%w: %d embedded files became %d", errDiffers, len(before), len(after))
	}
	for sum, n := range before {
		if after[sum] != n {
			return fmt.Errorf("%w: an embedded file changed", errDiffers)
		}
	}
	return nil
}

// sums counts the embedded files of path by name and SHA-256.
func (r *Room) sums(ctx context.Context, s *stage, path string) (map[string]int, error) {
	files, err := r.extract(ctx, s, path)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, f := range files {
		sum := "not readable"
		if f.File != "" {
			if sum, err = sumFile(f.File); err != nil {
				return nil, err
			}
			_ = os.Remove(f.File)
		}
		out[f.Name+" "+sum]++
	}
	return out, nil
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
