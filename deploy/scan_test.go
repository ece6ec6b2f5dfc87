package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestScan runs scan.sh with a scanner made of paper: stand-ins for scanimage and
// tiffcp that do what those do at the end of a stack, at a jam, and without sheets.
func TestScan(t *testing.T) {
	for name, c := range map[string]struct {
		pages, status string // what scanimage writes, and how it ends
		want          string // content of the file in the inbox; "" is none
	}{
		"a stack":                       {"1 2 3", "0", "page 1\npage 2\npage 3\n"},
		"a stack, the feeder says so":   {"1 2", "7", "page 1\npage 2\n"},
		"a jam":                         {"1 2", "9", ""},
		"no sheet":                      {"", "7", ""},
		"no scanner":                    {"", "1", ""},
		"more than can be sorted badly": {"1 2 3 4 5 6 7 8 9 10 11", "0", "page 1\npage 2\npage 3\npage 4\npage 5\npage 6\npage 7\npage 8\npage 9\npage 10\npage 11\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tools, folder := t.TempDir(), filepath.Join(t.TempDir(), "Scanner 1")
			for file, script := range map[string]string{
				// The last argument is --batch=…/page-%06d.tif.
				"scanimage": "#!/bin/sh\nset -eu\n[ \"$1\" = '--device-name=airscan:e0:Kopierer im Flur' ]\nfor last; do :; done\n" +
					"for n in " + c.pages + "; do echo \"page $n\" >\"$(printf \"${last#--batch=}\" \"$n\")\"; done\nexit " + c.status + "\n",
				"tiffcp": "#!/bin/sh\nset -eu\nfor out; do :; done\nwhile [ $# -gt 1 ]; do cat \"$1\" >>\"$out\"; shift; done\n",
			} {
				if err := os.WriteFile(filepath.Join(tools, file), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("./scan.sh", folder, "airscan:e0:Kopierer im Flur")
			cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if (err == nil) != (c.want != "") {
				t.Errorf("%v\n%s", err, out)
			}
			left, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(left) > 0 {
					t.Errorf("%v is left in the inbox", left)
				}
				return
			}
			if len(left) != 1 || strings.HasPrefix(left[0].Name(), ".") {
				t.Fatalf("%v is in the inbox, want one file\n%s", left, out)
			}
			if raw := read(t, filepath.Join(folder, left[0].Name())); raw != c.want {
				t.Errorf("%q, want %q", raw, c.want)
			}
		})
	}
	if out, err := exec.Command("./scan.sh", filepath.Join(t.TempDir(), "nowhere")).CombinedOutput(); err == nil {
		t.Errorf("a folder that is not there is taken: %s", out)
	}
}
