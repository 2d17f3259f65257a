package message

import "time"

// TokenChanged tells the administrators of an organization what became of a service account.
type TokenChanged struct {
	Organization string
	Name         string    // of the service account
	Change       string    // "made", "rotated" or "revoked"
	By           string    // name of the person
	At           time.Time // when
	Until        time.Time // made: the token works until then; rotated: the earlier one does; zero: without end
	Address      string    // network address, or ""
}

// Each change is a piece of news of its own.
func (TokenChanged) spec() spec {
	s := email("token-changed")
	s.apart = true
	return s
}

func tokenSamples(one func(string, Message) Sample, now time.Time) []Sample {
	const organization, name = "Harbour Vale Council", "Update server Malmö"
	return []Sample{
		one("token-changed", TokenChanged{organization, name, "made", "Marta Lindqvist", now, now.Add(90 * 24 * time.Hour), "192.0.2.17"}),
		one("token-changed-endless", TokenChanged{organization, name, "made", "Marta Lindqvist", now, time.Time{}, ""}),
		one("token-changed-rotated", TokenChanged{organization, name, "rotated", "Marta Lindqvist", now, now.Add(24 * time.Hour), "192.0.2.17"}),
		one("token-changed-rotated-at-once", TokenChanged{organization, name, "rotated", "Marta Lindqvist", now, now, "192.0.2.17"}),
		one("token-changed-revoked", TokenChanged{organization, name, "revoked", "Marta Lindqvist", now, time.Time{}, "192.0.2.17"}),
	}
}
