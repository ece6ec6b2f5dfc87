package main

import (
	"fmt"
	"path"
	"strings"

	"blattwerk/pipeline"
)

// papers say how the stacks of the hot folder's subfolders are scanned and parted.
type papers map[string]pipeline.Paper

// parsePapers reads "Scanner 1=fronts-then-backs;Amt 32/Flur=blank-parts,label-parts".
// The subfolder "." is the hot folder itself.
func parsePapers(text string) (papers, error) {
	list := papers{}
	for entry := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		at := strings.LastIndex(entry, "=")
		if at < 0 {
			return nil, fmt.Errorf("%q is not FOLDER=WORDS", entry)
		}
		folder := path.Clean(strings.TrimSpace(entry[:at]))
		if strings.TrimSpace(entry[:at]) == "" || path.IsAbs(folder) || folder == ".." || strings.HasPrefix(folder, "../") {
			return nil, fmt.Errorf("%q is no subfolder", entry[:at])
		}
		paper, err := pipeline.ParsePaper(entry[at+1:])
		if err != nil {
			return nil, err
		}
		if _, twice := list[folder]; twice {
			return nil, fmt.Errorf("%q is named twice", folder)
		}
		list[folder] = paper
	}
	return list, nil
}

// of gives what holds in a subfolder: its own word, or that of the nearest folder
// above it.
func (p papers) of(folder string) pipeline.Paper {
	for folder = path.Clean(folder); ; folder = path.Dir(folder) {
		if paper, ok := p[folder]; ok {
			return paper
		}
		if folder == "." || folder == "/" {
			return pipeline.Paper{}
		}
	}
}
