package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rescan (Nachscan) says that a person scanned a sheet again, because its first
// scan was not good enough: the page's picture comes from this file now. The file
// that was delivered stays what it is and is kept; so is this one.
type Rescan struct {
	File  Blob      `json:"file"` // the bytes as handed in
	Name  string    `json:"name"` // file name as the sender gave it, base name only
	Media string    `json:"media"`
	By    string    `json:"by"` // account of the person
	At    time.Time `json:"at"`
	Was   Image     `json:"was"` // picture of the page before
}

// Rescanned is the page with another picture: that of the only page of a file that
// was handed in for it. It keeps its number and its place; what was read from the
// first picture does not count any more.
func (p Page) Rescanned(fresh Page, r Rescan) Page {
	r.Was = p.Image
	fresh.No, fresh.Aside, fresh.Kept = p.No, p.Aside, p.Kept
	fresh.Reading, fresh.Upright, fresh.Codes = nil, false, nil
	fresh.Rescans = append(slices.Clone(p.Rescans), r)
	return fresh
}

// First is the picture of the page as it was in the delivered file.
func (p Page) First() Image {
	if len(p.Rescans) > 0 {
		return p.Rescans[0].Was
	}
	return p.Image
}

// RescanRemark is the code of the remark that a page was scanned again.
const RescanRemark = "rescanned"

// RescanRemarks tells of the pages among pages that were scanned again.
func RescanRemarks(pages []Page) []Remark {
	var out []Remark
	for _, p := range pages {
		if len(p.Rescans) == 0 {
			continue
		}
		out = append(out, Remark{Step: StepOpen, Code: RescanRemark, Page: p.No, Text: Message{
			DE: fmt.Sprintf("Seite %d wurde in der Poststelle noch einmal gescannt. Der erste Scan ist unverändert aufbewahrt.", p.No),
			EN: fmt.Sprintf("Page %d was scanned again in the mailroom. The first scan is kept unchanged.", p.No),
		}})
	}
	return out
}

// RescanList names the pages that were scanned again, each with the SHA-256 of the
// file that it is taken from: "3 9f86…, 7 2c26…".
func RescanList(pages []Page) string {
	var parts []string
	for _, p := range pages {
		if n := len(p.Rescans); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.No, p.Rescans[n-1].File.Digest))
		}
	}
	return strings.Join(parts, ", ")
}
