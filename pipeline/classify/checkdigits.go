package classify

import "strings"

// compact removes the spaces and hyphens that people group numbers with.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\n', '\t', '\u00a0':
			return -1
		}
		return r
	}, s)
}

// mod97 computes the remainder of ISO 7064 MOD 97-10 over digits and letters
// (A is 10, Z is 35); -1 for any other character.
func mod97(s string) int {
	rest := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return -1
		}
	}
	return rest
}

// validIBAN checks the length for Germany and the check digits of ISO 13616.
func validIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 || strings.HasPrefix(s, "DE") && len(s) != 22 {
		return false
	}
	return mod97(s[4:]+s[:4]) == 1
}

// validCreditor checks a SEPA creditor identifier: MOD 97-10 without the
// business code in places 5 to 7.
func validCreditor(s string) bool {
	return len(s) == 18 && mod97(s[7:]+s[:4]) == 1
}

// validLeitweg checks a Leitweg-ID (KoSIT, Leitweg-ID-Formatspezifikation 2.0):
// MOD 97-10 over coarse and fine address and check digits without hyphens.
func validLeitweg(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, "-", ""))
	return len(s) >= 5 && len(s) <= 44 && mod97(s) == 1
}

// mod1110 checks a digit string against its last digit by ISO 7064 MOD 11,10.
func mod1110(s string) bool {
	product := 10
	for i := 0; i < len(s)-1; i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum := (int(s[i]-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return len(s) > 1 && (11-product)%10 == int(s[len(s)-1]-'0')
}

// validTaxID checks a Steuer-Identifikationsnummer (§ 139b AO): eleven digits,
// the first not zero; among the first ten exactly one digit occurs twice or
// three times and no other twice, never three in a row; last digit by MOD 11,10.
func validTaxID(s string) bool {
	if len(s) != 11 || s[0] == '0' || !isNumber(s) || !mod1110(s) {
		return false
	}
	var count [10]int
	for i := range 10 {
		count[s[i]-'0']++
		if i >= 2 && s[i] == s[i-1] && s[i] == s[i-2] {
			return false
		}
	}
	repeated := 0
	for _, n := range count {
		if n > 3 {
			return false
		}
		if n > 1 {
			repeated++
		}
	}
	return repeated == 1
}

// validVAT checks a German USt-IdNr: DE and nine digits, MOD 11,10.
func validVAT(s string) bool {
	return len(s) == 11 && strings.HasPrefix(s, "DE") && isNumber(s[2:]) && mod1110(s[2:])
}

// validDocument checks the ten characters of a German identity document number
// with its check digit: weights 7, 3, 1 over digits and letters (A is 10), ICAO
// Doc 9303 part 3. Letters are only those that the Federal Printing Office uses.
func validDocument(s string) bool {
	if len(s) != 10 || s[9] < '0' || s[9] > '9' {
		return false
	}
	weights := [3]int{7, 3, 1}
	sum := 0
	for i := range 9 {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case strings.IndexByte("CFGHJKLMNPRTVWXYZ", c) >= 0:
			v = int(c-'A') + 10
		default:
			return false
		}
		sum += v * weights[i%3]
	}
	return sum%10 == int(s[9]-'0')
}

// validPension checks a pension insurance number (Versicherungsnummer, § 147 SGB
// VI, VKVV § 4): the letter becomes its two-digit place in the alphabet; digits
// times 2 1 2 5 7 1 2 1 2 1 2 1; sum of the digit sums, last digit.
func validPension(s string) bool {
	if len(s) != 12 || s[8] < 'A' || s[8] > 'Z' || !isNumber(s[:8]) || !isNumber(s[9:]) {
		return false
	}
	place := int(s[8]-'A') + 1
	digits := s[:8] + string([]byte{byte('0' + place/10), byte('0' + place%10)}) + s[9:11]
	weights := [12]int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1}
	sum := 0
	for i := range 12 {
		v := int(digits[i]-'0') * weights[i]
		sum += v/10 + v%10
	}
	return sum%10 == int(s[11]-'0')
}

// luhn checks the last digit by the Luhn formula (ISO/IEC 7812-1, Annex B).
func luhn(s string) bool {
	if len(s) < 2 || !isNumber(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		v := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// mod11 checks the last digit by weights 2 to 7, repeated, from the right; the
// rest is taken from 11, and 10 and 11 become 0.
func mod11(s string) bool {
	if len(s) < 2 || !isNumber(s) {
		return false
	}
	sum := 0
	for i := range len(s) - 1 {
		sum += int(s[len(s)-2-i]-'0') * (2 + i%6)
	}
	check := 11 - sum%11
	if check > 9 {
		check = 0
	}
	return check == int(s[len(s)-1]-'0')
}
