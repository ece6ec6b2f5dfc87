package savings

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// Told is what a file of figures holds: facts, and entries for the ledger.
type Told struct {
	Facts   []pipeline.Fact
	Entries []Booked
}

// maxLines bounds a file of figures.
const maxLines = 20_000

// kindWords are the kinds of lines by their names in German and English.
var kindWords = map[string]string{
	"beginn": "start", "einkauf": "purchase", "zähler": "prints", "zaehler": "prints", "personal": "staff", "post": "volume",
	"stichprobe": "sample", "ziel": "target", "nachdruck": EventReprint, "antwort": EventReply, "fahrt": EventTrip, "strom": EventServer,
	"trennblatt": EventSeparator, "deckblatt": EventCover, "nachscan": EventRescan, "kopien": EventCopies,
	"start": "start", "purchase": "purchase", "prints": "prints", "staff": "staff", "volume": "volume", "sample": "sample", "target": "target",
	EventReprint: EventReprint, EventReply: EventReply, EventTrip: EventTrip, EventServer: EventServer, EventSeparator: EventSeparator,
	EventCover: EventCover, EventRescan: EventRescan, EventCopies: EventCopies,
}

// columnWords are the columns by their names in German and English.
var columnWords = map[string]string{
	"art": "kind", "kind": "kind", "amt": "department", "department": "department", "typ": "type", "type": "type",
	"von": "from", "from": "from", "bis": "to", "to": "to", "blatt": "sheets", "sheets": "sheets", "kg": "kg",
	"recycling": "recycled", "recycled": "recycled", "vzä": "fte", "vzae": "fte", "fte": "fte", "briefe": "letters", "letters": "letters",
	"kopien": "copies", "copies": "copies", "duplex": "duplex", "umschläge": "envelopes", "umschlaege": "envelopes", "envelopes": "envelopes",
	"seiten": "pages", "pages": "pages", "fahrten": "trips", "trips": "trips", "km": "km", "kwh": "kwh",
	"größe": "quantity", "groesse": "quantity", "quantity": "quantity", "wert": "value", "value": "value",
	"beleg": "evidence", "evidence": "evidence", "notiz": "note", "note": "note",
}

// ReadTable reads figures from a CSV file with a line of headings, parted by
// semicolons or commas: purchases, print counters, staff, samples, targets, and
// events such as reprints as a print server counts them. Numbers may have a
// decimal comma where the columns are parted by semicolons. An entry's id follows
// from its line and salt, so that reading a file twice with the same salt books it
// once.
//
// The error is a *[pipeline.Fault] that names the line; nothing of the file counts
// then.
func (b *Books) ReadTable(r io.Reader, zone *time.Location, salt string) (Told, error) {
	raw, err := io.ReadAll(io.LimitReader(r, 8<<20))
	if err != nil {
		return Told{}, fmt.Errorf("reading a table: %w", err)
	}
	if !utf8.Valid(raw) {
		return Told{}, badLine(1, "Die Datei ist nicht in UTF-8 gespeichert.", "The file is not saved as UTF-8.")
	}
	text := strings.TrimPrefix(string(raw), "\ufeff")
	head, _, _ := strings.Cut(text, "\n")
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	if strings.Contains(head, ";") {
		in.Comma = ';'
	}
	lines, err := in.ReadAll()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return Told{}, badLine(parse.Line, "Die Zeile ist kein CSV.", "The line is no CSV.")
	}
	if len(lines) < 2 || len(lines) > maxLines {
		return Told{}, badLine(1, "Die Datei hat keine Zeilen oder mehr als 20.000.", "The file has no lines, or more than 20,000.")
	}
	columns := make([]string, len(lines[0]))
	for i, name := range lines[0] {
		if columns[i] = columnWords[strings.ToLower(strings.TrimSpace(name))]; columns[i] == "" {
			return Told{}, badLine(1, fmt.Sprintf("Die Spalte „%s“ ist unbekannt.", name), fmt.Sprintf("The column “%s” is unknown.", name))
		}
	}
	var told Told
	seen := map[string]int{}
	for i, cells := range lines[1:] {
		l := line{no: i + 2, cell: map[string]string{}, comma: in.Comma == ';', zone: zone, salt: salt}
		for j, cell := range cells {
			if j < len(columns) {
				l.cell[columns[j]] = strings.TrimSpace(cell)
			}
		}
		if strings.Join(cells, "") == "" {
			continue
		}
		if err := b.readLine(&told, &l, seen); err != nil {
			return Told{}, err
		}
	}
	if len(told.Facts) == 0 && len(told.Entries) == 0 {
		return Told{}, badLine(2, "Hier steht nichts.", "There is nothing here.")
	}
	return told, nil
}

