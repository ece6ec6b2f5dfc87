package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// unlock opens every letter with the password "geheim1".
func (o *office) unlock(_ context.Context, doc pipeline.Document, password string) (pipeline.Blob, error) {
	if password != "geheim1" {
		return pipeline.Blob{}, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "wrong-password", Text: pipeline.Message{DE: "Falsches Passwort.", EN: "Wrong password."}}
	}
	return doc.Delivery.Original, nil
}

// locked puts a letter into the tray that waits for its password.
func (o *office) locked(name string) pipeline.DocID {
	o.t.Helper()
	id := o.letter(name, "x", pipeline.Working)
	job, err := o.rows.Claim(o.t.Context(), id, pipeline.StepOpen, 0, "test", time.Minute)
	if err != nil {
		o.t.Fatal(err)
	}
	why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: catalog.FaultEncrypted, Text: pipeline.Message{DE: "Die Datei ist geschützt.", EN: "The file is protected."}}
	if err := o.rows.Park(o.t.Context(), job, why, job.Document); err != nil {
		o.t.Fatal(err)
	}
	return id
}

// TestPasswordOfALetter enters a wrong password, which leaves the question, then
// the right one, which sends the letter on.
func TestPasswordOfALetter(t *testing.T) {
	o := newOffice(t, nil)
	id, other := o.locked("locked.pdf"), o.doubtful("doubtful.pdf")
	for path, want := range map[string]bool{"/review?letter=" + string(id): true, "/review?letter=" + string(other): false, "/letters/" + string(id): false} {
		if body := o.get(path); strings.Contains(body, `type="password"`) != want {
			t.Errorf("%s has a field for a password: %t", path, !want)
		}
	}
	if body := o.get("/letters/" + string(id)); !strings.Contains(body, "/review?letter="+string(id)) {
		t.Error("the letter's page does not lead to the question")
	}
	path, here := "/letters/"+string(id)+"/password", strconv.Itoa(o.entry(id).Gen)
	form := func(password, gen string) url.Values { return url.Values{"password": {password}, "gen": {gen}} }
	for _, wrong := range []string{"SehrFalsch99", ""} {
		w := o.post(path, form(wrong, here), nil)
		body := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, "Falsches Passwort.") || !strings.Contains(body, "Wrong password.") ||
			!strings.Contains(body, `type="password"`) || strings.Contains(body, "SehrFalsch99") {
			t.Errorf("a wrong password answers %d:\n%s", w.Code, body)
		}
		if e := o.entry(id); e.State != pipeline.Waiting || strconv.Itoa(e.Gen) != here {
			t.Fatalf("after a wrong password it is %s in generation %d", e.State, e.Gen)
		}
	}
	if w := o.post(path, form("geheim1", "7"), nil); w.Code != http.StatusConflict {
		t.Errorf("an old page answers %d", w.Code)
	}
	if w := o.post("/letters/"+string(other)+"/password", form("geheim1", strconv.Itoa(o.entry(other).Gen)), nil); w.Code != http.StatusConflict {
		t.Errorf("a letter that is not locked answers %d", w.Code)
	}
	if w := o.post(path, form("geheim1", here), nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/review?after=") {
		t.Fatalf("the right password answers %d to %q", w.Code, w.Header().Get("Location"))
	}
	e := o.entry(id)
	if e.State != pipeline.Working || e.Step != pipeline.StepOpen || e.Document.Source.Unlocked != e.Document.Delivery.Original || len(o.rung) == 0 {
		t.Errorf("after the right password it is %s at %s: %+v", e.State, e.Step, e.Document.Source)
	}
	if body := o.get("/letters/" + string(id)); !strings.Contains(body, "mit Passwort geöffnet") {
		t.Error("the story does not tell of it")
	}

	// A program may do the same; what it sends is told nobody, not even if it is no JSON.
	id = o.locked("locked-too.pdf")
	path = "/api/v1/documents/" + string(id) + "/password"
	for body, want := range map[string]int{"SehrFalsch99": 400, `{"password":"SehrFalsch99"}`: 422, `{"password":["SehrFalsch99"]}`: 400, `{"password":"` + strings.Repeat("x", 1<<12) + `"}`: 400} {
		if w := o.do("POST", path, strings.NewReader(body), nil); w.Code != want || strings.Contains(w.Body.String(), "SehrFalsch99") {
			t.Errorf("%.30s answers %d %s", body, w.Code, w.Body)
		}
	}
	if w := o.do("POST", path, strings.NewReader(`{"password":"geheim1"}`), nil); w.Code != http.StatusOK || o.entry(id).Document.Source.Unlocked.Digest == "" || strings.Contains(w.Body.String(), "geheim1") {
		t.Errorf("the right password answers %d %s", w.Code, w.Body)
	}
	for _, secret := range []string{"geheim1", "SehrFalsch99"} {
		if strings.Contains(o.log.String(), secret) {
			t.Errorf("logged: %s", &o.log)
		}
	}
}
