package pdfa

import (
	"context"
	"errors"
	"fmt"

	"blattwerk/pipeline"
)

// pageFault says for a clerk what is wrong with a page; errors that are not the
// page's (a store that fails, a context that ended) stay what they are.
func pageFault(page int, err error) error {
	var fault *pipeline.Fault
	if errors.As(err, &fault) {
		if fault.Page != 0 {
			return err
		}
		named := *fault
		named.Page = page
		return &named
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	fault = &pipeline.Fault{Verdict: pipeline.AskPerson, Page: page, Err: err}
	switch {
	case errors.Is(err, errNotJPEG), errors.Is(err, errPNG), errors.Is(err, errDamaged):
		fault.Code = "picture-damaged"
		fault.Text = pipeline.Message{
			DE: fmt.Sprintf("Das Bild von Seite %d ist beschädigt oder unvollständig. Bitte die Seite neu scannen.", page),
			EN: fmt.Sprintf("The picture of page %d is damaged or incomplete. Please scan the page again.", page),
		}
	case errors.Is(err, errUnsupported), errors.Is(err, errJPX):
		fault.Code = "picture-unsupported"
		fault.Text = pipeline.Message{
			DE: fmt.Sprintf("Das Bild von Seite %d hat ein Format, das nicht archiviert werden kann. Bitte als JPEG, PNG oder TIFF neu scannen.", page),
			EN: fmt.Sprintf("The picture of page %d has a format that cannot be archived. Please scan it again as JPEG, PNG or TIFF.", page),
		}
	case errors.Is(err, errTooManyCharacters):
		fault.Code = "too-many-characters"
		fault.Text = pipeline.Message{
			DE: fmt.Sprintf("Das Schriftstück enthält mehr als %d verschiedene Schriftzeichen; so viele fasst eine PDF-Datei hier nicht. Bitte in kleinere Schriftstücke teilen.", maxCodes),
			EN: fmt.Sprintf("The document holds more than %d different characters, more than one PDF file can hold here. Please split it into smaller documents.", maxCodes),
		}
	default:
		return fmt.Errorf("writing page %d: %w", page, err)
	}
	return fault
}

func errPageSize(leaf Leaf) error {
	const cmPerPoint = 2.54 / 72
	w, h := leaf.WidthPt*cmPerPoint, leaf.HeightPt*cmPerPoint
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson, Code: "page-size",
		Text: pipeline.Message{
			DE: fmt.Sprintf("Die Seite wäre %.2f × %.2f cm groß. PDF/A erlaubt Seiten von 0,11 cm bis 508 cm. Vermutlich gibt der Scanner eine falsche Auflösung (dpi) an; bitte die Einstellung prüfen und neu scannen.", w, h),
			EN: fmt.Sprintf("The page would measure %.2f × %.2f cm. PDF/A allows pages from 0.11 cm to 508 cm. The scanner probably states a wrong resolution (dpi); please check its settings and scan again.", w, h),
		},
	}
}

func errNoPages() error {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson, Code: "no-pages",
		Text: pipeline.Message{
			DE: "Das Schriftstück hat keine Seiten. Bitte prüfen, ob die Lieferung vollständig ist.",
			EN: "The document has no pages. Please check whether the delivery is complete.",
		},
	}
}

func errNoPicture(page int) error {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson, Code: "no-picture", Page: page,
		Text: pipeline.Message{
			DE: fmt.Sprintf("Von Seite %d gibt es kein Bild. Bitte die Seite neu scannen.", page),
			EN: fmt.Sprintf("There is no picture of page %d. Please scan the page again.", page),
		},
	}
}

// errGateClosed is a mistake of this room: it wrote a file that breaks rules.
// Trying again would write it again, so that a person has to know.
func errGateClosed(check pipeline.Validation) error {
	rules := make([]string, 0, len(check.Breaks))
	for _, b := range check.Breaks {
		rules = append(rules, b.Rule)
	}
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson, Code: "pdfa-invalid",
		Text: pipeline.Message{
			DE: "Die erzeugte PDF/A-Datei hat die Prüfung nicht bestanden und wird deshalb nicht archiviert. Das Original ist sicher aufbewahrt. Bitte die Systembetreuung verständigen.",
			EN: "The PDF/A file that was made did not pass the check and is therefore not archived. The original is kept safe. Please tell the people who run the system.",
		},
		Err: fmt.Errorf("checked for %q, got %q (valid: %t): breaks %v", flavour, check.Flavour, check.Valid, rules),
	}
}

// blanksLeftOut tells a clerk that blank backs are not in the file.
func blanksLeftOut(n int) pipeline.Message {
	if n == 1 {
		return pipeline.Message{DE: "Eine leere Rückseite wurde weggelassen.", EN: "One blank back was left out."}
	}
	return pipeline.Message{DE: fmt.Sprintf("%d leere Rückseiten wurden weggelassen.", n), EN: fmt.Sprintf("%d blank backs were left out.", n)}
}