func badLine(no int, de, en string) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-table", Text: pipeline.Message{
		DE: fmt.Sprintf("Zeile %d: %s Es wurde nichts übernommen.", no, de),
		EN: fmt.Sprintf("Line %d: %s Nothing was taken over.", no, en),
	}}
}

// ReadEntry reads one figure from the entries of a form, which are called as the
// columns of a table are. The error is a *[pipeline.Fault] that names the entry.
func (b *Books) ReadEntry(cells map[string]string, zone *time.Location, salt string) (Told, error) {
	var told Told
	// People write decimal commas.
	return told, b.readLine(&told, &line{cell: cells, comma: true, zone: zone, salt: salt}, map[string]int{})
}

// line is a line of a table by its columns. The first number that is none stays
// as err.
type line struct {
	no    int // in the table; 0 for the entries of a form
	cell  map[string]string
	comma bool // decimal commas
	zone  *time.Location
	salt  string
	err   error
}

// bad is what is wrong with a column of the line.
func (l *line) bad(column, de, en string) error {
	err := bad(column, de, en)
	if l.no > 0 {
		err = badLine(l.no, de, en)
	}
	pipeline.AsFault(err).Field = column
	return err
}

func (l *line) number(column string) float64 {
	text := strings.TrimSuffix(strings.ReplaceAll(l.cell[column], " ", ""), "%")
	if text == "" {
		return 0
	}
	if l.comma && strings.Contains(text, ",") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, ".", ""), ",", ".")
	} else if l.comma && strings.Count(text, ".") > 0 && isGrouped(text) {
		text = strings.ReplaceAll(text, ".", "")
	}
	x, err := strconv.ParseFloat(text, 64)
	if (err != nil || x != x) && l.err == nil {
		l.err = l.bad(column, fmt.Sprintf("„%s“ ist keine Zahl.", l.cell[column]), fmt.Sprintf("“%s” is no number.", l.cell[column]))
	}
	if x < 0 && l.err == nil {
		l.err = l.bad(column, "Die Zahl ist negativ.", "The number is negative.")
	}
	return x
}

// isGrouped says that every point parts three digits: "1.234", not "1.5".
func isGrouped(text string) bool {
	parts := strings.Split(text, ".")
	return len(parts[0]) > 0 && len(parts[0]) <= 3 && !slices.ContainsFunc(parts[1:], func(p string) bool { return len(p) != 3 })
}

// share reads a part of a whole: "0.8" or "80 %" or "80".
func (l *line) share(column string) float64 {
	x := l.number(column)
	if strings.HasSuffix(l.cell[column], "%") || x > 1 {
		return x / 100
	}
	return x
}

// days reads a period of days, or of months written "2026-03" or "2026".
func (l *line) days() (from, to string) {
	from, to = l.cell["from"], l.cell["to"]
	if to == "" {
		to = from
	}
	if t, err := time.Parse("2006", from); err == nil {
		from = t.Format(time.DateOnly)
	} else if t, err := time.Parse("2006-01", from); err == nil {
		from = t.Format(time.DateOnly)
	}
	if t, err := time.Parse("2006", to); err == nil {
		to = t.AddDate(1, 0, -1).Format(time.DateOnly)
	} else if t, err := time.Parse("2006-01", to); err == nil {
		to = t.AddDate(0, 1, -1).Format(time.DateOnly)
	}
	return germanDay(from), germanDay(to)
}

