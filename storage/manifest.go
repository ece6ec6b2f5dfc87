package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// ManifestFormat names the format of the manifests that this version writes.
const ManifestFormat = "blattwerk-manifest/1"

const (
	manifestName  = "manifest.json"
	manifestMedia = "application/json"
)

// The roles of the files of an archived letter.
const (
	RoleOriginal = "original" // the bytes as received
	RolePDFA     = "pdfa"     // the validated PDF/A
	RoleText     = "text"     // plain text of all pages
	RoleWords    = "words"    // every word with its place
	RolePage     = "page"     // the picture of one page as it came, of a letter that was cut out of a stack
	RoleManifest = "manifest" // the manifest itself
)

// Manifest describes an archived letter completely. It is written last, as
// manifest.json beside the files that it lists, and is the mark that they are
// complete. The format is explained in docs/archive-format.md; a change that
// strangers would notice makes a new format name.
type Manifest struct {
	Format     string             `json:"format"`
	ReadMe     pipeline.Message   `json:"readMe"` // how to read this, for a stranger
	ID         pipeline.DocID     `json:"id"`
	ArchivedAt time.Time          `json:"archivedAt"`
	Software   string             `json:"software"`
	Keep       Keep               `json:"keep"`
	Files      []ManifestFile     `json:"files"`
	Delivery   pipeline.Delivery  `json:"delivery"`
	Source     *pipeline.Findings `json:"source,omitempty"`
	PDF        pipeline.PDF       `json:"pdf"`
	Filing     pipeline.Filing    `json:"filing"`
	Pages      []pipeline.Page    `json:"pages"`
	Stack      *pipeline.Stack    `json:"stack,omitempty"`
	Aside      []pipeline.Page    `json:"aside,omitempty"`
	Marks      []pipeline.Field   `json:"marks,omitempty"`
	ArrangedBy string             `json:"arrangedBy,omitempty"`
	Remarks    []pipeline.Remark  `json:"remarks,omitempty"`

	digest pipeline.Digest // of the manifest's own bytes
	prefix string          // where it lies
	size   int64           // of the manifest itself, bytes
	locked bool            // the server holds a lock on it
}

// ManifestFile is one file beside the manifest.
type ManifestFile struct {
	Name   string          `json:"name"` // in the manifest's folder
	Roles  []string        `json:"roles"`
	Media  string          `json:"media"`
	Size   int64           `json:"size"` // bytes
	Digest pipeline.Digest `json:"sha256"`
	Page   int             `json:"page,omitempty"` // of a page's picture: number in the delivery
}

// Keep says until when the store is to refuse deletion, and why.
type Keep struct {
	Until time.Time `json:"until,omitzero"`
	Basis string    `json:"basis"` // see the Basis constants
}

const readMeDE = "Dieser Ordner enthält ein Schriftstück aus dem Posteingang. " +
	"Unter \"files\" steht jede Datei mit Aufgabe (roles), Größe in Byte und SHA-256-Prüfsumme: " +
	"\"original\" sind die Bytes, wie sie eingingen; \"pdfa\" ist die geprüfte PDF/A-Fassung (haben beide Rollen dieselbe Datei, war der Eingang schon gültiges PDF/A); " +
	"\"text\" ist der Text aller Seiten, Seiten durch Seitenvorschub (FF, 0x0C) getrennt; \"words\" nennt jedes Wort mit seinem Platz auf der Seite. " +
	"\"delivery\" sagt, wann und wie das Schriftstück einging und seine Nummer im Posteingangsbuch (journal); \"filing\" sagt, wohin es gehört; \"keep\", bis wann es mindestens vor Löschung geschützt ist. " +
	"Steht \"stack\" da, kam das Schriftstück mit anderen in einem Stapel: statt des ganzen Stapels liegen hier die Bilder seiner eigenen Seiten (\"page\"), und delivery.original nennt die Prüfsumme des Stapels. " +
	"Zeiten sind nach ISO 8601 in UTC. Fehlt diese Datei in einem Ordner, ist der Ordner unvollständig. " +
	"Die Prüfsummen unter \"pages\" nennen Arbeitsdateien, die nicht aufbewahrt werden."

