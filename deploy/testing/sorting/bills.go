package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
)

// looks are how an invoice reaches the town: as the file that was sent, or as
// paper through a scanner.
var looks = []string{"as sent: fields from the XML", "as sent, XML taken away: text of the pages", "rendered at 300 dpi, clean", "scanned-like at 300 dpi: skewed, grey, noisy, JPEG", "scanned-like at 200 dpi"}

// billFields are the fields that are compared.
var billFields = []string{"rechnungsnr", "rechnungsdatum", "betrag", "iban"}

// bills is what was read of the invoices in one look.
type bills struct {
	look           string
	there          map[string]int // invoices whose XML has the field
	offered, right map[string]int
	broken         int // values offered whose check digits do not hold
	wrong          []string
}

// readBills reads every invoice of the corpus in the given looks, with the
// program's own stations, and compares with its XML.
func readBills(ctx context.Context, folder, program string, chosen ...int) ([]bills, error) {
	files, err := filepath.Glob(filepath.Join(folder, "german", "rechnung", "*.pdf"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no invoices in %s: %w", folder, fs.ErrNotExist)
	}
	rooms, err := route.New(route.Config{
		Program: program, ReaderMemory: 900 << 20, PageDeadline: 90e9, MaxBytes: 64 << 20, MaxPages: 50, MaxPixels: 150e6,
	})
	if err != nil {
		return nil, err
	}
	defer rooms.Close()
	var out []bills
	for _, i := range chosen {
		look := looks[i]
		b := bills{look: look, there: map[string]int{}, offered: map[string]int{}, right: map[string]int{}}
		for _, file := range files {
			truth, err := truthOf(strings.TrimSuffix(file, ".pdf") + ".xml")
			if err != nil {
				return nil, err
			}
			filing, err := fileBill(ctx, rooms, file, i)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", filepath.Base(file), look, err)
			}
			b.compare(strings.TrimSuffix(filepath.Base(file), ".pdf"), truth, filing)
		}
		out = append(out, b)
	}
	return out, nil
}

// compare counts the best reading of each field. What is offered for a field that
// the XML lacks counts as wrong.
func (b *bills) compare(name string, truth map[string]string, f pipeline.Filing) {
	for _, field := range billFields {
		want := truth[field]
		if want != "" {
			b.there[field]++
		}
		got := ""
		for _, x := range f.Fields {
			if x.Name != field {
				continue
			}
			if got == "" {
				got = x.Value
			}
			if field == "iban" && !x.Checked {
				b.broken++
			}
		}
		if got == "" {
			continue
		}
		b.offered[field]++
		if got == want {
			b.right[field]++
		} else {
			b.wrong = append(b.wrong, fmt.Sprintf("%s: %s %q, XML %q", name, field, got, want))
		}
	}
}

// fileBill walks one invoice from the file to its filing.
func fileBill(ctx context.Context, rooms *route.Rooms, file string, look int) (pipeline.Filing, error) {
	work, err := os.MkdirTemp("", "sorting-")
	if err != nil {
		return pipeline.Filing{}, err
	}
	defer os.RemoveAll(work)
	store, err := storage.OpenDir(filepath.Join(work, "store"))
	if err != nil {
		return pipeline.Filing{}, err
	}
	blobs := storage.NewBlobs(store)
	paths := []string{file}
	switch look {
	case 2:
		paths, err = render(ctx, file, work, 300, nil)
	case 3:
		paths, err = render(ctx, file, work, 300, scanned)
	case 4:
		paths, err = render(ctx, file, work, 200, scanned)
	}
	if err != nil {
		return pipeline.Filing{}, err
	}
	var whole pipeline.Document
	for _, path := range paths {
		doc, err := read(ctx, rooms, blobs, path)
		if err != nil {
			return pipeline.Filing{}, err
		}
		for _, p := range doc.Pages {
			p.No = len(whole.Pages) + 1
			whole.Pages = append(whole.Pages, p)
		}
		whole.Source = doc.Source
	}
	if look != 0 && whole.Source != nil {
		whole.Source = &pipeline.Findings{Kind: whole.Source.Kind}
	}
	whole, err = rooms.Classify.Step(ctx, whole, blobs)
	if f := pipeline.AsFault(err); f != nil && f.Verdict != pipeline.AskPerson {
		return pipeline.Filing{}, err
	}
	return *whole.Filing, nil
}

func read(ctx context.Context, rooms *route.Rooms, blobs pipeline.Blobs, path string) (pipeline.Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return pipeline.Document{}, err
	}
	defer f.Close()
	blob, err := blobs.Put(ctx, f)
	if err != nil {
		return pipeline.Document{}, err
	}
	doc := pipeline.Document{ID: "bill", Delivery: pipeline.Delivery{
		Original: blob, Name: filepath.Base(path), Language: "deu+eng", Mode: pipeline.ModeSkip,
	}}
	return route.Walk(ctx, []pipeline.Step{
		{Name: pipeline.StepOpen, Run: rooms.Scan.Step}, {Name: pipeline.StepRead, Run: rooms.OCR.Step},
	}, doc, blobs)
}

// render makes pictures of the pages with poppler, and spoils them if asked.
func render(ctx context.Context, file, work string, dpi int, spoil func(path string) (string, error)) ([]string, error) {
	root := filepath.Join(work, "page")
	out, err := exec.CommandContext(ctx, "pdftoppm", "-r", strconv.Itoa(dpi), "-gray", "-png", file, root).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w: %s", err, out)
	}
	paths, err := filepath.Glob(root + "*.png")
	if err != nil || spoil == nil {
		return paths, err
	}
	for i := range paths {
		if paths[i], err = spoil(paths[i]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// truthOf reads the fields out of an invoice's XML, by other code than the
// program's own.
func truthOf(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var cii struct {
		Number  string   `xml:"ExchangedDocument>ID"`
		Date    string   `xml:"ExchangedDocument>IssueDateTime>DateTimeString"`
		Total   string   `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeSettlement>SpecifiedTradeSettlementHeaderMonetarySummation>GrandTotalAmount"`
		Debtor  []string `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeSettlement>SpecifiedTradeSettlementPaymentMeans>PayerPartyDebtorFinancialAccount>IBANID"`
		Account []string `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeSettlement>SpecifiedTradeSettlementPaymentMeans>PayeePartyCreditorFinancialAccount>IBANID"`
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(raw, &cii); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	d := strings.TrimSpace(cii.Date)
	truth := map[string]string{"rechnungsnr": strings.TrimSpace(cii.Number), "rechnungsdatum": d[:4] + "-" + d[4:6] + "-" + d[6:]}
	total, err := strconv.ParseFloat(strings.TrimSpace(cii.Total), 64)
	if err != nil {
		return nil, fmt.Errorf("%s: the total: %w", filepath.Base(path), err)
	}
	truth["betrag"] = strconv.FormatFloat(total, 'f', 2, 64) + " EUR"
	// The account to pay to; in a notice of direct debit the one that is debited.
	for _, a := range append(cii.Account, cii.Debtor...) {
		if a = strings.TrimSpace(a); a != "" && truth["iban"] == "" {
			truth["iban"] = a
		}
	}
	return truth, nil
}
