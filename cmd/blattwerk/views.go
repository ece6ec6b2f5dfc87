package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/route"
	"blattwerk/pipeline/savings"
	"blattwerk/pipeline/scan"
	"blattwerk/storage/catalog"
	"blattwerk/web"
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

// report is the books for the web page.
func (s *stations) report(ctx context.Context, from, to time.Time, by string) (web.SavingsView, error) {
	sum, err := s.summary(ctx, from, to, by)
	if err != nil {
		return web.SavingsView{}, err
	}
	view := web.SavingsView{
		Total: s.savingsRow(by, sum.Total), Saved: figures(sum.Total.Saved), Debits: figures(sum.Total.Debits), Notes: sum.Notes,
	}
	for _, r := range sum.Rows {
		view.Rows = append(view.Rows, s.savingsRow(by, r))
	}
	for _, f := range sum.Factors {
		year := ""
		if f.Year > 0 {
			year = strconv.Itoa(f.Year)
		}
		view.Factors = append(view.Factors, web.FactorInfo{
			ID: f.ID, Quantity: f.Quantity, Value: f.Value.Mid, Unit: f.Unit, Source: f.Source, Year: year, Boundary: f.Boundary,
		})
	}
	return view, nil
}

func (s *stations) savingsRow(by string, r savings.Row) web.SavingsRow {
	row := web.SavingsRow{Key: r.Key, Entries: r.Entries, Evidence: r.Evidence, Figures: figures(r.Net)}
	switch by {
	case "department":
		for _, d := range s.rooms.Classify.Departments() {
			if string(d.ID) == r.Key {
				row.Name = d.Name
			}
		}
	case "type":
		row.Name = names(s.rooms.Classify)(pipeline.TypeCode(r.Key))
	}
	return row
}

func figures(s savings.Sums) web.Figures {
	return web.Figures{Sheets: s.Sheets, Kg: s.Kg, CO2e: s.CO2e, Water: s.Water, Energy: s.Energy}
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
