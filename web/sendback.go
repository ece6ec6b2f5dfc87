package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// notOurs is the code of the fault that a letter waits with when a department
// sent it back.
const notOurs = "not-ours"

// maxWhy bounds what a department writes, in characters.
const maxWhy = 500

// sendBackForm puts a letter that reached the wrong department into the tray. The
// reason is for the mailroom and stays in the catalogue.
func (s *server) sendBackForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	e, err := s.Rows.Get(r.Context(), docID(r))
	why := []rune(strings.TrimSpace(r.PostFormValue("why")))
	if err == nil && len(why) == 0 {
		err = unclearAt("why", "Bitte schreiben Sie der Poststelle, warum der Brief nicht zu Ihnen gehört.", "Please tell the mailroom why the letter is not yours.")
	}
	if err == nil {
		why = why[:min(len(why), maxWhy)]
		from := s.types[e.Document.Filing.Type].DepartmentName
		err = s.Rows.SendBack(r.Context(), e.Document.ID, actor(r), &pipeline.Fault{
			Verdict: pipeline.AskPerson, Code: notOurs, Text: pipeline.Message{
				DE: from + " schickt den Brief zurück: " + string(why),
				EN: from + " sends the letter back: " + string(why),
			}}, s.Resume)
	}
	if err != nil {
		s.again(w, r, "back", "/letters/"+url.PathEscape(r.PathValue("id")), s.letter, err)
		return
	}
	// A department sees a letter no more that it sent back.
	to := "/letters"
	if may, err := s.sees(r.Context(), e.Document.ID); err == nil && may {
		to += "/" + string(e.Document.ID)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// elsewhere asks where a letter belongs that was sent back: not where it was.
func (s *server) elsewhere(e catalog.Entry) pipeline.Question {
	q := pipeline.Question{Kind: pipeline.AskType, Code: notOurs, Other: true, Help: e.Fault.Text, Text: pipeline.Message{
		DE: "Wohin gehört dieses Schreiben?", EN: "Where does this letter belong?",
	}}
	f := e.Document.Filing
	if f == nil {
		return q
	}
	for _, c := range f.Candidates {
		t, known := s.types[c.Type]
		if !known || t.Department == f.Department || len(q.Answers) == 2 {
			continue
		}
		q.Answers = append(q.Answers, offer(len(q.Answers)+1, t, c.Confidence))
	}
	if t, known := s.types[f.Type]; known {
		same := offer(len(q.Answers)+1, t, 0)
		same.Text.DE, same.Text.EN = "Doch richtig: "+same.Text.DE, "Right after all: "+same.Text.EN
		q.Answers = append(q.Answers, same)
	}
	return q
}

func offer(key int, t TypeInfo, confidence float64) pipeline.Answer {
	name := t.Name + " (" + t.DepartmentName + ")"
	return pipeline.Answer{Key: strconv.Itoa(key), Type: t.Code, Confidence: confidence, Text: pipeline.Message{DE: name, EN: name}}
}
