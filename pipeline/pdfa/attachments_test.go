package pdfa

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestInvoices: the XML of each invoice is there for later steps, byte for byte;
// a valid file stays as it is, and a repaired one is part 3 and carries the same
// XML.
func TestInvoices(t *testing.T) {
	r := testRoom(t, nil)
	files, err := filepath.Glob(filepath.Join(pipelinetest.Corpus(t, "german/rechnung"), "*.pdf"))
	if err != nil || len(files) == 0 {
		t.Fatal("no invoices", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(strings.TrimSuffix(file, ".pdf") + ".xml")
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b pipelinetest.Blobs
			doc := composed(t, r, &b, raw)
			if doc.PDF.Way != pipeline.WayKept || doc.PDF.Digest != doc.Delivery.Original.Digest {
				t.Errorf("a valid invoice is %s", doc.PDF.Way)
			}
			if got := invoiceBytes(t, &b, doc); !bytes.Equal(got, want) {
				t.Errorf("the invoice's XML has %d bytes, not the %d it should", len(got), len(want))
			}
			// Data behind the end of the file breaks 6.1.3-3.
			doc = composed(t, r, &b, append(bytes.Clone(raw), "\n\nJunk behind the end\n"...))
			if doc.PDF.Way != pipeline.WayRepaired || !strings.HasPrefix(doc.PDF.Check.Flavour, "3") {
				t.Fatalf("a damaged invoice is %s %s", doc.PDF.Way, doc.PDF.Check.Flavour)
			}
			again, err := r.Open(t.Context(), deliverBytes(t, &b, blobBytes(t, &b, doc.PDF.Digest)), &b)
			if err != nil {
				t.Fatal(err)
			}
			if got := invoiceBytes(t, &b, again); !bytes.Equal(got, want) {
				t.Errorf("the repaired file's XML has %d bytes, not the %d it should", len(got), len(want))
			}
		})
	}
}

func composed(t *testing.T, r *Room, b *pipelinetest.Blobs, raw []byte) pipeline.Document {
	t.Helper()
	doc, err := r.Open(t.Context(), deliverBytes(t, b, raw), b)
	if err == nil {
		doc, err = r.Compose(t.Context(), doc, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func invoiceBytes(t *testing.T, b *pipelinetest.Blobs, doc pipeline.Document) []byte {
	t.Helper()
	a, ok := doc.Source.Invoice()
	if !ok || a.Invoice != pipeline.InvoiceCII || a.Media != "text/xml" {
		t.Fatalf("no invoice among %+v", doc.Source.Attachments)
	}
	return blobBytes(t, b, a.Digest)
}
