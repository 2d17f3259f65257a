package message

import "time"

// EvaluationEnding tells that an evaluation ends soon.
type EvaluationEnding struct {
	Product, Organization string
	License               string // its id
	EndsAt                time.Time
	ExtendDays            int       // by which the organization can extend now; 0: it cannot
	ExtendUntil           time.Time // the new end
	Yours                 bool      // the receiver may extend; else somebody else of the organization may
}

// EvaluationEnded tells that an evaluation has ended.
type EvaluationEnded struct {
	Product, Organization string
	License               string
	EndsAt                time.Time
	GraceUntil            time.Time // the product works until then; zero: it does not any more
	ExtendDays            int       // by which the organization can extend now, from the day on which it does
	Yours                 bool
	AskAgain              bool // another evaluation can be asked for
}

// EvaluationExtended tells that an evaluation was extended.
type EvaluationExtended struct {
	Product, Organization string
	License               string
	Days                  int
	EndsAt                time.Time
	By                    string // "client", "reseller" or "office"
}

// LicenceEnding tells that a right that was paid for ends soon.
type LicenceEnding struct {
	Product, Organization string
	License               string
	EndsAt                time.Time
	GraceUntil            time.Time // the product works until then; zero: until EndsAt
}

// LicenceEnded tells that a right that was paid for has ended.
type LicenceEnded struct {
	Product, Organization string
	License               string
	EndsAt                time.Time
	GraceUntil            time.Time // the product works until then; zero: it does not any more
}

// MaintenanceEnding tells that the maintenance of a perpetual licence ends soon.
type MaintenanceEnding struct {
	Product, Organization string
	License               string
	EndsAt                time.Time
}

// MaintenanceEnded tells that the maintenance of a perpetual licence has ended.
type MaintenanceEnded struct {
	Product, Organization string
	License               string
	EndsAt                time.Time
}

func (EvaluationEnding) spec() spec   { return email("evaluation-ending") }
func (EvaluationEnded) spec() spec    { return email("evaluation-ended") }
func (EvaluationExtended) spec() spec { return email("evaluation-extended") }
func (LicenceEnding) spec() spec      { return email("licence-ending") }
func (LicenceEnded) spec() spec       { return email("licence-ended") }
func (MaintenanceEnding) spec() spec  { return email("maintenance-ending") }
func (MaintenanceEnded) spec() spec   { return email("maintenance-ended") }

func renewalSamples(one func(string, Message) Sample, now time.Time) []Sample {
	const day = 24 * time.Hour
	const product, organization, id = "Meeting Add-On for GroupWise", "Harbour Vale Council", "01JXLICENSE"
	soon, past := now.Add(7*day), now.Add(-day)
	return []Sample{
		one("evaluation-ending", EvaluationEnding{product, organization, id, soon, 14, soon.Add(14 * day), true}),
		one("evaluation-ending-by-others", EvaluationEnding{product, organization, id, soon, 14, soon.Add(14 * day), false}),
		one("evaluation-ending-for-good", EvaluationEnding{product, organization, id, now.Add(day), 0, time.Time{}, true}),
		one("evaluation-ended", EvaluationEnded{product, organization, id, past, time.Time{}, 14, true, false}),
		one("evaluation-ended-by-others", EvaluationEnded{product, organization, id, past, time.Time{}, 14, false, false}),
		one("evaluation-ended-ask-again", EvaluationEnded{product, organization, id, past, time.Time{}, 0, true, true}),
		one("evaluation-ended-grace", EvaluationEnded{product, organization, id, past, soon, 0, true, false}),
		one("evaluation-extended", EvaluationExtended{product, organization, id, 14, soon.Add(14 * day), "client"}),
		one("evaluation-extended-one-day", EvaluationExtended{product, organization, id, 1, soon, "office"}),
		one("licence-ending", LicenceEnding{product, organization, id, now.Add(30 * day), now.Add(44 * day)}),
		one("licence-ending-no-grace", LicenceEnding{product, organization, id, now.Add(7 * day), time.Time{}}),
		one("licence-ended", LicenceEnded{product, organization, id, past, now.Add(13 * day)}),
		one("licence-ended-no-grace", LicenceEnded{product, organization, id, past, time.Time{}}),
		one("maintenance-ending", MaintenanceEnding{product, organization, id, now.Add(60 * day)}),
		one("maintenance-ended", MaintenanceEnded{product, organization, id, past}),
	}
}
