package separate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Archive serial numbers stand on labels that are stuck on letters, so that paper
// in a binder can be found again. Ours read ASN0001234-5: seven digits at least,
// a hyphen and a check digit (ISO 7064, MOD 11,10, which finds every single wrong
// digit and nearly all swapped neighbours). Labels of other programs have no
// check digit, ASN00123; they are taken as they are.

// maxASN is the largest number that is taken, as other programs have it.
const maxASN = 1<<32 - 1

var labelText = regexp.MustCompile(`^ASN0*([0-9]{1,10})(?:-([0-9]))?$`)

// Errors of reading a label.
var (
	errLabelCheck = errors.New("the check digit of the label is wrong")
	errLabelLarge = errors.New("the number of the label is too large")
)

// EncodeLabel is the text for the barcode of an archive serial number, 1 to
// 4294967295.
func EncodeLabel(number int64) (string, error) {
	if number < 1 || number > maxASN {
		return "", fmt.Errorf("%d is no archive serial number", number)
	}
	digits := fmt.Sprintf("%07d", number)
	return "ASN" + digits + "-" + strconv.Itoa(checkDigit(digits)), nil
}

// ParseLabel reads the text of a barcode as an archive serial number. checked says
// that it has a check digit, and that it holds. Codes that are no labels answer
// errForeign.
func ParseLabel(text string) (number int64, checked bool, err error) {
	m := labelText.FindStringSubmatch(text)
	if m == nil {
		return 0, false, errForeign
	}
	number, err = strconv.ParseInt(m[1], 10, 64)
	if err != nil || number > maxASN {
		return 0, false, errLabelLarge
	}
	if m[2] == "" {
		return number, false, nil
	}
	if strconv.Itoa(checkDigit(fmt.Sprintf("%07d", number))) != m[2] {
		return 0, false, errLabelCheck
	}
	return number, true, nil
}

// checkDigit is that of ISO 7064, MOD 11,10 (pure numeric hybrid system).
func checkDigit(digits string) int {
	p := 10
	for _, d := range digits {
		s := (p + int(d-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = 2 * s % 11
	}
	return (11 - p) % 10
}
