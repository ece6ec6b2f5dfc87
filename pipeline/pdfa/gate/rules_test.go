package gate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ruleCase damages the small file. It must break the rule; "" is a change that
// is allowed. The referee, where present, has to agree unless stricter says why
// the gate refuses more.
type ruleCase struct {
	name     string
	rule     string
	flavour  string // "2a" if empty
	edit     func(p *testPDF)
	stricter string
}

// lax is why the gate may refuse more: the standard says so.
const lax = "the referee does not look that closely"

func level(s string) func(p *testPDF) {
	return func(p *testPDF) { p.xmp("<pdfaid:conformance>A<", "<pdfaid:conformance>"+s+"<") }
}

func TestRules(t *testing.T) {
	var files []string
	byFile := map[string]ruleCase{}
	dir := t.TempDir()
	names := map[string]bool{}
	for _, c := range ruleCases() {
		if names[c.name] {
			t.Fatalf("two cases are named %q", c.name)
		}
		names[c.name] = true
		if c.flavour == "" {
			c.flavour = "2a"
		}
		t.Run(c.name, func(t *testing.T) {
			p := newTestPDF(t)
			c.edit(p)
			data := p.bytes()
			file := filepath.Join(dir, strings.NewReplacer(" ", "_", "/", "_").Replace(c.name)+".pdf")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
			byFile[file] = c
			valid, rules := ask(t, data, c.flavour)
			switch {
			case c.rule == "" && !valid:
				t.Errorf("refused for %v", rules)
			case c.rule != "" && !slices.Contains(rules, c.rule):
				t.Errorf("found %v, want %s", rules, c.rule)
			}
		})
	}
	for _, flavour := range []string{"2a", "2b", "2u", "3b"} {
		t.Run("referee "+flavour, func(t *testing.T) {
			var ours []string
			for _, f := range files {
				if byFile[f].flavour == flavour {
					ours = append(ours, f)
				}
			}
			for file, v := range referee(t, flavour, ours) {
				c := byFile[file]
				valid, rules := ask(t, read(t, file), flavour)
				switch {
				case valid && !v.valid:
					t.Errorf("%s: accepted what the referee refuses for %v", c.name, v.rules)
				case v.valid && !valid && c.stricter == "":
					t.Errorf("%s: refused for %v what the referee accepts", c.name, rules)
				case c.rule != "" && c.stricter == "" && len(v.rules) > 0 && !slices.Contains(v.rules, c.rule):
					t.Errorf("%s: breaks %s, the referee says %v", c.name, c.rule, v.rules)
				}
			}
		})
	}
}

// TestEveryRuleIsTested keeps the table of cases complete.
func TestEveryRuleIsTested(t *testing.T) {
	untestable := map[string]string{
		"6.1.13-7":   "needs eight million objects; the limit of the gate is lower",
		ruleInternal: "there is no known way to it",
	}
	tested := map[string]bool{}
	for _, c := range ruleCases() {
		tested[c.rule] = true
	}
	for rule := range ruleText {
		if !tested[rule] && untestable[rule] == "" {
			t.Errorf("no case breaks %s: %s", rule, ruleText[rule])
		}
	}
}

func ruleCases() []ruleCase {
	return slices.Concat(fileCases(), contentCases(), fontCases(), annotCases(), catalogCases(), xmpCases(), levelCases())
}

