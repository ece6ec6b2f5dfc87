package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog/analysis"
)

// Tokens in the index begin with a letter for their face.
const (
	faceWord  = "w" // form
	faceStem  = "s" // stem
	faceWhole = "j" // reference, compound or value as a whole
	faceDay   = "d" // date
	faceField = "f" // form or whole that stands in a field
	faceEnd   = "r" // end of a stem, written backwards; on PostgreSQL only
)

// reindex brings the search index in line with a document that changed. It does
// nothing if neither text nor fields did.
func (c *Catalog) reindex(ctx context.Context, tx *sql.Tx, n int64, before, after pipeline.Document, texts []pipeline.PageText) error {
	fields := fieldValues(after)
	if texts == nil && slices.Equal(fields, fieldValues(before)) {
		return nil
	}
	if texts != nil {
		if err := writePages(ctx, tx, n, after, texts); err != nil {
			return err
		}
	}
	return c.index(ctx, tx, n, after)
}

// index makes the tokens of a document anew from its stored pages and fields.
func (c *Catalog) index(ctx context.Context, tx *sql.Tx, n int64, doc pipeline.Document) error {
	pages, err := readPages(ctx, tx, []int64{n})
	if err != nil {
		return err
	}
	ix, t := analyse(pages[n], doc)
	if err := c.writeIndex(ctx, tx, n, ix.keys()); err != nil {
		return err
	}
	if err := writeTerms(ctx, tx, n, &t, doc); err != nil {
		return err
	}
	return c.writeVocabulary(ctx, tx, ix.words)
}

// analyse makes the tokens and the terms of a document.
func analyse(pages []page, doc pipeline.Document) (*indexed, terms) {
	ix, t := newIndexed(), terms{}
	for _, p := range pages {
		tokens := analysis.Tokens(p.text)
		ix.text(tokens)
		t.addText(tokens)
	}
	for _, v := range append(fieldValues(doc), doc.Delivery.Journal) {
		tokens := analysis.Tokens(v)
		ix.field(v, tokens)
		t.addField(v, tokens)
	}
	return ix, t
}

// RebuildSearch makes the search index of all documents anew, one after the
// other, while work goes on. It is needed after package analysis changed what
// it makes of a text; until it is through, old documents are found by the old
// tokens.
func (c *Catalog) RebuildSearch(ctx context.Context) error {
	return c.rebuild(ctx, `SELECT n, id FROM document WHERE n > $1 ORDER BY n LIMIT 1`)
}

// CompleteSearch makes the search index anew of documents that an earlier version
// indexed without the words that ranking needs. Where there are none it takes a
// moment.
func (c *Catalog) CompleteSearch(ctx context.Context) error {
	return c.rebuild(ctx, `SELECT n, id FROM document d WHERE n > $1 AND state = 'archived'
		AND NOT EXISTS (SELECT 1 FROM search_terms t WHERE t.doc = d.n) ORDER BY n LIMIT 1`)
}

// rebuild indexes the documents that a query gives one after the other.
func (c *Catalog) rebuild(ctx context.Context, next string) error {
	for last := int64(0); ; {
		var n int64
		var id string
		err := c.read.QueryRowContext(ctx, next, last).Scan(&n, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("rebuilding the search index: %w", err)
		}
		err = c.change(ctx, "rebuilding the search index", func(tx *sql.Tx) error {
			e, n, err := c.take(ctx, tx, pipeline.DocID(id))
			if err != nil {
				return err
			}
			return c.index(ctx, tx, n, e.Document)
		})
		if err != nil {
			return err
		}
		last = n
	}
}

// fieldValues are the values that the filing read from the pages.
func fieldValues(doc pipeline.Document) []string {
	if doc.Filing == nil {
		return nil
	}
	var list []string
	for _, f := range doc.Filing.Fields {
		list = append(list, f.Value)
	}
	return list
}

// indexed collects the tokens of a document.
type indexed struct {
	tokens map[string]bool
	words  map[string]string // forms that are words, and their stems
}

func newIndexed() *indexed { return &indexed{map[string]bool{}, map[string]string{}} }

func (ix *indexed) text(tokens []analysis.Token) {
	for _, t := range tokens {
		ix.token(t)
	}
}

func (ix *indexed) token(t analysis.Token) {
	for _, k := range keys(t) {
		ix.tokens[k] = true
	}
	if t.Plain && len(t.Form) > 2 || misread(t.Form) {
		ix.words[t.Form] = t.Stem
	}
}

// misread says that a form with digits is likelier a word in which recognition
// took letters for digits than a number or a reference.
func misread(form string) bool {
	digits := 0
	for i := range len(form) {
		if '0' <= form[i] && form[i] <= '9' {
			digits++
		}
	}
	return digits > 0 && digits <= 2 && len(form) >= 6 && len(form)-digits >= 5
}

func (ix *indexed) field(value string, tokens []analysis.Token) {
	for _, t := range tokens {
		ix.token(t)
		ix.tokens[faceField+t.Form] = true
		if t.Whole != "" {
			ix.tokens[faceField+t.Whole] = true
		}
	}
	if whole := analysis.Whole(value); whole != "" {
		ix.tokens[faceWhole+whole] = true
		ix.tokens[faceField+whole] = true
	}
}

func (ix *indexed) keys() []string { return slices.Sorted(maps.Keys(ix.tokens)) }

