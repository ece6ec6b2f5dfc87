package web

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// journalRoutes are the journal (Posteingangsbuch): to read, print and export. It
// is the book of the whole mailroom, so whoever may keep it sees every line.
func (s *server) journalRoutes() []route {
	return []route{
		{"GET /journal", access.Keep, s.journal},
		{"GET /journal.csv", access.Keep, s.journalCSV},
	}
}

// JournalRow is one line of the journal: what came in, from whom, and where it
// stands. Nothing else from the letter is in it.
type JournalRow struct {
	Number     string            `json:"number"` // "2026-000123", without gaps in a year
	Received   time.Time         `json:"received"`
	Sender     string            `json:"sender"` // as read or decided; "" if not known yet
	Kind       string            `json:"kind"`   // name of the document type
	Department pipeline.DeptID   `json:"department"`
	State      pipeline.State    `json:"state"`
	Reason     *pipeline.Message `json:"reason,omitempty"` // why it waits or was refused
	Source     string            `json:"source"`
	Device     string            `json:"device,omitempty"`
	Operator   string            `json:"operator,omitempty"`
	Pages      int               `json:"pages"`
	Duplicates int               `json:"duplicates,omitempty"` // the same bytes came in again so often
	Doc        pipeline.DocID    `json:"document"`
}

// JournalRowOf is the line of an entry. kind gives the name of a document type.
func JournalRowOf(e catalog.Entry, kind func(pipeline.TypeCode) string) JournalRow {
	d := e.Document
	row := JournalRow{
		Number: d.Delivery.Journal, Received: e.Received, State: e.State, Source: d.Delivery.Source, Device: d.Delivery.Device,
		Operator: d.Delivery.Operator, Pages: len(d.Pages), Duplicates: e.Duplicates, Doc: d.ID,
	}
	if f := d.Filing; f != nil {
		row.Department, row.Kind = f.Department, kind(f.Type)
		for _, field := range f.Fields {
			if field.Name == "absender" {
				row.Sender = field.Value
				break
			}
		}
	}
	if e.Fault != nil && (e.State == pipeline.Waiting || e.State == pipeline.Refused) {
		row.Reason = &e.Fault.Text
	}
	return row
}

// JournalCSV writes lines as CSV (RFC 4180) with semicolons and a byte order mark,
// as German spreadsheets expect it. head is the line of names.
type JournalCSV struct {
	w     *csv.Writer
	zone  *time.Location
	state func(pipeline.State) string
}

// NewJournalCSV begins a file; times are given in zone, states in words of state.
func NewJournalCSV(w io.Writer, zone *time.Location, head []string, state func(pipeline.State) string) (*JournalCSV, error) {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	j := &JournalCSV{w: csv.NewWriter(w), zone: zone, state: state}
	j.w.Comma, j.w.UseCRLF = ';', true
	return j, j.w.Write(head)
}

// JournalHead names the columns of the CSV, in German or English.
func JournalHead(german bool) []string {
	if german {
		return []string{"Nummer", "Eingang", "Absender", "Art", "Amt", "Status", "Grund", "Weg", "Gerät", "Annahme durch", "Seiten", "Weitere Eingänge"}
	}
	return []string{"number", "received", "sender", "kind", "department", "status", "reason", "source", "device", "operator", "pages", "again"}
}

// Write adds a line.
func (j *JournalCSV) Write(r JournalRow, german bool) error {
	reason := ""
	if r.Reason != nil {
		if reason = r.Reason.EN; german {
			reason = r.Reason.DE
		}
	}
	line := []string{
		r.Number, r.Received.In(j.zone).Format("2006-01-02 15:04"), r.Sender, r.Kind, string(r.Department), j.state(r.State), reason,
		r.Source, r.Device, r.Operator, strconv.Itoa(r.Pages), strconv.Itoa(r.Duplicates),
	}
	for i, cell := range line {
		line[i] = harmless(cell)
	}
	return j.w.Write(line)
}

// Close writes what is left.
func (j *JournalCSV) Close() error {
	j.w.Flush()
	return j.w.Error()
}

// harmless keeps a spreadsheet from taking a sender's text for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// journalYear reads which year is asked for; this one if none is.
func (s *server) journalYear(r *http.Request) int {
	now := time.Now().In(s.Zone).Year()
	year, err := strconv.Atoi(r.URL.Query().Get("year"))
	if err != nil || year < 1900 || year > now+1 {
		return now
	}
	return year
}

// eachRow gives the lines of a year in the order of their numbers.
func (s *server) eachRow(ctx context.Context, year int, each func(JournalRow) error) error {
	for after := 0; ; {
		list, next, err := s.Rows.Journal(ctx, year, after, 500)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := each(JournalRowOf(e, s.typeName)); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		after = next
	}
}

func (s *server) typeName(code pipeline.TypeCode) string {
	if name := s.types[code].Name; name != "" {
		return name
	}
	return string(code)
}

type journalPage struct {
	frame
	Year, Before, After int // After is 0 for the year to come
	Rows                []journalLine
	Next                int // the number after which the next page begins; 0 at the end
}

// journalLine is a line as people read it.
type journalLine struct {
	JournalRow
	Place string // the department by number and name
	By    string // who took it in, by name
}

func (s *server) journal(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil || after < 0 {
		after = 0
	}
	p := journalPage{frame: s.frame(r, "journal.title"), Year: s.journalYear(r)}
	p.Before = p.Year - 1
	if p.Year < time.Now().In(s.Zone).Year() {
		p.After = p.Year + 1
	}
	list, next, err := s.Rows.Journal(r.Context(), p.Year, after, 500)
	if err == nil {
		err = s.seen(r, "journal", "")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	names, err := s.names(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, e := range list {
		line := journalLine{JournalRow: JournalRowOf(e, s.typeName)}
		line.By = cmp.Or(names[line.Operator], line.Operator)
		if line.Department != "" {
			line.Place = s.facetLabel(p.Lang, "department", string(line.Department))
		}
		p.Rows = append(p.Rows, line)
	}
	p.Next = next
	s.show(w, r, "journal", p)
}

func (s *server) journalCSV(w http.ResponseWriter, r *http.Request) {
	if err := s.seen(r, "journal-exported", ""); err != nil {
		s.fail(w, r, err)
		return
	}
	year, german := s.journalYear(r), language(r) == "de"
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="posteingang-%d.csv"`, year))
	out, err := NewJournalCSV(w, s.Zone, JournalHead(german), func(st pipeline.State) string {
		return s.pages.words.text(language(r), "state."+string(st))
	})
	if err == nil {
		err = s.eachRow(r.Context(), year, func(row JournalRow) error { return out.Write(row, german) })
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		// The head is out: a file that breaks off must not look whole.
		panic(http.ErrAbortHandler)
	}
}
