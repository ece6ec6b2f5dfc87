package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	_ "time/tzdata" // slim containers have no time zones

	"github.com/spf13/pflag"
)

// setting is one thing that can be set: by flag --name, by the environment
// variable BLATTWERK_NAME, or by a file that BLATTWERK_NAME_FILE names. The
// first of these that is there wins.
type setting struct {
	name   string
	def    string
	secret bool
	help   string
	// unflagged is no flag, since everybody on the machine sees command lines.
	unflagged bool
}

// table is every setting there is. `blattwerk config` prints it.
var table = []setting{
	{name: "data", def: "./data", help: "folder of the embedded store and catalogue"},
	{name: "addr", def: "127.0.0.1:8080", help: "address of the web page"},
	{name: "password", secret: true, help: "one password for all, until the first account exists; then it does not count any more"},
	{name: "public-url", help: "address that people type, e.g. https://blattwerk.stadt.example; needed for oidc-issuer"},
	{name: "proxies", help: "networks of reverse proxies whose X-Forwarded-For and -Proto count, e.g. 127.0.0.1/32,10.0.0.0/8"},
	{name: "session-idle", def: "1h", help: "a session ends when it was not used for so long"},
	{name: "session-life", def: "12h", help: "a session ends at the latest after"},
	{name: "oidc-issuer", help: "the town's own login (OpenID Connect), its address; empty is none"},
	{name: "oidc-name", def: "Stadt-Konto", help: "what people call the town's own login"},
	{name: "oidc-client-id", def: "blattwerk", help: "name of this program at oidc-issuer"},
	{name: "oidc-client-secret", secret: true, help: "secret of this program at oidc-issuer"},
	{name: "oidc-groups", def: "groups", help: "claim that lists a person's groups"},
	{name: "language", def: "deu+eng", help: "languages to read, as tesseract names them"},
	{name: "town", def: "", help: "name of the town, so that its own letterhead is not taken for a sender"},
	{name: "zone", def: "Europe/Berlin", help: "time zone of the town: when a day and a journal's year begin"},
	{name: "inbox", def: "", help: "folder that scanners lay files into, a subfolder for each; empty watches none"},
	{name: "inbox-paper", help: "how stacks of subfolders of the inbox are scanned and parted: \"Scanner 1=fronts-then-backs;Amt 32=blank-parts,label-parts\""},
	{name: "imap-addr", help: "mailbox that letters come to, host:port, e.g. mail.stadt.example:993; empty asks none"},
	{name: "imap-user", help: "account of the mailbox"},
	{name: "imap-password", secret: true, unflagged: true, help: "password of the mailbox"},
	{name: "imap-folder", def: "INBOX", help: "folder of the mailbox that is taken from"},
	{name: "imap-done", def: "Erledigt", help: "folder of the mailbox that messages are moved to once they are taken in"},
	{name: "imap-held", def: "Angehalten", help: "folder of the mailbox that messages are moved to which a person has to look at"},
	{name: "imap-every", def: "1m", help: "how often the mailbox is asked"},
	{name: "imap-security", def: "tls", help: "tls, starttls, or none (this machine only)"},
	{name: "imap-ca-file", help: "certificate authority of the mailbox, PEM; empty trusts what the system trusts"},
	{name: "imap-token-url", help: "where access tokens for the mailbox come from (OAuth, client credentials); empty signs in by password"},
	{name: "imap-client-id", help: "name of this program at imap-token-url"},
	{name: "imap-client-secret", secret: true, unflagged: true, help: "secret of this program at imap-token-url"},
	{name: "imap-scope", help: "scope of the tokens, e.g. https://outlook.office365.com/.default"},
	{name: "threshold", def: "0.85", help: "confidence, 0 to 1, under which a person decides"},
	{name: "precision", def: "0.97", help: "share of letters filed without a person that are to be right, 0.5 to 1; what is learned aims at it"},
	{name: "taxonomy", help: "folder with the town's own departments.tsv, types.tsv, cues.tsv, kassenzeichen.tsv; empty is none"},
	{name: "town-words", help: "words that only the town's own address carries, parted by commas"},
	{name: "readers", def: "0", help: "pages read at once; 0 is one for each core"},
	{name: "reader-memory", def: "900MB", help: "most memory of one reading child"},
	{name: "page-deadline", def: "90s", help: "most time for one page"},
	{name: "max-bytes", def: "512MB", help: "largest file taken in"},
	{name: "max-pages", def: "1000", help: "most pages of one file"},
	{name: "max-pixels", def: "150000000", help: "most pixels of one page (A0 at 300 dpi has 139 million)"},
	{name: "redis-url", help: "queue, e.g. redis://host:6379/0; empty is a queue in this process"},
	{name: "database-url", secret: true, help: "catalogue, e.g. postgres://user:password@host/blattwerk; empty is SQLite in the data folder"},
	{name: "s3-endpoint", help: "object store, host:port; empty is a folder in the data folder"},
	{name: "s3-bucket", def: "blattwerk", help: "bucket; it is made with object lock if it is not there"},
	{name: "s3-access-key", secret: true, help: "access key of the object store"},
	{name: "s3-secret-key", secret: true, help: "secret key of the object store"},
	{name: "s3-region", def: "us-east-1", help: "region of the object store"},
	{name: "s3-insecure", def: "false", help: "true speaks plain HTTP with the object store"},
	{name: "s3-ca-file", help: "certificate authority of the object store, PEM"},
	{name: "evidence-key", secret: true, help: "key that signs the evidence log; empty is one in the data folder"},
	{name: "lang", help: "language of the terminal, de or en; empty follows the locale"},
	{name: "log-level", def: "info", help: "debug, info, warn or error"},
	{name: "log-format", def: "text", help: "text or json"},
}

