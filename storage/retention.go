package storage

import (
	"math"
	"time"

	"blattwerk/pipeline"
)

// Why a letter is locked until when.
const (
	BasisRule      = "rule"      // the retention rule, counted from receipt
	BasisMinimum   = "minimum"   // the event that starts the rule is not known yet: a first while only
	BasisPermanent = "permanent" // kept for ever; locked for the first decades
	BasisNone      = "none"      // not locked
)

const (
	defaultMinLock       = 6  // months
	defaultPermanentLock = 30 // years
)

// startReceipt is the start event, as the taxonomy names it, that is known when
// a letter is archived.
const startReceipt = "eingang"

// keepFor decides until when the store is to refuse deletion of a letter.
//
// A lock must never outlast the rule, or it would bar an erasure that the GDPR
// demands (Art. 17; DIN 66398 counts a rule from its start event). Most rules
// start with an event that lies ahead (the case is closed, the contract ends), so
// their end is not known at archiving. Only a rule that starts with receipt is
// locked in full. The others are locked for MinLockMonths, by default the six
// months after which courts may destroy the paper (§ 298a ZPO), and never longer
// than the rule's own period after receipt. Records kept for ever have no rule
// to outlast: they are locked for PermanentLockYears, by default the thirty years
// from which records are the business of the public archives.
func (o ArchiveOptions) keepFor(rule pipeline.Retention, received time.Time) Keep {
	months := int(math.Round(rule.Years * 12))
	minimum := orDefault(o.MinLockMonths, defaultMinLock)
	switch {
	case rule.Permanent:
		if years := orDefault(o.PermanentLockYears, defaultPermanentLock); years > 0 {
			return Keep{addMonths(received, 12*years), BasisPermanent}
		}
	case rule.Start == startReceipt && months > 0:
		return Keep{addMonths(received, months), BasisRule}
	case rule == pipeline.Retention{} && minimum > 0: // no rule known
		return Keep{addMonths(received, minimum), BasisMinimum}
	case months > 0 && minimum > 0:
		return Keep{addMonths(received, min(minimum, months)), BasisMinimum}
	}
	return Keep{Basis: BasisNone}
}

// orDefault reads a setting whose zero value asks for the default and whose
// negative values mean none.
func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return max(v, 0)
}

// addMonths gives the same day n months later, or the last day of that month if
// it is shorter (§ 188(3) BGB), in whole seconds as object locks have them.
func addMonths(t time.Time, n int) time.Time {
	t = t.UTC().Truncate(time.Second)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