func fileCases() []ruleCase {
	return []ruleCase{
		{name: "unchanged", edit: func(*testPDF) {}},
		{name: "header 1.8", rule: "6.1.2-1", edit: func(p *testPDF) { p.header = "%PDF-1.8\n%\xe2\xe3\xcf\xd3\n" }},
		{name: "header 1.4", edit: func(p *testPDF) { p.header = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" }},
		{name: "header text", rule: "6.1.2-2", edit: func(p *testPDF) { p.header = "%PDF-1.7\n%abcd\n" }},
		{name: "header three bytes", rule: "6.1.2-2", edit: func(p *testPDF) { p.header = "%PDF-1.7\n%\xe2\xe3\xcf\n" }},
		{name: "no ID", rule: "6.1.3-1", edit: func(p *testPDF) { p.trailer = "" }},
		{name: "encrypted", rule: "6.1.3-2", edit: func(p *testPDF) {
			p.trailer += " /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + strings.Repeat("00", 32) + "> /U <" +
				strings.Repeat("00", 32) + "> >>"
		}, stricter: "the referee cannot open it"},
		{name: "data after EOF", rule: "6.1.3-3", edit: func(p *testPDF) { p.tail = "more" }},
		{name: "two EOLs after EOF", rule: "6.1.3-3", edit: func(p *testPDF) { p.tail = "\n" }},
		{name: "xref spaces", rule: "6.1.4-2", edit: func(p *testPDF) {
			p.finish = func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "\nxref\n0", "\nxref \n0", 1))
			}
		}},
		{name: "odd hex", rule: "6.1.6-1", edit: func(p *testPDF) { p.edit(objCatalog, "(de-DE)", "<64652D4445> /X <123>") }},
		{name: "bad hex", rule: "6.1.6-2", edit: func(p *testPDF) { p.edit(objCatalog, "(de-DE)", "<64652D4445> /X <12G4>") }},
		{name: "length too short", rule: "6.1.7.1-1", edit: func(p *testPDF) {
			p.objects[objContent] = fmt.Sprintf("<< /Length %d >>", len(p.streams[objContent])-2)
		}},
		{name: "no EOL before endstream", rule: "6.1.7.1-2", edit: func(p *testPDF) {
			p.stream(objContent, "", strings.TrimSpace(string(p.streams[objContent])))
			p.finish = func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "EMC\nendstream\nendobj\n", "EMCendstream\nendobj\n\n", 1))
			}
		}, stricter: "the referee calls it a wrong length"},
		{name: "external stream", rule: "6.1.7.1-3", edit: func(p *testPDF) { p.put(objContent, "/F (other.bin)") }},
		{name: "LZW", rule: "6.1.7.2-1", edit: func(p *testPDF) { p.put(objToUnicode, "/Filter /LZWDecode") }},
		{name: "crypt filter", rule: "6.1.7.2-1", edit: func(p *testPDF) {
			p.put(objContent, "/Filter /Crypt /DecodeParms << /Name /StdCF >>")
		}},
		{name: "font name not UTF-8", stricter: lax, rule: "6.1.8-1", edit: func(p *testPDF) {
			p.edit(objFont, "AAAAAA+Probe", "AAAAAA+Pr#FFbe")
		}},
		{name: "two spaces before obj", rule: "6.1.9-1", edit: func(p *testPDF) {
			p.finish = func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "endobj\n7 0 obj\n<< ", "endobj\n7 0  obj\n<<", 1))
			}
		}},
		{name: "no EOL after obj", rule: "6.1.9-1", edit: func(p *testPDF) {
			p.finish = func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "7 0 obj\n", "7 0 obj ", 1))
			}
		}},
		{name: "no EOL before endobj", rule: "6.1.9-1", edit: func(p *testPDF) {
			p.finish = func(b []byte) []byte {
				return []byte(strings.Replace(string(b), ">>\nendobj\n3 0 obj", ">> endobj\n3 0 obj", 1))
			}
		}},
		{name: "integer too large", rule: "6.1.13-1", edit: func(p *testPDF) { p.put(objCatalog, "/X 2147483648") }},
		{name: "integer too small", rule: "6.1.13-1", edit: func(p *testPDF) { p.put(objCatalog, "/X -2147483649") }},
		{name: "integer at the limit", edit: func(p *testPDF) { p.put(objCatalog, "/X [2147483647 -2147483648]") }},
		{name: "real too large", rule: "6.1.13-2", edit: func(p *testPDF) {
			p.put(objCatalog, "/X 4"+strings.Repeat("0", 38)+".0")
		}},
		{name: "string too long", rule: "6.1.13-3", edit: func(p *testPDF) {
			p.put(objCatalog, "/X ("+strings.Repeat("a", 32768)+")")
		}},
		{name: "string at the limit", edit: func(p *testPDF) {
			p.put(objCatalog, "/X ("+strings.Repeat("a", 32767)+")")
		}},
		{name: "name too long", rule: "6.1.13-4", edit: func(p *testPDF) {
			p.put(objCatalog, "/X /"+strings.Repeat("a", 128))
		}},
		{name: "real too close to zero", rule: "6.1.13-5", edit: func(p *testPDF) {
			p.put(objCatalog, "/X 0."+strings.Repeat("0", 39)+"1")
		}},
		{name: "name with a stray number sign", stricter: lax, rule: ruleParse, edit: func(p *testPDF) { p.put(objCatalog, "/X#z 1") }},
		{name: "not a PDF", rule: ruleParse, edit: func(p *testPDF) {
			p.finish = func([]byte) []byte { return []byte("%PDF-1.7\nhello\n%%EOF\n") }
		}},
		{name: "nested too deeply", rule: ruleParse, edit: func(p *testPDF) {
			p.put(objCatalog, "/X "+strings.Repeat("[", 200)+strings.Repeat("]", 200))
		}, stricter: "a limit of the gate"},
		{name: "a stream bomb", rule: ruleLimits, edit: func(p *testPDF) {
			n := strings.Repeat("\x81a", 1<<19) // run length: 128 bytes from two
			p.stream(objContent, "/Filter /RunLengthDecode", n)
		}, stricter: "a limit of the gate"},
	}
}