// keys are a token's faces in the index.
func keys(t analysis.Token) []string {
	list := []string{faceWord + t.Form}
	if t.Plain {
		list = append(list, faceStem+t.Stem)
	}
	if t.Whole != "" {
		list = append(list, faceWhole+t.Whole)
	}
	if t.Date != "" {
		list = append(list, faceDay+t.Date)
	}
	return list
}

// On PostgreSQL a document's tokens are cut into parts of partBytes, since a
// tsvector may not exceed 1 MiB. partCount fits the row numbers of SQLite's index.
const (
	partBytes = 300_000
	partCount = 256
)

func (d dialect) parts(keys []string) ([][]string, error) {
	if !d.ends {
		return [][]string{keys}, nil
	}
	keys = append(keys, ends(keys)...)
	var list [][]string
	size, from := 0, 0
	for i, k := range keys {
		if size += len(k) + 4; size > partBytes {
			list = append(list, keys[from:i])
			from, size = i, len(k)+4
		}
	}
	if list = append(list, keys[from:]); len(list) > partCount {
		return nil, errors.New("a document has more words than can be indexed")
	}
	return list, nil
}

// ends are tokens by which a compound is found by its end: the stem backwards,
// without the part that a compound has at least before that end. Migration 00017
// makes the same.
func ends(keys []string) []string {
	found := map[string]bool{}
	for _, k := range keys {
		stem, ok := strings.CutPrefix(k, faceStem)
		if !ok || utf8.RuneCountInString(stem) < minRest+minEnd {
			continue
		}
		for range minRest {
			_, size := utf8.DecodeRuneInString(stem)
			stem = stem[size:]
		}
		found[faceEnd+reverse(stem)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func (c *Catalog) writeIndex(ctx context.Context, tx *sql.Tx, n int64, keys []string) error {
	list, err := c.dialect.parts(keys)
	if err != nil {
		return err
	}
	remove, insert := `DELETE FROM search_index WHERE rowid >= $1 * 256 AND rowid < $1 * 256 + 256`,
		`INSERT INTO search_index (rowid, tokens) VALUES ($1 * 256 + $2, $3)`
	if c.dialect.locks {
		remove, insert = `DELETE FROM search_index WHERE doc = $1`,
			`INSERT INTO search_index (doc, part, tokens) VALUES ($1, $2, CAST(CAST($3 AS text) AS tsvector))`
	}
	if _, err := tx.ExecContext(ctx, remove, n); err != nil {
		return fmt.Errorf("clearing the search index: %w", err)
	}
	for part, tokens := range list {
		if len(tokens) == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, insert, n, part, strings.Join(tokens, " ")); err != nil {
			return fmt.Errorf("writing the search index: %w", err)
		}
	}
	return nil
}

// writeVocabulary adds new words, in order, so that two documents that bring
// the same words wait for each other instead of locking each other out.
func (c *Catalog) writeVocabulary(ctx context.Context, tx *sql.Tx, words map[string]string) error {
	rows := make([][5]string, 0, len(words))
	for _, form := range slices.Sorted(maps.Keys(words)) {
		stem, bones := words[form], analysis.Bones(form)
		rows = append(rows, [5]string{form, stem, reverse(stem), bones, reverse(bones)})
	}
	// One argument for all of them: SQLite takes a time that grows with the square
	// of the number of arguments.
	list, err := encode(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO vocabulary (word, stem, rstem, bones, rbones)
		SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM `+c.dialect.each("$1")+` WHERE true
		ON CONFLICT (word) DO NOTHING`, list)
	if err != nil {
		return fmt.Errorf("writing the vocabulary: %w", err)
	}
	return nil
}

func reverse(s string) string {
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		_, size := utf8.DecodeLastRuneInString(s)
		b = append(b, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return string(b)
}

// page is the stored text of a page.
type page struct {
	no   int
	text string
}

func writePages(ctx context.Context, tx *sql.Tx, n int64, doc pipeline.Document, texts []pipeline.PageText) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM page_text WHERE doc = $1`, n); err != nil {
		return fmt.Errorf("clearing the pages' text: %w", err)
	}
	for _, p := range storedPages(doc, texts) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO page_text (doc, page, text) VALUES ($1, $2, $3)`, n, p.no, p.text); err != nil {
			return fmt.Errorf("writing a page's text: %w", err)
		}
	}
	return nil
}

// storedPages are the pages that have a text, by their numbers.
func storedPages(doc pipeline.Document, texts []pipeline.PageText) []page {
	var list []page
	for i, t := range texts {
		text := t.String()
		if text == "" {
			continue
		}
		no := i + 1
		if i < len(doc.Pages) && doc.Pages[i].No > 0 {
			no = doc.Pages[i].No
		}
		list = append(list, page{no, text})
	}
	return list
}

// readPages gives the texts of documents, each in the order of its pages.
func readPages(ctx context.Context, q querier, docs []int64) (map[int64][]page, error) {
	list := make(map[int64][]page, len(docs))
	if len(docs) == 0 {
		return list, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT doc, page, text FROM page_text WHERE doc IN (`+numberList(docs)+`) ORDER BY doc, page`)
	if err != nil {
		return nil, fmt.Errorf("reading the pages' text: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var p page
		if err := rows.Scan(&n, &p.no, &p.text); err != nil {
			return nil, fmt.Errorf("reading the pages' text: %w", err)
		}
		list[n] = append(list[n], p)
	}
	return list, rows.Err()
}
