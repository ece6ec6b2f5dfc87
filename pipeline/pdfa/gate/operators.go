package gate

import "strings"

// operators are those of ISO 32000-1, table A.1.
var operators = func() map[keyword]bool {
	m := map[keyword]bool{}
	for op := range strings.FieldsSeq(`b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX
		f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj
		TJ TL Tm Tr Ts Tw Tz v w W W* y ' "`) {
		m[keyword(op)] = true
	}
	return m
}()
