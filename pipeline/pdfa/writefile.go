package pdfa

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math"
	"strconv"
)

// Limits of a PDF file (ISO 19005-2, 6.1.13; ISO 32000-1, 7.5.4 for the ten
// digits of an offset).
const (
	maxObjects = 8_388_607
	maxOffset  = 9_999_999_999
)

// objectWriter writes the objects of a PDF file one after the other and keeps
// only where each began. An error stays: what follows it does nothing.
type objectWriter struct {
	w       io.Writer
	sum     hash.Hash // of every byte written
	at      int64     // bytes written
	offsets []int64   // by object number less one; 0 is not written yet
	err     error
}

func newObjectWriter(w io.Writer) *objectWriter {
	o := &objectWriter{w: w, sum: sha256.New()}
	// The comment tells transfer programs that the file is binary (ISO 19005-2, 6.1.2).
	o.print("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return o
}

// Write adds bytes as they are.
func (o *objectWriter) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.sum.Write(p[:n])
	o.at += int64(n)
	if err == nil && o.at > maxOffset {
		err = fmt.Errorf("a PDF file ends at %d bytes", int64(maxOffset))
	}
	o.err = err
	return n, err
}

func (o *objectWriter) print(s string) { _, _ = io.WriteString(o, s) }

// reserve gives the number of an object that is written later.
func (o *objectWriter) reserve() int {
	if len(o.offsets) >= maxObjects && o.err == nil {
		o.err = fmt.Errorf("a PDF/A file holds at most %d objects", maxObjects)
	}
	o.offsets = append(o.offsets, 0)
	return len(o.offsets)
}

func (o *objectWriter) begin(number int) {
	o.offsets[number-1] = o.at
	o.print(strconv.Itoa(number) + " 0 obj\n")
}

// object writes a whole object under a reserved number.
func (o *objectWriter) object(number int, body string) {
	o.begin(number)
	o.print(body + "\nendobj\n")
}

// stream writes a stream of known length; dict is its entries besides Length.
// Bytes that turn out more or fewer are an error.
func (o *objectWriter) stream(number int, dict string, length int64, body func(io.Writer) error) {
	o.begin(number)
	o.print("<< " + dict + " /Length " + strconv.FormatInt(length, 10) + " >>\nstream\n")
	if o.err != nil {
		return
	}
	start := o.at
	if err := body(o); err != nil && o.err == nil {
		o.err = err
	}
	if written := o.at - start; written != length && o.err == nil {
		o.err = fmt.Errorf("a stream of %d bytes was announced, %d came", length, written)
	}
	o.print("\nendstream\nendobj\n")
}

// bytes writes a stream as it is.
func (o *objectWriter) bytes(number int, dict string, body []byte) {
	o.stream(number, dict, int64(len(body)), func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// deflated writes a stream compressed.
func (o *objectWriter) deflated(number int, dict string, body []byte) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	if dict != "" {
		dict += " "
	}
	o.bytes(number, dict+"/Filter /FlateDecode", packed.Bytes())
}

// finish writes the table of objects and the trailer, whose ID is the hash of
// everything before it: the same content gives the same file.
func (o *objectWriter) finish(root, info int) error {
	id := o.sum.Sum(nil)[:16]
	table := o.at
	o.print("xref\n0 " + strconv.Itoa(len(o.offsets)+1) + "\n0000000000 65535 f \n")
	for i, offset := range o.offsets {
		if offset == 0 && o.err == nil {
			o.err = fmt.Errorf("object %d was reserved and never written", i+1)
		}
		o.print(fmt.Sprintf("%010d 00000 n \n", offset))
	}
	o.print(fmt.Sprintf("trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(o.offsets)+1, root, info, id, id, table))
	return o.err
}

// number formats a number for PDF: no exponent, four decimals (a 7000th of a
// millimetre where it is a length).
func number(f float64) string {
	f = math.Round(f*1e4) / 1e4
	if f == 0 {
		return "0" // also for -0
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// reference names an object.
func reference(number int) string { return strconv.Itoa(number) + " 0 R" }

// textString formats a text for PDF (ISO 32000-1, 7.9.2.2): UTF-16 with its mark
// unless plain ASCII does.
func textString(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if !plain {
		return "<FEFF" + utf16Hex(s) + ">"
	}
	out := []byte{'('}
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(append(out, ')'))
}