const readMeEN = "This folder holds one document from the incoming mail. " +
	"\"files\" lists every file with its roles, its size in bytes and its SHA-256 checksum: " +
	"\"original\" are the bytes as received; \"pdfa\" is the validated PDF/A version (if one file has both roles, what came in was valid PDF/A already); " +
	"\"text\" is the text of all pages, with form feeds (FF, 0x0C) between pages; \"words\" names each word with its place on the page. " +
	"\"delivery\" says when and how the document came in, and its number in the mail journal; \"filing\" says where it belongs; \"keep\" until when it is protected from deletion at least. " +
	"If there is a \"stack\", the document came with others in one stack: the pictures of its own pages (\"page\") lie here instead of the whole stack, and delivery.original names the stack's checksum. " +
	"Times are ISO 8601 in UTC. A folder without this file is incomplete. " +
	"Checksums under \"pages\" name working files that are not kept."

// newManifest describes doc. The caller adds the files.
func newManifest(doc pipeline.Document) Manifest {
	m := Manifest{
		Format: ManifestFormat, ReadMe: pipeline.Message{DE: readMeDE, EN: readMeEN},
		ID: doc.ID, Delivery: doc.Delivery, Source: doc.Source,
		PDF: *doc.PDF, Filing: *doc.Filing, Pages: slices.Clone(doc.Pages), Remarks: doc.Remarks,
		Stack: doc.Stack, Aside: doc.Aside, Marks: doc.Marks, ArrangedBy: doc.ArrangedBy,
	}
	if m.Pages == nil {
		m.Pages = []pipeline.Page{}
	}
	m.Delivery.Received = m.Delivery.Received.UTC()
	m.PDF.Check.At = m.PDF.Check.At.UTC()
	return m
}

// encode gives the manifest's bytes: the same for the same value.
func (m Manifest) encode() ([]byte, error) { return encodeJSON(m) }

// encodeJSON gives JSON that is indented for people.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a manifest: %w", err)
	}
	return b.Bytes(), nil
}

// maxManifest bounds what is read as a manifest, in bytes. A letter of 5,000
// pages needs about 4 MB.
const maxManifest = 64 << 20

// ParseManifest reads a manifest and checks that it hangs together: a known
// format, file names that stay in the folder, digests that are digests, and a
// PDF/A and (but for letters of a stack) an original among the files. Members that
// it does not know are ignored. Its error wraps [ErrDamaged].
func ParseManifest(raw []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: reading a manifest: %w", ErrDamaged, err)
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	m.digest, m.size = digestBytes(raw), int64(len(raw))
	return m, nil
}

func (m Manifest) check() error {
	if m.Format != ManifestFormat {
		return fmt.Errorf("the manifest's format is not %s", ManifestFormat)
	}
	if err := checkSegment(string(m.ID)); err != nil {
		return fmt.Errorf("the manifest's ID: %w", err)
	}
	roles := map[string]bool{}
	names := map[string]bool{manifestName: true}
	for _, f := range m.Files {
		if err := checkSegment(f.Name); err != nil {
			return fmt.Errorf("a file name in the manifest: %w", err)
		}
		if names[f.Name] {
			return errors.New("a file name occurs twice in the manifest")
		}
		if !ValidDigest(f.Digest) || f.Size < 0 {
			return errors.New("a file in the manifest has no proper digest or size")
		}
		names[f.Name] = true
		for _, r := range f.Roles {
			roles[r] = true
		}
	}
	if !roles[RoleOriginal] && m.Stack == nil || !roles[RolePDFA] {
		return errors.New("the manifest names no original or no PDF/A")
	}
	return nil
}

