package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

// operation is what the description says about one of its operations.
type operation struct {
	ID        string         `yaml:"operationId"`
	Scope     string         `yaml:"x-scope"`
	Security  *[]any         `yaml:"security"`
	Responses map[string]any `yaml:"responses"`
}

// operations reads the description, by "METHOD path".
func operations(t *testing.T) (map[string]operation, []byte) {
	t.Helper()
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]operation{}
	for path, items := range doc.Paths {
		for method, node := range items {
			if method == "parameters" {
				continue
			}
			var op operation
			if err := node.Decode(&op); err != nil {
				t.Fatal(path, method, err)
			}
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all, raw
}

// TestDescriptionAndRoutesAgree holds the description of the API against the
// routes, both ways: address, and the right that it takes.
func TestDescriptionAndRoutesAgree(t *testing.T) {
	described, _ := operations(t)
	served := map[string]string{"GET /api/v1/health": string(access.Arrive)} // answered before anybody is asked who they are
	for _, rt := range web.Routes() {
		if _, path, _ := strings.Cut(rt.Pattern, " "); strings.HasPrefix(path, "/api/v1/") {
			served[rt.Pattern] = rt.Action
		}
	}
	for pattern, action := range served {
		op, ok := described[pattern]
		switch {
		case !ok:
			t.Errorf("%s is not described", pattern)
		case action == string(access.Arrive):
			if op.Security == nil || len(*op.Security) != 0 {
				t.Errorf("%s needs no token, but the description asks for one", pattern)
			}
		case op.Scope != action || !slices.Contains(access.Scopes(), access.Action(action)):
			t.Errorf("%s is for %s, described as %q", pattern, action, op.Scope)
		}
	}
	for pattern := range described {
		if _, ok := served[pattern]; !ok {
			t.Errorf("%s is described but not there", pattern)
		}
	}
}

// TestAnswersAreAsDescribed validates real answers against the description: of each operation at least one that worked and one that did not.
func TestAnswersAreAsDescribed(t *testing.T) {
	described, raw := operations(t)
	judge := newAssessor(t, raw)
	o := newOffice(t, func(c *web.Config) {
		c.Watch = func(context.Context) <-chan pipeline.Progress {
			news := make(chan pipeline.Progress, 1)
			news <- pipeline.Progress{Doc: "d", Step: pipeline.StepRead, State: pipeline.Working, Done: 1, Total: 2}
			close(news)
			return news
		}
		archive := c.Archive
		c.Archive = func(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error) {
			if role == "text" {
				role = "original"
			}
			return archive(ctx, doc, role)
		}
	})
	ids := everyState(o)
	pile := ids[inPile]
	closed := "/api/v1/documents/" + string(ids[isLocked]) + "/password"
	piled := "/api/v1/documents/" + string(pile) + "/pages"
	all := o.token("all", true, access.Scopes())
	none := o.token("none", false, []access.Action{access.Hand}) // may hand in, sees nothing
	nobody := func(r *http.Request) { r.Header.Set("Authorization", "Bearer blattwerk_none") }
	doc1 := "/api/v1/documents/" + string(ids[pipeline.Archived])
	const nowhere = "/api/v1/documents/00000000-0000-5000-8000-000000000000"
	form := func(names ...string) (string, string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for _, n := range names {
			p, _ := m.CreateFormFile("file", n)
			fmt.Fprint(p, "content of "+n)
		}
		_ = m.Close()
		return b.String(), m.FormDataContentType()
	}
	two, twoType := form("a.pdf", "b.pdf")
	empty, emptyType := form()
	const octets, jsonType = "application/octet-stream", "application/json"
	seen, made := map[string][2]bool{}, map[string]string{}
	for _, c := range []struct {
		method, target, body, media string
		as                          func(*http.Request)
		status                      int
	}{
		{"POST", "/api/v1/deliveries?name=x.pdf", "new", octets, all, 201},
		{"POST", "/api/v1/deliveries?name=again.pdf", "new", octets, all, 201},
		{"POST", "/api/v1/deliveries?name=x.pdf", "unseen", octets, none, 201},
		{"POST", "/api/v1/deliveries", two, twoType, all, 201},
		{"POST", "/api/v1/deliveries?name=x.pdf&paper=blank-parts&paper=label-parts", "parted", octets, all, 201},
		{"POST", "/api/v1/deliveries?name=x.pdf&paper=duplex", "unparted", octets, all, 400},
		{"POST", "/api/v1/deliveries", empty, emptyType, all, 400},
		{"POST", "/api/v1/deliveries", strings.Repeat("x", 2<<20), octets, all, 413},
		{"GET", "/api/v1/documents", "", "", all, 200},
		{"GET", "/api/v1/documents?limit=2&state=archived", "", "", all, 200},
		{"GET", "/api/v1/documents?after=nonsense", "", "", all, 400},
		{"GET", "/api/v1/documents", "", "", nobody, 401},
		{"GET", doc1, "", "", all, 200},
		{"GET", "/api/v1/documents/" + string(ids[pipeline.Waiting]), "", "", all, 200},
		{"GET", "/api/v1/documents/" + string(ids[pipeline.Refused]), "", "", all, 200},
		{"GET", "/api/v1/documents/" + string(ids[pipeline.Working]), "", "", all, 200},
		{"GET", nowhere, "", "", all, 404},
		{"GET", doc1, "", "", none, 404},
		{"GET", doc1 + "/pdf", "", "", all, 200},
		{"GET", nowhere + "/pdf", "", "", all, 404},
		{"GET", doc1 + "/original", "", "", all, 200},
		{"GET", nowhere + "/original", "", "", all, 404},
		{"GET", doc1 + "/text", "", "", all, 200},
		{"GET", nowhere + "/text", "", "", all, 404},
		{"POST", piled + "/2/rescan?name=neu.jpg", "better", octets, all, 200},
		{"POST", piled + "/2/rescan", empty, emptyType, all, 400},
		{"POST", piled + "/9/rescan", "better", octets, all, 404},
		{"POST", doc1 + "/pages/1/rescan", "better", octets, all, 422},
		{"POST", piled + "/undo?undo={UNDO}", "", "", all, 200},
		{"POST", piled + "/undo?undo={UNDO}", "", "", all, 422},
		{"POST", doc1 + "/work", `{"kind":"due","due":"2026-03-05"}`, jsonType, all, 201},
		{"POST", doc1 + "/work", `{"kind":"note","note":"Rückfrage gestellt"}`, jsonType, all, 201},
		{"POST", doc1 + "/work", `{"kind":"due","due":"morgen"}`, jsonType, all, 400},
		{"POST", doc1 + "/work", "no JSON", jsonType, all, 400},
		{"POST", doc1 + "/work", `{"kind":"done"}`, jsonType, none, 404},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Waiting]) + "/work", `{"kind":"hand-on","department":"32"}`, jsonType, all, 400},
		{"GET", doc1 + "/work", "", "", all, 200},
		{"GET", nowhere + "/work", "", "", all, 404},
		{"POST", "/api/v1/work/{DEED}/undo", "", "", all, 200},
		{"POST", "/api/v1/work/{DEED}/undo", "", "", all, 409},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Waiting]) + "/filing", `{"type":"32-OWI","note":"x"}`, jsonType, all, 200},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Waiting]) + "/filing", `{"type":"32-OWI"}`, jsonType, all, 409},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Working]) + "/filing", `{"type":"99-X"}`, jsonType, all, 400},
		{"POST", nowhere + "/filing", `{"type":"32-OWI"}`, jsonType, all, 404},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Refused]) + "/retry", "", "", all, 200},
		{"POST", "/api/v1/documents/" + string(ids[pipeline.Refused]) + "/retry", "", "", all, 409},
		{"POST", closed, "no JSON: geheim0", jsonType, all, 400},
		{"POST", closed, `{"password":"geheim0"}`, jsonType, all, 422},
		{"POST", closed, `{"password":"geheim1"}`, jsonType, nobody, 401},
		{"POST", closed, `{"password":"geheim1"}`, jsonType, none, 404},
		{"POST", closed, `{"password":"geheim1"}`, jsonType, all, 200},
		{"POST", closed, `{"password":"geheim1"}`, jsonType, all, 409},
		{"GET", "/api/v1/search?q=Malerarbeiten&limit=1", "", "", all, 200},
		{"GET", "/api/v1/search?q=Malerarbeiten&after=nonsense", "", "", all, 400},
		{"GET", "/api/v1/savings?by=month&from=2026-01-01&to=2026-12-31", "", "", all, 200},
		{"GET", "/api/v1/savings?from=nonsense", "", "", all, 422},
		{"GET", "/api/v1/savings", "", "", none, 404},
		{"POST", "/api/v1/savings/table", "kind,from,to,sheets\nprints,2025-01,2025-12,1234.5\n", "text/csv", all, 201},
		{"POST", "/api/v1/savings/table", "", "text/csv", none, 404},
		{"GET", "/api/v1/savings/facts", "", "", all, 200},
		{"GET", "/api/v1/savings/facts", "", "", none, 404},
		{"GET", "/api/v1/savings/factors", "", "", all, 200},
		{"GET", "/api/v1/savings/factors?year=x", "", "", all, 400},
		{"POST", "/api/v1/savings/factors", "{FACTOR}", jsonType, all, 204},
		{"POST", "/api/v1/savings/factors", "x", jsonType, all, 400},
		{"GET", "/api/v1/savings/factors", "", "", all, 200},
		{"POST", "/api/v1/savings/reports", "title=Jahr&from=2026&to=2026", "application/x-www-form-urlencoded", all, 201},
		{"POST", "/api/v1/savings/reports", "from=nonsense", "application/x-www-form-urlencoded", all, 422},
		{"GET", "/api/v1/savings/reports", "", "", all, 200},
		{"GET", "/api/v1/savings/reports", "", "", none, 404},
		{"GET", "/api/v1/savings/reports/{FILED}", "", "", all, 200},
		{"GET", "/api/v1/savings/reports/none", "", "", all, 404},
		{"GET", "/api/v1/status", "", "", all, 200},
		{"GET", "/api/v1/status", "", "", nobody, 401},
		{"GET", "/api/v1/events", "", "", all, 200},
		{"GET", "/api/v1/events", "", "", nobody, 401},
		{"GET", "/api/v1/openapi.yaml", "", "", nobody, 200},
		{"GET", "/api/v1/health", "", "", nobody, 200},
	} {
		c.target = strings.NewReplacer("{FILED}", made["id"], "{UNDO}", made["undo"], "{DEED}", made["deed"]).Replace(c.target)
		if c.body == "{FACTOR}" {
			c.body = fmt.Sprintf(`{"id":%q,"value":{"low":1,"mid":2,"high":3},"evidence":"B","source":"own sample","year":2026}`, made["factor"])
		}
		name := c.method + " " + c.target
		var request *http.Request
		w := o.do(c.method, c.target, strings.NewReader(c.body), func(r *http.Request) {
			if c.media != "" {
				r.Header.Set("Content-Type", c.media)
			}
			c.as(r)
			request = r
		})
		if w.Code != c.status {
			t.Errorf("%s answers %d, want %d: %s", name, w.Code, c.status, w.Body)
			continue
		}
		remember(made, c.target, w.Body.Bytes())
		pattern := patternOf(described, c.method, request.URL.Path)
		if pattern == "" {
			t.Errorf("%s is not described", name)
			continue
		}
		was := seen[pattern]
		seen[pattern] = [2]bool{was[0] || c.status < 300, was[1] || c.status >= 400}
		for _, fault := range judge.faults(pattern, w) {
			t.Errorf("%s: %v", name, fault)
		}
		if c.status >= 400 {
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s: its error is %s", name, got)
			}
		}
	}
	for pattern, op := range described {
		fails := len(op.Responses) > 1 && pattern != "GET /api/v1/health" // TestHealthSays… has its failure
		if got := seen[pattern]; !got[0] || fails && !got[1] {
			t.Errorf("%s: no answer of it was held against the description: worked %v, failed %v", pattern, got[0], got[1])
		}
	}
}

