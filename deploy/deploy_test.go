package deploy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"blattwerk/pipeline/pipelinetest"
)

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var files = []string{
	"Containerfile", "compose.yaml", "README.md", "kubernetes/blattwerk.yaml",
	"systemd/blattwerk.service", "systemd/blattwerk-work@.service", "systemd/blattwerk.env", "scan.sh",
}

// TestSettings holds every variable in these files against the program's table.
func TestSettings(t *testing.T) {
	source, err := os.ReadFile("../cmd/blattwerk/settings.go")
	if errors.Is(err, os.ErrNotExist) {
		pipelinetest.Missing(t, "the program's table of settings is not there")
	}
	known := map[string]bool{"BLATTWERK_VERSION": true} // of compose.yaml itself
	for _, m := range regexp.MustCompile(`\{name: "([a-z0-9-]+)"`).FindAllStringSubmatch(string(source), -1) {
		name := "BLATTWERK_" + strings.ToUpper(strings.ReplaceAll(m[1], "-", "_"))
		known[name], known[name+"_FILE"] = true, true
	}
	if len(known) < 20 {
		t.Fatalf("found only %d settings: has the table moved?", len(known))
	}
	// The file for administrators names each, so that none is found by chance only.
	elsewhere := read(t, "systemd/blattwerk.service") + read(t, "systemd/blattwerk.env")
	for name := range known {
		if base := strings.TrimSuffix(name, "_FILE"); !known[base+"_FILE"] || base != name {
			continue
		}
		if !regexp.MustCompile(`(?m)^(#?|Environment=)` + name + `(_FILE)?=`).MatchString(elsewhere) {
			t.Errorf("systemd/blattwerk.env does not name %s", name)
		}
	}
	for _, f := range files {
		for _, name := range regexp.MustCompile(`BLATTWERK_[A-Z0-9_]*[A-Z0-9]`).FindAllString(strings.ReplaceAll(read(t, f), "BLATTWERK_S3_*", ""), -1) {
			if !known[name] {
				t.Errorf("%s names %s, which the program does not know", f, name)
			}
		}
	}
}

type composeService struct {
	Image    string
	Secrets  []string
	Volumes  []string
	Networks []string
	Ports    []string
	ReadOnly bool     `yaml:"read_only"`
	CapDrop  []string `yaml:"cap_drop"`
	Command  []string
	Depends  map[string]any `yaml:"depends_on"`
}

func TestCompose(t *testing.T) {
	var c struct {
		Services map[string]composeService
		Secrets  map[string]struct{ File string }
		Volumes  map[string]any
		Networks map[string]any
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "worker-1", "worker-2", "redis", "postgres", "s3"} {
		s, ok := c.Services[name]
		if !ok || s.Image == "" {
			t.Errorf("service %s is missing or has no image", name)
		}
		if strings.HasPrefix(s.Image, "blattwerk") && (!s.ReadOnly || !slices.Contains(s.CapDrop, "ALL")) {
			t.Errorf("%s may write its image or keeps capabilities", name)
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s wants the secret %s, which is not there", name, secret)
			}
		}
		for _, v := range s.Volumes {
			if from, _, found := strings.Cut(v, ":"); found && !hasKey(c.Volumes, from) {
				t.Errorf("%s wants the volume %s, which is not there", name, from)
			}
		}
		for _, n := range s.Networks {
			if !hasKey(c.Networks, n) {
				t.Errorf("%s wants the network %s, which is not there", name, n)
			}
		}
		for other := range s.Depends {
			if _, ok := c.Services[other]; !ok {
				t.Errorf("%s waits for %s, which is not there", name, other)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s opens %s to the whole network", name, p)
			}
		}
	}
}

func hasKey(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}

// TestSecrets makes the secrets that compose.yaml wants, twice.
func TestSecrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	var first []byte
	for range 2 {
		if out, err := exec.Command("./secrets.sh", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "s3.env"))
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, raw) {
			t.Error("the second run made other secrets")
		}
		first = raw
	}
	used := regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(read(t, "compose.yaml"), "") // what is offered in comments is made by hand
	for _, m := range regexp.MustCompile(`secrets/([a-z0-9_.]+)`).FindAllStringSubmatch(used, -1) {
		st, err := os.Stat(filepath.Join(dir, m[1]))
		if err != nil || st.Size() == 0 {
			t.Errorf("secrets.sh does not make %s: %v", m[1], err)
		}
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the secrets: %v, %v", st.Mode(), err)
	}
	if regexp.MustCompile(`=\n`).Match(first) || len(first) < 80 {
		t.Errorf("a secret of the object store is empty: %d bytes", len(first))
	}
}

func TestKubernetes(t *testing.T) {
	d := yaml.NewDecoder(strings.NewReader(read(t, "kubernetes/blattwerk.yaml")))
	kinds := map[string]int{}
	for {
		var doc struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name, Namespace string }
			Spec       struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Args            []string
							SecurityContext map[string]any            `yaml:"securityContext"`
							Resources       map[string]map[string]any `yaml:"resources"`
							VolumeMounts    []struct{ Name string }   `yaml:"volumeMounts"`
						}
						Volumes []struct{ Name string }
					}
				}
			}
		}
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds[doc.Kind]++
		if doc.APIVersion == "" || doc.Metadata.Name == "" || doc.Metadata.Namespace != "blattwerk" {
			t.Errorf("%s %s is not complete", doc.Kind, doc.Metadata.Name)
		}
		pod := doc.Spec.Template.Spec
		for _, c := range pod.Containers {
			if c.SecurityContext["readOnlyRootFilesystem"] != true || c.Resources["limits"]["memory"] == nil || len(c.Args) != 1 {
				t.Errorf("a container of %s is not held in", doc.Metadata.Name)
			}
			for _, m := range c.VolumeMounts {
				if !slices.ContainsFunc(pod.Volumes, func(v struct{ Name string }) bool { return v.Name == m.Name }) {
					t.Errorf("%s mounts %s, which is not there", doc.Metadata.Name, m.Name)
				}
			}
		}
	}
	if kinds["Deployment"] != 2 || kinds["Service"] != 1 || kinds["Secret"] != 0 {
		t.Errorf("kinds: %v", kinds)
	}
}

// TestSystemd lets systemd itself judge the units, with a program that exists in
// place of ours.
func TestSystemd(t *testing.T) {
	analyze := pipelinetest.Program(t, "systemd-analyze")
	dir := t.TempDir()
	for _, name := range []string{"blattwerk.service", "blattwerk-work@.service"} {
		unit := strings.ReplaceAll(read(t, "systemd/"+name), "/usr/local/bin/blattwerk", "/bin/true")
		unit = strings.ReplaceAll(unit, "User=blattwerk", "User=daemon")
		unit = strings.ReplaceAll(unit, "Group=blattwerk", "Group=daemon")
		path := filepath.Join(dir, strings.ReplaceAll(name, "@", "@1"))
		if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
		// man:no, since the pages of other units are none of our business.
		out, err := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", path).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		// Exposure is counted in tenths: 0 is closed, 100 open.
		if out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=25", path).CombinedOutput(); err != nil {
			t.Errorf("%s is more open than it should be: %v\n%s", name, err, out)
		}
	}
}
