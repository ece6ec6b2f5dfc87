package storage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// AmendmentFormat names the format of the amendments that this version writes.
const AmendmentFormat = "blattwerk-amendment/1"

// RoleAmendment is the role of an amendment among the files of a letter.
const RoleAmendment = "amendment"

const (
	amendmentPrefix = "amendments/"
	maxAmendment    = 4 << 20 // bytes; a filing has at most a few hundred places on pages
)

// The kinds of amendments.
const (
	AmendHandOn = "hand-on" // the letter belongs to another department from now on
	AmendUndo   = "undo"    // an amendment before is taken back
	AmendFile   = "file"    // a person filed the letter anew

	// What those who work on the letter did with it; none of these moves it.
	AmendAssign = "assign" // it was given to somebody, or to nobody
	AmendNote   = "note"   // somebody wrote something down
	AmendDue    = "due"    // it is to be looked at again on a day, or on none
	AmendDone   = "done"   // the work on it is done
	AmendReopen = "reopen" // it is not
)

// Amendment is a fact about an archived letter that came after its manifest was
// written, which stays as it is. It is a file of its own, written once, under
// the letter's path:
//
//	amendments/<year>/<month>/<document>/<id>.json
//
// Read in the order of At, the amendments of a letter say where it belongs today and
// how the work on it stands.
// Each names what was the last word before it by its checksum, so that one that
// was taken away or changed is missed. The format is explained in
// docs/archive-format.md.
type Amendment struct {
	Format     string            `json:"format"`
	ReadMe     pipeline.Message  `json:"readMe"`
	ID         string            `json:"id"`
	Document   pipeline.DocID    `json:"document"`
	Received   time.Time         `json:"received"` // of the letter; with its ID it gives the letter's folder
	At         time.Time         `json:"at"`
	By         string            `json:"by"` // account of the person
	Kind       string            `json:"kind"`
	Department pipeline.DeptID   `json:"department,omitempty"` // where it belongs from now on
	Was        pipeline.DeptID   `json:"was,omitempty"`        // where it belonged before
	Type       pipeline.TypeCode `json:"type,omitempty"`       // of AmendFile: what it is from now on
	WasType    pipeline.TypeCode `json:"wasType,omitempty"`    // dito: what it was taken for before
	Filing     *pipeline.Filing  `json:"filing,omitempty"`     // dito: the whole filing from now on
	Keep       *Keep             `json:"keep,omitempty"`       // dito: until when everything of the letter is kept, if that is longer than before
	Assignee   string            `json:"assignee,omitempty"`   // of AmendAssign: account; "" is nobody
	Due        time.Time         `json:"due,omitzero"`         // of AmendDue: begin of the day; zero is none
	Note       string            `json:"note,omitempty"`       // what the person said to it
	Undoes     string            `json:"undoes,omitempty"`     // ID of the amendment that is taken back
	After      pipeline.Digest   `json:"after,omitempty"`      // of the bytes of the amendment before this one, or of the manifest

	key    string          // where it lies
	digest pipeline.Digest // of its own bytes
	size   int64           // bytes
}

var amendmentReadMe = pipeline.Message{
	DE: "Nachtrag zu einem archivierten Schriftstück: was nach der Archivierung damit geschah. Das Manifest des Schriftstücks bleibt unverändert; wohin es gehört, sagt der jüngste Nachtrag (at) mit einem Amt (department).",
	EN: "Amendment to an archived document: what was done with it after it was archived. The document's manifest stays as it is; where it belongs, the latest amendment (at) with a department says.",
}

// File is the amendment as a file of its letter.
func (am Amendment) File() pipeline.File {
	return pipeline.File{Role: RoleAmendment, Key: am.key, Media: manifestMedia, Blob: pipeline.Blob{Digest: am.digest, Size: am.size}}
}

// Amend keeps an amendment of an archived letter durably, write once and retained
// as long as the letter. The same amendment again is no error; another one under
// its ID is [ErrExists]. A letter that is not archived is [ErrNotFound].
func (a *Archive) Amend(ctx context.Context, am Amendment) error {
	if err := errors.Join(checkSegment(am.ID), checkSegment(string(am.Document))); err != nil || am.Received.IsZero() {
		return fmt.Errorf("amending: no ID, document or time of receipt: %w", err)
	}
	m, err := a.readManifest(ctx, prefixAt(am.Document, am.Received)+manifestName)
	if err != nil {
		return fmt.Errorf("amending: reading the letter's manifest: %w", err)
	}
	before, err := a.amendmentsOf(ctx, m)
	if err == nil {
		_, err = a.amend(ctx, m, before, am)
	}
	if err != nil {
		return fmt.Errorf("amending: %w", err)
	}
	return nil
}

