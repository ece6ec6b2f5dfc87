package mailbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/emersion/go-imap/v2"

	"blattwerk/pipeline"
)

// Codes of faults.
const (
	codeAway      = "mail-away"      // nobody answers at the address
	codeUntrusted = "mail-untrusted" // the certificate
	codeNoTLS     = "mail-no-tls"
	codeRefused   = "mail-refused" // account or password
	codeToken     = "mail-token"   // no access token to be had
	codeFolder    = "mail-folder"
	codeAnswer    = "mail-answer" // the server says no
	codeLost      = "mail-lost"   // the connection
	codeOurs      = "mail-ours"   // we could not keep it
	codeMove      = "mail-move"
)

var texts = map[string]pipeline.Message{
	codeAway: {
		DE: "Der Mailserver ist nicht zu erreichen. Die nächsten Versuche folgen von selbst.",
		EN: "The mail server cannot be reached. It will be tried again by itself.",
	},
	codeUntrusted: {
		DE: "Dem Zertifikat des Mailservers wird nicht vertraut. Bitte Namen, Ablaufdatum und die Zertifizierungsstelle (imap-ca-file) prüfen lassen.",
		EN: "The mail server's certificate is not trusted. Please have its name, its expiry and the authority (imap-ca-file) checked.",
	},
	codeNoTLS: {
		DE: "Der Mailserver bietet keine Verschlüsselung an. Ohne sie wird das Passwort nicht gesendet.",
		EN: "The mail server offers no encryption. The password is not sent without.",
	},
	codeRefused: {
		DE: "Der Mailserver lehnt Konto oder Passwort ab. Bitte die Zugangsdaten prüfen lassen; bis dahin wird nur selten angefragt.",
		EN: "The mail server refuses the account or its password. Please have them checked; until then it is asked but rarely.",
	},
	codeToken: {
		DE: "Der Anmeldedienst gibt keine Berechtigung für das Postfach heraus. Bitte die Angaben zu OAuth prüfen lassen.",
		EN: "The sign-in service gives no token for the mailbox. Please have the settings for OAuth checked.",
	},
	codeFolder: {
		DE: "Den eingestellten Ordner des Postfachs gibt es nicht, oder er darf nicht geöffnet werden.",
		EN: "The folder of the mailbox that is set does not exist, or must not be opened.",
	},
	codeAnswer: {
		DE: "Der Mailserver lehnt eine Anfrage ab. Die nächsten Versuche folgen von selbst.",
		EN: "The mail server refuses a request. It will be tried again by itself.",
	},
	codeLost: {
		DE: "Die Verbindung zum Mailserver brach ab. Die nächsten Versuche folgen von selbst.",
		EN: "The connection to the mail server was lost. It will be tried again by itself.",
	},
	codeOurs: {
		DE: "Eine E-Mail ließ sich gerade nicht ablegen; sie bleibt im Postfach. Die nächsten Versuche folgen von selbst.",
		EN: "A mail could not be kept just now; it stays in the mailbox. It will be tried again by itself.",
	},
	codeMove: {
		DE: "Angenommene E-Mails lassen sich im Postfach nicht verschieben. Darf das Konto dort Ordner anlegen und E-Mails verschieben?",
		EN: "Mails that were taken in cannot be moved in the mailbox. May the account make folders and move mails there?",
	},
}

// fault says what stands in the way. err must hold nothing of a mail, nor the
// words of a server, which may name accounts.
func fault(code string, err error) error {
	return &pipeline.Fault{Verdict: pipeline.TryAgain, Code: code, Text: texts[code], Err: err}
}

// ours is a failure of our own. One that knows what a person can do about it, such
// as a full disk, keeps its words.
func ours(doing string, err error) error {
	f := &pipeline.Fault{Verdict: pipeline.TryAgain, Code: codeOurs, Text: texts[codeOurs], Err: fmt.Errorf("%s: %w", doing, err)}
	if cause := (*pipeline.Fault)(nil); errors.As(err, &cause) && cause.Code != "internal" {
		f.Text = cause.Text
	}
	return f
}

// greeting sorts what may go wrong before the account counts.
func greeting(err error) error {
	var cert *tls.CertificateVerificationError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var answer *imap.Error
	var network *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &cert), errors.As(err, &name):
		return fault(codeUntrusted, err)
	case errors.As(err, &record), errors.As(err, &answer):
		return fault(codeNoTLS, plain("securing the connection", err))
	case errors.As(err, &network) && network.Op == "dial":
		return fault(codeAway, err)
	}
	return fault(codeLost, plain("greeting the server", err))
}

// signing sorts the answers to a sign-in. Servers that say no without saying why
// mean the password.
func signing(err error) error {
	var answer *imap.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
		return fault(codeLost, plain("signing in", err))
	case answer.Type == imap.StatusResponseTypeNo && answer.Code != imap.ResponseCodeUnavailable &&
		answer.Code != imap.ResponseCodeInUse && answer.Code != imap.ResponseCodeLimit && answer.Code != imap.ResponseCodeServerBug:
		return fault(codeRefused, plain("signing in", err))
	}
	return fault(codeAnswer, plain("signing in", err))
}

// asked sorts the answers to other requests: code for a no of the server.
func asked(doing, code string, err error) error {
	if err == nil {
		return nil
	}
	if answer := (*imap.Error)(nil); errors.As(err, &answer) {
		return fault(code, plain(doing, err))
	}
	return fault(codeLost, plain(doing, err))
}

// plain says what went wrong without the words of the server.
func plain(doing string, err error) error {
	var answer *imap.Error
	var network *net.OpError
	switch {
	case errors.As(err, &answer):
		return fmt.Errorf("%s: the server answers %s %s", doing, answer.Type, answer.Code)
	case errors.As(err, &network):
		return fmt.Errorf("%s: %w", doing, network)
	}
	return fmt.Errorf("%s: the server was not understood, or the connection was lost", doing)
}
