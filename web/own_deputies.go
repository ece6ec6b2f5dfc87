package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// mayDeputise are those whom a person may ask to stand in: colleagues who read the
// letters of all the person's departments anyway, so that nobody's rights grow by
// it. Anybody else is for an administrator to name.
func mayDeputise(all []catalog.Account, a catalog.Account) []catalog.Account {
	return slices.DeleteFunc(slices.Clone(all), func(b catalog.Account) bool {
		return b.Disabled || b.ID == a.ID || !slices.Contains(b.Roles, string(access.Department)) ||
			slices.ContainsFunc(a.Departments, func(d pipeline.DeptID) bool { return !slices.Contains(b.Departments, d) })
	})
}

// ownDeputies names a colleague who stands in for the person, or ends that.
func (s *server) ownDeputies(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	person := access.From(r.Context())
	a, err := s.Rows.Account(r.Context(), person.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if end := r.PostFormValue("end"); end != "" {
		n, err := strconv.Atoi(end)
		if err != nil || n < 0 || n >= len(a.Deputies) {
			s.notFound(w, r)
			return
		}
		a.Deputies = slices.Delete(slices.Clone(a.Deputies), n, n+1)
	} else if d, wrong := s.readDeputy(r, a); wrong != nil {
		s.again(w, r, "deputy", "/account", s.own, wrong)
		return
	} else {
		a.Deputies = append(slices.Clone(a.Deputies), d)
	}
	if err := s.Rows.ChangeAccount(r.Context(), a, person.Account); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account?done=deputies", http.StatusSeeOther)
}

// readDeputy reads who stands in for an account, from when to when.
func (s *server) readDeputy(r *http.Request, a catalog.Account) (catalog.Deputy, error) {
	all, err := s.Rows.Accounts(r.Context())
	if err != nil {
		return catalog.Deputy{}, err
	}
	who := r.PostFormValue("deputy")
	if !slices.ContainsFunc(mayDeputise(all, a), func(b catalog.Account) bool { return b.ID == who }) {
		return catalog.Deputy{}, unclearAt("deputy", "Bitte wählen Sie, wer Sie vertritt.", "Please choose who stands in for you.")
	}
	from, err := time.ParseInLocation(time.DateOnly, r.PostFormValue("from"), s.Zone)
	if err != nil {
		return catalog.Deputy{}, unclearAt("from", "Das ist kein Tag im Kalender.", "This is no day in the calendar.")
	}
	to, err := time.ParseInLocation(time.DateOnly, r.PostFormValue("to"), s.Zone)
	if err != nil || to.Before(from) || to.Before(s.today()) {
		return catalog.Deputy{}, unclearAt("to", "Der letzte Tag liegt vor dem ersten oder in der Vergangenheit.", "The last day is before the first, or in the past.")
	}
	return catalog.Deputy{Account: who, From: from, To: to.AddDate(0, 0, 1)}, nil
}