// remember keeps what later requests need of an answer: a factor that a town may
// replace, a report that was filed.
func remember(made map[string]string, target string, body []byte) {
	var did struct{ Undo string }
	if strings.Contains(target, "/rescan") && json.Unmarshal(body, &did) == nil && did.Undo != "" {
		made["undo"] = did.Undo
	}
	var deed struct{ ID, Kind string }
	if strings.HasSuffix(target, "/work") && json.Unmarshal(body, &deed) == nil && deed.Kind != "" {
		made["deed"] = deed.ID
	}
	switch target {
	case "/api/v1/savings/factors":
		var factors []pipeline.FactorUse
		if json.Unmarshal(body, &factors) == nil && len(factors) > 0 {
			made["factor"] = factors[0].ID
		}
	case "/api/v1/savings/reports":
		var filed pipeline.FiledReport
		if json.Unmarshal(body, &filed) == nil && filed.ID != "" {
			made["id"] = filed.ID
		}
	}
}

// assessor holds answers against the description, whose schemas are JSON Schema
// 2020-12, as OpenAPI 3.1 says.
type assessor struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
}

func newAssessor(t *testing.T, raw []byte) *assessor {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(again))
	if err != nil {
		t.Fatal(err)
	}
	j := &assessor{doc: doc, compiler: jsonschema.NewCompiler()}
	j.compiler.DefaultDraft(jsonschema.Draft2020)
	j.compiler.AssertFormat()
	if err := j.compiler.AddResource("https://blattwerk.example/openapi.yaml", tree); err != nil {
		t.Fatal(err)
	}
	if doc["openapi"] != "3.1.0" {
		t.Errorf("the description is of OpenAPI %v", doc["openapi"])
	}
	return j
}

