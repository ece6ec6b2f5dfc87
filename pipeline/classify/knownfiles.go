package classify

import (
	"context"
	"fmt"

	"blattwerk/pipeline"
)

// KnownFiles says which department keeps the file of a reference; ok is false if
// no file is known by it, or files of several departments are. References come as
// they were read. File references have no form of their own (10 44 01, II/20, 765
// Js 432/10): only a look into the files tells a reference from any other number.
type KnownFiles func(ctx context.Context, reference string) (dept pipeline.DeptID, ok bool, err error)

// ownReferences are the fields in which a sender quotes the town's own reference.
var ownReferences = map[string]bool{"aktenzeichen": true, "ihr_zeichen": true, "kassenzeichen": true}

// askedAtMost bounds how many references of one letter are looked up.
const askedAtMost = 8

// recognise looks references up among the known files. A known one is as good as
// a check digit, and points to its department.
func (r *Room) recognise(ctx context.Context, hits []hit) error {
	if r.files == nil {
		return nil
	}
	asked := 0
	for i := range hits {
		h := &hits[i]
		if !ownReferences[h.Name] || h.broken || asked == askedAtMost {
			continue
		}
		asked++
		dept, ok, err := r.files(ctx, h.Value)
		if err != nil {
			return fmt.Errorf("looking a file reference up: %w", err)
		}
		if !ok {
			continue
		}
		h.Checked, h.Confidence = true, max(h.Confidence, 0.97)
		if h.route == "" {
			h.route = dept
		}
	}
	return nil
}
