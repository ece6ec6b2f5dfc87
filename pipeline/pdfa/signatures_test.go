package pdfa

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestSignatures states what checking gives for real signed files, and for
// damaged copies of them.
func TestSignatures(t *testing.T) {
	r := testRoom(t, nil)
	read := func(name string) []byte {
		raw, err := os.ReadFile(pipelinetest.Corpus(t, "signed/"+name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	original := read("pdf-signed-original.pdf")
	changed := bytes.Clone(original)
	at := bytes.Index(changed, []byte("/MediaBox"))
	if at < 0 || at > 18801 {
		t.Fatal("no MediaBox among the signed bytes")
	}
	changed[bytes.IndexAny(changed[at:], "123456789")+at] ^= 1
	for name, tc := range map[string]struct {
		raw  []byte
		want []string
	}{
		"pades-bes":          {read("pades-bes.pdf"), []string{"intact whole true"}},
		"signed twice":       {read("minimal-signed-twice-both-created.pdf"), []string{"intact whole false", "intact whole true"}},
		"original":           {original, []string{"intact whole true"}},
		"corrupted":          {read("pdf-signed-corrupted.pdf"), []string{"broken"}},
		"signature of a law": {read("Signature-P-DE_SCI-4.pdf"), []string{"intact whole false", "intact whole true stamp"}},
		"one bit changed":    {changed, []string{"broken"}},
		"added to":           {append(bytes.Clone(original), "\n% added later\n%%EOF\n"...), []string{"intact whole false"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b pipelinetest.Blobs
			doc, err := r.Open(t.Context(), deliverBytes(t, &b, tc.raw), &b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range doc.Source.Signatures {
				line := string(s.State)
				if line != "broken" {
					line += fmt.Sprintf(" whole %t", s.Whole)
				}
				if s.Stamp {
					line += " stamp"
				}
				got = append(got, line)
				if s.State == "intact" && (s.Signer == "" || s.NotAfter.IsZero() || s.At.IsZero()) {
					t.Errorf("facts are missing: %+v", s)
				}
			}
			if strings.Join(got, "|") != strings.Join(tc.want, "|") {
				t.Errorf("%q, want %q: %+v", got, tc.want, doc.Source.Signatures)
			}
			told := 0
			for _, m := range doc.Remarks {
				if strings.HasPrefix(m.Code, "signature-") {
					told++
					t.Log(m.Text.DE)
				}
			}
			if told != len(tc.want) {
				t.Errorf("%d remarks about %d signatures", told, len(tc.want))
			}
		})
	}
}
