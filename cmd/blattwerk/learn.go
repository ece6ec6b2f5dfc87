package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/classify/learn"
)

func learnCommand() command {
	return command{
		name: "learn",
		help: [2]string{
			"aus den Entscheidungen der Mitarbeitenden lernen und zeigen, wie gut das Gelernte ist",
			"learn from what people decided, and show how good what was learned is",
		},
		shown: []string{"data", "precision"},
		flags: func(fs *pflag.FlagSet) {
			fs.Bool("json", false, "as JSON")
			fs.String("forget", "", "first withdraw the letter of this ID as an example (Art. 17 DSGVO)")
		},
		run: learnByHand,
	}
}

func learnByHand(ctx context.Context, c *call) error {
	h, err := openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	cfg, err := sortingConfig(c.set)
	if err != nil {
		return err
	}
	room, err := classify.New(cfg)
	if err != nil {
		return err
	}
	if id, _ := c.flags.GetString("forget"); id != "" {
		if err := h.rows.Withdraw(ctx, pipeline.DocID(id), "cli"); err != nil {
			return err
		}
	}
	m, err := h.learn(ctx, room)
	if errors.Is(err, learn.ErrTooFew) {
		fmt.Fprintln(c.out, c.say(
			"Noch zu wenig zum Lernen: nötig sind mindestens zwei Dokumenttypen mit je fünf Briefen, die Menschen abgelegt haben. Bis dahin sortieren die Leitwörter allein.",
			"Too little to learn from yet: at least two document types are needed with five letters each that people filed. Until then the cues sort alone."))
		return nil
	}
	if err != nil {
		return err
	}
	if asJSON, _ := c.flags.GetBool("json"); asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			Version  string        `json:"version"`
			Examples int           `json:"examples"`
			HeldOut  learn.Figures `json:"heldOut"`
			Classes  []learn.Class `json:"classes"`
		}{m.Version(), m.Examples(), m.HeldOut(), m.Classes()})
	}
	return c.printModel(m, names(room))
}

// printModel shows what was learned, by figures from letters that were held out.
func (c *call) printModel(m *learn.Model, name func(pipeline.TypeCode) string) error {
	f := m.HeldOut()
	fmt.Fprintf(c.out, c.say(
		"%s: gelernt aus %d Briefen.\nAn zurückgehaltenen Briefen: %.1f %% richtig, Macro-F1 %.1f %%, Kalibrierfehler %.3f; %.1f %% ohne Menschen bei 97 %% Treffern.\n\n",
		"%s: learned from %d letters.\nOn letters that were held out: %.1f %% right, macro F1 %.1f %%, calibration error %.3f; %.1f %% without a person at 97 %% right.\n\n"),
		m.Version(), m.Examples(), f.Accuracy*100, f.MacroF1*100, f.ECE, f.Alone*100)
	tw := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, c.say("TYP\tBRIEFE\tSCHWELLE\tNAME", "TYPE\tLETTERS\tTHRESHOLD\tNAME"))
	for _, k := range m.Classes() {
		threshold := fmt.Sprintf("%.2f", k.Threshold)
		if k.Threshold >= 1 {
			threshold = c.say("immer fragen", "always ask")
		}
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\n", k.Name, k.Examples, threshold, name(pipeline.TypeCode(k.Name)))
	}
	return tw.Flush()
}
