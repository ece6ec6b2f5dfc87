package route

import (
	"context"
	"slices"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/separate"
)

// reopened lets a letter whose pages are arranged pass the opening: its pictures
// are there, and opening the file again would bring other people's pages back.
func reopened(open pipeline.StepFunc) pipeline.StepFunc {
	return func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
		if doc.Arranged() {
			return doc.Unread(), nil
		}
		return open(ctx, doc, blobs)
	}
}

// marked lets what barcodes say count beside what was read: an archive serial
// number is a field of the letter, and department and document type on a cover
// sheet are the word of the person who laid the sheet on the stack
// ([classify.Room.Told]).
func marked(room *classify.Room) pipeline.StepFunc {
	return func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
		out, err := room.Step(ctx, doc, blobs)
		if f := pipeline.AsFault(err); f != nil && f.Verdict != pipeline.AskPerson || out.Filing == nil || len(doc.Marks) == 0 {
			return out, err
		}
		filing := *out.Filing
		filing.Fields = slices.Clone(filing.Fields)
		for _, m := range doc.Marks {
			if m.Name == separate.MarkASN && !slices.ContainsFunc(filing.Fields, func(f pipeline.Field) bool { return f.Name == m.Name }) {
				filing.Fields = append(filing.Fields, m)
			}
		}
		out.Filing = &filing
		if out.Cut != nil { // it is no letter yet
			return out, err
		}
		dept, code := mark(doc, separate.MarkDepartment), mark(doc, separate.MarkType)
		if dept == "" && code == "" {
			return out, err
		}
		told, err := room.Told(out, pipeline.DeptID(dept), pipeline.TypeCode(code), coverSheet(doc), err)
		out.Filing = &told
		return out, err
	}
}

// mark is what a barcode says about a letter; "" if nothing.
func mark(doc pipeline.Document, name string) string {
	for _, m := range doc.Marks {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}

// coverSheet names who decided by laying a cover sheet on a stack.
func coverSheet(doc pipeline.Document) string {
	if doc.Delivery.Operator != "" {
		return doc.Delivery.Operator + " (Deckblatt)"
	}
	return "Deckblatt"
}

// reconciled holds the first letter of a batch that has other letters than its
// cover sheet announces, until a person has looked: by deciding on its filing, or
// by putting its pages in order. The other letters go on.
func reconciled(archive pipeline.StepFunc) pipeline.StepFunc {
	return func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
		for _, m := range doc.Remarks {
			if m.Step == pipeline.StepSeparate && m.Code == separate.CountRemark && !looked(doc) {
				return doc, &pipeline.Fault{Verdict: pipeline.AskPerson, Code: m.Code, Page: 0, Text: pipeline.Message{
					DE: m.Text.DE + " Bitte den Papierstapel prüfen und die Ablage dieses Schriftstücks bestätigen; dann geht es weiter.",
					EN: m.Text.EN + " Please check the stack of paper and confirm the filing of this document; then it goes on.",
				}}
			}
		}
		return archive(ctx, doc, blobs)
	}
}

// accounted lets a letter that was archived before and filed anew keep its entries:
// books are only ever added to, and what was spared was spared then.
func accounted(account pipeline.StepFunc) pipeline.StepFunc {
	return func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
		if len(doc.Savings) > 0 {
			return doc, nil
		}
		return account(ctx, doc, blobs)
	}
}

// looked says whether a person decided on the letter itself, not only by laying a
// cover sheet on the stack.
func looked(doc pipeline.Document) bool {
	return doc.ArrangedBy != "" || doc.Filing != nil && doc.Filing.DecidedBy != "" && doc.Filing.DecidedBy != coverSheet(doc)
}
