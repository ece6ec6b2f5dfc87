package ocr

import (
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestTurnedPagesAreFound turns real pages of several kinds in all directions.
// It asks for the orientation only, which is what differs.
func TestTurnedPagesAreFound(t *testing.T) {
	r := room(t, nil)
	quiet()
	var reader reader
	for _, name := range []string{
		"koma_letter-21_p1_clean.jpg", "koma_letter-9_p1_fax.tif", "koma_briefwbk2_p1_g4.tif", "koma_satzung_p2_skew.jpg",
		"debian-reference.de_p90_low.jpg", "Hinweisblatt_Prozesskostenhilfe_p3_pale.jpg", "zugferd_2p0_EN16931_Miete_p1_fax.tif",
		"Antrag_auf_Bewilligung_von_Beratungshilfe_p2_g4.tif",
	} {
		var blobs pipelinetest.Blobs
		upright := pageOf(t, r, &blobs, pipelinetest.Corpus(t, "ocr-gt/german-derived/"+name))
		for turn := 0; turn < 360; turn += 90 {
			stored := turnedPage(t, &blobs, upright, (360-turn)%360)
			raw, err := load(t.Context(), &blobs, stored.Image.Digest)
			if err != nil {
				t.Fatal(err)
			}
			page, _, err := decode(raw, "image/png", 0, true)
			if err != nil {
				t.Fatal(err)
			}
			p, err := reader.prepare(page, readCall{DPIX: upright.Image.DPIX, DPIY: upright.Image.DPIY})
			if err != nil {
				t.Fatal(err)
			}
			if p.turn != turn || p.blank {
				t.Errorf("%s, turned by %d: turned back by %d (sure: %v), %q", name, turn, p.turn, p.sure, p.actions)
			}
			page.close()
		}
	}
}