// at follows a path through the description and its references, and gives the
// pointer to where it leads.
func (j *assessor) at(keys ...string) (node map[string]any, pointer string) {
	node = j.doc
	for _, key := range keys {
		next, ok := node[key].(map[string]any)
		if !ok {
			return nil, ""
		}
		node, pointer = next, pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
		if ref, ok := node["$ref"].(string); ok {
			node, pointer = j.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return node, pointer
}

// faults says what of an answer is not as described: its status, its type, or its
// body. A body without a schema is bytes, of which only the type counts.
func (j *assessor) faults(pattern string, w *httptest.ResponseRecorder) []error {
	method, path, _ := strings.Cut(pattern, " ")
	where := []string{"paths", path, strings.ToLower(method), "responses", fmt.Sprint(w.Code)}
	if node, _ := j.at(where...); node == nil && w.Code >= 400 {
		where[len(where)-1] = "default" // described for all errors that are not listed
	}
	if node, _ := j.at(where...); node == nil {
		return []error{fmt.Errorf("status %d is not described", w.Code)}
	}
	if w.Code == http.StatusNoContent {
		return nil
	}
	media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil {
		return []error{err}
	}
	where = append(where, "content", media)
	if node, _ := j.at(where...); node == nil {
		return []error{fmt.Errorf("%s is not described for status %d", media, w.Code)}
	}
	node, pointer := j.at(append(where, "schema")...)
	if node == nil {
		return nil
	}
	schema, err := j.compiler.Compile("https://blattwerk.example/openapi.yaml#" + pointer)
	if err != nil {
		return []error{err}
	}
	var body any = w.Body.String()
	switch {
	case strings.HasSuffix(media, "json"):
		if body, err = jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes())); err != nil {
			return []error{err}
		}
	case media == "text/event-stream":
		return j.eventFaults(pointer, w.Body.String())
	}
	if err := schema.Validate(body); err != nil {
		return []error{err}
	}
	return nil
}

