package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
	"blattwerk/workers"
)

func validateCommand() command {
	return command{
		name: "validate", args: "FILE…",
		help: [2]string{"PDF/A-Dateien prüfen", "check PDF/A files"},
		flags: func(fs *pflag.FlagSet) {
			fs.String("flavour", "auto", "auto, 2b, 2u or 2a")
			fs.Bool("json", false, "one JSON object a file")
		},
		run: validate,
	}
}

// checked is a verdict with the file it is about.
type checked struct {
	File string `json:"file"`
	pipeline.Validation
}

func validate(ctx context.Context, c *call) error {
	flavour, _ := c.flags.GetString("flavour")
	asJSON, _ := c.flags.GetBool("json")
	if len(c.args) == 0 || !strings.Contains(" auto 2b 2u 2a ", " "+flavour+" ") {
		return exit{exitUsage, errors.New(c.say("welche Datei? --flavour ist auto, 2b, 2u oder 2a", "which file? --flavour is auto, 2b, 2u or 2a"))}
	}
	allValid := true
	for _, name := range c.args {
		v, err := validateFile(ctx, name, flavour)
		if err != nil {
			return exit{exitBadInput, err}
		}
		allValid = allValid && v.Valid
		if asJSON {
			if err := json.NewEncoder(c.out).Encode(checked{name, v}); err != nil {
				return err
			}
			continue
		}
		c.printVerdict(name, v)
	}
	if !allValid {
		return exit{1, nil}
	}
	return nil
}

func validateFile(ctx context.Context, name, flavour string) (pipeline.Validation, error) {
	f, err := os.Open(name)
	if err != nil {
		return pipeline.Validation{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return pipeline.Validation{}, err
	}
	return gate.Validate(ctx, f, info.Size(), flavour)
}

func (c *call) printVerdict(name string, v pipeline.Validation) {
	verdict := c.say("ungültig", "not valid")
	if v.Valid {
		verdict = c.say("gültig", "valid")
	}
	fmt.Fprintf(c.out, "%s: PDF/A-%s %s\n", name, v.Flavour, verdict)
	for _, b := range v.Breaks {
		times := ""
		if b.Count > 1 {
			times = fmt.Sprintf(" (%d×)", b.Count)
		}
		fmt.Fprintf(c.out, "  %-14s %s%s%s\n", b.Rule, b.Reason, prefixed(" – ", b.Where), times)
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func classifyCommand() command {
	return command{
		name: "classify", args: "FILE",
		help: [2]string{
			"sagen, zu welchem Amt ein Brief gehört, und warum (Scan, PDF oder .txt)",
			"say which department a letter belongs to, and why (scan, PDF or .txt)",
		},
		shown: []string{"threshold", "town"},
		flags: func(fs *pflag.FlagSet) { fs.Bool("json", false, "as JSON") },
		run:   classifyFile,
	}
}

func classifyFile(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return exit{exitUsage, errors.New(c.say("welche Datei?", "which file?"))}
	}
	rooms, err := openRooms(c.set, nil)
	if err != nil {
		return err
	}
	defer rooms.Close()
	texts, err := c.readTexts(ctx, rooms)
	if err != nil {
		return exit{exitCode(err), err}
	}
	filing := rooms.Classify.Classify(texts)
	if asJSON, _ := c.flags.GetBool("json"); asJSON {
		return json.NewEncoder(c.out).Encode(filing)
	}
	c.printFiling(filing, names(rooms.Classify))
	return nil
}

// readTexts gives the words of a file: a .txt as it is, all else by opening and
// reading it.
func (c *call) readTexts(ctx context.Context, rooms *route.Rooms) ([]pipeline.PageText, error) {
	if strings.HasSuffix(strings.ToLower(c.args[0]), ".txt") {
		raw, err := os.ReadFile(c.args[0])
		if err != nil {
			return nil, err
		}
		return pipeline.FromPlainText(string(raw)), nil
	}
	work, err := os.MkdirTemp("", "blattwerk-classify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	store, err := storage.OpenDir(work)
	if err != nil {
		return nil, err
	}
	blobs := storage.NewBlobs(store)
	f, err := os.Open(c.args[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	original, err := blobs.Put(ctx, f)
	if err != nil {
		return nil, err
	}
	doc := pipeline.Document{ID: "classify", Delivery: pipeline.Delivery{
		Original: original, Name: workers.CleanName(c.args[0]), Language: c.set.str("language"), Mode: pipeline.ModeSkip,
	}}
	toRead := rooms.Conversion()[:2] // open and read
	if doc, err = route.Walk(ctx, toRead, doc, blobs); err != nil {
		return nil, err
	}
	return workers.Texts(ctx, blobs, doc)
}

func (c *call) printFiling(f pipeline.Filing, name func(pipeline.TypeCode) string) {
	sure := c.say("unsicher: eine Person entscheidet", "unsure: a person decides")
	if f.Sure {
		sure = c.say("sicher", "sure")
	}
	fmt.Fprintf(c.out, "%s  %s  %d %%  (%s)\n", f.Type, name(f.Type), percent(f.Confidence), sure)
	for _, cand := range f.Candidates {
		var cues []string
		for _, r := range cand.Reasons {
			cues = append(cues, fmt.Sprintf("%s (%s %d)", r.Cue, c.say("S.", "p."), r.Page))
		}
		fmt.Fprintf(c.out, "  %-10s %4d %%  %s\n", cand.Type, percent(cand.Confidence), strings.Join(cues, ", "))
	}
	for _, field := range f.Fields {
		checked := ""
		if field.Checked {
			checked = c.say(" (geprüft)", " (checked)")
		}
		fmt.Fprintf(c.out, "  %s: %s%s\n", field.Name, field.Value, checked)
	}
}

// readChild and pdfChild are the programs of our children.
func readChild() command {
	return command{name: "read", hidden: true, run: func(_ context.Context, c *call) error { return serveReader(c.in, c.out) }}
}

func pdfChild() command {
	return command{name: "pdf", hidden: true, run: func(_ context.Context, c *call) error { return servePDF(c.in, c.out) }}
}
