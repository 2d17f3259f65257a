// Package domains knows mail domains at which anybody can have an address, and
// those whose addresses are thrown away after use.
//
// It is a signal to staff and keeps nobody out, so the lists are kept as sorted
// hashes of 40 bits: about one foreign domain in ten million is taken for a
// listed one. The lists come from the npm packages free-email-domains and
// disposable-email-domains (see gen, and NOTICE for their licences); they lie in
// the program's read-only pages and cost no memory until they are asked.
package domains

import (
	_ "embed"
	"hash/fnv"
	"sort"
	"strings"
)

//go:embed free.bin
var free string

//go:embed disposable.bin
var disposable string

//go:generate go run ./gen free.bin path/to/free-email-domains/domains.json
//go:generate go run ./gen disposable.bin path/to/disposable-email-domains/index.json path/to/disposable-email-domains/wildcard.json

// Width is how many bytes of a domain's hash are kept.
const Width = 5

// Free says whether anybody can have an address at the domain, or at one above
// it. The domain is in lower case and ASCII (punycode).
func Free(domain string) bool { return under(free, domain) }

// Disposable says whether addresses at the domain, or at one above it, are
// thrown away after use.
func Disposable(domain string) bool { return under(disposable, domain) }

func under(list, domain string) bool {
	for range 8 { // deeper names than any mail domain
		if has(list, domain) {
			return true
		}
		_, above, ok := strings.Cut(domain, ".")
		if !ok || !strings.Contains(above, ".") {
			return false
		}
		domain = above
	}
	return false
}

func has(list, domain string) bool {
	want := Hash(domain)
	n := len(list) / Width
	i := sort.Search(n, func(i int) bool { return list[i*Width:(i+1)*Width] >= want })
	return i < n && list[i*Width:(i+1)*Width] == want
}

// Hash is what a list keeps of a domain.
func Hash(domain string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(domain)) // never fails, says package hash
	return string(h.Sum(nil)[8-Width:])
}
