package pdfa

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"os"
)

var update = flag.Bool("update", false, "write the golden metadata anew")

func TestMetadataIsAsAgreed(t *testing.T) {
	got := append(xmpPacket(testMeta(), claim2u, xmpIdentity{1, 2, 3}), "\n"+infoDictionary(testMeta())+"\n"...)
	path := filepath.Join("testdata", "metadata.golden")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readTest(t, path); !bytes.Equal(got, want) {
		t.Errorf("metadata changed; if that is meant, run with -update:\n%s", got)
	}
}

func TestMetadataIsAlwaysWellFormed(t *testing.T) {
	for _, title := range []string{"", "<&>\"'", "a\x00b\x1fc", "Umlaut ä 😀", strings.Repeat("ü", 100_000), "\xff\xfe", "]]>", "a\u2028b\ufffe"} {
		meta := testMeta()
		meta.Title, meta.Author, meta.Engine, meta.Journal = title, title, title, title
		d := xml.NewDecoder(bytes.NewReader(xmpPacket(meta, xmpClaim{Part: 2, Level: "A", UA: true}, xmpIdentity{})))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%.20q: %v", title, err)
			}
		}
		if info := infoDictionary(meta); len(info) > 2*32767 {
			t.Errorf("%.20q: an information dictionary of %d bytes", title, len(info))
		}
	}
}

func TestIdentityComesFromContent(t *testing.T) {
	id := xmpIdentity{7}
	if a, b := id.uuid("document"), id.uuid("document"); a != b || len(a) != len("uuid:")+36 || a[19] != '8' {
		t.Errorf("%s, %s", a, b)
	}
	if id.uuid("document") == id.uuid("instance") || id.uuid("document") == (xmpIdentity{8}).uuid("document") {
		t.Error("two identities are the same")
	}
}

func TestSameInputSameBytes(t *testing.T) {
	leaf := blankLeaf(t, layLines([]string{"Wort", "für", "Wort"}))
	meta := testMeta()
	first := writeTest(t, claim2u, meta, leaf)
	meta.Created = meta.Created.In(time.FixedZone("elsewhere", -7*3600))
	if !bytes.Equal(first, writeTest(t, claim2u, meta, leaf)) {
		t.Error("the same moment told in another zone makes another file")
	}
	meta.Title = "Anderes"
	if other := writeTest(t, claim2u, meta, leaf); bytes.Equal(trailerID(first), trailerID(other)) {
		t.Error("files of other content share their ID")
	}
}

func trailerID(pdf []byte) []byte { return pdf[bytes.LastIndex(pdf, []byte("/ID [")):][:80] }

func TestLanguageTag(t *testing.T) {
	for in, want := range map[string]string{
		"deu+eng": "de", "eng": "en", "de-DE": "de-DE", "de-de": "de-DE", "frk": "de", "deu_latf": "de", "chi_sim": "zh", "tur+ukr": "tr",
		"": "und", "osd": "und", "nonsense!": "und", "und": "und",
	} {
		if got := languageTag(in); got != want {
			t.Errorf("languageTag(%q) = %q, want %q", in, got, want)
		}
	}
}
