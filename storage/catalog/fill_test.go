package catalog

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/mod/sumdb/tlog"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog/analysis"
)

// Filled is a document for [Catalog.Fill], with what happened to it and what was
// booked for it.
type Filled struct {
	Document pipeline.Document
	Texts    []pipeline.PageText
	State    pipeline.State
	Step     pipeline.StepName
	Events   []string // kinds, of which each becomes an entry of the evidence log
}

// Fill writes count documents into a new catalogue: the rows that [Catalog.Restore]
// would write, but past its statements, in the way that each database takes many
// rows fastest. TestFill holds them against each other.
func (c *Catalog) Fill(ctx context.Context, count int, letter func(i int) Filled) error {
	conn, err := c.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var s sink = &rowSink{ctx: ctx, conn: conn, made: map[string]*sql.Stmt{}}
	if c.dialect.locks {
		s = &copySink{ctx: ctx, conn: conn, tables: map[string]*bytes.Buffer{}}
	}
	if err := s.begin(); err != nil {
		return err
	}
	f := &filler{c: c, sink: s, words: map[string]string{}, journal: map[int]int{}}
	if err := f.all(count, letter); err != nil {
		return err
	}
	return s.end()
}

// filler turns documents into rows.
type filler struct {
	c       *Catalog
	sink    sink
	words   map[string]string
	journal map[int]int
	events  int64
	entries int64
	hashes  []tlog.Hash
}

// ready is a document whose words are analysed.
type ready struct {
	Filled
	ix    *indexed
	terms terms
}

// all analyses documents on all processors and writes them in order.
func (f *filler) all(count int, letter func(i int) Filled) error {
	queue := make(chan chan ready, 4*runtime.NumCPU())
	go func() {
		defer close(queue)
		for i := range count {
			doc := letter(i) // one after the other: chance must come out alike
			out := make(chan ready, 1)
			queue <- out
			go func() { out <- analysed(doc) }()
		}
	}()
	n := int64(0)
	var failed error
	for out := range queue {
		r := <-out
		n++
		if failed == nil {
			failed = f.document(n, r)
		}
	}
	if failed != nil {
		return failed
	}
	for _, form := range slices.Sorted(maps.Keys(f.words)) {
		stem, bones := f.words[form], analysis.Bones(form)
		if err := f.sink.put("vocabulary", "word, stem, rstem, bones, rbones", form, stem, reverse(stem), bones, reverse(bones)); err != nil {
			return err
		}
	}
	for year, last := range f.journal {
		if err := f.sink.put("journal", "year, last", year, last); err != nil {
			return err
		}
	}
	return nil
}

func analysed(doc Filled) ready {
	ix, t := analyse(storedPages(doc.Document, doc.Texts), doc.Document)
	return ready{Filled: doc, ix: ix, terms: t}
}

// document writes all rows of one document.
func (f *filler) document(n int64, r ready) error {
	doc, d := r.Document, r.Document.Delivery
	year, number, err := journalNumber(d.Journal)
	if err != nil {
		return err
	}
	f.journal[year] = max(f.journal[year], number)
	body, err1 := encode(doc)
	delivery, err2 := encode(d)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	dept, typ := filed(doc)
	archived := int64(0)
	if r.State == pipeline.Archived {
		archived = millis(doc.Record.At)
	}
	received := millis(d.Received)
	rows := []struct {
		table, columns string
		values         []any
	}{
		{"delivery", "id, digest, duplicate_of, received, body", []any{string(d.ID), string(d.Original.Digest), "", received, delivery}},
		{"document", `n, id, delivery, journal, year, number, original, state, step, gen, attempt, crashes, owner, fence, lease, due,
			pages, department, doctype, duplicates, fault, received, changed, archived, body`,
			[]any{n, string(doc.ID), string(d.ID), d.Journal, year, number, string(d.Original.Digest), string(r.State), string(r.Step),
				0, 0, 0, "", 0, 0, 0, len(doc.Pages), dept, typ, 0, "", received, received, archived, body}},
		{"facet", "n, received, state, step, department, doctype, arrived, sender, reference",
			[]any{n, received, string(r.State), string(r.Step), dept, typ, received,
				facetValue(doc, "absender"), facetValue(doc, "aktenzeichen", "ihr_zeichen", "gerichts_az")}},
		{"search_terms", "doc, terms", []any{n, r.terms.bytes()}},
	}
	for _, row := range rows {
		if err := f.sink.put(row.table, row.columns, row.values...); err != nil {
			return err
		}
	}
	for _, p := range storedPages(doc, r.Texts) {
		if err := f.sink.put("page_text", "doc, page, text", n, p.no, p.text); err != nil {
			return err
		}
	}
	parts, err := f.c.dialect.parts(r.ix.keys())
	if err != nil {
		return err
	}
	for part, tokens := range parts {
		columns, values := "rowid, tokens", []any{n*256 + int64(part), strings.Join(tokens, " ")}
		if f.c.dialect.locks {
			columns, values = "doc, part, tokens", []any{n, part, strings.Join(tokens, " ")}
		}
		if err := f.sink.put("search_index", columns, values...); err != nil {
			return err
		}
	}
	maps.Copy(f.words, r.ix.words)
	return errors.Join(f.log(doc, r.Events), f.book(doc, dept, typ))
}

