package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"blattwerk/pipeline"
)

const (
	archivePrefix  = "archive/"
	evidencePrefix = "evidence/"
)

// ArchiveOptions are the settings of an [Archive].
type ArchiveOptions struct {
	Clock    func() time.Time // nil is time.Now
	Software string           // name and version that manifests state, "blattwerk 1.2.0"

	MinLockMonths      int  // lock while a retention rule's start is not known; 0 means 6, negative none
	PermanentLockYears int  // lock of what is kept for ever, and of evidence; 0 means 30, negative none
	RequireLock        bool // refuse to archive where the server itself does not lock what is retained

	// Masked gives what of the fields of a filing its department may know. A letter
	// that was handed on comes back with its fields masked for the new department:
	// that is the same filing still. nil: all of it.
	Masked func(fields []pipeline.Field, dept pipeline.DeptID) []pipeline.Field
}

// Archive is everything that was kept, one folder for each letter:
//
//	archive/<year>/<month>/<document>/original.<ext>  the bytes as received
//	                                  rescan-0003-1.<ext>  page 3 as it was scanned again
//	                                  document.pdf    validated PDF/A
//	                                  text.txt        the text of all pages
//	                                  words.json      every word with its place
//	                                  manifest.json   what all this is
//	stacks/<year>/<month>/<delivery>/original.<ext>   a stack that was cut into letters
//	                                 manifest.json    what it is
//	evidence/<name>                                   checkpoints of the evidence log
//	amendments/<year>/<month>/<document>/<id>.json    what was decided about a letter later
//
// If the original is the PDF/A byte for byte, document.pdf is both. A letter that
// was cut out of a stack has page-0007.<ext> for each of its own pages instead of
// an original: other people's letters are none of its readers' business.
type Archive struct {
	store Store
	opt   ArchiveOptions
	spool string
}

// NewArchive keeps an archive in s.
func NewArchive(s Store, opt ArchiveOptions) *Archive {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	a := &Archive{store: s, opt: opt}
	if remote, ok := s.(*S3); ok {
		a.spool = remote.spool
	}
	return a
}

// Step is the archive step. It writes the files of doc and then their manifest,
// reads all of it back and only then sets doc.Record.
//
// It refuses a document without a valid PDF/A and one whose filing is not sure.
// Running it again completes what a crash interrupted and changes nothing that
// is complete; the same document gives the same bytes. A letter that is archived
// already and was filed anew by a person gets an [Amendment]. If other bytes lie
// where this letter belongs, a person has to look. Its error is a
// [*pipeline.Fault].
func (a *Archive) Step(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	if f := unfit(doc); f != nil {
		return doc, f
	}
	rec, err := a.keep(ctx, doc, blobs)
	if err != nil {
		return doc, Fault(fmt.Errorf("archiving: %w", err))
	}
	doc.Record = &rec
	return doc, nil
}

// unfit says why a document must not be archived.
func unfit(doc pipeline.Document) *pipeline.Fault {
	switch {
	case checkSegment(string(doc.ID)) != nil || doc.Delivery.Received.IsZero() || !ValidDigest(doc.Delivery.Original.Digest):
		return pipeline.AsFault(errors.New("archiving: the document has no ID, time of receipt or original"))
	case doc.PDF == nil || !ValidDigest(doc.PDF.Digest) || !doc.PDF.Check.Valid:
		return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "not-validated", Text: pipeline.Message{
			DE: "Das Schriftstück hat keine gültige PDF/A-Fassung und wird deshalb nicht archiviert. Bitte die Umwandlung wiederholen oder das Schriftstück neu scannen.",
			EN: "The document has no valid PDF/A version and so is not archived. Please repeat the conversion or scan the document again.",
		}}
	case doc.Filing == nil || !doc.Filing.Sure:
		return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "filing-unsure", Text: pipeline.Message{
			DE: "Amt und Dokumenttyp stehen noch nicht fest. Bitte die Ablage bestätigen oder berichtigen; danach wird archiviert.",
			EN: "Department and document type are not settled yet. Please confirm or correct the filing; then the document is archived.",
		}}
	}
	return nil
}

// part is a file that is to be kept. Either source or body is set.
type part struct {
	ManifestFile
	source pipeline.Digest // a blob
	body   *spool
}

func (a *Archive) keep(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Record, error) {
	prefix := prefixOf(doc)
	if have, err := a.readManifest(ctx, prefix+manifestName); !errors.Is(err, ErrNotFound) {
		if err != nil {
			return pipeline.Record{}, err
		}
		return a.again(ctx, doc, have)
	}
	m := newManifest(doc)
	m.ArchivedAt = a.opt.Clock().UTC().Truncate(time.Millisecond)
	m.Software = a.opt.Software
	m.locked = true // until a file turns out not to be
	m.Keep = a.opt.keepFor(doc.Filing.RetainFor, doc.Delivery.Received)
	if doc.Stack != nil {
		if err := a.keepStack(ctx, doc.Delivery, blobs); err != nil {
			return pipeline.Record{}, fmt.Errorf("the stack: %w", err)
		}
	}
	parts, free, err := a.parts(ctx, doc, blobs)
	if err != nil {
		return pipeline.Record{}, err
	}
	defer free()
	for _, p := range parts {
		if err := a.place(ctx, prefix, p, m.Keep.Until, blobs); err != nil {
			return pipeline.Record{}, fmt.Errorf("%s: %w", p.Name, err)
		}
		m.Files = append(m.Files, p.ManifestFile)
	}
	// Files first, manifest last: the manifest must not promise what is not there.
	if err := a.readBack(ctx, prefix, &m, m.Files); err != nil {
		return pipeline.Record{}, err
	}
	self, err := a.placeManifest(ctx, prefix, &m)
	if err != nil {
		return pipeline.Record{}, err
	}
	if err := a.readBack(ctx, prefix, &m, []ManifestFile{self}); err != nil {
		return pipeline.Record{}, err
	}
	m.prefix, m.digest, m.size = prefix, self.Digest, self.Size
	return m.Record(), nil
}

// again archives a letter that is archived already: a crash came between the
// manifest and the catalogue, or a person filed the letter anew. What was kept is
// read back and stays; another filing is kept as an amendment beside it. No
// working file is needed, since those are swept after a while.
//
// A manifest is written once and named by its checksum in the evidence log, so it
// cannot be written anew for every correction; and a reader in thirty years shall
// see that there was one, when, and by whom.
func (a *Archive) again(ctx context.Context, doc pipeline.Document, have Manifest) (pipeline.Record, error) {
	if err := sameLetter(doc, have); err != nil {
		return pipeline.Record{}, err
	}
	list, err := a.amendmentsOf(ctx, have)
	if err != nil {
		return pipeline.Record{}, err
	}
	filing := *Amended(have.Document(), list).Filing
	same, err := sameFiling(filing, *doc.Filing)
	if a.opt.Masked != nil && !same && err == nil {
		filing.Fields = a.opt.Masked(filing.Fields, filing.Department)
		same, err = sameFiling(filing, *doc.Filing)
	}
	switch {
	case err != nil:
		return pipeline.Record{}, err
	case !same && doc.Filing.DecidedBy == "":
		return pipeline.Record{}, conflict(errors.New("the filing is another one, and no person decided so"))
	case !same:
		list, err = a.refile(ctx, have, list, *doc.Filing)
	default:
		check := have
		check.Keep, check.locked = amendedKeep(have, list), true
		err = a.readBack(ctx, have.prefix, &check, append(slices.Clone(have.Files), have.self()))
		have.locked = check.locked
	}
	if err != nil {
		return pipeline.Record{}, err
	}
	return *Amended(have.Document(), list).Record, nil
}

// sameLetter gives a conflict unless a manifest is of exactly this letter. Its
// filing may differ, and what was remarked on the way.
func sameLetter(doc pipeline.Document, have Manifest) error {
	want := newManifest(doc)
	want.ArchivedAt, want.Software, want.Keep, want.ReadMe = have.ArchivedAt, have.Software, have.Keep, have.ReadMe
	want.Files, want.Filing, want.Remarks = have.Files, have.Filing, have.Remarks
	a, err := want.encode()
	b, err2 := have.encode()
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return conflict(errors.New("the manifest that lies there is of other content"))
	}
	return nil
}

func sameFiling(a, b pipeline.Filing) (bool, error) {
	x, err := encodeJSON(a)
	y, err2 := encodeJSON(b)
	return bytes.Equal(x, y), errors.Join(err, err2)
}

// resume takes over what only the first run could know (when it was, what kept
// it, until when), if another worker was faster.
func (a *Archive) resume(ctx context.Context, prefix string, m *Manifest) error {
	have, err := a.readManifest(ctx, prefix+manifestName)
	if err != nil {
		return err
	}
	m.ArchivedAt, m.Software, m.Keep, m.ReadMe = have.ArchivedAt, have.Software, have.Keep, have.ReadMe
	return nil
}

// parts are the files of a letter but the manifest, in the order they are
// written. free lets go of them.
func (a *Archive) parts(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (parts []part, free func(), err error) {
	text, words, err := textFiles(ctx, a.spool, doc.Pages, blobs)
	if err != nil {
		return nil, nil, err
	}
	pdf := part{source: doc.PDF.Digest, ManifestFile: ManifestFile{
		Name: "document.pdf", Roles: []string{RolePDFA}, Media: "application/pdf", Size: doc.PDF.Size, Digest: doc.PDF.Digest,
	}}
	original := doc.Delivery.Original
	switch {
	case doc.Stack != nil:
		parts = pictures(doc.Pages)
	case original.Digest == doc.PDF.Digest:
		pdf.Roles = []string{RoleOriginal, RolePDFA}
	default:
		parts = append(parts, part{source: original.Digest, ManifestFile: ManifestFile{
			Name: "original" + extension(doc.Delivery.Media, doc.Delivery.Name), Roles: []string{RoleOriginal},
			Media: doc.Delivery.Media, Size: original.Size, Digest: original.Digest,
		}})
	}
	parts = append(parts, rescans(slices.Concat(doc.Pages, doc.Aside))...)
	parts = append(parts, pdf,
		part{body: text, ManifestFile: ManifestFile{
			Name: "text.txt", Roles: []string{RoleText}, Media: "text/plain; charset=utf-8", Size: text.size, Digest: text.digest,
		}},
		part{body: words, ManifestFile: ManifestFile{
			Name: "words.json", Roles: []string{RoleWords}, Media: "application/json", Size: words.size, Digest: words.digest,
		}})
	return parts, func() { text.Close(); words.Close() }, nil
}

// place puts one file, unless it is there already. What is there is compared by
// readBack.
func (a *Archive) place(ctx context.Context, prefix string, p part, until time.Time, blobs pipeline.Blobs) error {
	key := prefix + p.Name
	info, err := a.store.Stat(ctx, key)
	if err == nil {
		return sameSize(info, p.ManifestFile)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	var r io.Reader = p.body
	if p.body == nil {
		c, err := blobs.Open(ctx, p.source)
		if err != nil {
			return err
		}
		defer c.Close()
		r = c
	}
	_, err = a.store.Put(ctx, key, r, PutOptions{Size: p.Size, Digest: p.Digest, Media: p.Media, RetainUntil: until})
	if errors.Is(err, ErrExists) { // another worker was faster
		if info, err = a.store.Stat(ctx, key); err == nil {
			err = sameSize(info, p.ManifestFile)
		}
	}
	return err
}

func sameSize(have Info, want ManifestFile) error {
	if have.Size != want.Size {
		return conflict(fmt.Errorf("%d bytes lie there instead of %d", have.Size, want.Size))
	}
	return nil
}

// placeManifest puts the manifest. If another worker put one meanwhile, that one
// counts, and ours has to be the same but for what only the first run knows.
func (a *Archive) placeManifest(ctx context.Context, prefix string, m *Manifest) (ManifestFile, error) {
	for again := false; ; again = true {
		raw, err := m.encode()
		if err != nil {
			return ManifestFile{}, err
		}
		self := ManifestFile{Name: manifestName, Media: manifestMedia, Size: int64(len(raw)), Digest: digestBytes(raw)}
		_, err = a.store.Put(ctx, prefix+manifestName, bytes.NewReader(raw), PutOptions{
			Size: self.Size, Digest: self.Digest, Media: self.Media, RetainUntil: m.Keep.Until,
		})
		if !errors.Is(err, ErrExists) || again {
			if errors.Is(err, ErrExists) {
				err = nil // compared by readBack
			}
			return self, err
		}
		if err := a.resume(ctx, prefix, m); err != nil {
			return ManifestFile{}, err
		}
	}
}

// readBack reads files in full, compares them with what they should be, and asks
// until when they are retained. m stays locked only if all of them are.
func (a *Archive) readBack(ctx context.Context, prefix string, m *Manifest, files []ManifestFile) error {
	promised := m.Keep.Until.After(a.opt.Clock())
	m.locked = m.locked && promised
	for _, f := range files {
		key := prefix + f.Name
		if err := verify(ctx, a.store, key, f.Digest); errors.Is(err, ErrDamaged) {
			return conflict(fmt.Errorf("%s: %w", f.Name, err))
		} else if err != nil {
			return fmt.Errorf("reading %s back: %w", f.Name, err)
		}
		info, err := a.retained(ctx, key, m.Keep.Until, promised)
		if err != nil {
			return fmt.Errorf("reading back how long %s is retained: %w", f.Name, err)
		}
		if err := sameSize(info, f); err != nil {
			return err
		}
		if promised && info.RetainUntil.Before(m.Keep.Until) {
			return unretained(fmt.Errorf("%s is retained until %v instead of %v", f.Name, info.RetainUntil, m.Keep.Until))
		}
		m.locked = m.locked && info.Locked
	}
	if promised && a.opt.RequireLock && !m.locked {
		return unretained(errors.New("the server holds no lock"))
	}
	return nil
}

// retained describes an object after making sure that it is retained until then,
// and locked if the server can: an object that an interrupted put left may lack
// its lock, and one whose letter was filed anew may have an earlier one.
func (a *Archive) retained(ctx context.Context, key string, until time.Time, promised bool) (Info, error) {
	info, err := a.store.Stat(ctx, key)
	if err != nil || !promised || info.Locked && !info.RetainUntil.Before(until) {
		return info, err
	}
	s, ok := a.store.(prolonger)
	if !ok || !s.prolongs() {
		return info, nil
	}
	if err := s.prolong(ctx, key, until); err != nil {
		return info, err
	}
	return a.store.Stat(ctx, key)
}

// prolonger is a store that can put off the end of an object's retention.
type prolonger interface {
	prolongs() bool // false: the retention that a put asked for cannot be changed
	prolong(ctx context.Context, key string, until time.Time) error
}

func conflict(err error) *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "archive-conflict", Err: err, Text: pipeline.Message{
		DE: "Am Platz dieses Schriftstücks im Archiv liegen schon andere Daten. Blattwerk überschreibt nichts. Bitte die IT verständigen.",
		EN: "Other data lie in this document's place in the archive. Blattwerk overwrites nothing. Please tell your IT.",
	}}
}

func unretained(err error) *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.TryAgain, Code: "not-retained", Err: err, Text: pipeline.Message{
		DE: "Der Archivspeicher schützt das Schriftstück nicht so vor Löschung, wie es eingestellt ist. Es gilt deshalb noch nicht als archiviert. Bitte die IT verständigen.",
		EN: "The archive storage does not protect the document from deletion as it is set up to. So it does not count as archived yet. Please tell your IT.",
	}}
}
