package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// errNoWay says that one way of making PDF/A did not lead to a file that is
// valid and the same as the original. The next way is tried.
var errNoWay = errors.New("this way does not lead to PDF/A")

// converting is the work on one born-digital document.
type converting struct {
	room     *Room
	stage    *stage
	blobs    pipeline.Blobs
	doc      pipeline.Document
	rendered bool            // the PDF was set from something else, and is not what was delivered
	layers   []foreign.Layer // pages whose recognised words are added
	layer    string          // file that carries them
}

// keep takes the delivered bytes as they are if they are what they claim to be:
// valid PDF/A-2 or -3. Part 1 is not checked, and so not believed.
func (c *converting) keep(ctx context.Context) (pipeline.PDF, error) {
	claims := c.stage.report.Claims
	if c.rendered || unlockedOf(c.doc).Digest != "" || c.stage.work != c.stage.original || len(claims) != 2 || (claims[0] != '2' && claims[0] != '3') {
		return pipeline.PDF{}, fmt.Errorf("%w: no claim that is checked", errNoWay)
	}
	check, err := c.gate(ctx, c.stage.original, claims)
	if err != nil {
		return pipeline.PDF{}, err
	}
	return pipeline.PDF{Blob: c.doc.Delivery.Original, Way: pipeline.WayKept, Check: check}, nil
}

