package ocr

import (
	"os"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestBrokenFaxDataAreNotTakenForWhite damages the middle of CCITT G4 data,
// which decoders like to present as white lines.
func TestBrokenFaxDataAreNotTakenForWhite(t *testing.T) {
	raw, err := os.ReadFile(pipelinetest.Corpus(t, "ocr-gt/german-derived/koma_briefwbk2_p1_g4.tif"))
	if err != nil {
		t.Fatal(err)
	}
	r := room(t, nil)
	if _, _, err := r.Decode(t.Context(), raw, "image/tiff", 0, false); err != nil {
		t.Fatal(err)
	}
	seen, all := 0, 0
	for at := len(raw) / 4; at < len(raw)*3/4; at += len(raw) / 16 {
		all++
		bad := append([]byte{}, raw...)
		for i := range 64 {
			bad[at+i] ^= 0xA5
		}
		switch _, _, err := r.Decode(t.Context(), bad, "image/tiff", 0, false); {
		case err == nil: // bits that happen to be valid codes cannot be told from a picture
		case pipeline.AsFault(err).Code != "damaged":
			t.Errorf("damage at %d: %v", at, err)
		default:
			seen++
		}
	}
	if 4*seen < 3*all {
		t.Errorf("only %d of %d damages were seen", seen, all)
	}
}