// checkSegment says whether s can be one segment of a key.
func checkSegment(s string) error {
	if strings.Contains(s, "/") {
		return fmt.Errorf("%w: more than one segment", ErrKey)
	}
	return CheckKey(s)
}

// Digest is the SHA-256 of the manifest's own bytes.
func (m Manifest) Digest() pipeline.Digest { return m.digest }

// self is the manifest as a file beside those that it lists.
func (m Manifest) self() ManifestFile {
	return ManifestFile{Name: manifestName, Media: manifestMedia, Size: m.size, Digest: m.digest}
}

// Record is where the letter lies, for a manifest that [Archive.Walk] gave.
func (m Manifest) Record() pipeline.Record {
	r := pipeline.Record{
		Prefix: m.prefix, Manifest: m.digest,
		RetainUntil: m.Keep.Until, Locked: m.locked, At: m.ArchivedAt,
	}
	for _, f := range m.Files {
		for _, role := range f.Roles {
			r.Files = append(r.Files, pipeline.File{
				Role: role, Key: m.prefix + f.Name, Media: f.Media,
				Blob: pipeline.Blob{Digest: f.Digest, Size: f.Size},
			})
		}
	}
	r.Files = append(r.Files, pipeline.File{
		Role: RoleManifest, Key: m.prefix + manifestName, Media: manifestMedia,
		Blob: pipeline.Blob{Digest: m.digest, Size: m.size},
	})
	return r
}

// Document is the letter as the catalogue had it when it was archived; [Amended]
// gives it as it is today. Blobs that its pages name may be gone; [Archive.Words]
// gives the words.
func (m Manifest) Document() pipeline.Document {
	rec, pdf, filing := m.Record(), m.PDF, m.Filing
	return pipeline.Document{
		ID: m.ID, Delivery: m.Delivery, Pages: m.Pages, PDF: &pdf, Filing: &filing,
		Record: &rec, Remarks: m.Remarks, Source: m.Source,
		Stack: m.Stack, Aside: m.Aside, Marks: m.Marks, ArrangedBy: m.ArrangedBy,
	}
}

// extension gives the ending of an original's name by its media type, so that a
// file browser opens it with the right program. The media types of office files
// name a family only; there the sender's ending counts if it is one of the family.
func extension(media, name string) string {
	media, _, _ = strings.Cut(media, ";")
	media = strings.TrimSpace(media)
	if e, ok := extensions[media]; ok {
		return e
	}
	if family, ok := families[media]; ok {
		if e := strings.ToLower(path.Ext(name)); e != "" && slices.Contains(family, e) {
			return e
		}
		return family[0]
	}
	return ".bin"
}

// families are the endings of office files; the first is true of all of them.
var families = map[string][]string{
	"application/vnd.openxmlformats-officedocument": {".zip", ".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm"},
	"application/vnd.oasis.opendocument":            {".zip", ".odt", ".ods", ".odp", ".odg"},
	"application/x-ole-storage":                     {".bin", ".doc", ".xls", ".ppt"},
}

var extensions = map[string]string{
	"application/pdf": ".pdf", "image/tiff": ".tif", "image/jpeg": ".jpg", "image/png": ".png",
	"image/jp2": ".jp2", "image/jpx": ".jpx", "image/webp": ".webp", "image/gif": ".gif", "image/bmp": ".bmp",
	"image/heic": ".heic", "image/avif": ".avif", "image/x-portable-anymap": ".pnm",
	"message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/xml": ".xml", "application/rtf": ".rtf", "application/zip": ".zip",
}

// prefixOf is where a letter lies. The month is that of receipt, in UTC, so that
// a letter's place never depends on where or when the program runs.
func prefixOf(doc pipeline.Document) string { return prefixAt(doc.ID, doc.Delivery.Received) }

func prefixAt(id pipeline.DocID, received time.Time) string {
	return path.Join(archivePrefix, received.UTC().Format("2006/01"), string(id)) + "/"
}
