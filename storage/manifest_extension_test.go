package storage

import "testing"

func TestExtension(t *testing.T) {
	for _, tc := range []struct{ media, name, want string }{
		{"application/pdf", "Brief.exe", ".pdf"},
		{"message/rfc822", "", ".eml"},
		{"application/vnd.openxmlformats-officedocument", "Antrag.DOCX", ".docx"},
		{"application/vnd.openxmlformats-officedocument", "Antrag.exe", ".zip"},
		{"application/vnd.oasis.opendocument", "", ".zip"},
		{"application/x-ole-storage", "liste.xls", ".xls"},
		{"application/x-ole-storage", "setup.msi", ".bin"},
		{"text/plain; charset=utf-8", "x", ".txt"},
		{"application/x-unknown", "a.docx", ".bin"},
	} {
		if got := extension(tc.media, tc.name); got != tc.want {
			t.Errorf("%s %q: %q, want %q", tc.media, tc.name, got, tc.want)
		}
	}
}
