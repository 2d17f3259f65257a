package account

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// A Country is one that can be chosen.
type Country struct {
	Code string // ISO 3166-1 alpha-2
	Name string // in the asked language
	Dial string // "+44"
}

// Countries returns all countries with a dialling code, sorted by their names in
// the language. It is work: ask once and keep it.
func Countries(lang string) []Country {
	names := display.Regions(language.Make(lang))
	var all []Country
	for code := range phonenumbers.GetSupportedRegions() {
		region, err := language.ParseRegion(code)
		if err != nil || len(code) != 2 {
			continue
		}
		all = append(all, Country{Code: code, Name: names.Name(region), Dial: "+" + itoa(phonenumbers.GetCountryCodeForRegion(code))})
	}
	slices.SortFunc(all, func(a, b Country) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return all
}

// IsCountry reports whether the code is one of Countries.
func IsCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }
