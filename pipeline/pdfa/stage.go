package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// stage is a working copy of a delivered PDF in a folder of its own, and what
// the reader says about it. Foreign programs want files with names.
type stage struct {
	dir      string
	original string // the bytes as delivered
	work     string // the same, or a copy that opens: decrypted or mended
	report   foreign.Report
	counted  int       // pages that the file says it has, before it was mended
	crashed  bool      // a reader died over it or took too long
	mended   bool      // work is qpdf's reconstruction of a damaged file
	texts    []ownPage // the file's own text by page; nil if it cannot be told
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) close() { _ = os.RemoveAll(s.dir) }

// stage fetches the delivered bytes, gets them open and inspects them. A file
// that cannot be opened is a fault. The caller closes the stage.
func (r *Room) stage(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (_ *stage, err error) {
	dir, err := os.MkdirTemp(r.cfg.Temp, "blattwerk-pdf-")
	if err != nil {
		return nil, fmt.Errorf("making a working folder: %w", err)
	}
	s := &stage{dir: dir}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.original = s.path("original.pdf")
	locked, err := fetch(ctx, blobs, pdfOf(doc), s.original)
	if err != nil {
		return nil, err
	}
	s.work = s.original
	if locked {
		if err := r.decrypt(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := r.inspect(ctx, s); err != nil {
		return nil, err
	}
	if err := r.settle(ctx, s); err != nil {
		return nil, err
	}
	s.report.Encrypted = s.report.Encrypted || s.work == s.path("decrypted.pdf")
	return s, r.refuse(s.report)
}

// settle sees to it that our reader and poppler agree on the file. Where they do
// not, a copy with a sound structure takes its place: written by our reader if
// that got the file open, else by qpdf.
func (r *Room) settle(ctx context.Context, s *stage) error {
	if s.report.Problem == foreign.Fine {
		agreed, err := r.readText(ctx, s)
		if agreed || err != nil {
			return err
		}
		if agreed, err := r.rewrite(ctx, s); agreed || err != nil {
			return err
		}
	} else if s.report.Problem != foreign.Broken {
		return nil
	}
	if err := r.mend(ctx, s); err != nil {
		return err
	}
	if s.report.Problem != foreign.Fine {
		return nil
	}
	_, err := r.readText(ctx, s)
	return err
}

// rewrite lets our reader write what it found, and says whether poppler agrees.
func (r *Room) rewrite(ctx context.Context, s *stage) (agreed bool, err error) {
	before := *s
	out := s.path("rewritten.pdf")
	_, err = r.children.Call(ctx, foreign.OpRewrite, foreign.RewriteCall{Path: s.work, Out: out}, nil, nil)
	if err != nil {
		if ctx.Err() != nil || !isCrash(err) {
			return false, fmt.Errorf("rewriting the file: %w", err)
		}
		return false, nil
	}
	s.work, s.mended = out, true
	if err := r.inspect(ctx, s); err != nil {
		return false, err
	}
	if s.report.Problem == foreign.Fine {
		if agreed, err := r.readText(ctx, s); agreed || err != nil {
			return agreed, err
		}
	}
	*s = before
	return false, nil
}

// readText reads the file's own text, and with it says whether poppler, which
// renders the pages, sees the same number of them as our reader. If not, the
// file is damaged in a way that each mends in its own manner.
func (r *Room) readText(ctx context.Context, s *stage) (agreed bool, err error) {
	s.texts, err = r.ownText(ctx, s, s.work, len(s.report.Pages), true)
	if err != nil && !errors.Is(err, errProgram) {
		return false, err
	}
	if err != nil || len(s.texts) != len(s.report.Pages) {
		s.texts = nil // no telling which text belongs where
		return false, nil
	}
	for i, p := range s.report.Pages {
		if t := &s.texts[i]; p.Rotate%180 != 0 {
			// pdftotext gives the boxes of words as displayed, but the page's size
			// before it is turned.
			t.width, t.height = t.height, t.width
		}
	}
	return true, nil
}

// pdfOf is the PDF file of a document: what was delivered, or what it was set as.
func pdfOf(doc pipeline.Document) pipeline.Digest {
	if doc.Source != nil && doc.Source.Rendition.Digest != "" {
		return doc.Source.Rendition.Digest
	}
	if unlocked := unlockedOf(doc); unlocked.Digest != "" {
		return unlocked.Digest
	}
	return doc.Delivery.Original.Digest
}

// fetch copies a blob to a file and says whether it looks encrypted.
func fetch(ctx context.Context, blobs pipeline.Blobs, d pipeline.Digest, path string) (locked bool, err error) {
	c, err := blobs.Open(ctx, d)
	if err != nil {
		return false, fmt.Errorf("opening the delivered file: %w", err)
	}
	defer c.Close()
	if c.Size() == 0 {
		return false, fault(pipeline.GiveBack, "empty",
			"Die Datei ist leer. Bitte noch einmal senden lassen.", "The file is empty. Please ask the sender for it again.", nil)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	look := &finder{word: []byte("/Encrypt")}
	_, err = io.Copy(io.MultiWriter(out, look), c)
	if err = errors.Join(err, out.Close()); err != nil {
		return false, fmt.Errorf("copying the delivered file: %w", err)
	}
	return look.found, nil
}

// finder looks for a word in what is written to it.
type finder struct {
	word, tail []byte
	found      bool
}

func (f *finder) Write(p []byte) (int, error) {
	if f.found {
		return len(p), nil
	}
	f.tail = append(f.tail, p...)
	f.found = bytes.Contains(f.tail, f.word)
	if n := len(f.tail) - len(f.word); n > 0 {
		f.tail = append(f.tail[:0], f.tail[n:]...)
	}
	return len(p), nil
}

// decrypt opens a file that is encrypted with the empty password. qpdf does it,
// not pdfcpu, which takes some encrypted files for plain ones and gives garbage.
func (r *Room) decrypt(ctx context.Context, s *stage) error {
	err := r.run(ctx, r.qpdf(), r.cfg.Deadline, io.Discard, "--requires-password", s.original)
	switch {
	case err == nil:
		return faultEncrypted(nil)
	case exitCode(err) == 2:
		return nil // not encrypted after all, or so damaged that the reader has to say
	case exitCode(err) != 3:
		return orBroken(err)
	}
	out := s.path("decrypted.pdf")
	err = r.run(ctx, r.qpdf(), r.cfg.Deadline, io.Discard, "--decrypt", s.original, out)
	if err != nil && exitCode(err) != 3 {
		return orBroken(err)
	}
	s.work = out
	return nil
}

// inspect asks a child. One that dies over the file has found it broken, if
// children are well otherwise.
func (r *Room) inspect(ctx context.Context, s *stage) error {
	s.report = foreign.Report{}
	_, err := r.children.Call(ctx, foreign.OpInspect, foreign.InspectCall{Path: s.work, MaxPages: r.cfg.MaxPages}, nil, &s.report)
	switch {
	case err == nil:
		s.counted = max(s.counted, s.report.Counted)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case isCrash(err):
		if _, ill := r.children.Call(ctx, foreign.OpPing, struct{}{}, nil, nil); ill != nil {
			return fmt.Errorf("readers do not work: %w", ill) // says nothing about the file
		}
		s.report = foreign.Report{Problem: foreign.Broken, Detail: err.Error()}
		s.crashed = true
		return nil
	}
	return fmt.Errorf("inspecting the file: %w", err)
}

// mend lets qpdf reconstruct a damaged file and inspects the result.
func (r *Room) mend(ctx context.Context, s *stage) error {
	detail := or(s.report.Detail, "poppler cannot read it")
	out := s.path("mended.pdf")
	err := r.run(ctx, r.qpdf(), r.cfg.Deadline, io.Discard, "--object-streams=disable", s.work, out)
	if err != nil && exitCode(err) != 3 {
		var f *pipeline.Fault
		if errors.As(err, &f) || !errors.Is(err, errProgram) {
			return err
		}
		if s.work == s.original && bytes.Contains([]byte(err.Error()), []byte("invalid password")) {
			return faultEncrypted(err)
		}
		return faultBroken(fmt.Errorf("%s; %w", detail, err))
	}
	s.work, s.mended = out, true
	if err := r.inspect(ctx, s); err != nil {
		return err
	}
	if s.report.Problem == foreign.Broken {
		err := fmt.Errorf("%s; then %s", detail, s.report.Detail)
		if s.crashed {
			return faultTooHard(err)
		}
		return faultBroken(err)
	}
	return nil
}

// refuse turns a report that ends the way of a file into a fault.
func (r *Room) refuse(rep foreign.Report) error {
	switch rep.Problem {
	case foreign.Password:
		return faultEncrypted(nil)
	case foreign.Broken:
		return faultBroken(errors.New(rep.Detail))
	case foreign.TooLong:
		return fault(pipeline.GiveBack, "too-many-pages",
			fmt.Sprintf("Die Datei hat mehr als %d Seiten. Bitte in kleineren Teilen senden lassen.", r.cfg.MaxPages),
			fmt.Sprintf("The file has more than %d pages. Please ask for it in smaller parts.", r.cfg.MaxPages), nil)
	}
	if rep.DynamicXFA {
		return fault(pipeline.AskPerson, "xfa",
			"Das Formular lässt sich nur in Adobe Reader anzeigen (XFA). Bitte dort öffnen, als PDF drucken und die gedruckte Datei einreichen; das Original bleibt erhalten.",
			"The form can be shown only by Adobe Reader (XFA). Please open it there, print it to PDF and hand in the printed file; the original is kept.", nil)
	}
	for i, p := range rep.Pages {
		if p.Pixels > r.cfg.MaxPixels {
			f := fault(pipeline.GiveBack, "too-many-pixels",
				fmt.Sprintf("Ein Bild auf Seite %d hat %d Millionen Bildpunkte; erlaubt sind %d Millionen. Bitte mit geringerer Auflösung scannen lassen.", i+1, p.Pixels/1e6, r.cfg.MaxPixels/1e6),
				fmt.Sprintf("A picture on page %d has %d million pixels; the limit is %d million. Please ask for a scan at a lower resolution.", i+1, p.Pixels/1e6, r.cfg.MaxPixels/1e6), nil)
			f.Page = i + 1
			return f
		}
	}
	return nil
}

func faultEncrypted(err error) error {
	return fault(pipeline.AskPerson, "encrypted",
		"Die Datei ist mit einem Passwort geschützt. Bitte das Passwort beim Absender erfragen und in den Klärfällen eingeben, oder die Datei ohne Schutz neu einreichen; das Original bleibt erhalten.",
		"The file is protected by a password. Please ask the sender for it and enter it in the review tray, or hand the file in again without protection; the original is kept.", err)
}

// faultTooHard is for a file that may be good, but not for us.
func faultTooHard(err error) error {
	return fault(pipeline.AskPerson, "pdf-too-hard",
		"Die Datei braucht mehr Speicher oder Zeit, als erlaubt ist. Bitte in einem PDF-Programm ansehen und, wenn sie dort lesbar ist, gedruckt oder neu als PDF gespeichert einreichen; das Original bleibt erhalten.",
		"The file needs more memory or time than is allowed. Please look at it in a PDF program and, if it is readable there, hand it in printed or saved anew as PDF; the original is kept.", err)
}

func faultBroken(err error) error {
	return fault(pipeline.GiveBack, "broken-pdf",
		"Die Datei ist beschädigt und lässt sich nicht als PDF öffnen. Bitte noch einmal senden lassen.",
		"The file is damaged and cannot be opened as a PDF. Please ask the sender for it again.", err)
}

// orBroken takes the failure of a foreign program for a damaged file, and leaves
// other errors alone.
func orBroken(err error) error {
	if errors.Is(err, errProgram) {
		return faultBroken(err)
	}
	return err
}
