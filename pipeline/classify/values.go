package classify

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// value brings what a pattern captured into the form that is stored. keep is
// false if it cannot be what the pattern looks for; checked is true if a check
// digit or a calendar rule held.
type value func(groups []string) (s string, checked, keep bool)

// values are the checks that seed/fields.tsv names. A name with "!" keeps a
// value only if its check digits hold.
var values = map[string]value{
	"":          asWritten,
	"reference": reference,
	"date":      dateValue,
	"birth":     dateValue,
	"amount":    amountValue,
	"iban":      digitsHold(validIBAN, false),
	"iban!":     digitsHold(validIBAN, true),
	"creditor!": digitsHold(validCreditor, true),
	"leitweg!":  digitsHold(validLeitweg, true),
	"taxid!":    digitsHold(validTaxID, true),
	"vat!":      digitsHold(validVAT, true),
	"pension!":  digitsHold(validPension, true),
}

func asWritten(groups []string) (string, bool, bool) {
	return strings.Join(strings.Fields(strings.Join(groups, ", ")), " "), false, true
}

// reference is a free reference: it must carry a digit and be no date.
func reference(groups []string) (string, bool, bool) {
	s := strings.Trim(strings.Join(strings.Fields(groups[0]), " "), ".-/ ")
	if len(s) < 2 || !strings.ContainsFunc(s, unicode.IsDigit) {
		return "", false, false
	}
	if _, isDate := parseDate(s); isDate {
		return "", false, false
	}
	return s, false, true
}

// digitsHold removes grouping and repairs the two confusions that recognition
// makes in numbers (O for 0, I and l for 1); a repair counts only if the check
// digits hold afterwards.
func digitsHold(valid func(string) bool, must bool) value {
	return func(groups []string) (string, bool, bool) {
		s := compact(groups[0])
		if valid(s) {
			return s, true, true
		}
		if len(s) > 2 {
			repaired := s[:2] + strings.NewReplacer("O", "0", "I", "1", "l", "1").Replace(s[2:])
			if valid(repaired) {
				return repaired, true, true
			}
		}
		return s, false, !must
	}
}

func dateValue(groups []string) (string, bool, bool) {
	d, ok := parseDate(groups[0])
	if !ok {
		return "", false, false
	}
	return d.Format(time.DateOnly), true, true
}

const (
	datePattern      = `\d{1,2}\s?\.\s?(?:\d{1,2}\s?\.|(?i:jan|feb|mär|mar|maer|apr|mai|jun|jul|aug|sep|okt|nov|dez)\pL{0,6}\.?)\s?\d{2,4}|(?:19|20)\d\d-\d\d-\d\d`
	amountPattern    = `[-–−]?[ ]?(?:\d{1,3}(?:[. ']\d{3})+|\d+),(?:\d{2}|--|-)|[-–−]?[ ]?\d{1,9}\.\d{2}[ ]?(?:€|EUR)`
	referencePattern = `[0-9A-ZÄÖÜ][0-9A-Za-zÄÖÜäöü./_\-]*(?: [A-Z][A-Za-z]{0,3} \d[\d./\-]*| \d[0-9A-Za-z./\-]*| [A-Z]{1,3}-\d[\d\-]*){0,4}`
)

var dateParts = pattern(`^(\d{1,2})\s?\.\s?(?:(\d{1,2})\s?\.|(\pL{3,9})\.?)\s?(\d{4}|\d{2})$`)

// parseDate reads a date: 3.4.2026, 03.04.26, 3. April 2026, 3. Apr. 26, 2026-04-03.
// Two-digit years are taken as 1950 to 2049. The day must exist.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	m := dateParts().FindStringSubmatch(s)
	if m == nil {
		d, err := time.Parse(time.DateOnly, s) // ISO 8601
		return d, err == nil && d.Year() >= 1850
	}
	day, _ := strconv.Atoi(m[1])
	year, _ := strconv.Atoi(m[4])
	if len(m[4]) == 2 {
		if year += 2000; year >= 2050 {
			year -= 100
		}
	}
	var month time.Month
	if m[2] != "" {
		n, _ := strconv.Atoi(m[2])
		month = time.Month(n)
	} else {
		month = monthByName(m[3])
	}
	if month < 1 || month > 12 || year < 1850 || year > 2150 {
		return time.Time{}, false
	}
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return d, d.Day() == day && d.Month() == month
}

func monthByName(s string) time.Month {
	s = strings.ToLower(s)
	s = strings.NewReplacer("ä", "a", "ae", "a").Replace(s)
	for name, m := range monthNames {
		if strings.HasPrefix(s, name) {
			return m
		}
	}
	return 0
}

var monthNames = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "mai": 5, "jun": 6,
	"jul": 7, "aug": 8, "sep": 9, "okt": 10, "nov": 11, "dez": 12,
}

// amountValue reads 1.234,56 into "1234.56 EUR".
func amountValue(groups []string) (string, bool, bool) {
	number := strings.TrimLeft(groups[0], "-–− ")
	sign := ""
	if number != groups[0] {
		sign = "-"
	}
	whole, cents, ok := strings.Cut(number, ",")
	if !ok { // 571.04 €, as programs from abroad print it
		whole, cents, ok = strings.Cut(strings.TrimRight(number, "€EUR "), ".")
	}
	if !ok {
		return "", false, false
	}
	whole = strings.NewReplacer(".", "", " ", "", "'", "").Replace(whole)
	if !isNumber(cents) {
		cents = "00"
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	return sign + whole + "." + cents + " EUR", false, len(whole) <= 10
}
