package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
)

// LibreOffice is run for one file at a time in a folder of its own, which is
// thrown away. Besides memory and time it is confined in what it may do: it gets
// a network of its own with nothing in it where the kernel allows that, and a
// profile that runs no macros, follows no links and fetches nothing.
const (
	officeMemory   = 4 << 30 // bytes of address space; it needs 2 for an empty page
	officeDeadline = 2 * time.Minute
)

// officeProfile are settings of LibreOffice, as paths of its registry.
var officeProfile = []struct{ path, name, value string }{
	{"/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"},
	{"/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"},
	{"/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"},
	{"/org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"},
	{"/org.openoffice.Office.Writer/Content/Update", "Link", "0"}, // never
	{"/org.openoffice.Office.Calc/Content/Update", "Link", "2"},   // never
	{"/org.openoffice.Inet/Settings", "ooInetProxyType", "1"},     // a proxy that is not there
	{"/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"},
	{"/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"},
	{"/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"},
	{"/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"},
	{"/org.openoffice.Office.Common/Misc", "FirstRun", "false"},
}

// fromOffice turns an office file into a PDF next to it and gives its path.
// ext tells LibreOffice what the file is. Errors: a fault, or ctx's own.
func (r *Room) fromOffice(ctx context.Context, path, ext string) (string, error) {
	program, err := exec.LookPath(or(r.cfg.LibreOffice, "soffice"))
	if err != nil {
		return "", faultNoOffice(err)
	}
	dir := filepath.Dir(path)
	if err := writeOfficeProfile(filepath.Join(dir, "profile", "user")); err != nil {
		return "", err
	}
	in := filepath.Join(dir, "office"+ext)
	if err := os.Rename(path, in); err != nil {
		return "", err
	}
	args := []string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault",
		"--convert-to", `pdf:writer_pdf_Export:{"UseTaggedPDF":{"type":"boolean","value":"true"},"ExportBookmarks":{"type":"boolean","value":"true"}}`}
	if filter := officeFilters[ext]; filter != "" {
		args[len(args)-1] = "pdf:" + filter
	}
	if infilter := officeImport[ext]; infilter != "" {
		args = append(args, "--infilter="+infilter)
	}
	if err := r.runOffice(ctx, dir, program, append(args, "--outdir", dir, in)); err != nil {
		return "", err
	}
	out := filepath.Join(dir, "office.pdf")
	if st, err := os.Stat(out); err != nil || st.Size() == 0 {
		return "", faultOffice(errors.New("LibreOffice made no PDF"))
	}
	return out, nil
}

// officeFilters are the exporters of what is not written text, and officeImport
// the importers of files whose kind LibreOffice would have to guess.
var (
	officeFilters = map[string]string{".xlsx": "calc_pdf_Export", ".xls": "calc_pdf_Export", ".ods": "calc_pdf_Export", ".csv": "calc_pdf_Export",
		".pptx": "impress_pdf_Export", ".ppt": "impress_pdf_Export", ".odp": "impress_pdf_Export"}
	officeImport = map[string]string{".rtf": "Rich Text Format"}
)

// runOffice runs LibreOffice, once without a network at all, and where the kernel
// forbids that to us, with the profile alone to keep it from the network.
func (r *Room) runOffice(ctx context.Context, dir, program string, args []string) error {
	err := r.tryOffice(ctx, dir, program, args, syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EACCES) {
		err = r.tryOffice(ctx, dir, program, args, 0)
	}
	return err
}

func (r *Room) tryOffice(ctx context.Context, dir, program string, args []string, flags uintptr) error {
	err := child.Program{
		Name: program, Memory: officeMemory, Time: max(officeDeadline, r.cfg.Deadline), Dir: dir, Flags: flags,
		Env: []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "SAL_USE_VCLPLUGIN=svp"},
	}.Run(ctx, io.Discard, args...)
	if errors.Is(err, errProgram) {
		return faultOffice(err)
	}
	return err
}

func writeOfficeProfile(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
`
	for _, s := range officeProfile {
		text += fmt.Sprintf("<item oor:path=%q><prop oor:name=%q oor:op=\"fuse\"><value>%s</value></prop></item>\n", s.path, s.name, s.value)
	}
	return os.WriteFile(filepath.Join(dir, "registrymodifications.xcu"), []byte(text+"</oor:items>\n"), 0o600)
}

func faultNoOffice(err error) error {
	return fault(pipeline.AskPerson, "no-office",
		"Office-Dateien kann dieser Server nicht umwandeln, weil LibreOffice fehlt. Die Systembetreuung kann die Pakete libreoffice-writer-nogui, libreoffice-calc-nogui und libreoffice-impress-nogui installieren; danach bitte erneut versuchen. Oder die Datei im Schreibprogramm als PDF speichern und neu einreichen. Das Original bleibt erhalten.",
		"This server cannot convert office files because LibreOffice is missing. The administrator can install the packages libreoffice-writer-nogui, libreoffice-calc-nogui and libreoffice-impress-nogui; then please try again. Or save the file as PDF in the word processor and hand it in again. The original is kept.", err)
}

func faultOffice(err error) error {
	return fault(pipeline.AskPerson, "office-failed",
		"Die Office-Datei lässt sich nicht umwandeln; vielleicht ist sie beschädigt oder mit einem Passwort geschützt. Bitte im Schreibprogramm öffnen, als PDF speichern und neu einreichen; das Original bleibt erhalten.",
		"The office file cannot be converted; it may be damaged or protected by a password. Please open it in the word processor, save it as PDF and hand it in again; the original is kept.", err)
}