// settings are values of the table with where they came from.
type settings struct {
	value  map[string]string
	origin map[string]string
}

func envName(name string) string {
	return "BLATTWERK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// addFlags makes a flag of every setting. They are hidden in the help of a
// command except for those named.
func addFlags(fs *pflag.FlagSet, shown ...string) {
	for _, s := range table {
		if s.unflagged {
			continue
		}
		fs.String(s.name, s.def, s.help)
		if !slices.Contains(shown, s.name) {
			_ = fs.MarkHidden(s.name)
		}
	}
}

// resolve takes each setting from its flag, its variable, its file or its default.
func resolve(fs *pflag.FlagSet, env func(string) string) (settings, error) {
	s := settings{value: map[string]string{}, origin: map[string]string{}}
	for _, t := range table {
		key := envName(t.name)
		switch {
		case fs.Changed(t.name):
			s.value[t.name], _ = fs.GetString(t.name)
			s.origin[t.name] = "--" + t.name
		case env(key) != "":
			s.value[t.name], s.origin[t.name] = env(key), key
		case env(key+"_FILE") != "":
			raw, err := os.ReadFile(env(key + "_FILE"))
			if err != nil {
				return s, fmt.Errorf("reading the file that %s_FILE names: %w", key, err)
			}
			s.value[t.name], s.origin[t.name] = strings.TrimRight(string(raw), "\r\n"), key+"_FILE"
		default:
			s.value[t.name], s.origin[t.name] = t.def, "default"
		}
	}
	return s, s.check()
}

// check refuses values that cannot be meant.
func (s settings) check() error {
	var errs []error
	for _, name := range []string{"readers", "max-pages", "max-pixels"} {
		if n, err := strconv.ParseInt(s.value[name], 10, 64); err != nil || n < 0 {
			errs = append(errs, fmt.Errorf("%s: %q is not a number", name, s.value[name]))
		}
	}
	for _, name := range []string{"reader-memory", "max-bytes"} {
		if _, err := parseBytes(s.value[name]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if x, err := strconv.ParseFloat(s.value["threshold"], 64); err != nil || x < 0 || x > 1 {
		errs = append(errs, fmt.Errorf("threshold: %q is not between 0 and 1", s.value["threshold"]))
	}
	if x, err := strconv.ParseFloat(s.value["precision"], 64); err != nil || x < 0.5 || x > 1 {
		errs = append(errs, fmt.Errorf("precision: %q is not between 0.5 and 1", s.value["precision"]))
	}
	for _, name := range []string{"session-idle", "session-life"} {
		if d, err := time.ParseDuration(s.value[name]); err != nil || d < time.Minute {
			errs = append(errs, fmt.Errorf("%s: %q is not a time such as 1h, of a minute at least", name, s.value[name]))
		}
	}
	if _, err := parsePapers(s.value["inbox-paper"]); err != nil {
		errs = append(errs, fmt.Errorf("inbox-paper: %w", err))
	}
	if d, err := time.ParseDuration(s.value["imap-every"]); err != nil || d < 10*time.Second {
		errs = append(errs, fmt.Errorf("imap-every: %q is not a time such as 1m, of ten seconds at least", s.value["imap-every"]))
	}
	if s.value["imap-addr"] != "" && s.value["imap-password"] == "" && s.value["imap-token-url"] == "" {
		errs = append(errs, errors.New("imap-addr needs imap-password or imap-token-url"))
	}
	if _, err := parseNetworks(s.value["proxies"]); err != nil {
		errs = append(errs, fmt.Errorf("proxies: %w", err))
	}
	if s.value["oidc-issuer"] != "" && s.value["public-url"] == "" {
		errs = append(errs, errors.New("oidc-issuer needs public-url, the address to which people come back"))
	}
	if _, err := strconv.ParseBool(s.value["s3-insecure"]); err != nil {
		errs = append(errs, fmt.Errorf("s3-insecure: %q is neither true nor false", s.value["s3-insecure"]))
	}
	if _, err := time.LoadLocation(s.value["zone"]); err != nil {
		errs = append(errs, fmt.Errorf("zone: %w", err))
	}
	for name, allowed := range map[string][]string{
		"log-level": {"debug", "info", "warn", "error"}, "log-format": {"text", "json"}, "lang": {"", "de", "en"},
		"imap-security": {"tls", "starttls", "none"},
	} {
		if !slices.Contains(allowed, s.value[name]) {
			errs = append(errs, fmt.Errorf("%s: %q is not one of %s", name, s.value[name], strings.Join(allowed, ", ")))
		}
	}
	return errors.Join(errs...)
}

func (s settings) str(name string) string { return s.value[name] }

func (s settings) integer(name string) int64 {
	n, _ := strconv.ParseInt(s.value[name], 10, 64) // checked by resolve
	return n
}

func (s settings) number(name string) float64 {
	x, _ := strconv.ParseFloat(s.value[name], 64) // checked by resolve
	return x
}

func (s settings) bytes(name string) int64 {
	n, _ := parseBytes(s.value[name]) // checked by resolve
	return n
}

func (s settings) truth(name string) bool {
	b, _ := strconv.ParseBool(s.value[name]) // checked by resolve
	return b
}

func (s settings) duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.value[name]) // checked by resolve
	return d
}

func (s settings) networks(name string) []netip.Prefix {
	list, _ := parseNetworks(s.value[name]) // checked by resolve
	return list
}

func (s settings) papers(name string) papers {
	list, _ := parsePapers(s.value[name]) // checked by resolve
	return list
}

// parseNetworks reads "10.0.0.0/8, 192.0.2.1".
func parseNetworks(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if ip, err := netip.ParseAddr(part); err == nil {
			list = append(list, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 10.0.0.0/8", part)
		}
		list = append(list, p)
	}
	return list, nil
}

func (s settings) zone() *time.Location {
	zone, _ := time.LoadLocation(s.value["zone"]) // checked by resolve
	return zone
}

// parseBytes reads "900MB", "1GB", "512" (bytes). Units are powers of 1024.
func parseBytes(text string) (int64, error) {
	number := strings.TrimRight(strings.ToUpper(text), "KMGTIB ")
	unit := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(strings.ToUpper(text)[len(number):]), "B"), "I")
	shift, ok := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit]
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || !ok || n < 0 {
		return 0, fmt.Errorf("%q is not a size such as 900MB", text)
	}
	return n << shift, nil
}

// print shows every setting with its value, default and origin. Secrets are
// masked; a password inside an address is, too, since the whole value is.
func (s settings) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SETTING\tVALUE\tDEFAULT\tORIGIN\tVARIABLE")
	for _, t := range table {
		value := s.value[t.name]
		if t.secret && value != "" {
			value = "********"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s[_FILE]\n", t.name, dash(value), dash(t.def), s.origin[t.name], envName(t.name))
	}
	return tw.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
