package web_test

import (
	"testing"
	"time"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

// savingsPages are pages of the sustainability desk, one of each kind.
var savingsPages = []string{
	"/savings?all=1", "/savings/table?by=event", "/savings/method", "/savings/factors?change=scanner-kwh", "/savings/baseline?kind=sample", "/savings/reports",
}

// moreSavingsPages differ from them in little.
var moreSavingsPages = []string{
	"/savings", "/savings?year=1999", "/savings?department=20", "/savings?type=20-RECH", "/savings/table", "/savings/table?by=department&quantity=co2e",
	"/savings/table?by=type", "/savings/factors", "/savings/factors?change=strom24", "/savings/baseline", "/savings/baseline?kind=purchase",
	"/savings/baseline?kind=target", "/savings/baseline?kind=start", "/savings/baseline?kind=staff", "/savings/baseline?kind=volume",
	"/savings/baseline?kind=reprint", "/savings/baseline?kind=digital-reply", "/savings/baseline?kind=trip", "/savings/baseline?kind=server",
	"/savings/baseline?kind=rescan",
}

// testBooks are the real books over a catalogue.
func testBooks(t *testing.T, rows *catalog.Catalog) web.Books {
	t.Helper()
	books, err := savings.New(savings.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return keeper.New(keeper.Config{Rows: rows, Books: books, Zone: time.UTC, Town: "Musterstadt", Names: func(_, key string) string { return "Name " + key }})
}
