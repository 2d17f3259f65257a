package account

import (
	"slices"
	"strings"
	"sync"

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
// the language: one of the catalogue's, else English. Do not change the list: it
// is drawn up once and shared.
func Countries(lang string) []Country {
	if list, ok := countries[lang]; ok {
		return list()
	}
	return countries["en"]()
}

var countries = map[string]func() []Country{
	"en": sync.OnceValue(func() []Country { return listed(language.English) }),
	"de": sync.OnceValue(func() []Country { return listed(language.German) }),
}

func listed(lang language.Tag) []Country {
	type entry struct {
		Country
		key string
	}
	names := display.Regions(lang)
	var all []entry
	for code := range phonenumbers.GetSupportedRegions() {
		region, err := language.ParseRegion(code)
		if err != nil || len(code) != 2 {
			continue
		}
		name := names.Name(region)
		all = append(all, entry{Country{Code: code, Name: name, Dial: "+" + itoa(phonenumbers.GetCountryCodeForRegion(code))}, fold(name)})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	list := make([]Country, len(all))
	for i, e := range all {
		list[i] = e.Country
	}
	return list
}

// CountryName is the name of a country in the language, as Countries has it; a
// code that is none is its own name.
func CountryName(code, lang string) string {
	for _, c := range Countries(lang) {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

// IsCountry reports whether the code is one of Countries.
func IsCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }
