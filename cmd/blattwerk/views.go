package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/route"
	"blattwerk/pipeline/savings"
	"blattwerk/pipeline/scan"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/workers"
)

// This file turns what the rooms say into what the web page shows, since neither
// knows the other.

func sniff(head []byte) string { return scan.Sniff(head) }

func serveReader(in io.Reader, out io.Writer) error { return ocr.Serve(in, out) }

func servePDF(in io.Reader, out io.Writer) error { return pdfa.ServeReader(in, out) }

// names gives the name of a document type by its code.
func names(room *classify.Room) func(pipeline.TypeCode) string {
	return func(code pipeline.TypeCode) string {
		t, _ := room.Type(code)
		return t.Name
	}
}

func typeInfos(room *classify.Room) []web.TypeInfo {
	var infos []web.TypeInfo
	for _, t := range room.Types() {
		infos = append(infos, web.TypeInfo{Code: t.Code, Name: t.Name, Department: t.Department, DepartmentName: t.DepartmentName})
	}
	return infos
}

// keeper keeps the books of this house.
func (h *house) keeper(books *savings.Books, room *classify.Room) *keeper.Keeper {
	departments := map[string]string{}
	for _, d := range room.Departments() {
		departments[string(d.ID)] = d.Name
	}
	return keeper.New(keeper.Config{
		Rows: h.rows, Books: books, Zone: h.set.zone(), Town: h.set.str("town"),
		Names: func(by, key string) string {
			switch by {
			case "department":
				return departments[key]
			case "type":
				return names(room)(pipeline.TypeCode(key))
			}
			return ""
		},
	})
}

// openKeeper opens the books without the stations, for the command line.
func (h *house) openKeeper() (*keeper.Keeper, error) {
	books, err := savings.New(savings.Config{})
	if err != nil {
		return nil, fmt.Errorf("setting up the books: %w", err)
	}
	room, err := classify.New(classify.Config{Threshold: h.set.number("threshold"), Town: classify.Town{Name: h.set.str("town")}})
	if err != nil {
		return nil, fmt.Errorf("setting up classification: %w", err)
	}
	return h.keeper(books, room), nil
}

// openKept opens a kept file of a letter by its role.
func (h *house) openKept(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error) {
	return h.archive.Open(ctx, *doc.Record, role)
}

// picture makes a picture of a page for people.
func (s *stations) picture(ctx context.Context, doc pipeline.Document, no, width int) ([]byte, error) {
	jpeg, err := s.rooms.Look(ctx, doc, no, width, s.blobs, s.openKept)
	if errors.Is(err, route.ErrNoPicture) {
		return nil, catalog.ErrUnknown
	}
	return jpeg, err
}

// unlock opens an encrypted letter with the password that a person gave.
func (s *stations) unlock(ctx context.Context, doc pipeline.Document, password string) (pipeline.Blob, error) {
	return s.rooms.PDF.Unlock(ctx, doc, password, s.blobs)
}

// rescan keeps a file that was handed in for one page of a delivery, and opens it.
// A file that is not taken in the end is no part of anything, and is swept.
func (s *stations) rescan(ctx context.Context, of pipeline.Delivery, name string, r io.Reader) (catalog.Scan, error) {
	if err := s.room(ctx); err != nil {
		return catalog.Scan{}, err
	}
	buf := bufio.NewReaderSize(r, scan.SniffLen)
	head, err := buf.Peek(scan.SniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return catalog.Scan{}, fmt.Errorf("receiving a scan: %w", err)
	}
	d := pipeline.Delivery{ID: of.ID, Name: workers.CleanName(name), Media: scan.Sniff(head), Language: of.Language, Mode: of.Mode, Received: of.Received}
	if d.Original, err = s.blobs.Put(ctx, buf); err != nil {
		return catalog.Scan{}, storage.Fault(fmt.Errorf("keeping a scan: %w", err))
	}
	page, notes, err := s.rooms.OnePage(ctx, d, s.blobs)
	if err != nil {
		return catalog.Scan{}, err
	}
	return catalog.Scan{Page: page, File: pipeline.Rescan{File: d.Original, Name: d.Name, Media: d.Media}, Note: notes}, nil
}

// maskAll takes out of a document's words what may not be searched for: serial
// numbers of identity cards (§ 20 (3) PAuswG), tax numbers outside tax matters.
func maskAll(texts []pipeline.PageText, doc pipeline.Document) []pipeline.PageText {
	var dept pipeline.DeptID
	if doc.Filing != nil {
		dept = doc.Filing.Department
	}
	masked := make([]pipeline.PageText, len(texts))
	for i, t := range texts {
		masked[i] = classify.MaskPage(t, dept)
	}
	return masked
}