// gate asks the validator. An invalid file is [errNoWay].
func (c *converting) gate(ctx context.Context, path, flavour string) (pipeline.Validation, error) {
	f, err := os.Open(path)
	if err != nil {
		return pipeline.Validation{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return pipeline.Validation{}, err
	}
	check, err := c.room.cfg.Gate(ctx, f, st.Size(), flavour)
	switch {
	case ctx.Err() != nil:
		return check, ctx.Err()
	case err != nil:
		return check, fmt.Errorf("%w: not checked for %s: %w", errNoWay, flavour, err)
	case !check.Valid:
		return check, fmt.Errorf("%w: not valid %s: %s", errNoWay, flavour, rules(check))
	}
	return check, nil
}

func rules(v pipeline.Validation) string {
	var out []string
	for _, b := range v.Breaks {
		out = append(out, b.Rule)
	}
	return strings.Join(out, " ")
}

// repair mends the file in place.
func (c *converting) repair(ctx context.Context) (pipeline.PDF, error) {
	levels := []string{"u", "b"}
	// What a layer adds has no tags. What we set ourselves is tagged by lines, which
	// is less than level a promises, and its attachments may have none.
	own := c.rendered && c.doc.Source.Kind != kindOffice
	if c.stage.report.Tagged && len(c.layers) == 0 && !own {
		levels = []string{"a", "u", "b"}
	}
	return c.mend(ctx, foreign.RepairCall{Path: c.stage.work, Out: c.stage.path("repaired.pdf")}, levels, pipeline.WayRepaired, nil)
}

// convert lets ghostscript write the file anew, puts the metadata back that it
// loses, and mends what it leaves open.
func (c *converting) convert(ctx context.Context) (pipeline.PDF, error) {
	out := c.stage.path("ghostscript.pdf")
	deadline := c.room.cfg.Deadline + 2*time.Second*time.Duration(len(c.stage.report.Pages))
	err := c.room.run(ctx, c.room.ghostscript(), deadline, io.Discard,
		"-dSAFER", "-dBATCH", "-dNOPAUSE", "-dQUIET", "-dPDFA=2", "-dPDFACompatibilityPolicy=1", "-sDEVICE=pdfwrite",
		"-sColorConversionStrategy=RGB", "-dEmbedAllFonts=true", "-dSubsetFonts=true", "-dAutoRotatePages=/None",
		"-dDownsampleColorImages=false", "-dDownsampleGrayImages=false", "-dDownsampleMonoImages=false",
		"-dPassThroughJPEGImages=true", "-dAutoFilterColorImages=true", "-dAutoFilterGrayImages=true",
		"-sOutputFile="+out, c.stage.work)
	if err != nil {
		if errors.Is(err, errProgram) {
			return pipeline.PDF{}, fmt.Errorf("%w: %w", errNoWay, err)
		}
		return pipeline.PDF{}, err
	}
	changes := []pipeline.Message{{
		DE: "Mit Ghostscript neu geschrieben; Text und Aussehen wurden mit dem Original verglichen.",
		EN: "Written anew by ghostscript; text and looks were compared with the original."}}
	if c.stage.report.Form {
		changes = append(changes, pipeline.Message{
			DE: "Formularfelder lassen sich nicht mehr ausfüllen; ihr Inhalt ist geblieben.",
			EN: "Form fields can no longer be filled in; what they contained is still there."})
	}
	if len(c.stage.report.Attachments) > 0 {
		changes = append(changes, lostFiles)
	}
	return c.mend(ctx, foreign.RepairCall{Path: out, Out: c.stage.path("converted.pdf"), Meta: c.stage.work},
		[]string{"u", "b"}, pipeline.WayConverted, changes)
}

var lostFiles = pipeline.Message{
	DE: "Eingebettete Dateien sind nicht übernommen; sie liegen im Original.",
	EN: "Embedded files were left out; they are in the original."}

// mend asks a child for a repaired copy, at the highest level that the gate says
// holds, and compares it with the original. Where the gate names a rule that a
// stronger remedy can keep, that is tried too.
func (c *converting) mend(ctx context.Context, call foreign.RepairCall, levels []string, way pipeline.Way, changes []pipeline.Message) (pipeline.PDF, error) {
	call.ICC, call.Fonts, call.Agent = iccSRGB(), c.room.cfg.Fonts, producer
	call.When = c.doc.Delivery.Received.UTC().Format(time.RFC3339)
	call.Layer, call.Layers = c.layer, c.layers
	for {
		done, check, err := c.attempt(ctx, &call, levels)
		if errors.Is(err, errNoWay) && stronger(&call, check) {
			continue
		}
		if err != nil {
			return pipeline.PDF{}, err
		}
		if err := c.room.compare(ctx, c.stage, call.Out, way == pipeline.WayRepaired); err != nil {
			if errors.Is(err, errDiffers) {
				err = fmt.Errorf("%w: %w", errNoWay, err)
			}
			return pipeline.PDF{}, err
		}
		blob, err := keepFile(ctx, c.blobs, call.Out)
		if err != nil {
			return pipeline.PDF{}, fmt.Errorf("keeping the PDF/A: %w", err)
		}
		return pipeline.PDF{Blob: blob, Way: way, Check: check, Changes: append(changes, describe(done.Changes)...)}, nil
	}
}

// attempt repairs once for each level until the gate is content. Otherwise the
// error is [errNoWay], with the gate's verdict on the lowest level.
func (c *converting) attempt(ctx context.Context, call *foreign.RepairCall, levels []string) (done foreign.Repaired, check pipeline.Validation, err error) {
	for _, level := range levels {
		call.Level = level
		done = foreign.Repaired{}
		_, err = c.room.children.Call(ctx, foreign.OpRepair, call, nil, &done)
		switch {
		case err != nil && (ctx.Err() != nil || !isCrash(err)):
			return done, check, fmt.Errorf("repairing: %w", err)
		case err != nil:
			return done, check, fmt.Errorf("%w: %w", errNoWay, err)
		case done.Refused != "":
			return done, check, fmt.Errorf("%w: %s", errNoWay, done.Refused)
		}
		if check, err = c.gate(ctx, call.Out, done.Flavour); !errors.Is(err, errNoWay) {
			return done, check, err
		}
	}
	return done, check, err
}

// Rules that have a remedy of their own (ISO 19005-2).
const (
	rulesOfMetadata = "6.6."      // of the XMP packet: write a new one
	ruleOfCMYK      = "6.2.4.3-3" // device CMYK without a profile: make it RGB
)

// stronger switches on the remedies for broken rules; false if none is left.
func stronger(call *foreign.RepairCall, check pipeline.Validation) bool {
	before := [2]bool{call.Fresh, call.RGB}
	for _, b := range check.Breaks {
		call.Fresh = call.Fresh || strings.HasPrefix(b.Rule, rulesOfMetadata)
		call.RGB = call.RGB || b.Rule == ruleOfCMYK
	}
	return before != [2]bool{call.Fresh, call.RGB}
}

// picture is the last resort: pictures of the pages with their words.
func (c *converting) picture(ctx context.Context) (pipeline.PDF, error) {
	doc := c.doc
	doc.Pages = append([]pipeline.Page(nil), doc.Pages...)
	for i := range doc.Pages {
		if doc.Pages[i].Image.Digest != "" {
			continue
		}
		img, err := c.room.render(ctx, c.stage, i+1, c.blobs)
		if errors.Is(err, errProgram) {
			return pipeline.PDF{}, faultPage(doc.Pages[i].No, err)
		}
		if err != nil {
			return pipeline.PDF{}, err
		}
		doc.Pages[i].Image, doc.Pages[i].Origin = img, pipeline.OriginRendered
	}
	pdf, err := ComposeScan(ctx, doc, c.blobs, c.room.cfg.Gate)
	if err != nil {
		return pipeline.PDF{}, err
	}
	pdf.Way, pdf.AppearanceOnly = pipeline.WayPictured, true
	pdf.Changes = append(pdf.Changes, pipeline.Message{
		DE: "Die Seiten sind als Bilder übernommen: Das Aussehen stimmt, Schriften, Verweise und Formularfelder gibt es nicht mehr. Das Original bleibt daneben erhalten.",
		EN: "The pages were taken as pictures: they look the same, but fonts, links and form fields are gone. The original is kept beside it."})
	if len(c.stage.report.Attachments) > 0 {
		pdf.Changes = append(pdf.Changes, lostFiles)
	}
	return pdf, nil
}

// ways tries one way after the other.
func (c *converting) ways(ctx context.Context) (pipeline.PDF, error) {
	for _, way := range []struct {
		name pipeline.Way
		run  func(context.Context) (pipeline.PDF, error)
	}{{pipeline.WayRepaired, c.repair}, {pipeline.WayConverted, c.convert}} {
		pdf, err := way.run(ctx)
		if !errors.Is(err, errNoWay) {
			return pdf, err
		}
		slog.InfoContext(ctx, "PDF/A: next way", "document", c.doc.ID, "way", way.name, "reason", err)
	}
	return c.picture(ctx)
}

// fontsFolder is where Debian puts the Liberation fonts.
const fontsFolder = "/usr/share/fonts/truetype/liberation"

// findFonts gives the folder of the Liberation fonts, or "" if there is none.
func findFonts(folder string) string {
	folder = or(folder, fontsFolder)
	if _, err := os.Stat(filepath.Join(folder, "LiberationSans-Regular.ttf")); err != nil {
		return ""
	}
	return folder
}