// amend writes an amendment after those before, reads it back, and gives it as it
// lies there.
func (a *Archive) amend(ctx context.Context, m Manifest, before []Amendment, am Amendment) (Amendment, error) {
	am.Format, am.ReadMe = AmendmentFormat, amendmentReadMe
	am.At, am.Received = am.At.UTC().Truncate(time.Millisecond), am.Received.UTC()
	if !am.Due.IsZero() {
		am.Due = am.Due.UTC()
	}
	for _, have := range before {
		if have.ID == am.ID {
			return have, sameAmendment(have, am)
		}
	}
	am.After = m.digest
	if len(before) > 0 {
		am.After = before[len(before)-1].digest
	}
	raw, err := encodeJSON(am)
	if err != nil {
		return am, err
	}
	if len(raw) > maxAmendment {
		return am, fmt.Errorf("an amendment of %d bytes", len(raw))
	}
	until := amendedKeep(m, append(slices.Clone(before), am)).Until
	am.key, am.digest, am.size = amendmentsAt(m)+am.ID+".json", digestBytes(raw), int64(len(raw))
	_, err = a.store.Put(ctx, am.key, bytes.NewReader(raw), PutOptions{
		Size: am.size, Digest: am.digest, Media: manifestMedia, RetainUntil: until,
	})
	if errors.Is(err, ErrExists) { // somebody was faster
		have, err := a.readAmendment(ctx, Info{Key: am.key})
		if err == nil {
			err = sameAmendment(have, am)
		}
		return have, err
	}
	if err == nil {
		err = verify(ctx, a.store, am.key, am.digest)
	}
	if err == nil {
		err = a.extend(ctx, am.key, until)
	}
	return am, err
}

// sameAmendment gives [ErrExists] if one lies where another is to be put. When it
// was written first, and after what, the second attempt need not know.
func sameAmendment(have, am Amendment) error {
	am.After, am.ReadMe = have.After, have.ReadMe
	if am.Kind == AmendFile {
		am.At = have.At
	}
	a, err := encodeJSON(have)
	b, err2 := encodeJSON(am)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("another amendment: %w", ErrExists)
	}
	return nil
}

// extend makes sure that an object is retained until a moment at least.
func (a *Archive) extend(ctx context.Context, key string, until time.Time) error {
	promised := until.After(a.opt.Clock())
	info, err := a.retained(ctx, key, until, promised)
	if err == nil && promised && info.RetainUntil.Before(until) {
		err = unretained(fmt.Errorf("%s is retained until %v instead of %v", key, info.RetainUntil, until))
	}
	return err
}

// refile keeps beside the archive that a person filed a letter anew, after making
// sure that everything of it is retained as long as the new filing asks. It gives
// the amendments there are then.
//
// Retention only ever grows, and only where the store can make it: an object lock
// cannot be shortened, and a promise to keep a letter was given to whoever relied
// on its first filing.
func (a *Archive) refile(ctx context.Context, m Manifest, before []Amendment, filing pipeline.Filing) ([]Amendment, error) {
	was := Amended(m.Document(), before).Filing
	am := Amendment{
		Document: m.ID, Received: m.Delivery.Received, At: a.opt.Clock(), By: filing.DecidedBy, Kind: AmendFile,
		Department: filing.Department, Was: was.Department, Type: filing.Type, WasType: was.Type, Filing: &filing,
	}
	after := m.digest
	if n := len(before); n > 0 {
		after = before[n-1].digest
		if last := before[n-1].At; !am.At.After(last) { // clocks of several machines
			am.At = last.Add(time.Millisecond)
		}
	}
	keep := a.opt.keepFor(filing.RetainFor, m.Delivery.Received)
	if s, ok := a.store.(prolonger); ok && s.prolongs() && keep.Until.After(amendedKeep(m, before).Until) && keep.Until.After(am.At) {
		am.Keep = &keep
		for _, f := range before {
			if err := a.extend(ctx, f.key, keep.Until); err != nil {
				return nil, err
			}
		}
	}
	// Named by what it says: two workers with the same letter write one amendment.
	said, err := encodeJSON(filing)
	if err != nil {
		return nil, err
	}
	am.ID = "file-" + string(digestBytes([]byte(string(after) + string(said))))[:32]
	check := m
	check.locked, check.Keep = true, amendedKeep(m, append(slices.Clone(before), am))
	if err := a.readBack(ctx, m.prefix, &check, append(slices.Clone(m.Files), m.self())); err != nil {
		return nil, err
	}
	am, err = a.amend(ctx, m, before, am)
	return append(slices.Clone(before), am), err
}

// Amended is a letter as its amendments, in their order, left it.
func Amended(doc pipeline.Document, list []Amendment) pipeline.Document {
	if len(list) == 0 || doc.Filing == nil {
		return doc
	}
	filing := *doc.Filing
	for _, am := range list {
		if am.Kind == AmendFile && am.Filing != nil {
			filing = *am.Filing
		}
		filing.Department = cmp.Or(am.Department, filing.Department)
	}
	doc.Filing = &filing
	if doc.Record == nil {
		return doc
	}
	rec := *doc.Record
	rec.Files = slices.Clone(rec.Files)
	for _, am := range list {
		rec.Files = append(rec.Files, am.File())
		if am.Keep != nil && am.Keep.Until.After(rec.RetainUntil) {
			rec.RetainUntil = am.Keep.Until
		}
	}
	doc.Record = &rec
	return doc
}

