package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
	"blattwerk/workers"
)

// minRoom is the free space under which nothing more is taken in: a delivery in
// work needs several times its size.
const minRoom = 512 << 20 // bytes

// chores is the upkeep that runs beside the belt of a serve.
func (h *house) chores() []workers.Chore {
	return []workers.Chore{
		{Name: "checkpoint", Every: time.Hour, Run: h.checkpoint},
		{Name: "sweep", Every: 24 * time.Hour, Run: h.sweep},
		{Name: "amendments", Every: time.Hour, Run: h.amendAll},
		{Name: "search index", Every: 24 * time.Hour, Run: h.rows.CompleteSearch},
	}
}

// room says whether the store is ready for more.
func (h *house) room(ctx context.Context) error { return storage.Preflight(ctx, h.store, 0, minRoom) }

// checkpoint signs the evidence log and lays the signature beside the archive,
// where whoever can change the catalogue cannot change it.
func (h *house) checkpoint(ctx context.Context) error {
	note, err := h.rows.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("signing the evidence log: %w", err)
	}
	name := time.Now().UTC().Format("20060102T150405.000Z")
	if err := h.archive.PutCheckpoint(ctx, name, note); err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// sweep removes intermediate blobs that no unfinished document needs. Originals
// of archived documents lie in the archive by then, read back and compared.
func (h *house) sweep(ctx context.Context) error {
	needed := map[pipeline.Digest]bool{}
	err := h.rows.References(ctx, func(d pipeline.Digest) error {
		needed[d] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("asking what is needed: %w", err)
	}
	// Blobs of a delivery that is just coming in are not in the catalogue yet.
	const young = 48 * time.Hour
	_, err = h.blobs.Sweep(ctx, func(d pipeline.Digest) bool { return needed[d] }, young)
	return err
}

func verifyCommand() command {
	return command{
		name: "verify",
		help: [2]string{
			"prüfen, ob alles im Archiv da und unverändert ist, und ob das Beweisprotokoll stimmt",
			"check that everything in the archive is there and unchanged, and that the evidence log is right",
		},
		shown: []string{"data"},
		run:   verify,
	}
}

func verify(ctx context.Context, c *call) error {
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	found := 0
	report := func(where, what string) {
		found++
		fmt.Fprintf(c.out, "%s\t%s\n", where, what)
	}
	sum, err := h.archive.Verify(ctx, func(p storage.Problem) error {
		report(p.Key, c.both(p.Text))
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	if err := h.verifyRows(ctx, report); err != nil {
		return err
	}
	if err := h.verifyAmendments(ctx, report); err != nil {
		return err
	}
	earlier, err := h.verifyLog(ctx, report)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, c.say(
		"%d Briefe, %d Dateien, %d Nachträge, %d Bytes gelesen, %d Auffälligkeiten\n",
		"%d letters, %d files, %d amendments, %d bytes read, %d findings\n"), sum.Letters, sum.Objects, sum.Amendments, sum.Bytes, found)
	if earlier > 0 {
		fmt.Fprintf(c.out, c.say(
			"%d Siegel gehören zu einem früheren Protokoll (der Katalog wurde neu aufgebaut); sie sind hier nicht prüfbar\n",
			"%d checkpoints belong to an earlier log (the catalogue was rebuilt); they cannot be checked here\n"), earlier)
	}
	if found > 0 {
		return exit{exitDamage, nil}
	}
	return nil
}

// verifyRows holds the catalogue against the archive: what it calls archived has
// to lie there.
func (h *house) verifyRows(ctx context.Context, report func(where, what string)) error {
	return h.eachEntry(ctx, catalog.Filter{State: pipeline.Archived}, func(e catalog.Entry) error {
		if e.Document.Record == nil {
			report(string(e.Document.ID), "archived, but the catalogue does not know where")
			return nil
		}
		for _, f := range e.Document.Record.Files {
			info, err := h.store.Stat(ctx, f.Key)
			switch {
			case errors.Is(err, storage.ErrNotFound):
				report(f.Key, "missing")
			case err != nil:
				return err
			case info.Size != f.Size:
				report(f.Key, fmt.Sprintf("has %d bytes, the catalogue says %d", info.Size, f.Size))
			case f.Role == storage.RoleAmendment: // no manifest lists it
				if err := h.archive.Check(ctx, f); errors.Is(err, storage.ErrDamaged) {
					report(f.Key, "is not what the catalogue says: "+err.Error())
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachEntry walks all entries that filter selects.
func (h *house) eachEntry(ctx context.Context, filter catalog.Filter, each func(catalog.Entry) error) error {
	filter.Limit = 500
	for {
		entries, next, err := h.rows.List(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := each(e); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}

// verifyLog checks the evidence log against the checkpoints that lie beside the
// archive, and counts those of an earlier log.
func (h *house) verifyLog(ctx context.Context, report func(where, what string)) (earlier int, err error) {
	var notes [][]byte
	err = h.archive.Checkpoints(ctx, func(_ string, note []byte) error {
		if !h.rows.Own(note) {
			earlier++
			return nil
		}
		notes = append(notes, note)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reading the checkpoints: %w", err)
	}
	err = h.rows.VerifyLog(ctx, notes)
	if errors.Is(err, catalog.ErrTampered) {
		report("evidence", err.Error())
		return earlier, nil
	}
	return earlier, err
}

func reindexCommand() command {
	return command{
		name: "reindex",
		help: [2]string{
			"den Katalog allein aus dem Archiv neu aufbauen",
			"rebuild the catalogue from the archive alone",
		},
		shown: []string{"data"},
		run:   reindex,
	}
}

func reindex(ctx context.Context, c *call) error {
	lock, _, err := lockFolder(c.set.str("data"))
	if err != nil {
		return err
	}
	defer lock.Close()
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	rooms, err := openRooms(c.set, nil)
	if err != nil {
		return err
	}
	defer rooms.Close()
	later, err := h.archive.Amendments(ctx)
	var damage *storage.DamageError
	if err != nil && !errors.As(err, &damage) {
		return err
	}
	unread := err
	n := 0
	err = h.archive.Walk(ctx, func(m storage.Manifest) error {
		if err := h.restore(ctx, rooms, m, later[m.ID]); err != nil {
			return fmt.Errorf("restoring %s: %w", m.ID, err)
		}
		if err := h.recall(ctx, m.ID, later[m.ID]); err != nil {
			return fmt.Errorf("restoring what was done with %s: %w", m.ID, err)
		}
		n++
		return nil
	})
	fmt.Fprintf(c.out, c.say("%d Briefe aus dem Archiv in den Katalog übernommen\n", "%d letters taken from the archive into the catalogue\n"), n)
	err = errors.Join(err, unread)
	if errors.As(err, &damage) {
		for _, key := range damage.Keys {
			fmt.Fprintf(c.out, "%s\t%s\n", key, c.say("nicht lesbar", "cannot be read"))
		}
		return exit{exitDamage, err}
	}
	return err
}

// restore writes one archived letter back as its amendments left it: its words
// come from the archive, and its entries in the books are computed anew, as they
// followed from the letter when it was archived.
func (h *house) restore(ctx context.Context, rooms *route.Rooms, m storage.Manifest, later []storage.Amendment) error {
	booked, err := rooms.Books.Step(ctx, m.Document(), h.blobs)
	if err != nil {
		return err
	}
	doc := storage.Amended(booked, later)
	filing := *doc.Filing // the manifest has it as the first department was allowed
	filing.Fields = classify.MaskFields(filing.Fields, filing.Department)
	doc.Filing = &filing
	texts, err := h.words(ctx, doc)
	if err != nil {
		return err
	}
	return h.rows.Restore(ctx, doc, maskAll(texts, doc))
}
