package ocr

import "testing"

func TestSectionsComeOneAfterTheOther(t *testing.T) {
	order, here := sectionsTaken()
	if order != "12ab3" {
		t.Errorf("sections were taken in the order %q, want 12ab3", order)
	}
	if !here {
		t.Error("the dynamic linker takes the library's OpenMP before the program's")
	}
}