// eventFaults holds the data of each event against the schema of its content.
func (j *assessor) eventFaults(pointer, stream string) (faults []error) {
	schema, err := j.compiler.Compile("https://blattwerk.example/openapi.yaml#" + pointer + "/contentSchema")
	if err != nil {
		return []error{err}
	}
	events := 0
	for line := range strings.Lines(stream) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		events++
		body, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err == nil {
			err = schema.Validate(body)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	if events == 0 {
		faults = append(faults, errors.New("the stream has no event"))
	}
	return faults
}

func patternOf(described map[string]operation, method, path string) string {
	for pattern := range described {
		m, p, _ := strings.Cut(pattern, " ")
		want, got := strings.Split(p, "/"), strings.Split(path, "/")
		if m == method && len(want) == len(got) && !slices.ContainsFunc(want, func(s string) bool { return s == "?" }) {
			same := true
			for i := range want {
				same = same && (want[i] == got[i] || strings.HasPrefix(want[i], "{"))
			}
			if same {
				return pattern
			}
		}
	}
	return ""
}

// TestAWrongAnswerIsNoticed makes sure that the validation above can fail.
func TestAWrongAnswerIsNoticed(t *testing.T) {
	_, raw := operations(t)
	judge := newAssessor(t, raw)
	for name, body := range map[string]string{
		"a state that there is not": `{"name":"x","state":"lost","pages":1,"blank":0,"department":"","type":"","confidence":0,"pdfa":null,"archive_key":"","sheets_saved":0}`,
		"no state":                  `{"name":"x","pages":1,"blank":0,"department":"","type":"","confidence":0,"pdfa":null,"archive_key":"","sheets_saved":0}`,
		"certainty over 1":          `{"name":"x","state":"working","pages":1,"blank":0,"department":"","type":"","confidence":7,"pdfa":null,"archive_key":"","sheets_saved":0}`,
	} {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, body)
		if len(judge.faults("GET /api/v1/documents/{id}", w)) == 0 {
			t.Errorf("%s is taken as described", name)
		}
	}
}

// TestPagesOfAList goes through a list by its keys while letters come in: each is
// seen once.
func TestPagesOfAList(t *testing.T) {
	o := newOffice(t, nil)
	want := map[pipeline.DocID]int{}
	for i := range 7 {
		want[o.letter(fmt.Sprintf("%d.pdf", i), "Rechnung", pipeline.Archived)] = 0
	}
	as := o.token("all", true, []access.Action{access.Find})
	var after catalog.Cursor
	for range 20 {
		var page struct {
			Documents []web.Letter
			Next      catalog.Cursor
		}
		raw := o.do("GET", "/api/v1/documents?limit=2&after="+string(after), nil, as).Body.Bytes()
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Documents {
			want[l.ID]++
		}
		o.letter(fmt.Sprintf("late%d.pdf", len(want)+int(page.Documents[0].Pages)+len(after)), "Rechnung", pipeline.Working)
		if after = page.Next; after == "" {
			break
		}
	}
	for id, n := range want {
		if n != 1 {
			t.Errorf("%s was seen %d times", id, n)
		}
	}
	if len(want) != 7 {
		t.Errorf("%d letters were seen", len(want))
	}
}
