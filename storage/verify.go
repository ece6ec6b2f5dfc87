package storage

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"blattwerk/pipeline"
)

// ProblemKind sorts what [Archive.Verify] finds.
type ProblemKind string

// The kinds of problems.
const (
	ProblemMissing    ProblemKind = "missing"    // a file that the manifest names is not there
	ProblemSize       ProblemKind = "size"       // a file has another length
	ProblemDigest     ProblemKind = "digest"     // a file has other bytes
	ProblemUnlisted   ProblemKind = "unlisted"   // a file that the manifest does not name
	ProblemManifest   ProblemKind = "manifest"   // a manifest cannot be read, or is of another letter
	ProblemIncomplete ProblemKind = "incomplete" // files without a manifest: being written, or interrupted
	ProblemRetention  ProblemKind = "retention"  // a file is not retained as long as its manifest says
	ProblemStray      ProblemKind = "stray"      // an object where no letter can lie
	ProblemAmendment  ProblemKind = "amendment"  // an amendment cannot be read, or is of another letter
	ProblemGap        ProblemKind = "gap"        // what an amendment follows on, another or the manifest, is gone or changed
)

var problemTexts = map[ProblemKind]pipeline.Message{
	ProblemMissing:    {DE: "Datei fehlt", EN: "file is missing"},
	ProblemSize:       {DE: "Datei hat eine andere Größe", EN: "file has another size"},
	ProblemDigest:     {DE: "Inhalt der Datei hat sich verändert", EN: "content of the file has changed"},
	ProblemUnlisted:   {DE: "Datei steht nicht im Manifest", EN: "file is not in the manifest"},
	ProblemManifest:   {DE: "Manifest ist nicht lesbar oder gehört zu einem anderen Schriftstück", EN: "manifest cannot be read or is of another document"},
	ProblemIncomplete: {DE: "Ablage unvollständig: wird gerade geschrieben oder wurde unterbrochen", EN: "incomplete: being written at the moment, or interrupted"},
	ProblemRetention:  {DE: "Schutz vor Löschung ist kürzer als im Manifest zugesagt", EN: "protection from deletion is shorter than the manifest says"},
	ProblemAmendment:  {DE: "Nachtrag ist nicht lesbar oder gehört zu einem anderen Schriftstück", EN: "amendment cannot be read or is of another document"},
	ProblemGap:        {DE: "worauf dieser Nachtrag folgt (ein früherer Nachtrag oder das Manifest), fehlt oder wurde verändert", EN: "what this amendment follows on (an earlier one, or the manifest) is missing or was changed"},
	ProblemStray:      {DE: "Datei liegt außerhalb der Ordnung des Archivs", EN: "file lies outside the archive's order"},
}

// Problem is one thing that is not as the archive promised.
type Problem struct {
	Kind ProblemKind
	Doc  pipeline.DocID // the letter; "" for a stray object
	Key  string         // the object
	Text pipeline.Message
	Err  error // details, may be nil
}

// Summary counts what a verification looked at.
type Summary struct {
	Letters     int   // letters with a readable manifest
	Amendments  int   // what was decided about letters later, readable
	Stacks      int   // stacks that letters were cut from
	Objects     int   // objects read in full
	Bytes       int64 // bytes read
	Locked      int   // letters that the server itself protects
	Problems    int
	Checkpoints int // checkpoints of the evidence log that could be read
}

// Verify reads the whole archive and compares it with its manifests: every file
// there, its size and SHA-256 right, retained at least as long as was said,
// nothing beside that no manifest knows. Each amendment has to be of a letter
// that is there, and what it names as the last word before it, too; that the
// newest one is there only the catalogue knows. Each problem is told to each, whose
// error stops the run, as does a store that cannot be reached: what could not be
// looked at is not called damaged.
//
// A letter that is being archived meanwhile shows as incomplete.
func (a *Archive) Verify(ctx context.Context, each func(Problem) error) (Summary, error) {
	v := &verification{a: a, each: each, keep: map[string]Keep{}}
	err := v.folders(ctx, amendmentPrefix, v.amendments) // first: they may promise more than manifests
	if err == nil {
		err = v.folders(ctx, archivePrefix, v.letter)
	}
	if err == nil {
		err = v.folders(ctx, stackPrefix, v.stack)
	}
	if err == nil {
		err = a.Checkpoints(ctx, func(string, []byte) error { v.sum.Checkpoints++; return nil })
	}
	if err != nil {
		return v.sum, fmt.Errorf("verifying the archive: %w", err)
	}
	return v.sum, nil
}

