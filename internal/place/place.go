// Package place says where a network address is, in words, where the operator gives a file that knows: a database in the MMDB
// format, as MaxMind, DB-IP and others publish it (GeoLite2 City, for example).
//
// What the file says is a guess about a network's owner, good enough for somebody to recognise the own sign-ins and for nothing
// else: nothing is decided by it. The file is read when the portal starts.
package place

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Places is an open file. The zero value, and nil, know no place.
type Places struct{ file *maxminddb.Reader }

// Open reads a file into memory. Without a name it is Places that know none.
func Open(name string) (*Places, error) {
	if name == "" {
		return &Places{}, nil
	}
	// Read whole, and not mapped: a file that is replaced while the portal runs would take it down.
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Places{file: file}, nil
}

// record is what the City and Country databases have of a network.
type record struct {
	City struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"country"`
}

// Of says where an address is, as in "Bristol, United Kingdom", in the language (as in "en") or in English; "" where it is not known.
func (p *Places) Of(address, lang string) string {
	if p == nil || p.file == nil {
		return ""
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	var r record
	if err := p.file.Lookup(ip.Unmap().WithZone("")).Decode(&r); err != nil {
		return "" // a file with another shape knows nothing of places
	}
	city, country := in(r.City.Names, lang), in(r.Country.Names, lang)
	switch {
	case city == "":
		return country
	case country == "":
		return city
	}
	return city + ", " + country
}

func in(names map[string]string, lang string) string {
	if name, ok := names[lang]; ok {
		return name
	}
	return names["en"]
}
