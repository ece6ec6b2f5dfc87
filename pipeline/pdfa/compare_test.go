package pdfa

import (
	"errors"
	"os"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestCompareFindsDamage compares a letter with copies in which something was
// changed on purpose.
func TestCompareFindsDamage(t *testing.T) {
	r := testRoom(t, nil)
	const page = "/MediaBox[0 0 595 842]" + helvetica
	stamp := "0.8 0 0 rg 400 600 120 60 re f\n"
	original := onePage(page, letterText()+stamp)
	var b pipelinetest.Blobs
	s, err := r.stage(t.Context(), deliverBytes(t, &b, original), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for name, tc := range map[string]struct {
		copy []byte
		want string // part of the error, "" for none
	}{
		"the same":          {original, ""},
		"other line breaks": {onePage(page, strings.ReplaceAll(letterText(), "\n", "\r\n")+stamp), ""},
		"a word is gone":    {onePage(page, strings.Replace(letterText(), "hiermit ", "", 1)+stamp), "words are left"},
		"a number changed":  {onePage(page, strings.Replace(letterText(), "Auskunft", "Auskumft", 1)+stamp), "words are left"},
		"garbage":           {onePage(page, strings.NewReplacer("e", "\\001", "n", "\\002").Replace(letterText())+stamp), "words are left"},
		"the stamp is gone": {onePage(page, letterText()), "looks different"},
		"the stamp is grey": {onePage(page, letterText()+strings.Replace(stamp, "0.8 0 0", "0.9 0.9 0.9", 1)), "looks different"},
		"text moved down":   {onePage(page, "1 0 0 1 0 -12 cm\n"+letterText()+stamp), "looks different"},
		"a page too many": {makePDF("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"), "pages became"},
		"another size":   {onePage(strings.Replace(page, "842", "800", 1), letterText()+stamp), "size"},
		"another turn":   {onePage(page+"/Rotate 90", letterText()+stamp), "size"},
		"not a PDF file": {[]byte("nothing"), "differs"},
	} {
		t.Run(name, func(t *testing.T) {
			path := s.path("copy.pdf")
			if err := os.WriteFile(path, tc.copy, 0o600); err != nil {
				t.Fatal(err)
			}
			err := r.compare(t.Context(), s, path, true)
			switch {
			case tc.want == "" && err != nil:
				t.Fatalf("error is %v", err)
			case tc.want != "" && (!errors.Is(err, errDiffers) || !strings.Contains(err.Error(), tc.want)):
				t.Fatalf("error is %v, want %q", err, tc.want)
			}
		})
	}
}
