package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/workers"
)

// house is everything wired together. Which drivers stand behind it depends on
// the settings alone.
type house struct {
	set      settings
	log      *slog.Logger
	store    storage.Store
	blobs    *storage.Blobs
	archive  *storage.Archive
	rows     *catalog.Catalog
	embedded bool // the catalogue is in the data folder, so only one process works on it
	wrap     func([]pipeline.Step) []pipeline.Step
	closers  []func()
}

// openHouse opens the store and the catalogue.
func openHouse(ctx context.Context, c *call) (*house, error) {
	h := &house{set: c.set, log: c.log, wrap: c.wrap, embedded: c.set.str("database-url") == ""}
	if err := os.MkdirAll(c.set.str("data"), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	if err := h.openStore(ctx); err != nil {
		return nil, err
	}
	h.blobs = storage.NewBlobs(h.store)
	h.archive = storage.NewArchive(h.store, storage.ArchiveOptions{Software: "blattwerk " + version, Masked: classify.MaskFields})
	if err := h.openCatalog(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *house) openStore(ctx context.Context) error {
	if h.set.str("s3-endpoint") == "" {
		dir, err := storage.OpenDir(filepath.Join(h.set.str("data"), "store"))
		if err != nil {
			return fmt.Errorf("opening the store: %w", err)
		}
		h.store = dir
		return nil
	}
	s3, err := storage.OpenS3(ctx, storage.S3Config{
		Endpoint:  h.set.str("s3-endpoint"),
		Bucket:    h.set.str("s3-bucket"),
		AccessKey: h.set.str("s3-access-key"),
		SecretKey: h.set.str("s3-secret-key"),
		Region:    h.set.str("s3-region"),
		Insecure:  h.set.truth("s3-insecure"),
		CAFile:    h.set.str("s3-ca-file"),
	})
	if err != nil {
		return fmt.Errorf("opening the object store: %w", err)
	}
	h.store = s3
	return nil
}

func (h *house) openCatalog(ctx context.Context) error {
	dsn := h.set.str("database-url")
	if h.embedded {
		dsn = "sqlite:" + filepath.Join(h.set.str("data"), "catalog.db")
	}
	rows, err := catalog.Open(ctx, dsn, catalog.Options{
		Zone: h.set.zone(), First: route.First,
		Key: h.set.str("evidence-key"), KeyFile: filepath.Join(h.set.str("data"), "evidence.key"),
		Masked: h.masked,
	})
	if err != nil {
		return fmt.Errorf("opening the catalogue: %w", err)
	}
	h.rows = rows
	h.closers = append(h.closers, func() { _ = rows.Close() })
	return nil
}

// Close closes what openHouse and the others opened, last first.
func (h *house) Close() error {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
	return nil
}

// openRooms builds the engines from the settings. files is nil where there is no
// catalogue to ask for file references.
func openRooms(set settings, files classify.KnownFiles) (*route.Rooms, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our own program: %w", err)
	}
	deadline, err := time.ParseDuration(set.str("page-deadline"))
	if err != nil {
		return nil, fmt.Errorf("page-deadline: %w", err)
	}
	sorting, err := sortingConfig(set)
	if err != nil {
		return nil, err
	}
	sorting.Files = files
	return route.New(route.Config{
		Program:      program,
		Readers:      int(set.integer("readers")),
		ReaderMemory: set.bytes("reader-memory"),
		PageDeadline: deadline,
		MaxBytes:     set.bytes("max-bytes"),
		MaxPages:     int(set.integer("max-pages")),
		MaxPixels:    set.integer("max-pixels"),
		Sorting:      sorting,
	})
}

// stations is a house at work: rooms, belt and intake.
type stations struct {
	*house
	rooms  *route.Rooms
	belt   *workers.Belt
	intake workers.Intake
	books  *keeper.Keeper
	inlets []func() web.Inlet // how the ways in stand by which letters come of themselves
}

// openStations opens the rooms and the belt, with upkeep beside it.
func (h *house) openStations(chores ...workers.Chore) (*stations, error) {
	rooms, err := openRooms(h.set, h.rows.FileDepartment)
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, func() { _ = rooms.Close() })
	// Who has no upkeep to do does not learn either, and picks up what others learned.
	chores = append(chores, h.learning(rooms.Classify, len(chores) > 0)...)
	redis, closeRedis, err := workers.OpenRedis(h.set.str("redis-url"))
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, closeRedis)
	books := h.keeper(rooms.Books, rooms.Classify)
	if len(chores) > 0 {
		// Read before somebody asks for a report, who would wait for the whole ledger.
		chores = append(chores, workers.Chore{Name: "books", Every: 24 * time.Hour, Run: books.Warm})
	}
	steps := rooms.Steps(h.archive.Step)
	if h.wrap != nil {
		steps = h.wrap(steps)
	}
	belt := workers.New(workers.Config{
		Redis: redis, Rows: h.rows, Blobs: h.blobs, Steps: steps, Alone: h.embedded, Log: h.log, Chores: chores,
		Texts: func(ctx context.Context, doc pipeline.Document) ([]pipeline.PageText, error) {
			texts, err := h.words(ctx, doc) // from the archive: of a letter filed anew nothing else is left
			return maskAll(texts, doc), err
		},
	})
	s := &stations{house: h, rooms: rooms, belt: belt, books: books}
	s.intake = workers.Intake{
		Blobs: h.blobs, Accept: h.rows.Accept, Ring: belt.Ring, Sniff: sniff, Ready: h.room, First: route.First, Log: h.log,
	}
	return s, nil
}
