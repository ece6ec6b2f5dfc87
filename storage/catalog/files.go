package catalog

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// FileDepartment says which department keeps the letters that carry a file
// reference. Only letters that a person filed count: the machine's own filings
// prove nothing. ok is false if there are none, or if departments disagree.
func (c *Catalog) FileDepartment(ctx context.Context, reference string) (dept pipeline.DeptID, ok bool, err error) {
	wanted := plainReference(reference)
	if wanted == "" {
		return "", false, nil
	}
	hits, err := c.Search(ctx, Query{
		Words: `"` + strings.ReplaceAll(reference, `"`, " ") + `"`, Filter: Filter{State: pipeline.Archived, Limit: 50},
	})
	if err != nil {
		return "", false, fmt.Errorf("looking for a file: %w", err)
	}
	for _, h := range hits.Hits {
		f := h.Entry.Document.Filing
		if f == nil || f.DecidedBy == "" || !carries(*f, wanted) {
			continue
		}
		if ok && f.Department != dept {
			return "", false, nil
		}
		dept, ok = f.Department, true
	}
	return dept, ok, nil
}

// carries reports whether one of the references of a filing is the wanted one.
func carries(f pipeline.Filing, wanted string) bool {
	for _, x := range f.Fields {
		switch x.Name {
		case "aktenzeichen", "ihr_zeichen", "unser_zeichen", "kassenzeichen":
			if plainReference(x.Value) == wanted {
				return true
			}
		}
	}
	return false
}

// plainReference is a reference without blanks and in small letters: "32 - 17/44"
// is the same file as "32-17/44".
func plainReference(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
