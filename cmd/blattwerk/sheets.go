package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/separate"
	"blattwerk/pipeline/sheets"
	"blattwerk/web"
)

func sheetsCommand() command {
	return command{
		name: "sheets",
		args: "cover|separators|labels",
		help: [2]string{
			"Deckblatt, Trennblätter oder Etiketten mit Archivnummern als PDF zum Drucken",
			"a cover sheet, separator sheets or labels with archive serial numbers as PDF to print",
		},
		flags: func(fs *pflag.FlagSet) {
			fs.StringP("output", "o", "", "file to write; empty is the standard output")
			fs.Int("count", 0, "how many (0: 1 cover sheet, 10 separator sheets, 24 labels); batch numbers count on")
			fs.Int64("first", 0, "labels: the first number; cover: that of the first letter's label")
			fs.String("batch", "", "cover: number of the batch (capital letters, digits, point, hyphen)")
			fs.String("department", "", "cover: department of all letters, by its number")
			fs.String("type", "", "cover: document type of all letters, by its code")
			fs.String("received", "", "cover: day of receipt, 2026-11-27")
			fs.Int("expected", 0, "cover: number of letters in the batch")
			fs.Bool("fronts-then-backs", false, "cover: all fronts are scanned first, then the turned stack")
			fs.Bool("blank-parts", false, "cover: blank sheets part letters")
			fs.Bool("labels-part", false, "cover: each label with an archive serial number begins a letter")
		},
		run: printSheets,
	}
}

func printSheets(_ context.Context, c *call) (err error) {
	if len(c.args) != 1 {
		return exit{exitUsage, errors.New(c.say("welches Blatt: cover, separators oder labels?", "which sheet: cover, separators or labels?"))}
	}
	var write func(io.Writer) error
	count, _ := c.flags.GetInt("count")
	switch c.args[0] {
	case "cover":
		cover, err := c.cover()
		if err != nil {
			return exit{exitUsage, err}
		}
		write = func(w io.Writer) error { return sheets.WriteCovers(w, cover, orElse(count, 1)) }
	case "separators":
		write = func(w io.Writer) error { return sheets.WriteSeparators(w, orElse(count, 10)) }
	case "labels":
		first, _ := c.flags.GetInt64("first")
		write = func(w io.Writer) error { return sheets.WriteLabels(w, first, orElse(count, 24)) }
	default:
		return exit{exitUsage, fmt.Errorf("%q: %s", c.args[0], c.say("dieses Blatt gibt es nicht", "there is no such sheet"))}
	}
	out := c.out
	if path, _ := c.flags.GetString("output"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("writing the sheet: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	if err := write(out); err != nil {
		return exit{exitUsage, err}
	}
	return nil
}

func orElse(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

// cover reads the flags of a cover sheet and looks the names up.
func (c *call) cover() (sheets.Cover, error) {
	str := func(name string) string { s, _ := c.flags.GetString(name); return s }
	truth := func(name string) bool { b, _ := c.flags.GetBool(name); return b }
	expected, _ := c.flags.GetInt("expected")
	first, _ := c.flags.GetInt64("first")
	cover := sheets.Cover{Sheet: separate.Sheet{
		Cover: true, Batch: str("batch"), Department: pipeline.DeptID(str("department")), Type: pipeline.TypeCode(str("type")), Expected: expected, FirstLabel: first,
		Paper: pipeline.Paper{FrontsThenBacks: truth("fronts-then-backs"), BlankParts: truth("blank-parts"), LabelParts: truth("labels-part")},
	}}
	if day := str("received"); day != "" {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return cover, fmt.Errorf("received: %w", err)
		}
		cover.Received = at
	}
	room, err := classify.New(classify.Config{})
	if err != nil {
		return cover, fmt.Errorf("reading the document types: %w", err)
	}
	return named(cover, room)
}

// named fills in the names of department and type, and refuses unknown ones.
func named(cover sheets.Cover, room *classify.Room) (sheets.Cover, error) {
	if cover.Type != "" {
		t, ok := room.Type(cover.Type)
		if !ok {
			return cover, fmt.Errorf("there is no document type %q", cover.Type)
		}
		cover.TypeName = t.Name
		if cover.Department == "" {
			cover.Department = t.Department
		}
	}
	if cover.Department == "" {
		return cover, nil
	}
	for _, d := range room.Departments() {
		if d.ID == cover.Department {
			cover.DepartmentName = d.Name
			return cover, nil
		}
	}
	return cover, fmt.Errorf("there is no department %q", cover.Department)
}

// printSheets prints what a person ordered on the web page.
func (s *stations) printSheets(w io.Writer, o web.SheetOrder) error {
	switch o.Kind {
	case web.SheetSeparator:
		return sheets.WriteSeparators(w, o.Count)
	case web.SheetLabels:
		return sheets.WriteLabels(w, o.First, o.Count)
	}
	cover, err := named(sheets.Cover{Sheet: separate.Sheet{
		Cover: true, Batch: o.Batch, Department: o.Department, Type: o.Type, Received: o.Received, Expected: o.Expected, FirstLabel: o.First, Paper: o.Paper,
	}}, s.rooms.Classify)
	if err != nil {
		return err
	}
	return sheets.WriteCovers(w, cover, o.Count)
}
