package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"blattwerk/pipeline"
)

// StackFormat names the format of the manifests of stacks.
const StackFormat = "blattwerk-stack/1"

const stackPrefix = "stacks/"

// StackManifest describes a stack that was cut into letters. Which letters stands
// in theirs, since people may still put pages right while some are archived.
type StackManifest struct {
	Format     string            `json:"format"`
	ReadMe     pipeline.Message  `json:"readMe"`
	ArchivedAt time.Time         `json:"archivedAt"`
	Software   string            `json:"software"`
	Keep       Keep              `json:"keep"`
	File       ManifestFile      `json:"file"`
	Delivery   pipeline.Delivery `json:"delivery"` // without a journal number: the letters have them
}

const stackReadMeDE = "Dieser Ordner enthält einen ganzen Stapel aus dem Posteingang, so wie er gescannt wurde. " +
	"Er wurde in Schriftstücke zerlegt, die unter archive/ einzeln liegen; ihr Manifest nennt diese Lieferung (delivery.id), die Prüfsumme des Stapels (delivery.original) und die Nummern ihrer Seiten (pages[].no). " +
	"Der Stapel enthält Briefe verschiedener Menschen: Zugriff nur für die Prüfung, ob richtig zerlegt wurde."

const stackReadMeEN = "This folder holds a whole stack of the incoming mail as it was scanned. " +
	"It was cut into documents that lie one by one under archive/; their manifests name this delivery (delivery.id), the stack's checksum (delivery.original) and the numbers of their pages (pages[].no). " +
	"The stack holds letters of different people: access only to check that it was cut rightly."

// stackPrefixOf is where the stack of a delivery lies.
func stackPrefixOf(d pipeline.Delivery) string {
	return path.Join(stackPrefix, d.Received.UTC().Format("2006/01"), string(d.ID)) + "/"
}

// keepStack keeps the stack that letters were cut from, once for all of them. Its
// manifest is written after the bytes were read back, so who finds it is done.
//
// The store is told to keep it for the minimum only: it holds letters of many
// people, and no lock may outlast the shortest of their rules. Each letter keeps
// its own pages as long as its own rule says.
func (a *Archive) keepStack(ctx context.Context, d pipeline.Delivery, blobs pipeline.Blobs) error {
	if err := checkSegment(string(d.ID)); err != nil {
		return err
	}
	prefix := stackPrefixOf(d)
	have, err := a.readStack(ctx, prefix)
	if err == nil {
		return sameStack(have, d)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	d.Journal, d.Received = "", d.Received.UTC()
	m := StackManifest{
		Format: StackFormat, ReadMe: pipeline.Message{DE: stackReadMeDE, EN: stackReadMeEN},
		ArchivedAt: a.opt.Clock().UTC().Truncate(time.Millisecond), Software: a.opt.Software,
		Keep: a.stackKeep(d), Delivery: d,
		File: ManifestFile{
			Name: "original" + extension(d.Media, d.Name), Roles: []string{RoleOriginal}, Media: d.Media,
			Size: d.Original.Size, Digest: d.Original.Digest,
		},
	}
	if err := a.place(ctx, prefix, part{source: d.Original.Digest, ManifestFile: m.File}, m.Keep.Until, blobs); err != nil {
		return err
	}
	check := Manifest{Keep: m.Keep, locked: true}
	if err := a.readBack(ctx, prefix, &check, []ManifestFile{m.File}); err != nil {
		return err
	}
	raw, err := encodeJSON(m)
	if err != nil {
		return err
	}
	self := ManifestFile{Name: manifestName, Media: manifestMedia, Size: int64(len(raw)), Digest: digestBytes(raw)}
	_, err = a.store.Put(ctx, prefix+manifestName, bytes.NewReader(raw), PutOptions{
		Size: self.Size, Digest: self.Digest, Media: self.Media, RetainUntil: m.Keep.Until,
	})
	if errors.Is(err, ErrExists) { // another letter of the stack was faster
		if have, err = a.readStack(ctx, prefix); err == nil {
			err = sameStack(have, d)
		}
		return err
	}
	if err != nil {
		return err
	}
	return a.readBack(ctx, prefix, &check, []ManifestFile{self})
}

func (a *Archive) stackKeep(d pipeline.Delivery) Keep {
	return a.opt.keepFor(pipeline.Retention{}, d.Received)
}

func sameStack(m StackManifest, d pipeline.Delivery) error {
	if m.File.Digest != d.Original.Digest || m.File.Size != d.Original.Size {
		return conflict(errors.New("another stack lies there"))
	}
	return nil
}

// readStack reads the manifest of a stack; damage wraps [ErrDamaged].
func (a *Archive) readStack(ctx context.Context, prefix string) (StackManifest, error) {
	c, _, err := a.store.Open(ctx, prefix+manifestName)
	if err != nil {
		return StackManifest{}, err
	}
	defer c.Close()
	raw, err := readSmall(c)
	if err != nil {
		return StackManifest{}, err
	}
	return ParseStack(raw)
}

// ParseStack reads the manifest of a stack and checks that it hangs together. Its
// error wraps [ErrDamaged].
func ParseStack(raw []byte) (StackManifest, error) {
	var m StackManifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%w: reading a stack's manifest: %w", ErrDamaged, err)
	}
	if m.Format != StackFormat || checkSegment(m.File.Name) != nil || m.File.Name == manifestName || !ValidDigest(m.File.Digest) || m.File.Size < 0 {
		return m, fmt.Errorf("%w: the manifest of a stack does not hang together", ErrDamaged)
	}
	return m, nil
}

// rescans are the files of the pages that were scanned again, all of them: also
// one that a better one followed was taken for the letter.
func rescans(pages []pipeline.Page) []part {
	var parts []part
	for _, p := range pages {
		for i, r := range p.Rescans {
			parts = append(parts, part{source: r.File.Digest, ManifestFile: ManifestFile{
				Name: fmt.Sprintf("rescan-%04d-%d%s", p.No, i+1, extension(r.Media, r.Name)), Roles: []string{RoleRescan},
				Media: r.Media, Size: r.File.Size, Digest: r.File.Digest, Page: p.No,
			}})
		}
	}
	return parts
}

// pictures are the pages of a letter that was cut out of a stack: each picture
// byte for byte as it came, also where the page was scanned again. Drawn pages have none; the stack has them.
func pictures(pages []pipeline.Page) []part {
	var parts []part
	for _, p := range pages {
		first := p.First()
		if first.Digest == "" {
			continue
		}
		parts = append(parts, part{source: first.Digest, ManifestFile: ManifestFile{
			Name: fmt.Sprintf("page-%04d%s", p.No, extension(first.Media, "")), Roles: []string{RolePage},
			Media: first.Media, Size: first.Size, Digest: first.Digest, Page: p.No,
		}})
	}
	return parts
}

// stack verifies the folder of one stack, given the objects that lie in it.
func (v *verification) stack(ctx context.Context, prefix string, objects []Info) error {
	there := map[string]Info{}
	for _, o := range objects {
		there[o.Key[len(prefix):]] = o
	}
	self, ok := there[manifestName]
	if !ok {
		return v.tell(ProblemIncomplete, "", prefix, nil)
	}
	m, err := v.a.readStack(ctx, prefix)
	if err == nil && stackPrefixOf(m.Delivery) != prefix {
		err = fmt.Errorf("%w: the manifest is of another stack", ErrDamaged)
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) {
		return v.tell(ProblemManifest, "", self.Key, err)
	}
	if err != nil {
		return err
	}
	v.sum.Stacks++
	locked := true
	info, ok := there[m.File.Name]
	if !ok {
		return v.tell(ProblemMissing, "", prefix+m.File.Name, nil)
	}
	delete(there, manifestName)
	delete(there, m.File.Name)
	if err := v.file(ctx, Manifest{Keep: m.Keep}, m.File, info, &locked); err != nil {
		return err
	}
	for _, o := range objects {
		if _, left := there[o.Key[len(prefix):]]; left {
			if err := v.tell(ProblemUnlisted, "", o.Key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// stackThere makes sure that the stack of a letter is there as long as it was
// promised; after that it may have been deleted.
func (v *verification) stackThere(ctx context.Context, m Manifest) error {
	if m.Stack == nil || !v.a.stackKeep(m.Delivery).Until.After(v.a.opt.Clock()) {
		return nil
	}
	key := stackPrefixOf(m.Delivery) + manifestName
	_, err := v.a.store.Stat(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return v.tell(ProblemMissing, m.ID, key, nil)
	}
	if errors.Is(err, ErrDamaged) { // the note about retention: the stack's own check tells
		return nil
	}
	return err
}
