package pdfa

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// sheetWriter writes a finished sheet.
type sheetWriter struct {
	s *Sheet
	o *objectWriter

	pageRefs []int
	parents  map[*sheetTag]int // object of each structure element
}

func (d *sheetWriter) write() error {
	catalog, pages, info, root := d.o.reserve(), d.o.reserve(), d.o.reserve(), d.o.reserve()
	intent, regular, bold := d.o.reserve(), d.o.reserve(), d.o.reserve()
	for range d.s.pages {
		d.pageRefs = append(d.pageRefs, d.o.reserve())
	}
	d.parents = map[*sheetTag]int{}
	document := d.element(d.s.root, root)
	d.tree(root, document)
	for i, p := range d.s.pages {
		d.page(i, p, pages, regular, bold)
	}
	for i, f := range d.s.fonts {
		f.glyph(' ') // a font with no glyph in use would be none
		if err := f.write(d.o, []int{regular, bold}[i]); err != nil {
			return err
		}
	}
	d.o.deflated(intent, "/N 3", iccSRGB())
	d.o.object(pages, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(d.pageRefs), references(d.pageRefs)))
	meta := d.s.meta.plain()
	d.o.object(info, infoDictionary(meta))

	var id xmpIdentity
	d.o.sum.Sum(id[:0])
	metadata := d.o.reserve()
	d.o.bytes(metadata, "/Type /Metadata /Subtype /XML", xmpPacket(meta, xmpClaim{Part: 2, Level: "A", UA: true}, id))
	d.o.object(catalog, fmt.Sprintf("<< /Type /Catalog /Pages %s /Metadata %s /Lang %s /MarkInfo << /Marked true >> "+
		"/StructTreeRoot %s /ViewerPreferences << /DisplayDocTitle true >> "+
		"/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) "+
		"/Info (sRGB IEC61966-2.1) /DestOutputProfile %s >>] >>",
		reference(pages), reference(metadata), textString(meta.Language), reference(root), reference(intent)))
	return d.o.finish(catalog, info)
}

func (d *sheetWriter) page(i int, p *sheetPage, pages, regular, bold int) {
	var content bytes.Buffer
	content.Write(p.content.Bytes())
	if !d.s.bare && (d.s.foot != "" || len(d.s.pages) > 1) {
		content.WriteString("/Artifact <</Type /Pagination /Subtype /Footer>> BDC\n")
		look := Text{Size: 8, Colour: Colour{0.3, 0.33, 0.31}}
		d.s.fonts[0].show(&content, d.s.foot, SheetMargin, SheetMargin-20, look)
		no := strconv.Itoa(i+1) + " / " + strconv.Itoa(len(d.s.pages))
		d.s.fonts[0].show(&content, no, SheetWidth-SheetMargin-d.s.fonts[0].width(no, look.size()), SheetMargin-20, look)
		content.WriteString("EMC\n")
	}
	stream := d.o.reserve()
	d.o.deflated(stream, "", content.Bytes())
	d.o.object(d.pageRefs[i], fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %s %s] "+
		"/Resources << /Font << /F0 %s /F1 %s >> >> /Contents %s /StructParents %d /Tabs /S >>",
		reference(pages), number(SheetWidth), number(SheetHeight), reference(regular), reference(bold), reference(stream), i))
}

// element writes a structure element and all below it, and gives its object.
func (d *sheetWriter) element(t *sheetTag, parent int) int {
	self := d.o.reserve()
	d.parents[t] = self
	var kids []string
	for _, k := range t.kids {
		kids = append(kids, reference(d.element(k, self)))
	}
	for _, m := range t.spans {
		kids = append(kids, fmt.Sprintf("<< /Type /MCR /Pg %s /MCID %d >>", reference(d.pageRefs[m.page]), m.mark))
	}
	attrs := t.attrs
	if attrs != "" {
		attrs = " " + attrs
	}
	d.o.object(self, fmt.Sprintf("<< /Type /StructElem /S /%s /P %s /K [%s]%s >>", t.kind, reference(parent), strings.Join(kids, " "), attrs))
	return self
}

// tree writes the root of the structure and the way from marks to elements.
func (d *sheetWriter) tree(root, document int) {
	var nums strings.Builder
	for i, p := range d.s.pages {
		list := d.o.reserve()
		var elements []int
		for _, t := range p.marks {
			elements = append(elements, d.parents[t])
		}
		d.o.object(list, "["+references(elements)+"]")
		fmt.Fprintf(&nums, "%d %s ", i, reference(list))
	}
	parents := d.o.reserve()
	d.o.object(parents, "<< /Nums ["+strings.TrimSpace(nums.String())+"] >>")
	d.o.object(root, fmt.Sprintf("<< /Type /StructTreeRoot /K %s /ParentTree %s /ParentTreeNextKey %d >>",
		reference(document), reference(parents), len(d.s.pages)))
}

func references(objects []int) string {
	refs := make([]string, len(objects))
	for i, n := range objects {
		refs[i] = reference(n)
	}
	return strings.Join(refs, " ")
}
