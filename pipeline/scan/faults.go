package scan

import (
	"fmt"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// giveBack is a fault of the bytes themselves.
func giveBack(code, de, en string) *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: code, Text: pipeline.Message{DE: de, EN: en}}
}

func empty() *pipeline.Fault {
	return giveBack("empty",
		"Die Datei ist leer. Bitte das Blatt neu scannen oder die Datei neu anfordern.",
		"The file is empty. Please scan the sheet again or ask for the file again.")
}

func truncated() *pipeline.Fault {
	return giveBack("truncated",
		"Das Bild bricht ab: Die Datei ist unvollständig angekommen. Bitte das Blatt neu scannen oder die Datei neu anfordern.",
		"The picture breaks off: the file arrived incomplete. Please scan the sheet again or ask for the file again.")
}

// damaged is a file that contradicts itself. The reason is for the log.
func damaged(format string, args ...any) *pipeline.Fault {
	f := giveBack("damaged",
		"Das Bild ist beschädigt und lässt sich nicht öffnen. Bitte das Blatt neu scannen oder die Datei neu anfordern.",
		"The picture is damaged and cannot be opened. Please scan the sheet again or ask for the file again.")
	f.Err = fmt.Errorf(format, args...)
	return f
}

// unsupported is a rare variety of a known format.
func unsupported(format string, args ...any) *pipeline.Fault {
	f := giveBack("unsupported-variety",
		"Diese seltene Form eines Bildformats kann Blattwerk nicht öffnen. Bitte als PDF, JPEG, PNG oder gewöhnliches TIFF neu speichern.",
		"Blattwerk cannot open this rare variety of a picture format. Please save it again as PDF, JPEG, PNG or ordinary TIFF.")
	f.Err = fmt.Errorf(format, args...)
	return f
}

func bigTIFF() *pipeline.Fault {
	return giveBack("bigtiff",
		"Diese Datei ist ein BigTIFF, das Blattwerk nicht öffnet. Bitte als gewöhnliches TIFF oder als PDF neu speichern.",
		"This file is a BigTIFF, which Blattwerk does not open. Please save it again as ordinary TIFF or as PDF.")
}

func animated() *pipeline.Fault {
	return giveBack("animated",
		"Diese Datei ist ein bewegtes Bild. Bitte ein einzelnes Bild oder ein PDF schicken.",
		"This file is a moving picture. Please send a single picture or a PDF.")
}

func tooManyPixels(width, height, limit int64) *pipeline.Fault {
	return giveBack("too-many-pixels",
		fmt.Sprintf("Das Bild hat %s x %s Bildpunkte; mehr als %s Millionen nimmt Blattwerk nicht an. Bitte mit 300 dpi neu scannen.",
			grouped(width, "."), grouped(height, "."), grouped(limit/1_000_000, ".")),
		fmt.Sprintf("The picture has %s x %s pixels; Blattwerk takes no more than %s million. Please scan again at 300 dpi.",
			grouped(width, ","), grouped(height, ","), grouped(limit/1_000_000, ",")))
}

// tooManyWhole is a picture that is not too large in itself, but in the form in which
// it was saved.
func tooManyWhole(p Picture, limit int64) *pipeline.Fault {
	return giveBack("too-many-pixels",
		fmt.Sprintf("Das Bild hat %s x %s Bildpunkte; in dieser Form nimmt Blattwerk nicht mehr als %s Millionen an. Bitte %s oder mit 300 dpi neu scannen.",
			grouped(int64(p.Width), "."), grouped(int64(p.Height), "."), grouped(limit/1_000_000, "."), p.whole.de),
		fmt.Sprintf("The picture has %s x %s pixels; in this form Blattwerk takes no more than %s million. Please %s or scan again at 300 dpi.",
			grouped(int64(p.Width), ","), grouped(int64(p.Height), ","), grouped(limit/1_000_000, ","), p.whole.en))
}

func tooLarge(size, limit int64) *pipeline.Fault {
	return giveBack("too-large",
		fmt.Sprintf("Die Datei ist mit %s MB zu groß; mehr als %s MB nimmt Blattwerk nicht an. Bitte in mehreren Teilen oder mit 300 dpi scannen.",
			grouped(size>>20, "."), grouped(limit>>20, ".")),
		fmt.Sprintf("The file of %s MB is too large; Blattwerk takes no more than %s MB. Please scan in several parts or at 300 dpi.",
			grouped(size>>20, ","), grouped(limit>>20, ",")))
}

func tooManyPages(limit int) *pipeline.Fault {
	return giveBack("too-many-pages",
		fmt.Sprintf("Die Datei hat mehr als %s Seiten. Bitte in mehreren Teilen scannen.", grouped(int64(limit), ".")),
		fmt.Sprintf("The file has more than %s pages. Please scan in several parts.", grouped(int64(limit), ",")))
}

// heifMissing is a phone picture on a machine that lacks its decoder.
func heifMissing(err error) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.TryAgain, Code: "missing-program",
		Text: pipeline.Message{
			DE: "Auf dem Server fehlt das Programm, das Handyfotos (HEIC, AVIF) öffnet. Die Systembetreuung muss das Paket " + heifPackage + " installieren.",
			EN: "The program that opens phone pictures (HEIC, AVIF) is missing on the server. The administrator has to install the package " + heifPackage + ".",
		},
		Err: err,
	}
}

// tooHeavy is a phone picture that was too much for its decoder.
func tooHeavy(err error) *pipeline.Fault {
	return &pipeline.Fault{
		Verdict: pipeline.AskPerson, Code: "picture-too-heavy",
		Text: pipeline.Message{
			DE: "Dieses Handyfoto zu öffnen braucht zu viel Zeit oder Speicher. Bitte als JPEG oder PDF schicken lassen; am iPhone: Einstellungen, Kamera, Formate, „Maximale Kompatibilität“.",
			EN: "Opening this phone picture takes too much time or memory. Please ask for it as JPEG or PDF; on an iPhone: Settings, Camera, Formats, “Most Compatible”.",
		},
		Err: err,
	}
}

// notAPicture says what a file is that cannot become pages.
func notAPicture(media string) *pipeline.Fault {
	switch media {
	case mediaOOXML, mediaODF, mediaOLE, mediaRTF:
		return giveBack("office-document",
			"Das ist eine Office-Datei. Bitte im Schreibprogramm öffnen und als PDF speichern.",
			"This is an office file. Please open it in the word processor and save it as PDF.")
	case mediaZip:
		return giveBack("archive-file",
			"Das ist ein gepacktes Archiv. Bitte entpacken und die Dateien einzeln übergeben.",
			"This is a packed archive. Please unpack it and hand in the files one by one.")
	case mediaMail:
		return giveBack("mail",
			"Das ist eine E-Mail. Bitte ihre Anhänge einzeln übergeben oder die E-Mail als PDF drucken.",
			"This is an e-mail. Please hand in its attachments one by one or print the e-mail to PDF.")
	case mediaPS:
		return giveBack("postscript",
			"Das ist eine PostScript-Datei. Bitte als PDF speichern.",
			"This is a PostScript file. Please save it as PDF.")
	}
	return giveBack("unknown-format",
		"Diese Datei ist kein Bild und kein PDF. Blattwerk nimmt PDF, TIFF, JPEG und PNG an. Bitte das Schriftstück als PDF speichern oder scannen.",
		"This file is neither a picture nor a PDF. Blattwerk takes PDF, TIFF, JPEG and PNG. Please save the letter as PDF or scan it.")
}

// grouped writes a number with a mark between groups of three digits.
func grouped(n int64, mark string) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteRune(d)
	}
	return b.String()
}