func germanDay(day string) string {
	if t, err := time.Parse("2.1.2006", day); err == nil {
		return t.Format(time.DateOnly)
	}
	return day
}

func (b *Books) readLine(told *Told, l *line, seen map[string]int) error {
	kind, known := kindWords[strings.ToLower(l.cell["kind"])]
	if !known {
		return l.bad("kind", fmt.Sprintf("Die Art „%s“ ist unbekannt.", l.cell["kind"]), fmt.Sprintf("The kind “%s” is unknown.", l.cell["kind"]))
	}
	from, to := l.days()
	switch kind {
	case "start", "purchase", "prints", "staff", "volume", "sample", "target":
		f := pipeline.Fact{
			Kind: pipeline.FactKind(kind), Department: pipeline.DeptID(l.cell["department"]), Type: pipeline.TypeCode(l.cell["type"]),
			From: from, To: to, Sheets: l.number("sheets"), Recycled: l.share("recycled"), FTE: l.number("fte"), Letters: l.number("letters"),
			Copies: l.number("copies"), Duplex: l.share("duplex"), Quantity: l.cell["quantity"], Value: l.number("value"), Note: l.cell["note"],
		}
		if kg := l.number("kg"); kg > 0 && f.Sheets == 0 {
			f.Sheets = kg / b.byID[factorSheet].Value.Mid
		}
		if kind == "start" {
			f.To = ""
		}
		if l.err != nil {
			return l.err
		}
		if err := b.Check(f); err != nil {
			f := pipeline.AsFault(err)
			return l.bad(f.Field, f.Text.DE, f.Text.EN)
		}
		told.Facts = append(told.Facts, f)
		return nil
	}
	at, err := time.ParseInLocation(time.DateOnly, from, l.zone)
	if err != nil {
		return l.bad("from", "Der Tag ist kein Datum wie 2026-01-31.", "The day is no date such as 2026-01-31.")
	}
	event := Event{
		Kind: kind, Sheets: exact(l.number("sheets")), Envelopes: exact(l.number("envelopes")), Pages: int64(l.number("pages")),
		Trips: exact(l.number("trips")), Km: exact(l.number("km")), KWh: exact(l.number("kwh")),
		Evidence: pipeline.Evidence(strings.ToUpper(l.cell["evidence"])), At: at, Note: l.cell["note"],
	}
	if event.Evidence == "" {
		event.Evidence = pipeline.Measured
	}
	if l.err != nil {
		return l.err
	}
	return b.addEvent(told, l, event, pipeline.DeptID(l.cell["department"]), pipeline.TypeCode(l.cell["type"]), seen)
}

// addEvent gives an event its id and books it.
func (b *Books) addEvent(told *Told, l *line, e Event, dept pipeline.DeptID, code pipeline.TypeCode, seen map[string]int) error {
	what, err := json.Marshal(struct {
		Event Event
		Dept  pipeline.DeptID
		Type  pipeline.TypeCode
		Salt  string `json:",omitempty"`
	}{e, dept, code, l.salt})
	if err != nil {
		return fmt.Errorf("naming an event: %w", err)
	}
	seen[string(what)]++ // the same line may stand there twice and mean it
	e.ID = eventID(what, seen[string(what)])
	s, err := b.Book(e)
	if errors.Is(err, errNothing) {
		counted := map[string]string{EventTrip: "trips", EventServer: "kwh", EventRescan: "pages"}
		return l.bad(cmp.Or(counted[e.Kind], "sheets"), "Hier fehlt eine Zahl größer als null.", "A number greater than zero is missing here.")
	}
	if err != nil {
		return l.bad("", fmt.Sprintf("So lässt sich das nicht verbuchen (%v).", err), fmt.Sprintf("This cannot be booked (%v).", err))
	}
	told.Entries = append(told.Entries, Booked{Saving: s, Department: dept, Type: code, At: s.At})
	return nil
}
