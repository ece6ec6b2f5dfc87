package route

import (
	"context"

	"blattwerk/pipeline"
)

// OnePage opens a file that a person hands in for one page of a letter: a sheet
// that was scanned again. It gives the page and what opening remarked on it.
//
// A file of several pages, or one that was never a sheet, is given back: which of
// its pages replaces which is not guessed.
func (r *Rooms) OnePage(ctx context.Context, d pipeline.Delivery, blobs pipeline.Blobs) (pipeline.Page, []pipeline.Remark, error) {
	doc, err := r.Scan.Step(ctx, pipeline.Document{ID: "rescan", Delivery: d}, blobs)
	if err != nil {
		return pipeline.Page{}, nil, err
	}
	switch src := doc.Source; {
	case len(doc.Pages) != 1:
		return pipeline.Page{}, nil, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "several-pages", Text: pipeline.Message{
			DE: "Diese Datei hat mehrere Seiten. Bitte nur das eine Blatt einlegen, mit einer Seite scannen und noch einmal übergeben.",
			EN: "This file has several pages. Please put in the one sheet only, scan one side of it and hand it in again.",
		}}
	case doc.Pages[0].Image.Digest == "", src != nil && (src.BornDigital || src.Rendition.Digest != ""):
		return pipeline.Page{}, nil, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "no-scan", Text: pipeline.Message{
			DE: "Diese Datei ist kein Scan eines Blattes. Bitte das Blatt scannen oder fotografieren und als Bild oder PDF übergeben.",
			EN: "This file is no scan of a sheet. Please scan the sheet or take a photo of it and hand it in as a picture or PDF.",
		}}
	}
	return doc.Pages[0], doc.Remarks, nil
}
