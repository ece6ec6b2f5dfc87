package web

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// maxFigures bounds a table of figures that is handed in, bytes.
const maxFigures = 8 << 20

// savingsTell takes one figure from the form.
func (s *server) savingsTell(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	cells := map[string]string{}
	for name := range r.PostForm {
		cells[name] = strings.TrimSpace(r.PostForm.Get(name))
	}
	salt, err := uuid.NewRandom() // the same figure may be told twice and meant
	if err == nil {
		err = s.Books.Enter(r.Context(), actor(r), salt.String(), cells)
	}
	if err != nil {
		page := "/savings/baseline?" + url.Values{"kind": {cells["kind"]}}.Encode()
		s.again(w, r, "tell", page, s.savingsBaseline, err)
		return
	}
	s.toSavings(w, r, "/savings/baseline", "told")
}

// savingsImport takes a table of figures, as a file or as text.
func (s *server) savingsImport(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFigures)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	var table io.Reader = strings.NewReader(r.PostForm.Get("table"))
	if f, _, err := r.FormFile("file"); err == nil {
		defer f.Close()
		table = f
	}
	if _, _, err := s.Books.Import(r.Context(), actor(r), "", table); err != nil {
		s.again(w, r, "import", "/savings/baseline", s.savingsBaseline, err)
		return
	}
	s.toSavings(w, r, "/savings/baseline", "told")
}

// savingsReplace changes a factor: new reports use it, filed ones stay.
func (s *server) savingsReplace(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	c, err := readFactor(r.PostForm)
	if err == nil {
		err = s.Books.Replace(r.Context(), actor(r), c)
	}
	if err != nil {
		page := "/savings/factors?" + url.Values{"change": {c.ID}}.Encode()
		s.again(w, r, "factor", page, s.savingsFactors, err)
		return
	}
	s.toSavings(w, r, "/savings/factors", "factor")
}

// readFactor reads the form that changes a factor.
func readFactor(f url.Values) (FactorChange, error) {
	c := FactorChange{ID: f.Get("id"), Evidence: pipeline.Evidence(f.Get("evidence")), Source: strings.TrimSpace(f.Get("source")), Boundary: strings.TrimSpace(f.Get("boundary")), Note: f.Get("note")}
	for _, n := range []struct {
		name string
		into *float64
	}{{"low", &c.Value.Low}, {"mid", &c.Value.Mid}, {"high", &c.Value.High}} {
		x, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(f.Get(n.name)), ",", ".", 1), 64)
		if err != nil {
			return c, unclearAt(n.name, "Hier muss eine Zahl stehen.", "A number is needed here.")
		}
		*n.into = x
	}
	c.Year, c.Since = yearField(f, "year"), yearField(f, "since")
	return c, nil
}

func yearField(f url.Values, name string) int {
	year, _ := strconv.Atoi(strings.TrimSpace(f.Get(name))) // 0 is none; the books check the rest
	return year
}

// savingsUse takes another set of factors from a year on.
func (s *server) savingsUse(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	if err := s.Books.Use(r.Context(), actor(r), r.PostFormValue("set"), yearField(r.PostForm, "since")); err != nil {
		s.again(w, r, "set", "/savings/factors", s.savingsFactors, err)
		return
	}
	s.toSavings(w, r, "/savings/factors", "factor")
}

// savingsWithdraw takes a figure back. It stays to be seen.
func (s *server) savingsWithdraw(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	n, err := strconv.ParseInt(r.PostFormValue("fact"), 10, 64)
	if err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	if err := s.Books.Withdraw(r.Context(), actor(r), n); err != nil {
		s.fail(w, r, err)
		return
	}
	to := "/savings/baseline"
	if r.PostFormValue("back") == "factors" {
		to = "/savings/factors"
	}
	s.toSavings(w, r, to, "withdrawn")
}

// savingsFile keeps the report of a period as it stands now.
func (s *server) savingsFile(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, notUnderstood(err))
		return
	}
	filed, err := s.fileReport(r, r.PostForm.Get("title"))
	if err != nil {
		s.again(w, r, "file", "/savings/reports", s.savingsReports, err)
		return
	}
	s.toSavings(w, r, "/savings/reports/"+filed.ID, "filed")
}

// fileReport files the report that a request names.
func (s *server) fileReport(r *http.Request, title string) (pipeline.FiledReport, error) {
	q, err := s.queryOfBooks(r)
	if err != nil {
		return pipeline.FiledReport{}, err
	}
	title = strings.TrimSpace(title)
	if runes := []rune(title); len(runes) > 200 {
		title = string(runes[:200])
	}
	if title == "" {
		title = monthName(q.From) + " – " + monthName(q.To)
	}
	return s.Books.File(r.Context(), actor(r), title, q)
}

func (s *server) toSavings(w http.ResponseWriter, r *http.Request, path, done string) {
	http.Redirect(w, r, path+"?done="+done, http.StatusSeeOther)
}
