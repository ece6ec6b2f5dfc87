package web

import (
	"net/http"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// proofPage is what proves that a letter is what came in: checksums, the verdict
// of the gate, the signature's state, and its entries in the evidence log.
type proofPage struct {
	letterPage
	Files  []pipeline.File
	Proof  catalog.Proof
	Signed string // "signed", "unsigned" or "unknown"
}

// isChange says that an event is about what became of a letter, not who looked.
func isChange(kind string) bool {
	_, quiet := silent[kind]
	return !quiet || kind == "advanced"
}

func (s *server) proofOf(r *http.Request) (proofPage, error) {
	base, err := s.letterPage(r, docID(r), "proof.title")
	if err != nil {
		return proofPage{}, err
	}
	p := proofPage{letterPage: base, Signed: "unknown"}
	if base.Doc.Record != nil {
		p.Files = base.Doc.Record.Files
	}
	if f := base.Doc.Source; f != nil {
		p.Signed = "unsigned"
		if f.Signed {
			p.Signed = "signed"
		}
	}
	p.Proof, err = s.Rows.Prove(r.Context(), base.Doc.ID, isChange)
	return p, err
}

// proof shows the proof to people.
func (s *server) proof(w http.ResponseWriter, r *http.Request) {
	p, err := s.proofOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, "proof", p)
}

// proofEntry is an entry of the evidence log for whoever checks it elsewhere.
type proofEntry struct {
	Number int64    `json:"number"`
	Record string   `json:"record"` // the bytes that are hashed
	Leaf   string   `json:"leaf"`   // SHA-256 of 0x00 and the record, base64
	Path   []string `json:"path"`   // RFC 6962, 2.1.1
}

// proofJSON gives the proof to programs, to be kept and checked elsewhere.
func (s *server) proofJSON(w http.ResponseWriter, r *http.Request) {
	p, err := s.proofOf(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	entries := make([]proofEntry, len(p.Proof.Entries))
	for i, e := range p.Proof.Entries {
		entries[i] = proofEntry{e.Event.N, e.Record, e.Leaf, e.Path}
	}
	w.Header().Set("Content-Disposition", `attachment; filename="nachweis.json"`)
	answer(w, http.StatusOK, struct {
		Format     string          `json:"format"`
		Document   pipeline.DocID  `json:"document"`
		Journal    string          `json:"journal"`
		Original   pipeline.Blob   `json:"original"`
		Files      []pipeline.File `json:"files"`
		PDF        *pipeline.PDF   `json:"pdf"`
		Checkpoint string          `json:"checkpoint"`
		Key        string          `json:"key"`
		Size       int64           `json:"size"`
		Root       string          `json:"root"`
		Entries    []proofEntry    `json:"entries"`
	}{"blattwerk-proof/1", p.Doc.ID, p.Journal, p.Doc.Delivery.Original, p.Files, p.Doc.PDF, p.Proof.Checkpoint, p.Proof.Key, p.Proof.Size, p.Proof.Root, entries})
}
