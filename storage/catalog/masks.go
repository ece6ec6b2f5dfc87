package catalog

import (
	"context"
	"fmt"

	"blattwerk/pipeline"
)

// view is what a department may find of an archived letter.
type view struct {
	gen    int // of the letter when it was looked at
	fields []pipeline.Field
	texts  []pipeline.PageText // nil: the words stay as they are
}

// viewOf gives what a department may find of a letter once it is theirs; nil if the
// letter is not archived, and so cannot become theirs.
func (c *Catalog) viewOf(ctx context.Context, id pipeline.DocID, dept pipeline.DeptID) (*view, error) {
	e, err := c.Get(ctx, id)
	if err != nil || e.State != pipeline.Archived || e.Document.Filing == nil {
		return nil, err
	}
	v := &view{gen: e.Gen, fields: e.Document.Filing.Fields}
	if c.masked == nil {
		return v, nil
	}
	filing := *e.Document.Filing
	filing.Department = dept
	e.Document.Filing = &filing
	if v.fields, v.texts, err = c.masked(ctx, e.Document); err != nil {
		return nil, fmt.Errorf("masking a letter for another department: %w", err)
	}
	if v.texts == nil {
		v.texts = []pipeline.PageText{}
	}
	return v, nil
}
