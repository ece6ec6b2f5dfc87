package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// move is what a person does with a page of a stack, as a form says it:
// "turn 3 90", "up 3", "down 3", "split 3", "join 3", "aside 3 blank", "back 3",
// "to 3 5" (before page 5), "cut 3 4 8" (a letter begins at each of these),
// "whole 3" (the letter with page 3 is one letter as it is).
type move struct {
	what string
	page int
	arg  string
}

func parseMove(text string) (move, error) {
	f := strings.Fields(text)
	if len(f) < 2 {
		return move{}, badRequest("what to do with which page", nil)
	}
	no, err := strconv.Atoi(f[1])
	if err != nil {
		return move{}, badRequest("which page", err)
	}
	m := move{what: f[0], page: no}
	if len(f) > 2 {
		m.arg = strings.Join(f[2:], " ")
	}
	return m, nil
}

// leaf is a letter of a stack while its pages are moved about.
type leaf struct {
	catalog.Letter
	open bool // its pages may be moved
}

// arranged is what becomes of the letters of a stack by a move: all letters that
// change, each with all of its pages, as [catalog.Catalog.Rearrange] wants them.
// Pages keep their way back: what is set aside stays with its letter.
func arranged(letters []catalog.Entry, m move) ([]catalog.Letter, error) {
	leaves := make([]*leaf, 0, len(letters))
	for _, e := range inOrder(letters) {
		leaves = append(leaves, &leaf{catalog.Letter{Doc: e.Document.ID, Gen: e.Gen, Pages: refs(e.Document)}, arrangeable(e)})
	}
	at, i := find(leaves, m.page)
	if at < 0 {
		return nil, badRequest("no such page in this stack", nil)
	}
	here := leaves[at]
	changed := []*leaf{here}
	ref := &here.Pages[i]
	switch m.what {
	case "turn":
		degrees, err := strconv.Atoi(m.arg)
		if err != nil || degrees%90 != 0 || degrees <= 0 || degrees >= 360 {
			return nil, badRequest("a page is turned by 90, 180 or 270 degrees", err)
		}
		ref.Turn = degrees
	case "aside":
		ref.Aside = pipeline.Aside(cmp.Or(m.arg, string(pipeline.AsideDropped)))
	case "back":
		ref.Aside, ref.Keep = "", true
		here.Pages = byNumber(here.Pages, m.page)
	case "split":
		if i == firstPage(here.Pages) {
			return nil, errBegins
		}
		// What was set aside behind the cut goes along, in its order.
		changed = append(changed, &leaf{Letter: catalog.Letter{Pages: slices.Clone(here.Pages[i:])}})
		here.Pages = here.Pages[:i]
	case "cut":
		parts, err := cutAt(here, m)
		if err != nil {
			return nil, err
		}
		changed = parts
	case "whole":
		here.Settled, here.Grace = true, grace
	case "join":
		if at == 0 {
			return nil, unclear("Davor liegt kein Brief, an den sich diese Seiten anhängen ließen.", "There is no letter before, which these pages could be joined to.")
		}
		before := leaves[at-1]
		before.Pages = append(before.Pages, here.Pages...)
		here.Pages = nil
		changed = append(changed, before)
	case "up", "down":
		other, err := shift(leaves, at, i, m.what == "down")
		if err != nil {
			return nil, err
		}
		if other != nil {
			changed = append(changed, other)
		}
	case "to":
		other, err := moveTo(leaves, at, i, m)
		if err != nil {
			return nil, err
		}
		if other != nil {
			changed = append(changed, other)
		}
	default:
		return nil, badRequest("what to do with the page", nil)
	}
	return changedLetters(changed)
}

// errBegins says that nothing is to be parted before a page.
var errBegins = unclear("Diese Seite beginnt schon einen Brief.", "This page begins a letter already.")

// changedLetters are leaves as the catalogue takes them, if they may be changed.
func changedLetters(changed []*leaf) ([]catalog.Letter, error) {
	out := make([]catalog.Letter, 0, len(changed))
	for _, l := range changed {
		if l.Doc != "" && !l.open {
			return nil, catalog.ErrKept
		}
		out = append(out, l.Letter)
	}
	return out, nil
}