// folders gives the objects of each folder under root, root/<year>/<month>/<name>/.
func (v *verification) folders(ctx context.Context, root string, each func(ctx context.Context, prefix string, objects []Info) error) error {
	var folder []Info // the objects of one folder lie together in the listing
	var prefix string
	flush := func() error {
		defer func() { folder = folder[:0] }()
		if len(folder) == 0 {
			return nil
		}
		return each(ctx, prefix, folder)
	}
	err := v.a.store.List(ctx, root, func(i Info) error {
		p := i.Key[:strings.LastIndexByte(i.Key, '/')+1]
		if strings.Count(p, "/") != strings.Count(root, "/")+3 {
			return v.tell(ProblemStray, "", i.Key, nil)
		}
		if p != prefix {
			if err := flush(); err != nil {
				return err
			}
			prefix = p
		}
		folder = append(folder, i)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

type verification struct {
	a    *Archive
	each func(Problem) error
	sum  Summary
	keep map[string]Keep // of letters with amendments, by the letter's folder
}

func (v *verification) tell(kind ProblemKind, doc pipeline.DocID, key string, err error) error {
	v.sum.Problems++
	return v.each(Problem{Kind: kind, Doc: doc, Key: key, Text: problemTexts[kind], Err: err})
}

// letter verifies one folder, given the objects that lie in it.
func (v *verification) letter(ctx context.Context, prefix string, objects []Info) error {
	trimmed := strings.TrimSuffix(prefix, "/")
	id := pipeline.DocID(trimmed[strings.LastIndexByte(trimmed, '/')+1:])
	there := map[string]Info{}
	for _, o := range objects {
		there[strings.TrimPrefix(o.Key, prefix)] = o
	}
	if _, ok := there[manifestName]; !ok {
		return v.tell(ProblemIncomplete, id, prefix, nil)
	}
	m, err := v.a.readManifest(ctx, prefix+manifestName)
	if err == nil && (m.ID != id || prefixOf(m.Document()) != prefix) {
		err = fmt.Errorf("%w: the manifest is of another letter", ErrDamaged)
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) {
		return v.tell(ProblemManifest, id, prefix+manifestName, err)
	}
	if err != nil {
		return err
	}
	v.sum.Letters++
	if keep, ok := v.keep[prefix]; ok {
		m.Keep = keep
	}
	if err := v.stackThere(ctx, m); err != nil {
		return err
	}
	locked := true
	for _, f := range append([]ManifestFile{m.self()}, m.Files...) {
		info, ok := there[f.Name]
		delete(there, f.Name)
		if !ok {
			err = v.tell(ProblemMissing, id, prefix+f.Name, nil)
		} else {
			err = v.file(ctx, m, f, info, &locked)
		}
		if err != nil {
			return err
		}
	}
	if locked {
		v.sum.Locked++
	}
	for _, o := range objects { // in the order of the listing, not of the map
		if _, left := there[strings.TrimPrefix(o.Key, prefix)]; left {
			if err := v.tell(ProblemUnlisted, id, o.Key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// file verifies one file that is there, and clears locked if no lock holds it.
func (v *verification) file(ctx context.Context, m Manifest, f ManifestFile, info Info, locked *bool) error {
	if info.Size != f.Size {
		return v.tell(ProblemSize, m.ID, info.Key, fmt.Errorf("%d bytes instead of %d", info.Size, f.Size))
	}
	v.sum.Objects++
	v.sum.Bytes += info.Size
	switch err := verify(ctx, v.a.store, info.Key, f.Digest); {
	case errors.Is(err, ErrDamaged):
		if err := v.tell(ProblemDigest, m.ID, info.Key, err); err != nil {
			return err
		}
	case errors.Is(err, ErrNotFound):
		return v.tell(ProblemMissing, m.ID, info.Key, err)
	case err != nil:
		return err
	}
	st, err := v.a.store.Stat(ctx, info.Key)
	if errors.Is(err, ErrDamaged) { // the note about retention
		*locked = false
		return v.tell(ProblemRetention, m.ID, info.Key, err)
	}
	if err != nil {
		return err
	}
	*locked = *locked && st.Locked
	if m.Keep.Until.After(v.a.opt.Clock()) && st.RetainUntil.Before(m.Keep.Until) {
		return v.tell(ProblemRetention, m.ID, info.Key, fmt.Errorf("until %v instead of %v", st.RetainUntil, m.Keep.Until))
	}
	return nil
}

// amendments verifies the amendments of one letter, given the objects that lie in
// their folder, and notes until when the letter is kept by them.
func (v *verification) amendments(ctx context.Context, prefix string, objects []Info) error {
	home := archivePrefix + strings.TrimPrefix(prefix, amendmentPrefix)
	id := pipeline.DocID(path.Base(home))
	m, err := v.a.readManifest(ctx, home+manifestName)
	switch {
	case errors.Is(err, ErrNotFound):
		return v.tell(ProblemMissing, id, home+manifestName, err)
	case err != nil && !errors.Is(err, ErrDamaged): // damage is told with the letter
		return err
	}
	known := map[pipeline.Digest]bool{m.digest: true}
	var list []Amendment
	for _, o := range objects {
		am, err := v.a.readAmendment(ctx, o)
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) {
			err = v.tell(ProblemAmendment, id, o.Key, err)
		} else if err == nil {
			known[am.digest] = true
			list = append(list, am)
		}
		if err != nil {
			return err
		}
	}
	keep := amendedKeep(m, list)
	if m.digest != "" {
		v.keep[home] = keep
	}
	for _, am := range list {
		v.sum.Amendments++
		v.sum.Bytes += am.size
		if am.After != "" && !known[am.After] && m.digest != "" {
			if err := v.tell(ProblemGap, id, am.key, nil); err != nil {
				return err
			}
		}
		st, err := v.a.store.Stat(ctx, am.key)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
		if err != nil || keep.Until.After(v.a.opt.Clock()) && st.RetainUntil.Before(keep.Until) {
			if err := v.tell(ProblemRetention, id, am.key, err); err != nil {
				return err
			}
		}
	}
	return nil
}
