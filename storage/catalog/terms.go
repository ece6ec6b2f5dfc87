package catalog

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog/analysis"
)

// terms are the words of a document as numbers: what ranking needs of it, read
// in microseconds where analysing the text again takes milliseconds. Two words
// may share a number; that costs a place in the ranking once in a blue moon, and
// phrases are looked at again in the text before they are shown.
type terms struct {
	fields []uint32 // forms and wholes in the filing's fields and the journal number
	wholes []uint32 // references, compounds with hyphens and dates in the text
	text   []uint32 // forms of all pages in order
}

// maxTerms bounds what is kept of a very long document, 200 pages or so.
const maxTerms = 100_000

// number is the FNV-1a hash of a token with its face.
func number(face, token string) uint32 {
	h := uint32(2166136261)
	for _, s := range [2]string{face, token} {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * 16777619
		}
	}
	return h
}

func (t *terms) addText(tokens []analysis.Token) {
	for _, tok := range tokens {
		if len(t.text) >= maxTerms {
			return
		}
		t.text = append(t.text, number(faceWord, tok.Form))
		t.addWhole(&t.wholes, tok)
	}
}

func (t *terms) addField(value string, tokens []analysis.Token) {
	for _, tok := range tokens {
		t.fields = append(t.fields, number(faceWord, tok.Form))
		t.addWhole(&t.fields, tok)
	}
	if whole := analysis.Whole(value); whole != "" {
		t.fields = append(t.fields, number(faceWhole, whole))
	}
}

func (t *terms) addWhole(list *[]uint32, tok analysis.Token) {
	for _, n := range [2]uint32{number(faceWhole, tok.Whole), number(faceDay, tok.Date)} {
		if (n != number(faceWhole, "") && n != number(faceDay, "")) && !slices.Contains((*list)[max(0, len(*list)-4):], n) {
			*list = append(*list, n)
		}
	}
}

// bytes is the stored form: three lists, each with its length before it, little
// endian.
func (t *terms) bytes() []byte {
	raw := make([]byte, 0, 4*(3+len(t.fields)+len(t.wholes)+len(t.text)))
	for _, list := range [3][]uint32{t.fields, t.wholes, t.text} {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(len(list)))
		for _, n := range list {
			raw = binary.LittleEndian.AppendUint32(raw, n)
		}
	}
	return raw
}

// parse reads the stored form in place of what t held.
func (t *terms) parse(raw []byte) bool {
	for _, list := range [3]*[]uint32{&t.fields, &t.wholes, &t.text} {
		if len(raw) < 4 {
			return false
		}
		n := int(binary.LittleEndian.Uint32(raw))
		if raw = raw[4:]; n > len(raw)/4 {
			return false
		}
		*list = slices.Grow((*list)[:0], n)[:n]
		for i := range *list {
			(*list)[i] = binary.LittleEndian.Uint32(raw[4*i:])
		}
		raw = raw[4*n:]
	}
	return true
}

// writeTerms keeps the words of a document as numbers, and the sender and the
// reference that results are counted by.
func writeTerms(ctx context.Context, tx *sql.Tx, n int64, t *terms, doc pipeline.Document) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO search_terms (doc, terms) VALUES ($1, $2)
		ON CONFLICT (doc) DO UPDATE SET terms = excluded.terms`, n, t.bytes())
	if err != nil {
		return fmt.Errorf("writing a document's terms: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE facet SET sender = $2, reference = $3 WHERE n = $1`,
		n, facetValue(doc, "absender"), facetValue(doc, "aktenzeichen", "ihr_zeichen", "gerichts_az"))
	if err != nil {
		return fmt.Errorf("writing a document's facets: %w", err)
	}
	return nil
}

// maxFacet is the longest value that results are counted by, in bytes.
const maxFacet = 100

// facetValue is the value of the first of these fields that the filing has, on
// one line; "" if none or too long to be a name.
func facetValue(doc pipeline.Document, names ...string) string {
	if doc.Filing == nil {
		return ""
	}
	for _, name := range names {
		for _, f := range doc.Filing.Fields {
			if v := clean(strings.Join(strings.Fields(f.Value), " ")); f.Name == name && v != "" && len(v) <= maxFacet {
				return v
			}
		}
	}
	return ""
}

// numberList writes a list out, as SQLite takes its time with many arguments.
func numberList(docs []int64) string {
	list := make([]string, len(docs))
	for i, n := range docs {
		list[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(list, ", ")
}

// readTerms gives the words of documents to each, which must not keep them. A
// document without any, not yet indexed anew, is left out.
func readTerms(ctx context.Context, q querier, docs []int64, each func(doc int64, t terms)) error {
	var t terms
	for chunk := range slices.Chunk(docs, 500) {
		rows, err := q.QueryContext(ctx, `SELECT doc, terms FROM search_terms WHERE doc IN (`+numberList(chunk)+`)`)
		if err != nil {
			return fmt.Errorf("reading terms: %w", err)
		}
		for rows.Next() {
			var n int64
			var raw sql.RawBytes
			if err := rows.Scan(&n, &raw); err != nil {
				rows.Close()
				return fmt.Errorf("reading terms: %w", err)
			}
			if t.parse(raw) {
				each(n, t)
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("reading terms: %w", err)
		}
	}
	return nil
}
