package inbox

import (
	"bytes"
	"encoding/binary"
	"io"
)

// ended says whether the end of a file is there, as far as its kind shows it.
// Whether it can be opened is another question.
func ended(r io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 1024))
	if n, err := r.ReadAt(head, 0); n < len(head) && err != nil {
		return false
	}
	switch {
	case size == 0:
		return false
	case bytes.Contains(head, []byte("%PDF-")): // up to 1024 bytes of junk may come before
		return bytes.Contains(tail(r, size, 2048), []byte("%%EOF"))
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return bytes.Contains(tail(r, size, 4096), []byte{0xFF, 0xD9})
	case bytes.HasPrefix(head, []byte("II*\x00")):
		return directory(head, size, binary.LittleEndian)
	case bytes.HasPrefix(head, []byte("MM\x00*")):
		return directory(head, size, binary.BigEndian)
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return bytes.Contains(tail(r, size, 64), []byte("IEND"))
	}
	return true
}

// directory says whether the first directory of a TIFF lies within the file.
// Scanners write it last.
func directory(head []byte, size int64, order binary.ByteOrder) bool {
	if len(head) < 8 {
		return false
	}
	const smallest = 2 + 12 + 4 // one entry
	return int64(order.Uint32(head[4:8]))+smallest <= size
}

func tail(r io.ReaderAt, size int64, n int64) []byte {
	b := make([]byte, min(size, n))
	got, err := r.ReadAt(b, size-int64(len(b)))
	if err != nil && err != io.EOF {
		return nil
	}
	return b[:got]
}
