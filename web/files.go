package web

import (
	"cmp"
	"context"
	"mime"
	"net/http"
	"path"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// file serves a kept file of a letter: from the archive, or, before it is
// archived, from what the steps left. Each download is in the evidence log before
// the first byte goes out.
func (s *server) file(role string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e, err := s.Rows.Get(r.Context(), docID(r))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		content, media, err := s.openFile(r.Context(), e.Document, role)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer content.Close()
		if err := s.seen(r, "downloaded-"+role, e.Document.ID); err != nil {
			s.fail(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", media)
		// The original is foreign bytes: it is saved, never shown by the browser. It
		// keeps the name it came with.
		disposition, name := "attachment", e.Document.Delivery.Name
		if role != "original" {
			disposition, name = "inline", cmp.Or(e.Document.Delivery.Journal, "brief")+path.Ext(extension(role))
		}
		h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
		// Browsers show a PDF in a viewer of their own, which a strict policy would
		// stop; a PDF has no access to the page it is framed in.
		if role == "pdfa" {
			h.Set("Content-Security-Policy", "frame-ancestors 'self'")
		}
		http.ServeContent(w, r, "", time.Time{}, content)
	}
}

func extension(role string) string {
	if role == "text" {
		return ".txt"
	}
	return ".pdf"
}

func (s *server) openFile(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, string, error) {
	media := map[string]string{"pdfa": "application/pdf", "text": "text/plain; charset=utf-8", "original": "application/octet-stream"}[role]
	// The file that a stack came in holds other people's letters.
	if role == "original" && doc.Stack != nil {
		return nil, "", catalog.ErrUnknown
	}
	if doc.Record != nil {
		c, _, err := s.Archive(ctx, doc, role)
		return c, media, err
	}
	switch {
	case role == "original":
		c, err := s.Blobs.Open(ctx, doc.Delivery.Original.Digest)
		return c, media, err
	case role == "pdfa" && doc.PDF != nil:
		c, err := s.Blobs.Open(ctx, doc.PDF.Digest)
		return c, media, err
	}
	return nil, "", catalog.ErrUnknown
}
