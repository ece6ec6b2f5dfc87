package ocr

import (
	"os"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

func TestAccuracy(t *testing.T) {
	const derived = "ocr-gt/german-derived/"
	cases := []struct {
		file, truth string
		language    string
		worst       float64 // character error rate; 0: reading order differs, words count
		words       float64 // share of words found
	}{
		{"ocr-gt/bebel_frau_1879_0146.tif", "ocr-gt/bebel_frau_1879_0146.gt.txt", "deu", 0.01, 0.96},
		{"ocr-gt/bebel_frau_1879_0186.tif", "ocr-gt/bebel_frau_1879_0186.gt.txt", "deu", 0.01, 0.97},
		{"ocr-gt/462875_0008.jpg", "ocr-gt/462875_0008.gt.txt", "deu", 0.02, 0.96},
		{"ocr-gt/phototest.tif", "ocr-gt/phototest.gold.txt", "eng", 0.01, 0.99},
		{"ocr-gt/phototest-rotated-180.png", "ocr-gt/phototest.gold.txt", "eng", 0.01, 0.99},
		{"ocr-gt/phototest-rotated-L.png", "ocr-gt/phototest.gold.txt", "eng", 0.01, 0.99},
		{"ocr-gt/eurotext.tif", "ocr-gt/eurotext.txt", "deu+eng", 0, 0.9},
		{"ocr-gt/scan-letter-en.jpg", "ocr-gt/letter-en.txt", "eng", 0, 0.96},
		{derived + "koma_letter-21_p1_clean.jpg", derived + "koma_letter-21_p1_clean.gt.txt", "deu+eng", 0, 0.95},
		{derived + "koma_letter-9_p1_fax.tif", derived + "koma_letter-9_p1_fax.gt.txt", "deu+eng", 0, 0.95},
		{derived + "koma_briefwbk2_p1_g4.tif", derived + "koma_briefwbk2_p1_g4.gt.txt", "deu+eng", 0, 0.9},
		{derived + "koma_satzung_p2_skew.jpg", derived + "koma_satzung_p2_skew.gt.txt", "deu+eng", 0.02, 0.97},
		{derived + "debian-reference.de_p40_clean.jpg", derived + "debian-reference.de_p40_clean.gt.txt", "deu+eng", 0, 0.97},
		{derived + "debian-reference.de_p90_low.jpg", derived + "debian-reference.de_p90_low.gt.txt", "deu+eng", 0, 0.95},
		{derived + "Hinweisblatt_Prozesskostenhilfe_p1_g4.tif", derived + "Hinweisblatt_Prozesskostenhilfe_p1_g4.gt.txt", "deu+eng", 0.01, 0.95},
		{derived + "Hinweisblatt_Prozesskostenhilfe_p3_pale.jpg", derived + "Hinweisblatt_Prozesskostenhilfe_p3_pale.gt.txt", "deu+eng", 0.01, 0.97},
		{derived + "zugferd_2p0_EN16931_Einfach_p1_clean.jpg", derived + "zugferd_2p0_EN16931_Einfach_p1_clean.gt.txt", "deu+eng", 0, 0.88},
		{derived + "zugferd_2p0_EN16931_Miete_p1_fax.tif", derived + "zugferd_2p0_EN16931_Miete_p1_fax.gt.txt", "deu+eng", 0, 0.94},
		{derived + "letter-de_p1_rot180.tif", derived + "letter-de_p1_rot180.gt.txt", "deu+eng", 0.02, 0.95},
		{derived + "Antrag_auf_Bewilligung_von_Beratungshilfe_p2_g4.tif", derived + "Antrag_auf_Bewilligung_von_Beratungshilfe_p2_g4.gt.txt", "deu+eng", 0, 0.92},
	}
	r := room(t, nil)
	for _, tc := range cases {
		t.Run(tc.file, func(t *testing.T) {
			truth, err := os.ReadFile(pipelinetest.Corpus(t, tc.truth))
			if err != nil {
				t.Fatal(err)
			}
			doc, texts := read(t, r, tc.language, pipelinetest.Corpus(t, tc.file))
			got := plain(texts[0])
			rate, words := errorRate(got, string(truth)), found(got, string(truth))
			t.Logf("CER %.2f %%, words %.1f %%, confidence %.2f, turn %d, %d ms, %q",
				100*rate, 100*words, doc.Pages[0].Reading.Confidence, doc.Pages[0].Reading.Turn, doc.Pages[0].Reading.Millis, doc.Pages[0].Reading.Actions)
			if tc.worst > 0 && rate > tc.worst {
				t.Errorf("%.2f %% of the characters are wrong, at most %.2f %% may be\n%s", 100*rate, 100*tc.worst, got)
			}
			if words < tc.words {
				t.Errorf("%.1f %% of the words were found, at least %.1f %% must be\n%s", 100*words, 100*tc.words, got)
			}
		})
	}
}
