package storage

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"blattwerk/pipeline"
)

// diskError wraps an error of the file system with what was being done, and with
// [ErrFull] where there was no room: disk full, quota used up, or larger than a
// file may be.
func diskError(doing string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%s: %w: %w", doing, ErrFull, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Fault tells a clerk about an error of this package. An error that already is a
// fault stays what it is; the end of a context is no fault of the store and
// becomes a plain "try again".
func Fault(err error) *pipeline.Fault {
	var have *pipeline.Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &have):
		return have
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &pipeline.Fault{Verdict: pipeline.TryAgain, Code: "interrupted", Err: err, Text: pipeline.Message{
			DE: "Die Ablage wurde unterbrochen. Blattwerk setzt sie von selbst fort.",
			EN: "Storing was interrupted. Blattwerk will carry on by itself.",
		}}
	}
	for _, k := range faultKinds {
		if errors.Is(err, k.is) {
			return &pipeline.Fault{Verdict: k.verdict, Code: k.code, Text: k.text, Err: err}
		}
	}
	return pipeline.AsFault(err)
}

var faultKinds = []struct {
	is      error
	verdict pipeline.Verdict
	code    string
	text    pipeline.Message
}{
	{ErrFull, pipeline.TryAgain, "disk-full", pipeline.Message{
		DE: "Der Speicherplatz ist fast oder ganz belegt. Es geht nichts verloren: Angenommenes bleibt liegen und wird von selbst fertig, sobald wieder Platz ist. Bitte die IT verständigen.",
		EN: "The storage is full or nearly full. Nothing is lost: what was accepted waits and is finished by itself once there is room again. Please tell your IT.",
	}},
	{ErrUnreachable, pipeline.TryAgain, "store-down", pipeline.Message{
		DE: "Der Archivspeicher ist gerade nicht erreichbar. Es geht nichts verloren: Blattwerk versucht es von selbst wieder.",
		EN: "The archive storage cannot be reached at the moment. Nothing is lost: Blattwerk will try again by itself.",
	}},
	{ErrDenied, pipeline.TryAgain, "store-denied", pipeline.Message{
		DE: "Der Archivspeicher verweigert den Zugriff. Bitte die IT verständigen: Zugangsdaten oder Rechte stimmen nicht. Blattwerk versucht es weiter.",
		EN: "The archive storage refuses access. Please tell your IT: credentials or permissions are wrong. Blattwerk keeps trying.",
	}},
	{ErrDamaged, pipeline.AskPerson, "blob-damaged", pipeline.Message{
		DE: "Gespeicherte Daten dieses Schriftstücks haben sich verändert; Blattwerk verwendet sie nicht. Bitte die IT verständigen, die sie aus der Sicherung zurückholt.",
		EN: "Stored data of this document have changed, and Blattwerk does not use them. Please tell your IT to restore them from the backup.",
	}},
	{ErrMismatch, pipeline.TryAgain, "transfer-damaged", pipeline.Message{
		DE: "Beim Übertragen in den Speicher sind Daten verfälscht worden; sie wurden verworfen. Blattwerk überträgt sie noch einmal.",
		EN: "Data were damaged on the way to the storage and thrown away. Blattwerk will transfer them again.",
	}},
	{ErrNotFound, pipeline.AskPerson, "blob-missing", pipeline.Message{
		DE: "Gespeicherte Daten dieses Schriftstücks fehlen. Bitte die IT verständigen, die sie aus der Sicherung zurückholt.",
		EN: "Stored data of this document are missing. Please tell your IT to restore them from the backup.",
	}},
}

// Preflight asks whether s is ready to take need more bytes, so that intake can
// pause before it accepts what it could not keep. reserve is the room in bytes
// that must remain free beyond that, for the work on what was accepted. Its error
// is a [*pipeline.Fault] that says when to try again.
func Preflight(ctx context.Context, s Store, need, reserve int64) error {
	ready, ok := s.(interface {
		Ready(ctx context.Context, room int64) error
	})
	if !ok {
		return nil
	}
	if err := ready.Ready(ctx, max(need, 0)+max(reserve, 0)); err != nil {
		return Fault(err)
	}
	return nil
}