// Filing reads how an archived letter is filed, from its manifest and amendments.
// Its fields are those of the last filing, whoever the letter was handed on to
// since. Damage wraps [ErrDamaged].
func (a *Archive) Filing(ctx context.Context, doc pipeline.Document) (pipeline.Filing, error) {
	m, err := a.readManifest(ctx, prefixOf(doc)+manifestName)
	if err != nil {
		return pipeline.Filing{}, fmt.Errorf("reading a letter's manifest: %w", err)
	}
	list, err := a.amendmentsOf(ctx, m)
	if err != nil {
		return pipeline.Filing{}, err
	}
	return *Amended(m.Document(), list).Filing, nil
}

// amendedKeep is until when a letter and its amendments are kept.
func amendedKeep(m Manifest, list []Amendment) Keep {
	keep := m.Keep
	for _, am := range list {
		if am.Keep != nil && am.Keep.Until.After(keep.Until) {
			keep = *am.Keep
		}
	}
	return keep
}

// EachAmendment reads the amendments of all letters, in no order. One that cannot be
// read does not stop it: it ends with a [*DamageError] about all of them.
func (a *Archive) EachAmendment(ctx context.Context, each func(Amendment) error) error {
	if err := eachReadable(ctx, a.store, amendmentPrefix, a.readAmendment, each); err != nil {
		return fmt.Errorf("reading amendments: %w", err)
	}
	return nil
}

// Amendments reads the amendments of all letters, those of each in their order.
// With damage it gives the others and the error of [Archive.EachAmendment].
func (a *Archive) Amendments(ctx context.Context) (map[pipeline.DocID][]Amendment, error) {
	all := map[pipeline.DocID][]Amendment{}
	err := a.EachAmendment(ctx, func(am Amendment) error {
		am.ReadMe = pipeline.Message{} // the same in each
		all[am.Document] = append(all[am.Document], am)
		return nil
	})
	for _, list := range all {
		inOrder(list)
	}
	return all, err
}

// amendmentsOf reads the amendments of one letter in their order. Damage wraps
// [ErrDamaged]: what holds today is not guessed.
func (a *Archive) amendmentsOf(ctx context.Context, m Manifest) ([]Amendment, error) {
	var list []Amendment
	err := a.store.List(ctx, amendmentsAt(m), func(i Info) error {
		am, err := a.readAmendment(ctx, i)
		list = append(list, am)
		return err
	})
	inOrder(list)
	if err != nil {
		return nil, fmt.Errorf("reading the letter's amendments: %w", err)
	}
	return list, nil
}

// amendmentsAt is where the amendments of a letter lie.
func amendmentsAt(m Manifest) string {
	return amendmentPrefix + strings.TrimPrefix(m.prefix, archivePrefix)
}

func inOrder(list []Amendment) {
	slices.SortStableFunc(list, func(a, b Amendment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
}

func (a *Archive) readAmendment(ctx context.Context, i Info) (Amendment, error) {
	c, _, err := a.store.Open(ctx, i.Key)
	if err != nil {
		return Amendment{}, err
	}
	defer c.Close()
	if c.Size() > maxAmendment {
		return Amendment{}, fmt.Errorf("%w: an amendment of %d bytes", ErrDamaged, c.Size())
	}
	raw, err := io.ReadAll(c)
	if err != nil {
		return Amendment{}, fmt.Errorf("reading an amendment: %w", err)
	}
	am, err := ParseAmendment(raw)
	if err == nil && i.Key != path.Join(amendmentPrefix, am.Received.Format("2006/01"), string(am.Document), am.ID+".json") {
		err = fmt.Errorf("%w: no amendment of this letter", ErrDamaged)
	}
	am.key = i.Key
	return am, err
}

// ParseAmendment reads an amendment and checks that it hangs together. Members
// that it does not know are ignored. Its error wraps [ErrDamaged].
func ParseAmendment(raw []byte) (Amendment, error) {
	var am Amendment
	if err := json.Unmarshal(raw, &am); err != nil {
		return Amendment{}, fmt.Errorf("%w: reading an amendment: %w", ErrDamaged, err)
	}
	am.Received = am.Received.UTC()
	if am.Format != AmendmentFormat || checkSegment(am.ID) != nil || checkSegment(string(am.Document)) != nil ||
		am.After != "" && !ValidDigest(am.After) || am.Kind == AmendFile && am.Filing == nil {
		return Amendment{}, fmt.Errorf("%w: the amendment does not hang together", ErrDamaged)
	}
	am.digest, am.size = digestBytes(raw), int64(len(raw))
	return am, nil
}
