package message

import "time"

// NewRelease tells somebody who asked for it that a release came out which the organization may have.
type NewRelease struct {
	Product   string // its name
	Version   string
	Channel   string // stable, preview or lts
	Title     string // in the vendor's words; may be empty
	Required  bool   // the vendor asks everybody to install it
	Published time.Time
}

func (NewRelease) spec() spec { return email("new-release") }

func downloadSamples(one func(string, Message) Sample, now time.Time) []Sample {
	return []Sample{
		one("new-release", NewRelease{"Connect for GroupWise", "3.4.1", "stable", "", false, now}),
		one("new-release-required", NewRelease{"Connect for GroupWise", "3.4.2", "lts", "Security update", true, now}),
	}
}
