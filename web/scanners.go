package web

import (
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"net/http"

	"blattwerk/web/access"
)

// scannerRoutes is the upload call of scanner apps. Many speak that of
// paperless-ngx and no other, so it is answered here as there.
func (s *server) scannerRoutes() []route {
	return []route{
		{"POST /api/documents/post_document/", access.Hand, s.postDocument},
		{"GET /api/documents/post_document/", access.Hand, s.scannerHello},
	}
}

// postDocument takes the form of an app: the file is in "document"; "title",
// "created", "correspondent", "tags" and the like are guesses of a phone and are
// not taken over. The answer is the name of a task as a JSON string.
func (s *server) postDocument(w http.ResponseWriter, r *http.Request) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, err := r.MultipartReader()
	if media != "multipart/form-data" || err != nil {
		s.problem(w, r, badFile("not a form with a file", err))
		return
	}
	for {
		part, err := form.NextPart()
		if err != nil { // the end of the form included
			if err == io.EOF {
				err = nil
			}
			s.problem(w, r, badFile("no file named document in the form", err))
			return
		}
		if part.FormName() != "document" || part.FileName() == "" {
			continue
		}
		l, err := s.take(r.Context(), r, r.URL.Query(), part.FileName(), part)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		answer(w, http.StatusOK, taskName(string(l.ID), l.Name))
		return
	}
}

// taskName looks like the UUID that apps expect. It says no more than the receipt:
// who may not see a letter gets no name of it.
func taskName(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%s\x00", p)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// scannerHello tells an app that tries the address that it is right and that its
// token counts.
func (s *server) scannerHello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST")
	answer(w, http.StatusMethodNotAllowed, map[string]string{"detail": `Method "GET" not allowed.`})
}