// moveTo lays a page before another one, whose letter it gives if that is not the
// same.
func moveTo(leaves []*leaf, at, i int, m move) (*leaf, error) {
	before, err := strconv.Atoi(m.arg)
	to, _ := find(leaves, before)
	if err != nil || to < 0 || before == m.page {
		return nil, badRequest("before which page", err)
	}
	here := leaves[at]
	moved := here.Pages[i]
	here.Pages = slices.Delete(here.Pages, i, i+1)
	_, k := find(leaves, before)
	leaves[to].Pages = slices.Insert(leaves[to].Pages, k, moved)
	if to == at {
		return nil, nil
	}
	return leaves[to], nil
}

// cutAt parts a letter before each of the pages of a move.
func cutAt(here *leaf, m move) ([]*leaf, error) {
	begins := map[int]bool{m.page: true}
	for _, s := range strings.Fields(m.arg) {
		no, err := strconv.Atoi(s)
		if err != nil {
			return nil, badRequest("at which pages", err)
		}
		begins[no] = true
	}
	parts := []*leaf{here}
	open, pages := here, here.Pages
	here.Pages, here.Grace = nil, grace
	for i, ref := range pages {
		if begins[ref.No] {
			delete(begins, ref.No)
			if i == firstPage(pages) {
				return nil, errBegins
			}
			open = &leaf{Letter: catalog.Letter{Grace: grace}}
			parts = append(parts, open)
		}
		open.Pages = append(open.Pages, ref)
	}
	if len(begins) > 0 {
		return nil, badRequest("no such page in this letter", nil)
	}
	return parts, nil
}

// shift moves a page by one place, at the edge of its letter into the next letter,
// which it gives.
func shift(leaves []*leaf, at, i int, down bool) (*leaf, error) {
	here, step := leaves[at], -1
	if down {
		step = 1
	}
	if k := i + step; k >= 0 && k < len(here.Pages) {
		here.Pages[i], here.Pages[k] = here.Pages[k], here.Pages[i]
		return nil, nil
	}
	if at+step < 0 || at+step >= len(leaves) {
		return nil, unclear("Diese Seite liegt schon am Rand des Stapels.", "This page lies at the edge of the stack already.")
	}
	other := leaves[at+step]
	page := here.Pages[i]
	here.Pages = slices.Delete(here.Pages, i, i+1)
	if down {
		other.Pages = slices.Insert(other.Pages, 0, page)
	} else {
		other.Pages = append(other.Pages, page)
	}
	return other, nil
}

// refs are all pages of a letter as they are, those set aside at their numbers.
func refs(doc pipeline.Document) []catalog.PageRef {
	var out []catalog.PageRef
	for _, p := range doc.Pages {
		out = append(out, catalog.PageRef{No: p.No})
	}
	for _, p := range doc.Aside {
		out = append(out, catalog.PageRef{No: p.No, Aside: p.Aside})
		out = byNumber(out, p.No)
	}
	return out
}

// byNumber puts a page before the first page with a higher number, where it lay in
// the paper.
func byNumber(pages []catalog.PageRef, no int) []catalog.PageRef {
	i := slices.IndexFunc(pages, func(p catalog.PageRef) bool { return p.No == no })
	page := pages[i]
	rest := slices.Delete(slices.Clone(pages), i, i+1)
	k := slices.IndexFunc(rest, func(p catalog.PageRef) bool { return p.No > no })
	if k < 0 {
		k = len(rest)
	}
	return slices.Insert(rest, k, page)
}

func find(leaves []*leaf, no int) (at, i int) {
	for at, l := range leaves {
		if i := slices.IndexFunc(l.Pages, func(p catalog.PageRef) bool { return p.No == no }); i >= 0 {
			return at, i
		}
	}
	return -1, -1
}

func firstPage(pages []catalog.PageRef) int {
	return slices.IndexFunc(pages, func(p catalog.PageRef) bool { return p.Aside == "" })
}

// inOrder sorts the letters of a stack as they lie in the paper; those that have
// no pages left come last.
func inOrder(letters []catalog.Entry) []catalog.Entry {
	first := func(e catalog.Entry) int {
		if len(e.Document.Pages) == 0 {
			return 1 << 30
		}
		return e.Document.Pages[0].No
	}
	out := slices.Clone(letters)
	slices.SortStableFunc(out, func(a, b catalog.Entry) int { return cmp.Compare(first(a), first(b)) })
	return out
}

// arrangeable says whether the pages of a letter may be moved: what is archived or
// given back stays as it is.
func arrangeable(e catalog.Entry) bool {
	switch e.State {
	case pipeline.Working, pipeline.Waiting:
		return e.Document.Record == nil
	case pipeline.Refused:
		return e.Fault != nil && e.Fault.Code == "no-pages"
	}
	return false
}
