package pdfa

import (
	"strings"

	"golang.org/x/text/language"
)

// undetermined is the language tag of a text in no known language (BCP 47).
const undetermined = "und"

// languageTag brings a language into the form of BCP 47, "de-DE": from that form
// itself or from the names that tesseract uses, of which the first counts
// ("deu+eng"). What it does not know becomes "und".
func languageTag(s string) string {
	s, _, _ = strings.Cut(s, "+")
	s, _, _ = strings.Cut(s, "_") // "chi_sim", "deu_latf"
	switch s {
	case "frk": // tesseract's German in Fraktur; to ISO 639 it is Frankish
		return "de"
	case "", "osd", "equ", "script":
		return undetermined
	}
	tag, err := language.Parse(s)
	if err != nil {
		return undetermined
	}
	return tag.String()
}
