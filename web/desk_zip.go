package web

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// maxZip is how many letters go into one zip.
const maxZip = 200

// zipEntry is a file in a zip, as its manifest tells it.
type zipEntry struct {
	Path       string          `json:"path"`
	Role       string          `json:"role"` // "original", "pdfa", "text"
	Media      string          `json:"media"`
	Size       int64           `json:"size"`
	SHA256     pipeline.Digest `json:"sha256"`
	Document   pipeline.DocID  `json:"document"`
	Journal    string          `json:"journal"`
	Received   time.Time       `json:"received"`
	Department pipeline.DeptID `json:"department"`
	Type       string          `json:"type"`
}

// zipLetter gives everything of one letter.
func (s *server) zipLetter(w http.ResponseWriter, r *http.Request) {
	s.zip(w, r, []string{r.PathValue("id")})
}

// zipLetters gives everything of the letters that were chosen.
func (s *server) zipLetters(w http.ResponseWriter, r *http.Request) {
	s.zip(w, r, r.URL.Query()["id"])
}

// zip streams letters with a manifest. Each is looked up, and its download
// written into the evidence log, before the first byte goes out; a letter that
// the person may not see makes it answer as for one that there is not.
func (s *server) zip(w http.ResponseWriter, r *http.Request, ids []string) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 || len(ids) > maxZip {
		s.fail(w, r, unclear(fmt.Sprintf("Bitte 1 bis %d Briefe auswählen.", maxZip), fmt.Sprintf("Please choose 1 to %d letters.", maxZip)))
		return
	}
	var letters []catalog.Entry
	for _, id := range ids {
		e, err := s.Rows.Get(r.Context(), pipeline.DocID(id))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		letters = append(letters, e)
	}
	for _, e := range letters {
		if err := s.seen(r, "downloaded-zip", e.Document.ID); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	name := "briefe.zip"
	if len(letters) == 1 {
		name = cmp.Or(letters[0].Document.Delivery.Journal, "brief") + ".zip"
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if err := s.writeZip(r.Context(), w, letters); err != nil {
		s.Log.WarnContext(r.Context(), "a zip broke off", slog.Any("error", err))
		// The status is sent already. Cutting the connection is the one way to tell
		// the browser that the file is not whole.
		panic(http.ErrAbortHandler)
	}
}

// writeZip writes letters and, last, the manifest as JSON and CSV. It ends in an
// error if a file is not what the archive says it is.
func (s *server) writeZip(ctx context.Context, w io.Writer, letters []catalog.Entry) error {
	out := zip.NewWriter(w)
	var manifest []zipEntry
	for _, e := range letters {
		for _, role := range []string{"pdfa", "original", "text"} {
			entry, err := s.zipFile(ctx, out, e, role)
			if errors.Is(err, catalog.ErrUnknown) {
				continue // a letter on its way has no such file yet
			}
			if err != nil {
				return fmt.Errorf("adding the %s of a letter: %w", role, err)
			}
			manifest = append(manifest, entry)
		}
	}
	if err := writeZipManifest(out, manifest); err != nil {
		return err
	}
	return out.Close()
}

func (s *server) zipFile(ctx context.Context, out *zip.Writer, e catalog.Entry, role string) (zipEntry, error) {
	doc := e.Document
	entry := zipEntry{
		Role: role, Document: doc.ID, Journal: doc.Delivery.Journal, Received: e.Received, Department: filedIn(doc),
		SHA256: s.digestOf(doc, role),
	}
	if doc.Filing != nil {
		entry.Type = cmp.Or(s.types[doc.Filing.Type].Name, string(doc.Filing.Type))
	}
	if doc.Record != nil && !slices.ContainsFunc(doc.Record.Files, func(f pipeline.File) bool { return f.Role == role }) {
		return entry, catalog.ErrUnknown
	}
	content, media, err := s.openFile(ctx, doc, role)
	if err != nil {
		return entry, err
	}
	defer content.Close()
	entry.Media = media
	folder := cmp.Or(doc.Delivery.Journal, string(doc.ID)) + "_" + string(doc.ID[:min(len(doc.ID), 8)])
	entry.Path = path.Join(folder, map[string]string{"pdfa": "brief.pdf", "text": "text.txt", "original": "original" + safeExtension(doc.Delivery.Name)}[role])
	// Pictures and PDF do not get smaller.
	method := zip.Store
	if role == "text" {
		method = zip.Deflate
	}
	f, err := out.CreateHeader(&zip.FileHeader{Name: entry.Path, Method: method, Modified: e.Received})
	if err != nil {
		return entry, err
	}
	sum := sha256.New()
	if entry.Size, err = io.Copy(io.MultiWriter(f, sum), content); err != nil {
		return entry, err
	}
	got := pipeline.Digest(hex.EncodeToString(sum.Sum(nil)))
	if entry.SHA256 != "" && got != entry.SHA256 {
		return entry, fmt.Errorf("its bytes have SHA-256 %s, not %s", got, entry.SHA256)
	}
	entry.SHA256 = got
	return entry, nil
}

// digestOf is what a file's bytes have to be; "" if that is not known.
func (s *server) digestOf(doc pipeline.Document, role string) pipeline.Digest {
	if doc.Record != nil {
		for _, f := range doc.Record.Files {
			if f.Role == role {
				return f.Digest
			}
		}
	}
	switch {
	case role == "original":
		return doc.Delivery.Original.Digest
	case role == "pdfa" && doc.PDF != nil:
		return doc.PDF.Digest
	}
	return ""
}

// safeExtension is the ending of a sender's file name if it is a usual one.
func safeExtension(name string) string {
	ext := path.Ext(name)
	if len(ext) < 2 || len(ext) > 6 {
		return ".bin"
	}
	for _, c := range ext[1:] {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return ".bin"
		}
	}
	return ext
}

func writeZipManifest(out *zip.Writer, manifest []zipEntry) error {
	f, err := out.Create("manifest.json")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Format string     `json:"format"`
		Files  []zipEntry `json:"files"`
	}{"blattwerk-zip/1", manifest}); err != nil {
		return err
	}
	if f, err = out.Create("manifest.csv"); err != nil {
		return err
	}
	// The mark lets spreadsheets see that it is UTF-8.
	if _, err := io.WriteString(f, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(f)
	c.Comma = ';'
	rows := [][]string{{"path", "role", "media", "size", "sha256", "document", "journal", "received", "department", "type"}}
	for _, e := range manifest {
		rows = append(rows, []string{e.Path, e.Role, e.Media, fmt.Sprint(e.Size), string(e.SHA256), string(e.Document), e.Journal,
			e.Received.Format(time.RFC3339), string(e.Department), e.Type})
	}
	return c.WriteAll(rows)
}