// log writes entries of the evidence log with their hashes.
func (f *filler) log(doc pipeline.Document, kinds []string) error {
	for _, kind := range kinds {
		at := millis(doc.Delivery.Received)
		rec, err := record(f.events, at, kind, string(doc.ID), "", "{}")
		if err != nil {
			return err
		}
		hashes, err := tlog.StoredHashes(f.events, rec, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			list := make([]tlog.Hash, len(indexes))
			for i, at := range indexes {
				list[i] = f.hashes[at]
			}
			return list, nil
		}))
		if err != nil {
			return err
		}
		if err := f.sink.put("log_entry", "n, at, kind, doc, actor, detail", f.events, at, kind, string(doc.ID), "", "{}"); err != nil {
			return err
		}
		for _, h := range hashes {
			if err := f.sink.put("log_hash", "n, hash", len(f.hashes), h.String()); err != nil {
				return err
			}
			f.hashes = append(f.hashes, h)
		}
		f.events++
	}
	return nil
}

func (f *filler) book(doc pipeline.Document, dept, typ string) error {
	for _, s := range doc.Savings {
		body, err := encode(s)
		if err != nil {
			return err
		}
		f.entries++
		columns, values := "id, doc, department, doctype, at, body", []any{s.ID, string(doc.ID), dept, typ, millis(s.At), body}
		if f.c.dialect.locks {
			columns, values = columns+", n", append(values, f.entries)
		}
		if err := f.sink.put("ledger", columns, values...); err != nil {
			return err
		}
	}
	return nil
}

// sink takes rows.
type sink interface {
	begin() error
	put(table, columns string, values ...any) error
	end() error
}

// rowSink is SQLite: one transaction, statements prepared, no waiting for the disk.
type rowSink struct {
	ctx  context.Context
	conn *sql.Conn
	made map[string]*sql.Stmt
}

func (s *rowSink) exec(queries ...string) error {
	for _, q := range queries {
		if _, err := s.conn.ExecContext(s.ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

func (s *rowSink) begin() error {
	return s.exec(`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -200000`,
		`INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 100000000)`, `BEGIN`)
}

func (s *rowSink) put(table, columns string, values ...any) error {
	if table == "facet" { // the trigger made it
		_, err := s.conn.ExecContext(s.ctx, `UPDATE facet SET sender = $2, reference = $3 WHERE n = $1`, values[0], values[7], values[8])
		return err
	}
	stmt := s.made[table]
	if stmt == nil {
		marks := make([]string, len(values))
		for i := range marks {
			marks[i] = "$" + strconv.Itoa(i+1)
		}
		var err error
		if stmt, err = s.conn.PrepareContext(s.ctx, `INSERT INTO `+table+` (`+columns+`) VALUES (`+strings.Join(marks, ", ")+`)`); err != nil {
			return err
		}
		s.made[table] = stmt
	}
	_, err := stmt.ExecContext(s.ctx, values...)
	return err
}

func (s *rowSink) end() error {
	for _, stmt := range s.made {
		stmt.Close()
	}
	return s.exec(`COMMIT`, `INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 1048576)`, `PRAGMA synchronous = FULL`)
}

// copySink is PostgreSQL: COPY, with triggers and foreign keys asleep, and the
// index of words made at the end.
type copySink struct {
	ctx    context.Context
	conn   *sql.Conn
	tables map[string]*bytes.Buffer // by table and columns
	size   int
}

func (s *copySink) exec(queries ...string) error {
	for _, q := range queries {
		if _, err := s.conn.ExecContext(s.ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

func (s *copySink) begin() error {
	return s.exec(`SET session_replication_role = replica`, `SET maintenance_work_mem = '512MB'`, `DROP INDEX search_index_tokens`)
}

var copyText = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func (s *copySink) put(table, columns string, values ...any) error {
	key := table + " (" + columns + ")"
	b := s.tables[key]
	if b == nil {
		b = &bytes.Buffer{}
		s.tables[key] = b
	}
	before := b.Len()
	for i, v := range values {
		if i > 0 {
			b.WriteByte('\t')
		}
		switch v := v.(type) {
		case string:
			copyText.WriteString(b, v) //nolint:errcheck // a buffer takes all
		case []byte:
			b.WriteString(`\\x` + hex.EncodeToString(v))
		default:
			fmt.Fprint(b, v)
		}
	}
	b.WriteByte('\n')
	if s.size += b.Len() - before; s.size > 32<<20 {
		return s.flush()
	}
	return nil
}

func (s *copySink) flush() error {
	s.size = 0
	return s.conn.Raw(func(driver any) error {
		for key, b := range s.tables {
			if _, err := driver.(*stdlib.Conn).Conn().PgConn().CopyFrom(s.ctx, b, "COPY "+key+" FROM STDIN"); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			b.Reset()
		}
		return nil
	})
}

func (s *copySink) end() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.exec(`SET session_replication_role = origin`, searchIndexTokens,
		`SELECT setval(pg_get_serial_sequence('document', 'n'), (SELECT max(n) FROM document))`,
		`SELECT setval(pg_get_serial_sequence('ledger', 'n'), (SELECT coalesce(max(n), 0) + 1 FROM ledger), false)`)
}

// searchIndexTokens makes the index of words as the migrations do.
const searchIndexTokens = `CREATE INDEX search_index_tokens ON search_index USING gin (tokens) WITH (gin_pending_list_limit = 1024)`
