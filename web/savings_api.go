package web

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"blattwerk/pipeline"
)

// apiSavings gives the books of a period.
func (s *server) apiSavings(w http.ResponseWriter, r *http.Request) {
	q, err := s.queryOfBooks(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	rep, err := s.Books.Report(r.Context(), q)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, rep)
}

// apiFacts gives what the books were told, oldest first.
func (s *server) apiFacts(w http.ResponseWriter, r *http.Request) {
	facts, err := s.Books.Facts(r.Context())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if facts == nil {
		facts = []pipeline.Fact{}
	}
	answer(w, http.StatusOK, facts)
}

// apiTable takes a table of figures as CSV, such as the counters of a print server.
// The same line twice in two tables is one entry.
func (s *server) apiTable(w http.ResponseWriter, r *http.Request) {
	facts, entries, err := s.Books.Import(r.Context(), actor(r), "", http.MaxBytesReader(w, r.Body, maxFigures))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusCreated, struct {
		Facts   int `json:"facts"`
		Entries int `json:"entries"`
	}{facts, entries})
}

// apiFactors gives the factors of a year.
func (s *server) apiFactors(w http.ResponseWriter, r *http.Request) {
	year := time.Now().In(s.Zone).Year()
	if text := r.URL.Query().Get("year"); text != "" {
		var err error
		if year, err = strconv.Atoi(text); err != nil {
			s.problem(w, r, notUnderstood(err))
			return
		}
	}
	factors, err := s.Books.Factors(r.Context(), year)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, factors)
}

// apiReplace changes a factor.
func (s *server) apiReplace(w http.ResponseWriter, r *http.Request) {
	var c FactorChange
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&c); err != nil {
		s.problem(w, r, notUnderstood(err))
		return
	}
	if err := s.Books.Replace(r.Context(), actor(r), c); err != nil {
		s.problem(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// apiReports lists the filed reports, newest first.
func (s *server) apiReports(w http.ResponseWriter, r *http.Request) {
	list, err := s.Books.Reports(r.Context())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if list == nil {
		list = []pipeline.FiledReport{}
	}
	answer(w, http.StatusOK, list)
}

// apiFile files the report of a period.
func (s *server) apiFile(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, notUnderstood(err))
		return
	}
	filed, err := s.fileReport(r, r.PostForm.Get("title"))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/v1/savings/reports/"+filed.ID)
	answer(w, http.StatusCreated, filed)
}

// apiReport gives a filed report, byte for byte as it was filed, or as a file of
// another format.
func (s *server) apiReport(w http.ResponseWriter, r *http.Request) {
	filed, rep, err := s.Books.Filed(r.Context(), r.PathValue("id"))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	format := r.URL.Query().Get("format")
	if format == "" || format == "json" {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Digest", contentDigest(filed.Digest))
		_, _ = w.Write(filed.Body) // the other side may be gone
		return
	}
	if exportTypes[format] == "" {
		s.problem(w, r, notUnderstood(errors.New("no such format")))
		return
	}
	shape := r.URL.Query().Get("shape")
	if shape == "" {
		shape = "month"
	}
	s.export(w, r, Export{Format: format, Shape: shape, Lang: language(r), Report: rep, Filed: &filed}, "blattwerk-"+filed.ID)
}

// contentDigest is the header of RFC 9530.
func contentDigest(d pipeline.Digest) string {
	raw, err := hex.DecodeString(string(d))
	if err != nil {
		return ""
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(raw) + ":"
}

// notUnderstood is a request to the books that nobody can follow.
func notUnderstood(err error) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-request", Err: err, Text: pipeline.Message{
		DE: "Diese Anfrage ist so nicht zu verstehen.", EN: "This request cannot be understood.",
	}}
}
