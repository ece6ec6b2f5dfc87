package separate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Sheet is what one of our own printed sheets says. Its barcodes carry it as text,
// version 1:
//
//	BW1:C:B=2026-1127-01:D=32:T=32-OWI:R=20261127:N=47:P=D:K=5E1F
//	BW1:S:K=0C2A
//
// BW1 is the version, C a cover sheet (Deckblatt) that begins a batch and says
// what is in it, S a separator sheet (Trennblatt) that may be used again and
// again. Then come members as NAME=VALUE, in this order, empty ones left out: B
// number of the batch, D department, T document type, R day of receipt, N number of
// letters, A the
// first of the archive serial numbers on their labels, P profile (letters in a row: D fronts first, then backs; L blank
// sheets part letters; A labels with archive serial numbers begin letters). K, at
// the end, is the CRC-16 (CCITT, initial value FFFF) of all that stands before
// ":K=", four hexadecimal digits: it tells our codes from others that begin
// alike. Only signs of the alphanumeric mode of QR codes occur, so that the codes
// stay small. Readers ignore members that they do not know; a change that would
// mislead them makes another version.
type Sheet struct {
	Cover      bool
	Batch      string // capital letters, digits, "-" and ".", at most 24
	Department pipeline.DeptID
	Type       pipeline.TypeCode
	Received   time.Time // a day; zero: not said
	Expected   int       // letters in the batch, up to 9999; 0: not said
	FirstLabel int64     // archive serial number of the first letter, the others follow; 0: not said
	Paper      pipeline.Paper
}

const sheetPrefix = "BW1:"

// Errors of reading a sheet.
var (
	errForeign = errors.New("not one of our codes")
	errCheck   = errors.New("the checksum is wrong")
)

var member = regexp.MustCompile(`^[A-Z0-9.-]{1,24}$`)

// Encode is the text for the barcodes of a sheet. It refuses values that it could
// not read back.
func (s Sheet) Encode() (string, error) {
	kind := "S"
	if s.Cover {
		kind = "C"
	}
	text := sheetPrefix + kind
	add := func(name, value string) error {
		if value == "" {
			return nil
		}
		if !member.MatchString(value) {
			return fmt.Errorf("a barcode cannot carry %q: capital letters, digits, point and hyphen only, at most 24", value)
		}
		text += ":" + name + "=" + value
		return nil
	}
	day, count := "", ""
	if !s.Received.IsZero() {
		day = s.Received.Format("20060102")
	}
	if s.Expected < 0 || s.Expected > 9999 {
		return "", fmt.Errorf("%d letters are no number for a batch", s.Expected)
	}
	if s.Expected > 0 {
		count = strconv.Itoa(s.Expected)
	}
	first := ""
	if s.FirstLabel > 0 {
		first = strconv.FormatInt(s.FirstLabel, 10)
	}
	if err := errors.Join(add("B", s.Batch), add("D", string(s.Department)), add("T", string(s.Type)), add("R", day),
		add("N", count), add("A", first), add("P", profile(s.Paper))); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:K=%04X", text, crc16(text)), nil
}

// ParseSheet reads the text of a barcode. It answers an error for codes that are
// none of ours, and another for ours that were damaged.
func ParseSheet(text string) (Sheet, error) {
	if !strings.HasPrefix(text, sheetPrefix) {
		return Sheet{}, errForeign
	}
	body, check, found := cutLast(text, ":K=")
	if !found || fmt.Sprintf("%04X", crc16(body)) != check {
		return Sheet{}, errCheck
	}
	var s Sheet
	parts := strings.Split(body[len(sheetPrefix):], ":")
	switch parts[0] {
	case "C":
		s.Cover = true
	case "S":
	default:
		return Sheet{}, errCheck
	}
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(p, "=")
		if !member.MatchString(value) {
			return Sheet{}, errCheck
		}
		switch name {
		case "B":
			s.Batch = value
		case "D":
			s.Department = pipeline.DeptID(value)
		case "T":
			s.Type = pipeline.TypeCode(value)
		case "R":
			s.Received, _ = time.Parse("20060102", value)
		case "N":
			s.Expected, _ = strconv.Atoi(value)
		case "A":
			s.FirstLabel, _ = strconv.ParseInt(value, 10, 64)
		case "P":
			s.Paper = pipeline.Paper{
				FrontsThenBacks: strings.Contains(value, "D"), BlankParts: strings.Contains(value, "L"), LabelParts: strings.Contains(value, "A"),
			}
		}
	}
	return s, nil
}

func profile(p pipeline.Paper) string {
	var s string
	for _, f := range []struct {
		on     bool
		letter string
	}{{p.FrontsThenBacks, "D"}, {p.BlankParts, "L"}, {p.LabelParts, "A"}} {
		if f.on {
			s += f.letter
		}
	}
	return s
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// crc16 is CRC-16/CCITT-FALSE: polynomial 1021, initial value FFFF.
func crc16(s string) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range []byte(s) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
