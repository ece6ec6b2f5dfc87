package ocr

import (
	"fmt"
	"strings"

	"blattwerk/pipeline"
)

func damaged(err error) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.GiveBack,
		Code:    "damaged",
		Text: pipeline.Message{
			DE: "Das Bild ist beschädigt und lässt sich nicht öffnen. Bitte das Blatt neu scannen oder die Datei neu anfordern.",
			EN: "The picture is damaged and cannot be opened. Please scan the sheet again or ask for the file again.",
		},
		Err: err,
	}
}

func crashed(err error) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson,
		Code:    "reader-crashed",
		Text: pipeline.Message{
			DE: "Beim Lesen dieser Seite ist die Texterkennung zweimal abgestürzt. Bitte die Seite ansehen; oft hilft ein neuer Scan mit 300 dpi.",
			EN: "The text recognition crashed twice on this page. Please look at the page; a new scan at 300 dpi often helps.",
		},
		Err: err,
	}
}

func tooHeavy(err error) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson,
		Code:    "page-too-heavy",
		Text: pipeline.Message{
			DE: "Das Lesen dieser Seite dauert zu lange. Bitte die Seite ansehen; oft hilft ein neuer Scan mit 300 dpi.",
			EN: "Reading this page takes too long. Please look at the page; a new scan at 300 dpi often helps.",
		},
		Err: err,
	}
}

func languageMissing(names []string) *pipeline.Fault {
	packages := make([]string, len(names))
	for i, n := range names {
		packages[i] = packageOf(n)
	}
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson,
		Code:    "language-missing",
		Text: pipeline.Message{
			DE: fmt.Sprintf("Diese Sprache ist nicht eingerichtet: %s. Bitte eine andere Sprache wählen oder die Systembetreuung bitten, das Debian-Paket %s zu installieren.",
				strings.Join(names, ", "), strings.Join(packages, ", ")),
			EN: fmt.Sprintf("This language is not set up: %s. Please choose another language or ask your administrator to install the Debian package %s.",
				strings.Join(names, ", "), strings.Join(packages, ", ")),
		},
	}
}

// packageOf is the Debian package of a language: "chi_sim" is in
// tesseract-ocr-chi-sim.
func packageOf(language string) string {
	return "tesseract-ocr-" + strings.ToLower(strings.ReplaceAll(language, "_", "-"))
}

func languageInvalid(languages string) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson,
		Code:    "language-invalid",
		Text: pipeline.Message{
			DE: "Für dieses Schriftstück ist keine gültige Sprache gewählt. Bitte eine Sprache wählen, zum Beispiel deu+eng.",
			EN: "No valid language is chosen for this document. Please choose one, for example deu+eng.",
		},
		Err: fmt.Errorf("language %q", languages),
	}
}
