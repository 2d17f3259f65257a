// Package asvs knows the requirements of the OWASP Application Security
// Verification Standard 5.0 that the portal is held against, each in our own few
// words, and what is to be said of those that no test shows.
//
// requirements.csv is written by hand. docs/asvs.md is made of it and of the
// tests that name what they show ("// asvs: V6.5.1"), by gen.
package asvs

import (
	_ "embed"
	"encoding/csv"
	"strconv"
	"strings"
)

//go:generate go run ./gen

//go:embed requirements.csv
var table string

// A Requirement is one of the standard's.
type Requirement struct {
	ID    string // as in V6.5.1
	Level int
	// Mode is how it can be checked: A from outside, P with a hook, W by reading,
	// D it is a document, N it does not apply.
	Mode   string
	Title  string
	Status Status // where no test shows it
	Note   string // why, or where
}

// A Status is what is to be said of a requirement beside its tests.
type Status string

// The statuses.
const (
	Tested        Status = ""               // by the tests that name it
	Documented    Status = "document"       // Note says where
	Read          Status = "read"           // shown by reading the code; Note says where
	NotApplicable Status = "not applicable" // Note says why
	Partly        Status = "partly"         // Note says what is missing
	Open          Status = "open"           // Note says what is missing
)

// All are the requirements in the order of the standard.
func All() ([]Requirement, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []Requirement
	for _, row := range rows[1:] {
		level, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, err
		}
		all = append(all, Requirement{ID: row[0], Level: level, Mode: row[2], Title: row[3], Status: Status(row[4]), Note: row[5]})
	}
	return all, nil
}
